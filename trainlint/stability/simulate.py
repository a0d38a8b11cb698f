"""Training by the twin: the script's own optimizer on its own model and data, some steps long."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from trainlint.stability.twin.operation import Tensor
from trainlint.stability.twin.problem import Problem, Rows

BLOWN_UP = 100.0
"""A run whose loss ends above this multiple of its first has diverged."""

HOPELESS = 1e10
"""A loss that has grown this much does not come back: the simulation stops."""

CHECKS = 20


class Settings(NamedTuple):
    """The numbers of an update rule, all known. `library` is "torch" or "keras", whose rules differ in details."""

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


State: TypeAlias = "dict[str, Tensor]"
Update: TypeAlias = "Callable[[Settings, State, Tensor, int], Tensor]"
"""From settings, state (changed in place), gradient and step (from 1) to what is subtracted from the weights."""


def _held(state: State, name: str, gradient: Tensor, value: float = 0.0) -> Tensor:
    return state.setdefault(name, np.full_like(gradient, value))


def _averages(s: Settings, state: State, g: Tensor) -> tuple[Tensor, Tensor]:
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


def _sgd(s: Settings, state: State, g: Tensor, step: int) -> Tensor:
    if s.momentum == 0:
        return s.rate * g
    first = step == 1 and s.library == "torch"
    buffer = state["buffer"] = g if first else s.momentum * _held(state, "buffer", g) + (1 - s.dampening) * g
    direction: Tensor = g + s.momentum * buffer if s.nesterov else buffer
    return np.asarray(s.rate * direction, dtype=np.float64)


def _adam(s: Settings, state: State, g: Tensor, step: int) -> Tensor:
    m, v = _averages(s, state, g)
    return s.rate * m / (1 - s.betas[0] ** step) / _preconditioner(s, state, v, step)


def _nadam(s: Settings, state: State, g: Tensor, step: int) -> Tensor:
    m, v = _averages(s, state, g)
    now, after = (s.betas[0] * (1 - 0.5 * 0.96 ** (one * s.momentum_decay)) for one in (step, step + 1))
    product = state["mu"] = _held(state, "mu", g, 1.0) * now
    direction = (1 - now) * g / (1 - product) + after * m / (1 - product * after)
    return np.asarray(s.rate * direction / _preconditioner(s, state, v, step), dtype=np.float64)


def _adamax(s: Settings, state: State, g: Tensor, step: int) -> Tensor:
    m = state["m"] = s.betas[0] * _held(state, "m", g) + (1 - s.betas[0]) * g
    inside, outside = (s.epsilon, 0.0) if s.library == "torch" else (0.0, s.epsilon)
    u = state["u"] = np.maximum(s.betas[1] * _held(state, "u", g), np.abs(g) + inside)
    return s.rate / (1 - s.betas[0] ** step) * m / (u + outside)


def _rmsprop(s: Settings, state: State, g: Tensor, _step: int) -> Tensor:
    v = state["v"] = s.rho * _held(state, "v", g) + (1 - s.rho) * g**2
    if s.centered:
        mean = state["mean"] = s.rho * _held(state, "mean", g) + (1 - s.rho) * g
        v = np.maximum(v - mean**2, 0.0)
    scaled = g / (np.sqrt(v) + s.epsilon) if s.library == "torch" else g / np.sqrt(v + s.epsilon)
    if s.momentum == 0:
        return s.rate * scaled
    buffer = state["buffer"] = s.momentum * _held(state, "buffer", g) + scaled
    return s.rate * buffer


def _adagrad(s: Settings, state: State, g: Tensor, _step: int) -> Tensor:
    total = state["total"] = _held(state, "total", g, s.accumulator) + g**2
    root = np.sqrt(total) + s.epsilon if s.library == "torch" else np.sqrt(total + s.epsilon)
    return np.asarray(s.rate * g / root)


UPDATES: Mapping[str, Update] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "nadam": _nadam,
    "adamax": _adamax,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
}
"""Update rules as torch.optim and keras.optimizers write them."""


class Outcome(NamedTuple):
    """How one simulated run went. `step` is where it was given up; `last` is the loss over all rows at the end."""

    diverged: bool
    step: int
    first: float
    last: float
    weights: Tensor


def train(problem: Problem, settings: Settings, batches: Iterator[Rows | None], steps: int) -> Outcome:
    """Train from the problem's start for at most `steps` updates, in float64; stop where the loss has settled.

    Diverged: a loss that is not finite, or one over all rows that ends above 100 times the first.
    """
    update, weights, state = UPDATES[settings.name], problem.start.copy(), dict[str, Tensor]()
    first = problem.loss(weights)
    scale = max(first, 1e-300)
    every, checked = max(1, steps // CHECKS), list[float]()
    for step in range(1, steps + 1):
        loss, gradient = problem.gradient(weights, next(batches))
        if not math.isfinite(loss) or not np.isfinite(gradient).all():
            return Outcome(True, step, first, math.inf, weights)
        if loss > HOPELESS * scale and problem.loss(weights) > HOPELESS * scale:
            return Outcome(True, step, first, loss, weights)
        with np.errstate(all="ignore"):
            if settings.decoupled:
                weights = weights * (1 - settings.rate * settings.decay)
            else:
                gradient = gradient + settings.decay * weights
            weights = weights - update(settings, state, gradient, step)
        if step % every == 0:
            checked.append(problem.loss(weights))
            if checked[-1] <= 1e-20 * scale or _settled(checked, first):
                break
    last = problem.loss(weights)
    return Outcome(not math.isfinite(last) or last > BLOWN_UP * scale, steps, first, last, weights)


def _settled(checked: list[float], first: float) -> bool:
    """Whether the loss has stayed below the first and within a twentieth of itself for six checks: nothing is growing."""
    last = checked[-6:]
    return len(last) == 6 and max(last) < first and max(last) <= 1.05 * min(last)


def first_update(settings: Settings, gradient: Tensor) -> Tensor:
    """What the first step subtracts from the weights, for a learning rate of 1."""
    with np.errstate(all="ignore"):
        return UPDATES[settings.name](settings._replace(rate=1.0), {}, gradient, 1)


def shuffled(samples: int, batch: int, *, keep_last: bool, seed: int) -> Iterator[Rows | None]:
    """Batches without replacement, a new permutation each epoch; the last partial batch as both libraries keep it."""
    rng = np.random.default_rng(seed)
    whole = samples - samples % batch
    while True:
        order = rng.permutation(samples)
        for begin in range(0, samples if keep_last or not whole else whole, batch):
            yield order[begin : begin + batch]


def full() -> Iterator[Rows | None]:
    """All rows, each step."""
    while True:
        yield None
