"""Update rules of optimizers that treat each weight alone, as torch.optim and keras.optimizers write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from trainlint.stability.twin.operation import RefusalError, Shape, Tensor

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Settings(NamedTuple):
    """The numbers of an update rule, all known. `library` is "torch" or "keras", whose rules differ in details.

    `clip` is (kind, threshold) as in `facts.run.OptimizerFacts`; `more` holds the settings of single optimizers by name.
    """

    name: str
    library: str
    rate: float
    momentum: float = 0.0
    nesterov: bool = False
    dampening: float = 0.0
    decay: float = 0.0
    decoupled: bool = False
    epsilon: float = 1e-7
    betas: tuple[float, float] = (0.9, 0.999)
    amsgrad: bool = False
    rho: float = 0.9
    centered: bool = False
    accumulator: float = 0.0
    momentum_decay: float = 0.004
    clip: tuple[str, float] | None = None
    more: Mapping[str, Any] = NOTHING

    def number(self, name: str, default: float) -> float:
        """A further setting; refuses one that is no number."""
        value = self.more.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise RefusalError(f"`{name}` of the optimizer is not a number")
        return float(value)

    def pair(self, name: str, default: tuple[float, float]) -> tuple[float, float]:
        """A further setting of two numbers."""
        value = self.more.get(name, default)
        if not isinstance(value, tuple | list) or len(value) != 2 or not all(isinstance(one, int | float) for one in value):
            raise RefusalError(f"`{name}` of the optimizer is not a pair of numbers")
        return float(value[0]), float(value[1])


class Point(NamedTuple):
    """Where a step is taken: `step` counts from 1, `tensors` cut the flat vectors into the model's own arrays.

    `evaluate` gives loss and gradient at other weights, on the rows of this step.
    """

    weights: Tensor
    gradient: Tensor
    step: int
    tensors: tuple[tuple[slice, Shape], ...]
    evaluate: Callable[[Tensor], tuple[float, Tensor]]


STEP_SIZES = (1e-6, 50.0)
"""The smallest and the largest step of Rprop, where nothing else is given."""

State: TypeAlias = "dict[str, Any]"
Update: TypeAlias = "Callable[[Settings, State, Point], Tensor]"
"""From settings, state (changed in place) and place to what is subtracted from the weights."""


def _held(state: State, name: str, like: Tensor, value: float = 0.0) -> Tensor:
    found: Tensor = state.setdefault(name, np.full_like(like, value))
    return found


def averages(s: Settings, state: State, g: Tensor) -> tuple[Tensor, Tensor]:
    """Adam's running averages of the gradient and its square, not yet corrected."""
    m = state["m"] = s.betas[0] * _held(state, "m", g) + (1 - s.betas[0]) * g
    v = state["v"] = s.betas[1] * _held(state, "v", g) + (1 - s.betas[1]) * g**2
    return m, v


def _preconditioner(s: Settings, state: State, v: Tensor, step: int) -> Tensor:
    """Adam's P: PyTorch adds epsilon to the corrected root, Keras to the raw one."""
    if s.amsgrad:
        v = state["largest"] = np.maximum(_held(state, "largest", v), v)
    correction = math.sqrt(1 - s.betas[1] ** step) or 1.0
    return np.sqrt(v) / correction + s.epsilon if s.library == "torch" else (np.sqrt(v) + s.epsilon) / correction


def _pushed(s: Settings, state: State, direction: Tensor) -> Tensor:
    """Momentum of RMSprop: PyTorch multiplies the buffer by the rate of this step, Keras each share by its own."""
    if s.momentum == 0:
        return s.rate * direction
    inside, outside = (1.0, s.rate) if s.library == "torch" else (s.rate, 1.0)
    buffer = state["buffer"] = s.momentum * _held(state, "buffer", direction) + inside * direction
    return np.asarray(outside * buffer)


def _sgd(s: Settings, state: State, at: Point) -> Tensor:
    g = at.gradient
    if s.momentum == 0:
        return s.rate * g
    if s.library != "torch":
        buffer = state["buffer"] = s.momentum * _held(state, "buffer", g) + s.rate * g
        return np.asarray(s.rate * g + s.momentum * buffer if s.nesterov else buffer)
    buffer = state["buffer"] = g if at.step == 1 else s.momentum * _held(state, "buffer", g) + (1 - s.dampening) * g
    return np.asarray(s.rate * (g + s.momentum * buffer if s.nesterov else buffer))


def adam(s: Settings, state: State, at: Point) -> Tensor:
    """Kingma & Ba (2015); AMSGrad: Reddi et al. (2018)."""
    m, v = averages(s, state, at.gradient)
    return s.rate * m / (1 - s.betas[0] ** at.step) / _preconditioner(s, state, v, at.step)


