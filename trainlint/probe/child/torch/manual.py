"""Training without an optimizer object: parameters changed by hand between two backward passes, or `torch.func.grad`.

The second pass is measured, because only then is it known that the parameters move; how they moved tells the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ...protocol import OptimizerState
from ..session import user_line
from .cycle import Cycle, Loss, tensors_in

if TYPE_CHECKING:
    from .hooks import Hooks

PARALLEL = 0.999  # cosine of step and gradient from which on the update is gradient descent


@dataclass(frozen=True)
class Visit:
    """One backward pass: which parameters, their values and gradients, and the loss."""

    key: tuple[Any, ...]
    weights: Any
    gradient: Any
    loss: float


class Manual:
    """Watches backward passes whose leaves belong to no optimizer."""

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self.before: Visit | None = None
        self.done: dict[Any, list[Any]] = {}  # measured already; kept so that their identities are not used again

    def install(self) -> None:
        """Hook `torch.func.grad` and `grad_and_value`."""
        from .hooks import wrap

        if hasattr(torch, "func"):
            for name in ("grad", "grad_and_value"):
                wrap(torch.func, name, self._functional)

    def takes(self, loss: Loss, ends: list[Any] | None, owned: set[int]) -> bool:
        """Look at a backward pass that has just run; True if it is none of an optimizer's."""
        from .hooks import keras_steps

        if keras_steps():
            return True
        if set(loss.leaves) & owned:
            return False
        if self.hooks.made and not self.hooks.measured:
            return False  # an optimizer waits for its first step
        parameters = ends if ends is not None else [one for one in loss.leaves.values() if one.requires_grad]
        if parameters:
            gradients = [one.grad for one in parameters] if ends is None else [None] * len(parameters)
            self._visit(loss, parameters, gradients, tuple(id(one) for one in parameters))
        return True

    def results(self, gradients: Sequence[Any]) -> None:
        """The gradients that `torch.autograd.grad` gave in the pass just looked at."""
        if self.before is not None and self.before.gradient is None:
            self.before = Visit(self.before.key, self.before.weights, flat(gradients), self.before.loss)

    def _visit(self, loss: Loss, parameters: list[Any], gradients: list[Any], key: tuple[Any, ...]) -> None:
        before, weights = self.before, flat(parameters)
        given = any(one is not None for one in gradients)
        gradient = flat([torch.zeros_like(p) if g is None else g for p, g in zip(parameters, gradients, strict=True)])
        self.before = Visit(key, weights, gradient if given else None, loss.value())
        measuring = self.hooks.measuring
        if key in self.done:
            self.hooks.turn()
            return
        if measuring is None:
            if before is None or before.key != key or torch.equal(before.weights, weights):
                return
            measuring = self.hooks.measure_manual(parameters, before.loss, rule(before, weights))
        elif measuring.key not in (None, key):
            return
        measuring.key = key
        calls, batches = tuple(self.hooks.tape.calls), tuple(self.hooks.tape.batches)
        seconds = max(self.hooks.ended - self.hooks.began, 0.0) if self.hooks.began else 0.0
        self.hooks.send(Cycle(None, (loss,), tuple(gradients), calls, batches, seconds, None))
        self.hooks.turn()

    def _functional(self, original: Any, func: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
        differentiated = original(func, argnums, has_aux)

        def gradient(*args: Any, **kwargs: Any) -> Any:
            result = differentiated(*args, **kwargs)
            outermost = torch._C._functorch.peek_interpreter_stack() is None
            if outermost and self.hooks.watching and (self.hooks.measuring is None or self.hooks.measuring.optimizer is None):
                with self.hooks.session.guard("torch", "recording torch.func.grad", fatal=True):
                    self._visit_function(lambda one: func(*one, **kwargs), (argnums, has_aux), args, result)
            return result

        return gradient

    def _visit_function(self, call: Any, how: tuple[Any, bool], args: Any, result: Any) -> None:
        """Repeat the call with leaves of the ordinary graph, so that it can be measured like a backward pass."""
        from torch.utils import _pytree

        argnums, has_aux = how
        places = argnums if isinstance(argnums, tuple) else (argnums,)
        values, structure = _pytree.tree_flatten(tuple(args[one] for one in places))
        copies = [one.detach().clone().requires_grad_() if isinstance(one, torch.Tensor) else one for one in values]
        filled = list(args)
        for place, one in zip(places, _pytree.tree_unflatten(copies, structure), strict=True):
            filled[place] = one
        self.hooks.busy = True
        try:
            with torch.enable_grad():
                output = call(filled)
        finally:
            self.hooks.busy = False
        output = output[0] if has_aux else output
        parameters = [one for one in copies if isinstance(one, torch.Tensor)]
        gradients = tensors_in(result)[: len(parameters)]
        loss = Loss((output,), (None,), 1.0, {id(one): one for one in parameters}, user_line(), True)
        self._visit(loss, parameters, gradients, tuple(tuple(one.shape) for one in parameters))


def flat(tensors: Sequence[Any]) -> Any:
    """`tensors` as one vector of its own memory."""
    return torch.cat([one.detach().reshape(-1).float() for one in tensors])


def rule(before: Visit, weights: Any) -> OptimizerState | None:
    """The optimizer that led from one visit to the next, if it was gradient descent; its rate is step / gradient."""
    if before.gradient is None:
        return None
    step = weights - before.weights
    along, size = float(torch.dot(step, before.gradient)), float(torch.dot(before.gradient, before.gradient))
    if size == 0 or along >= 0 or along * along < PARALLEL**2 * size * float(torch.dot(step, step)):
        return None
    return OptimizerState("SGD", -along / size, -along / size)
