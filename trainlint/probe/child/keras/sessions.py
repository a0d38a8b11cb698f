"""Graphs and sessions of TensorFlow 1: the step is the `Session.run` that fetches an optimizer's operation.

The product with the Hessian is built into the script's graph, as the gradient of (gradient . v), and run with the script's own
feeds. What a run draws anew (random numbers, batches of an input pipeline) is fetched once and fed from then on, so that all runs
of one step see the same batch and the same dropout masks.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...protocol import Line, OptimizerState
from ..session import user_line
from .driver import Driver
from .graph_reading import DRAWN, inputs_and_targets, loss_name, reaches, upstream
from .randomness import Entry
from .run import Run, Sample, State, Want, sample_of
from .seen import Seen, ranges
from .vectors import Layout, Vector, array

NAMES = {
    "GradientDescentOptimizer": "SGD",
    "MomentumOptimizer": "SGD",
    "AdamOptimizer": "Adam",
    "RMSPropOptimizer": "RMSprop",
    "AdagradOptimizer": "Adagrad",
    "AdadeltaOptimizer": "Adadelta",
    "FtrlOptimizer": "Ftrl",
    "ProximalGradientDescentOptimizer": "SGD",
}
RATES = ("_learning_rate", "_lr")
SETTINGS = {
    "_momentum": "momentum",
    "_use_nesterov": "nesterov",
    "_beta1": "beta_1",
    "_beta2": "beta_2",
    "_epsilon": "epsilon",
    "_decay": "rho",
    "_rho": "rho",
}
"""Attributes of TensorFlow 1's optimizers."""


@dataclass
class Training:
    """One `apply_gradients` of the script: its operation, the gradients and variables, and the loss where it is known."""

    optimizer: Any
    operation: Any
    pairs: list[tuple[Any, Any]]
    loss: Any
    places: dict[str, Line] = field(default_factory=dict)
    seeds: list[Any] = field(default_factory=list)
    images: list[Any] = field(default_factory=list)


class Stored:
    """A variable of the graph in its session, with what `Layout` and `State` ask of a variable."""

    def __init__(self, tensorflow: Any, variable: Any, execute: Callable[..., Any]) -> None:
        self.variable, self.execute = variable, execute
        self.shape = tuple(int(extent or 0) for extent in variable.shape.as_list())
        self.dtype = variable.dtype.base_dtype
        self.name = str(variable.name).split(":")[0]
        with variable.graph.as_default():
            self.given = tensorflow.placeholder(self.dtype, self.shape)
            self.operation = tensorflow.assign(variable, self.given)

    def numpy(self) -> Any:
        """The value."""
        return self.execute(self.variable)

    def assign(self, value: Any) -> None:
        """Set the value."""
        self.execute(self.operation, {self.given: value})


@dataclass
class Record:
    """One batch of the step: its loss and gradients, and the feeds with which it is run again."""

    training: Training
    execute: Callable[..., Any]
    feeds: dict[Any, Any]
    loss: float
    sources: list[Any]
    gradients: list[Any]
    has_product: bool = True

    def product(self, layout: Layout, vector: Vector) -> list[Any]:
        """The Hessian times `vector`."""
        feeds = {**self.feeds, **dict(zip(self.training.seeds, layout.split(vector), strict=True))}
        return list(self.execute(self.training.images, feeds))