def _nadam(s: Settings, state: State, at: Point) -> Tensor:
    g = at.gradient
    m, v = averages(s, state, g)
    now, after = (s.betas[0] * (1 - 0.5 * 0.96 ** (one * s.momentum_decay)) for one in (at.step, at.step + 1))
    product = state["mu"] = state.get("mu", 1.0) * now
    direction = (1 - now) * g / (1 - product) + after * m / (1 - product * after)
    return np.asarray(s.rate * direction / _preconditioner(s, state, v, at.step), dtype=np.float64)


def _radam(s: Settings, state: State, at: Point) -> Tensor:
    """Liu et al. (2020): the plain average of gradients while the variance of Adam's preconditioner is not tractable."""
    m, v = averages(s, state, at.gradient)
    direction = m / (1 - s.betas[0] ** at.step)
    longest, remaining = 2 / (1 - s.betas[1]) - 1, s.betas[1] ** at.step
    length = longest - 2 * at.step * remaining / (1 - remaining)
    if length <= 5:
        return s.rate * direction
    rectified = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    return s.rate * rectified * math.sqrt(1 - remaining) * direction / (np.sqrt(v) + s.epsilon)


def _adamax(s: Settings, state: State, at: Point) -> Tensor:
    g = at.gradient
    m = state["m"] = s.betas[0] * _held(state, "m", g) + (1 - s.betas[0]) * g
    inside, outside = (s.epsilon, 0.0) if s.library == "torch" else (0.0, s.epsilon)
    u = state["u"] = np.maximum(s.betas[1] * _held(state, "u", g), np.abs(g) + inside)
    return s.rate / (1 - s.betas[0] ** at.step) * m / (u + outside)


def _rmsprop(s: Settings, state: State, at: Point) -> Tensor:
    g = at.gradient
    v = state["v"] = s.rho * _held(state, "v", g) + (1 - s.rho) * g**2
    if s.centered:
        mean = state["mean"] = s.rho * _held(state, "mean", g) + (1 - s.rho) * g
        v = np.maximum(v - mean**2, 0.0)
    return _pushed(s, state, g / (np.sqrt(v) + s.epsilon) if s.library == "torch" else g / np.sqrt(v + s.epsilon))


def _adagrad(s: Settings, state: State, at: Point) -> Tensor:
    total = state["total"] = _held(state, "total", at.gradient, s.accumulator) + at.gradient**2
    root = np.sqrt(total) + s.epsilon if s.library == "torch" else np.sqrt(total + s.epsilon)
    return np.asarray(s.rate * at.gradient / root)


def _adadelta(s: Settings, state: State, at: Point) -> Tensor:
    """Zeiler (2012); both libraries multiply by a rate."""
    g = at.gradient
    v = state["v"] = s.rho * _held(state, "v", g) + (1 - s.rho) * g**2
    change = np.sqrt(_held(state, "changes", g) + s.epsilon) / np.sqrt(v + s.epsilon) * g
    state["changes"] = s.rho * state["changes"] + (1 - s.rho) * change**2
    return np.asarray(s.rate * change)


def _lion(s: Settings, state: State, at: Point) -> Tensor:
    """Chen et al. (2023)."""
    m = _held(state, "m", at.gradient)
    state["m"] = s.betas[1] * m + (1 - s.betas[1]) * at.gradient
    return np.asarray(s.rate * np.sign(s.betas[0] * m + (1 - s.betas[0]) * at.gradient))


def _rprop(s: Settings, state: State, at: Point) -> Tensor:
    """Riedmiller & Braun (1993): the rate is the first step of each weight; a step back is left out where the sign changes."""
    (shrinks, grows), (least, most) = s.pair("etas", (0.5, 1.2)), s.pair("step_sizes", STEP_SIZES)
    sign = np.sign(at.gradient * _held(state, "before", at.gradient))
    factor = np.where(sign > 0, grows, np.where(sign < 0, shrinks, 1.0))
    size = state["size"] = np.clip(_held(state, "size", at.gradient, s.rate) * factor, least, most)
    kept = state["before"] = np.where(sign < 0, 0.0, at.gradient)
    return np.asarray(np.sign(kept) * size)


ANY: frozenset[str] = frozenset()
BOTH, TORCH, KERAS = frozenset({"torch", "keras"}), frozenset({"torch"}), frozenset({"keras"})

BY_WEIGHT: Mapping[str, tuple[Update, frozenset[str]]] = {
    "sgd": (_sgd, ANY),
    "adam": (adam, ANY),
    "adamw": (adam, ANY),
    "adagrad": (_adagrad, ANY),
    "nadam": (_nadam, BOTH),
    "radam": (_radam, TORCH),
    "adamax": (_adamax, BOTH),
    "rmsprop": (_rmsprop, BOTH),
    "adadelta": (_adadelta, BOTH),
    "lion": (_lion, KERAS),
    "rprop": (_rprop, TORCH),
}
"""Each optimizer's rule, and the libraries that have it so (empty: all of them)."""
