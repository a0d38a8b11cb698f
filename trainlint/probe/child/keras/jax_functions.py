"""JAX, plain and below Keras: the loss is a function, so its Hessian is the derivative of its gradient along a vector.

`jax.grad` and `jax.value_and_grad` are wrapped, and jitted functions run op by op, so that the first call with numbers is seen.
The product is forward over reverse, `jvp(grad(f))`, jitted by itself. The script's own steps go on as they are: JAX's weights are
values, and the probe evaluates the loss wherever it likes.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...protocol import Line, OptimizerState
from ..session import user_line
from .driver import Driver
from .optimizers import loss_scale
from .randomness import Entry
from .run import Run, Sample, State, Want, sample_of
from .seen import Seen, leaves, ranges
from .vectors import Layout, Vector, array

STRAIGHT = 1e-3  # how far, relatively, a step may lie from the gradient's line and still be plain gradient descent
X, Y = 3, 4  # where Keras passes the batch


class Held:
    """One leaf of the parameters, as the probe moves it."""

    def __init__(self, name: str, leaf: Any) -> None:
        self.name, self.leaf = name, array(leaf)
        self.shape, self.dtype = tuple(leaf.shape), self.leaf.dtype

    def numpy(self) -> Any:
        """The value."""
        return self.leaf

    def assign(self, value: Any) -> None:
        """Set the value."""
        self.leaf = np.asarray(value, self.dtype)


@dataclass
class Call:
    """One call of a gradient: the function, its arguments, and which one is differentiated by."""

    jax: Any
    function: Callable[..., Any]
    index: int
    has_aux: bool
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    compiled: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Any]:
        """The leaves that are differentiated by."""
        return list(self.jax.tree_util.tree_leaves(self.arguments[self.index]))

    def loss_of(self, parameters: list[Any]) -> Any:
        """The loss at other leaves."""
        structure = self.jax.tree_util.tree_structure(self.arguments[self.index])
        given = list(self.arguments)
        given[self.index] = structure.unflatten(parameters)
        result = self.function(*given, **self.named)
        return result[0] if self.has_aux else result

    def evaluate(self, parameters: list[Any]) -> tuple[float, list[Any]]:
        """The loss and its gradient."""
        jax = self.jax
        if "gradient" not in self.compiled:
            self.compiled["gradient"] = jax.jit(inner(jax.value_and_grad)(self.loss_of))
        with jax.disable_jit(False):
            value, gradient = self.compiled["gradient"](parameters)
        return float(value), list(gradient)

    def image(self, parameters: list[Any], direction: list[Any]) -> list[Any]:
        """The Hessian times `direction`."""
        jax = self.jax
        if "image" not in self.compiled:
            gradient = inner(jax.grad)(self.loss_of)
            self.compiled["image"] = jax.jit(lambda at, along: jax.jvp(gradient, (at,), (along,))[1])
        with jax.disable_jit(False):
            return list(self.compiled["image"](parameters, direction))


@dataclass
class Record:
    """One batch at the weights held."""

    call: Call
    parameters: list[Any]
    loss: float
    sources: list[Any]
    gradients: list[Any]
    has_product: bool = True

    def product(self, layout: Layout, vector: Vector) -> list[Any]:
        """The Hessian times `vector`."""
        parts = [part.astype(one.dtype) for part, one in zip(layout.split(vector), self.sources, strict=True)]
        return self.call.image(self.parameters, parts)


def inner(function: Any) -> Any:
    """`jax.grad` or `jax.value_and_grad` as it was."""
    return getattr(function, "__wrapped__", function)


@contextmanager
def lent(optimizer: Any, state: Any) -> Iterator[None]:
    """Give the optimizer's variables their values: Keras takes them out of the variables while it trains on JAX."""
    empty = [(one, value) for one, value in zip(optimizer.variables, state, strict=False) if one._value is None]
    for one, value in empty:
        one._value = value
    try:
        yield
    finally:
        for one, _ in empty:
            one._value = None