class Sessions:
    """What is patched in `tf.compat.v1`, and the run that it leads to."""

    def __init__(self, tensorflow: Any, driver: Driver) -> None:
        self.tensorflow, self.driver = tensorflow, driver
        self.trainings: list[Training] = []
        self.computed: dict[int, tuple[Any, Any, list[tuple[Any, Any]]]] = {}  # an optimizer (held), its loss, its own gradients
        self.asked: list[tuple[Any, list[tuple[Any, Any]]]] = []  # losses and gradients that the script asked for itself
        self.lines: dict[int, Line] = {}
        self.training: Training | None = None
        self.variables: list[Stored] = []
        self.busy = False

    def install(self) -> None:
        """Patch optimizers and sessions."""
        optimizer = self.tensorflow.train.Optimizer
        for name, make in (("__init__", self._init), ("compute_gradients", self._compute), ("apply_gradients", self._apply)):
            setattr(optimizer, name, make(getattr(optimizer, name)))
        modules: list[Any] = [self.tensorflow, sys.modules["tensorflow"]]
        for module in modules:
            module.gradients = self._gradients(module.gradients)
        session: Any = sys.modules["tensorflow.python.client.session"]
        session.BaseSession.run = self._run(session.BaseSession.run)

    def _init(self, original: Any) -> Any:
        @functools.wraps(original)
        def init(optimizer: Any, *rest: Any, **named: Any) -> None:
            line = user_line(sys._getframe(1))
            if line is not None:
                self.lines[id(optimizer)] = line
            original(optimizer, *rest, **named)

        return init

    def _compute(self, original: Any) -> Any:
        @functools.wraps(original)
        def compute_gradients(optimizer: Any, loss: Any, *rest: Any, **named: Any) -> Any:
            pairs = original(optimizer, loss, *rest, **named)
            self.computed[id(optimizer)] = (optimizer, loss, [pair for pair in pairs if pair[0] is not None])
            return pairs

        return compute_gradients

    def _apply(self, original: Any) -> Any:
        @functools.wraps(original)
        def apply_gradients(optimizer: Any, grads_and_vars: Any, *rest: Any, **named: Any) -> Any:
            pairs = list(grads_and_vars)
            operation = original(optimizer, pairs, *rest, **named)
            if self.driver.active and not self.tensorflow.executing_eagerly():
                places = {"step": user_line(sys._getframe(1)), "optimizer": self.lines.get(id(optimizer))}
                known = {what: line for what, line in places.items() if line is not None}
                loss, own = self._loss_and_gradients(optimizer, pairs)
                self.trainings.append(Training(optimizer, operation, own, loss, known))
            return operation

        return apply_gradients

    def _loss_and_gradients(self, optimizer: Any, pairs: list[tuple[Any, Any]]) -> tuple[Any, list[tuple[Any, Any]]]:
        """The loss and its own gradients, before the script clipped them; without a loss those that the optimizer is given."""
        variables = {id(variable) for gradient, variable in pairs if gradient is not None}
        known = [self.computed[id(optimizer)][1:]] if id(optimizer) in self.computed else []
        for loss, own in [*known, *reversed(self.asked)]:
            mine = [pair for pair in own if id(pair[1]) in variables]
            if len(mine) == len(variables):
                return loss, mine
        return None, [pair for pair in pairs if pair[0] is not None]

    def _gradients(self, original: Any) -> Any:
        @functools.wraps(original)
        def gradients(ys: Any, xs: Any, *rest: Any, **named: Any) -> Any:
            found = original(ys, xs, *rest, **named)
            flat = list(xs) if isinstance(xs, (list, tuple)) else [xs]
            if not rest and not named.get("grad_ys") and not isinstance(ys, (list, tuple)):
                self.asked.append((ys, [pair for pair in zip(found, flat, strict=False) if pair[0] is not None]))
            return found

        return gradients

    def _run(self, original: Any) -> Any:
        @functools.wraps(original)
        def run(session: Any, fetches: Any, feed_dict: Any = None, *rest: Any, **named: Any) -> Any:
            if self.busy or not self.driver.active or not self.trainings:
                return original(session, fetches, feed_dict, *rest, **named)
            step = self._step_of(session, fetches)
            if step is None:
                return original(session, fetches, feed_dict, *rest, **named)
            self.busy = True
            try:
                with self.driver.measuring("measuring in Session.run"):
                    self._before(step, fetches, dict(feed_dict or {}), functools.partial(original, session))
                result = original(session, fetches, feed_dict, *rest, **named)
                with self.driver.measuring("measuring after Session.run"):
                    self._after()
            finally:
                self.busy = False
            return result

        return run

    def _step_of(self, session: Any, fetches: Any) -> Training | None:
        """The training of which the step is fetched: the one being measured, or the first that has not been."""
        flat = [one for one in self.tensorflow.nest.flatten(fetches) if one is not None]
        operations = [getattr(session.graph.as_graph_element(one), "op", session.graph.as_graph_element(one)) for one in flat]
        for training in self.trainings:
            fresh = self.training is None and id(training.optimizer) not in self.driver.done
            if (training is self.training or fresh) and any(reaches(one, training.operation) for one in operations):
                return training
        return None

    # the run

    def _before(self, training: Training, fetches: Any, feeds: dict[Any, Any], execute: Callable[..., Any]) -> None:
        """A step of the script is about to be taken: measure it on the weights as they stand."""
        if self.driver.run is None:
            self._begin(training, fetches, feeds, execute)
            self.begun = True
            return
        self.begun = False
        self.sample = self._sample(training, feeds, execute)

    def _after(self) -> None:
        """The step has been taken: take it back where only its gradient was wanted, and go on with the plan."""
        driver, run = self.driver, self.driver.run
        if run is None:
            return
        if self.begun or not driver.want.update:
            run.state.restore()
        if not self.begun:
            driver.advance(self.sample)
        if driver.run is None:
            self.training = None

    def _begin(self, training: Training, fetches: Any, feeds: dict[Any, Any], execute: Callable[..., Any]) -> None:
        tensorflow, driver = self.tensorflow, self.driver
        used = [(gradient, variable) for gradient, variable in training.pairs if gradient is not None]
        graph = used[0][1].graph
        graph._unsafe_unfinalize()
        self.training, training.pairs = training, [(_dense(tensorflow, gradient), variable) for gradient, variable in used]
        stored = {id(one): Stored(tensorflow, one, execute) for one in graph.get_collection("variables")}
        self.variables = [stored.get(id(variable)) or Stored(tensorflow, variable, execute) for _, variable in training.pairs]
        with graph.as_default():
            training.seeds = [tensorflow.placeholder(one.dtype, one.shape) for one in self.variables]
            along = tensorflow.add_n(
                [
                    tensorflow.reduce_sum(gradient * seed)
                    for (gradient, _), seed in zip(training.pairs, training.seeds, strict=True)
                ]
            )
            images = sys.modules["tensorflow.python.ops.gradients_impl"].gradients(
                along, [variable for _, variable in training.pairs]
            )
            training.images = [
                tensorflow.zeros(one.shape, one.dtype) if image is None else _dense(tensorflow, image)
                for image, one in zip(images, self.variables, strict=True)
            ]
        driver.start()
        layout = Layout(self.variables)
        record = self._record(training, feeds, execute)
        first = sample_of([record], layout, record.gradients, 1.0)
        seen = Seen()
        given, wanted = inputs_and_targets(training.loss, [variable for _, variable in training.pairs], list(record.feeds))
        seen.inputs = ranges([array(record.feeds[one]) for one in given])
        seen.targets = ranges([array(record.feeds[one]) for one in wanted])
        seen.rows = next((one.shape[0] for one in seen.inputs if one.shape), None)
        name, seen.classes = loss_name(training.loss)
        if seen.classes is None and name == "categorical_crossentropy" and seen.targets and len(seen.targets[0].shape) > 1:
            seen.classes = seen.targets[0].shape[-1]
        seen.loss_names = [name] if name else []
        run = Run(
            optimizer=training.optimizer,
            variables=list(self.variables),
            layout=layout,
            first=first,
            gradients=record.gradients,
            apply=lambda: execute(fetches, record.feeds),
            entry=Entry(),
            seen=seen,
            state=State(list(stored.values())),
            start=layout.read(),
            again=lambda: self._sample(training, record.feeds, execute),
            take=self._again(execute, fetches),
            places=training.places,
            method="outer tape",
        )
        run.found.update(driver.known(None, record.gradients, self.variables))
        run.found["optimizer"] = _state(training.optimizer, execute, record.feeds)
        driver.run, driver.want = run, Want()
        driver.advance(None)

    def _again(self, execute: Callable[..., Any], fetches: Any) -> Callable[[Callable[[], Any], Want], Sample | None]:
        def take(again: Callable[[], Any], want: Want) -> Sample | None:
            sample: Sample = again()
            if want.update:
                execute(fetches, sample.records[0].feeds)
            return sample

        return take

    def _sample(self, training: Training, feeds: dict[Any, Any], execute: Callable[..., Any]) -> Sample:
        record = self._record(training, feeds, execute)
        run = self.driver.run
        assert run is not None
        return sample_of([record], run.layout, record.gradients, 1.0)

    def _record(self, training: Training, feeds: dict[Any, Any], execute: Callable[..., Any]) -> Record:
        """Run the gradient once. What the graph draws anew is fetched, and fed in further runs."""
        gradients = [gradient for gradient, _ in training.pairs]
        drawn = [
            tensor
            for operation in upstream([one.op for one in gradients])
            if operation.type in DRAWN
            for tensor in operation.outputs
            if tensor not in feeds
        ]
        loss = training.loss if training.loss is not None else self.tensorflow.constant(float("nan"))
        value, found, new = execute([self.tensorflow.reduce_sum(loss) if loss.shape.rank else loss, gradients, drawn], feeds)
        return Record(
            training, execute, {**feeds, **dict(zip(drawn, new, strict=True))}, float(value), list(self.variables), found
        )


def _dense(tensorflow: Any, gradient: Any) -> Any:
    return tensorflow.convert_to_tensor(gradient)


def _state(optimizer: Any, execute: Callable[..., Any], feeds: dict[Any, Any]) -> OptimizerState:
    """The numbers of one of TensorFlow 1's optimizers; a rate that the graph computes is run."""

    def number(value: Any) -> float | None:
        value = value() if callable(value) and not hasattr(value, "op") else value
        if hasattr(value, "op"):
            value = execute(value, feeds)
        return None if value is None else float(value)

    own = type(optimizer).__name__
    rate = next((number(getattr(optimizer, name)) for name in RATES if getattr(optimizer, name, None) is not None), None)
    settings = {setting: number(getattr(optimizer, name, None)) for name, setting in SETTINGS.items()}
    known = {name: value for name, value in settings.items() if value is not None}
    rate = float("nan") if rate is None else rate
    return OptimizerState(NAMES.get(own, own), rate, rate, known)
