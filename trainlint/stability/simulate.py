"""Training by the twin: the script's own optimizer on its own model and data, some steps long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from trainlint.stability.bounds import LARGEST_FLOAT32
from trainlint.stability.tensor_updates import BY_LOSS, BY_TENSOR, MAXIMUM_ITERATIONS
from trainlint.stability.twin.cost import PER_ELEMENT, PER_NODE
from trainlint.stability.twin.operation import Shape, Tensor
from trainlint.stability.twin.problem import Problem, Rows
from trainlint.stability.updates import BY_WEIGHT, STEP_SIZES, Point, Settings, Update

BLOWN_UP = 100.0
"""A run whose loss ends above this multiple of its first has diverged."""

HOPELESS = 1e10
"""A loss that has grown this much under gradient descent does not come back: the simulation stops."""

LARGEST = 10**LARGEST_FLOAT32
"""The largest loss [L] in float32."""

CHECKS = 20
"""How often a run looks at the loss over all rows."""

SMALL_RATE = 1e-3
"""A learning rate that no optimizer cuts, but for Rprop's smallest step where that is larger."""

PER_DIRECTION = 12 * PER_NODE
"""Multiplications that take as long as the operations of one direction of L-BFGS, however few the weights."""

RULES: Mapping[str, tuple[Update, frozenset[str]]] = {**BY_WEIGHT, **BY_TENSOR, **BY_LOSS}
"""Update rules as torch.optim and keras.optimizers write them, and the libraries that do."""


class Outcome(NamedTuple):
    """How one simulated run went. `step` is where it was given up; `last` is the loss over all rows at the end."""

    diverged: bool
    step: int
    first: float
    last: float
    weights: Tensor


def train(
    problem: Problem,
    settings: Settings,
    batches: Iterator[Rows | None],
    steps: int,
    rates: Sequence[float] = (),
    *,
    blown_up: float = BLOWN_UP,
) -> Outcome:
    """Train from the problem's start for at most `steps` updates, in float64; stop where the loss has settled.

    `rates` are those of the single steps under a schedule, which then is followed to its end. Diverged: a loss that is not
    finite, or one over all rows that ends above `blown_up` times the first.
    """
    update, weights, state = RULES[settings.name][0], problem.start.copy(), dict[str, Any]()
    first, tensors = problem.loss(weights), problem.tensors
    scale = max(first, 1e-300)
    every, checked = max(1, steps // CHECKS), list[float]()
    for step in range(1, steps + 1):
        rows = next(batches)
        loss, gradient = problem.gradient(weights, rows)
        if not math.isfinite(loss) or not np.isfinite(gradient).all():
            return Outcome(True, step, first, math.inf, weights)
        hopeless = HOPELESS * scale if settings.name == "sgd" else LARGEST
        if loss > hopeless and problem.loss(weights) > hopeless:
            return Outcome(True, step, first, loss, weights)
        now = settings._replace(rate=rates[min(step, len(rates)) - 1]) if rates else settings
        with np.errstate(all="ignore"):
            gradient = clipped(gradient, now, tensors)
            if now.decoupled:
                weights = weights * (1 - now.rate * now.decay)
            else:
                gradient = gradient + now.decay * weights
            at = Point(weights, gradient, step, tensors, partial(problem.gradient, rows=rows))
            weights = weights - update(now, state, at)
        if step % every == 0:
            checked.append(problem.loss(weights))
            if checked[-1] <= 1e-20 * scale or (not rates and _settled(checked, first)):
                break
    last = problem.loss(weights)
    return Outcome(not math.isfinite(last) or last > blown_up * scale, steps, first, last, weights)


def evaluations(settings: Settings) -> int:
    """How often one update evaluates loss and gradient: L-BFGS does up to `max_iter` times, and once more."""
    return 1 + int(max(1.0, min(settings.number("max_iter", 20), MAXIMUM_ITERATIONS))) if settings.name in BY_LOSS else 1


def beside_evaluations(settings: Settings, dimension: int) -> float:
    """The multiplications of one update but for its evaluations, where that is no small part: the directions of L-BFGS."""
    if settings.name not in BY_LOSS:
        return 0.0
    kept = max(1.0, min(settings.number("history_size", 100), MAXIMUM_ITERATIONS))
    return evaluations(settings) * (PER_DIRECTION + 4 * PER_ELEMENT * kept * dimension)


def clipped(gradient: Tensor, settings: Settings, tensors: tuple[tuple[slice, Shape], ...]) -> Tensor:
    """The gradient as it is clipped: by value, by the norm over all weights, or (Keras' `clipnorm`) by that of each tensor."""
    if settings.clip is None:
        return gradient
    kind, most = settings.clip
    if kind == "value":
        return np.asarray(np.clip(gradient, -most, most))
    if kind == "global_norm":
        return np.asarray(gradient * min(1.0, most / max(float(np.linalg.norm(gradient)), 1e-300)))
    found: Tensor = gradient.copy()
    for place, _ in tensors:
        found[place] *= min(1.0, most / max(float(np.linalg.norm(gradient[place])), 1e-300))
    return found


def _settled(checked: list[float], first: float) -> bool:
    """Whether the loss has stayed below the first and within a twentieth of itself for six checks: nothing is growing."""
    last = checked[-6:]
    return len(last) == 6 and max(last) < first and max(last) <= 1.05 * min(last)


def first_update(settings: Settings, problem: Problem, gradient: Tensor) -> Tensor:
    """What the first step subtracts from the start, for each unit of the learning rate (below `largest_rate`)."""
    with np.errstate(all="ignore"):
        least = settings.pair("step_sizes", STEP_SIZES)[0] if settings.name == "rprop" else 0.0
        rate = max(SMALL_RATE, least)
        one = settings._replace(rate=rate, more={**settings.more, "max_iter": 1})
        at = Point(problem.start, gradient, 1, problem.tensors, problem.gradient)
        return np.asarray(RULES[settings.name][0](one, {}, at) / rate)


def largest_rate(settings: Settings) -> float:
    """The learning rate above which the first step grows no more: Adafactor's rate is at most 1, Rprop's its largest step."""
    return {"adafactor": 1.0, "rprop": settings.pair("step_sizes", STEP_SIZES)[1]}.get(settings.name, math.inf)


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