class Functions:
    """What is patched in `jax`, and the run that it leads to."""

    def __init__(self, jax: Any, driver: Driver) -> None:
        self.jax, self.driver = jax, driver
        self.pending: Call | None = None
        self.losses: list[float] = []
        self.measured: set[Any] = set()
        self.busy = False

    def install(self) -> None:
        """Patch `jax.grad` and `jax.value_and_grad`; let jitted functions run op by op."""
        self.jax.config.update("jax_disable_jit", True)
        for name, with_value in (("grad", False), ("value_and_grad", True)):
            setattr(self.jax, name, self._wrap(getattr(self.jax, name), with_value))

    def hook_keras(self, keras: Any) -> None:
        """See which optimizer takes the gradients."""
        base = next(one for one in keras.optimizers.Optimizer.__mro__ if "stateless_apply" in vars(one))
        original = base.stateless_apply

        @functools.wraps(original)
        def stateless_apply(optimizer: Any, state: Any, grads: Any, variables: Any) -> Any:
            if self.driver.active and self.pending is not None and not self.busy:
                with self._guarded(), lent(optimizer, state):
                    self._begin(optimizer, functools.partial(original, optimizer, state))
            return self.driver.inside(lambda: original(optimizer, state, grads, variables))

        base.stateless_apply = stateless_apply

    def _guarded(self) -> Any:
        return self.driver.measuring("measuring at jax.grad")

    def _wrap(self, original: Any, with_value: bool) -> Any:
        @functools.wraps(original)
        def make(fun: Any, argnums: Any = 0, has_aux: bool = False, **more: Any) -> Any:
            real = original(fun, argnums, has_aux, **more)

            @functools.wraps(real)
            def call(*arguments: Any, **named: Any) -> Any:
                result = real(*arguments, **named)
                wanted = self.driver.active and not self.busy and isinstance(argnums, int) and self._concrete(arguments, named)
                if wanted and len(arguments) > argnums:
                    place = user_line(sys._getframe(1))
                    loss = (result[0][0] if has_aux else result[0]) if with_value else None
                    with self._guarded():
                        self._seen(Call(self.jax, fun, argnums, has_aux, arguments, named), loss, place)
                return result

            return call

        return make

    def _concrete(self, arguments: Any, named: Any) -> bool:
        return not any(isinstance(one, self.jax.core.Tracer) for one in self.jax.tree_util.tree_leaves((arguments, named)))

    def _name(self, function: Any) -> Any:
        return getattr(getattr(function, "__func__", function), "__code__", function), id(getattr(function, "__self__", None))

    def _seen(self, call: Call, loss: Any, place: Line | None) -> None:
        """The script has computed a gradient by numbers."""
        driver = self.driver
        name = self._name(call.function)
        if driver.run is not None and name not in (self.name, *self.measured) and driver.run.passing is self.losses:
            driver.end("the script went on to another training before all was measured")
        if driver.run is None:
            if name in self.measured or not call.parameters:
                return
            self.pending, self.losses = call, [] if loss is None else [float(loss)]
            if place is not None:
                driver.places["backward"] = place
            if not self._by_keras(call):
                self._begin(None, None)
            return
        if name != self.name:
            return
        if loss is not None:
            self.losses.append(float(loss))
        run = driver.run
        run.passing = self.losses
        if "optimizer" not in run.found and len(self.losses) == 2:
            self._guess_rate(run, call)
        self.latest = call
        driver.advance(self._sample(call) if not driver.want.update else run.first)

    def _by_keras(self, call: Call) -> bool:
        return hasattr(getattr(call.function, "__self__", None), "optimizer")

    def _begin(self, optimizer: Any, apply: Any) -> None:
        call, driver, jax = self.pending, self.driver, self.jax
        assert call is not None
        self.pending, self.name = None, self._name(call.function)
        self.measured.add(self.name)
        known = getattr(optimizer, "_trainable_variables", None) or ()
        paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_flatten_with_path(call.arguments[call.index])[0]]
        names = [str(one.path) for one in known] if len(known) == len(paths) else paths
        held = [Held(name, leaf) for name, leaf in zip(names, call.parameters, strict=True)]
        layout = Layout(held)
        driver.start()
        scale = loss_scale(optimizer) if optimizer is not None else 1.0
        record = self._record(call, held)

        def step() -> None:
            given = [jax.numpy.asarray(one) for one in record.gradients], [jax.numpy.asarray(one.leaf) for one in held]
            moved, _ = driver.inside(lambda: apply(*given))
            for one, value in zip(held, moved, strict=True):
                one.assign(array(value))

        self.scale = scale
        run = Run(
            optimizer=None,
            variables=list(held),
            layout=layout,
            first=sample_of([record], layout, record.gradients, scale),
            gradients=record.gradients,
            apply=step if apply is not None else (lambda: None),
            entry=Entry(),
            seen=self._look(call),
            state=State(held),
            start=layout.read(),
            again=lambda: self._sample(call),
            take=lambda again, *_: again(),
            method="forward over reverse",
        )
        run.found.update(driver.known(None, record.gradients, list(held)))
        if optimizer is not None:
            run.found["optimizer"] = driver.optimizer_state(optimizer)
            run.places.update(driver.lines.get(id(getattr(call.function, "__self__", None)), {}))
            made = driver.made.get(id(optimizer))
            run.places.update({"optimizer": made[1]} if made is not None else {})
        else:
            del run.found["optimizer"]
        run.places.update(driver.places)
        run.passing = self.losses
        driver.run, driver.want, self.busy = run, Want(), True
        try:
            driver.advance(None)
        finally:
            self.busy = False

    def _record(self, call: Call, held: list[Held]) -> Record:
        parameters = [self.jax.numpy.asarray(one.leaf) for one in held]
        busy, self.busy = self.busy, True
        try:
            value, gradients = call.evaluate(parameters)
        finally:
            self.busy = busy
        return Record(call, parameters, value, list(held), gradients)

    def _sample(self, call: Call) -> Sample:
        run = self.driver.run
        assert run is not None
        record = self._record(call, run.layout.variables)
        return sample_of([record], run.layout, record.gradients, self.scale)

    def _look(self, call: Call) -> Seen:
        """The batch: where Keras passes it, or all other arguments."""
        seen = Seen()
        if self._by_keras(call):
            model = getattr(call.function, "__self__", None)
            seen.inputs, seen.targets = ranges(leaves(call.arguments[X])), ranges(leaves(call.arguments[Y]))
            loss = getattr(model, "loss", None)
            seen.loss_names = (
                [loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))] if loss else []
            )
        else:
            rest = [one for index, one in enumerate(call.arguments) if index != call.index]
            seen.inputs = ranges(leaves(rest))
        seen.rows = next((one.shape[0] for one in seen.inputs if one.shape), None)
        return seen

    def _guess_rate(self, run: Run, call: Call) -> None:
        """Plain gradient descent with its rate, if the weights have moved along the gradient."""
        change = run.layout.flatten(call.parameters) - run.start
        gradient = run.first.gradient
        square = float(gradient @ gradient)
        rate = -float(change @ gradient) / square if square > 0 else 0.0
        if rate > 0 and np.linalg.norm(change + rate * gradient) <= STRAIGHT * np.linalg.norm(change):
            run.found["optimizer"] = OptimizerState("SGD", rate, rate, {})
