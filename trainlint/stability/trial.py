"""Models and data that are known but not quadratic, and optimizers that scale their own step: trained by the twin."""

from __future__ import annotations

import math

from trainlint.core import Evidence, Unknown
from trainlint.stability.bound import StabilityBound
from trainlint.stability.budget import GRADIENT, PRODUCT, of_curvature
from trainlint.stability.case import (
    FEWER,
    STARTS,
    Case,
    Simulation,
    batch_in_words,
    half_beside_training,
    overflow_step,
    premises,
    simulated,
    unit_factors,
)
from trainlint.stability.curvature import curvature
from trainlint.stability.optimizers import DESCENT
from trainlint.stability.simulate import first_update, largest_rate
from trainlint.stability.tensor_updates import BY_TENSOR
from trainlint.stability.twin.operation import RefusalError, TooMuchWorkError
from trainlint.stability.twin.problem import Problem

TOLERANCE = 1e-3
"""How well the curvature of a net is computed: it changes as soon as the weights move."""


RELATIVE = {"lbfgs": 2.0, "lamb": 2.0}
"""Rates from which nothing converges, however flat the loss: a step of the inverse Hessian times the gradient multiplies the
error of a quadratic by |1 - rate|; LAMB's step is `rate` times as long as the weights, which are at least `rate` - 1
times as long after it."""

PACKED = frozenset({"lstm", "gru", "simple_rnn", "attention"})
"""Layers whose weights the libraries keep in other tensors than the twin."""


def trial(case: Case) -> StabilityBound | Unknown:
    """The verdict by training: the bound is that of the first step, and says nothing by itself.

    Raises `TooMuchWorkError`, before much is spent, where the training cannot be afforded.
    """
    if not case.program.start_is_known:
        return Unknown("the initial weights are not known", case.run.place)
    packed = PACKED & {step.node.op for step in case.program.steps}
    if case.settings.name in BY_TENSOR and packed:
        return Unknown(f"{case.settings.name} is not repeated for the weights of `{min(packed)}`", case.run.place)
    descends = case.settings.name in DESCENT
    cost, first = of_curvature(case.program, TOLERANCE), (GRADIENT + PRODUCT) * case.program.cost()
    each, half = cost if descends else cost + first, half_beside_training(case)
    starts = range(next((n for n in (STARTS, FEWER) if n * each <= half), 1))
    kept = len(starts) * each
    if descends and 2 * kept <= half:
        kept *= 2  # again with inputs of unit scale
    if case.not_followed:
        trained, verdict, method = Simulation(0, 0, 0), "not_judged", "curvature at the initial weights"
    else:
        trained = simulated(case, kept=kept)
        if trained.runs == 0:
            raise TooMuchWorkError("the model and its data are too large to be trained here within the budget (`--budget`)")
        verdict = "diverges" if trained.diverges else "unstable_at_start" if trained.unstable else "stable"
        method = trained.in_words
    sharpness = _median([_sharpness(case, case.drawn(seed)) for seed in starts])
    if not sharpness > 0:
        return Unknown("the loss does not curve at the initial weights", case.run.place)
    bound = 2 / (sharpness + case.settings.decay) if descends else _first_step_bound(case, starts)
    formula = "2/λ at the start" if descends else "the bound of the first step"
    if bound > RELATIVE.get(case.settings.name, math.inf):
        bound, formula = RELATIVE[case.settings.name], "the bound of a relative step"
    if not math.isfinite(bound):
        return Unknown("the loss falls along the first step however long it is", case.run.place)
    magnitude, unit = _unit_bound(case, starts) if descends else (unit_factors(case)[1], None)
    rate, wanted = min(case.settings.rate, largest_rate(case.settings)), case.settings.rate
    cut = (f"the learning rate {wanted:g} is cut to {rate:g}",) if rate < wanted else ()
    constant = descends and not case.settings.momentum and not case.not_constant
    growth = (1 - case.settings.rate * sharpness) ** 2 if constant else None
    return StabilityBound(
        sharpness=sharpness,
        max_learning_rate=bound,
        learning_rate=rate,
        ratio=rate / bound,
        growth_per_step=growth,
        evidence=Evidence.SIMULATED,
        method=method,
        verdict=verdict,
        preconditioned=not descends,
        best_learning_rate=1 / sharpness if descends else None,
        unit_scale_max_learning_rate=unit,
        input_magnitude=magnitude,
        first_non_finite_step=None if growth is None or verdict != "diverges" else overflow_step(case, growth),
        batch=batch_in_words(case),
        premises=(*premises(case), *cut),
        bound_formula=formula,
        loss_at_start=trained.first if math.isfinite(trained.first) else None,
        loss_reached=trained.last if math.isfinite(trained.last) else None,
    )


def _sharpness(case: Case, problem: Problem) -> float:
    narrow = problem.reduced()
    return curvature(narrow, narrow.start, tolerance=TOLERANCE, purse=case.purse).largest


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _first_step_bound(case: Case, starts: range) -> float:
    """The learning rate above which the first step raises the loss: 2 g.d / d.Hd, d being the first update at rate 1.

    For Adam d is the sign of the gradient g. Infinite where the loss does not curve upwards along d.
    """
    found = []
    case.purse.pay(len(starts) * (GRADIENT + PRODUCT) * case.program.cost())
    for seed in starts:
        problem = case.drawn(seed)
        gradient = problem.gradient(problem.start)[1]
        step = first_update(case.settings, problem, gradient)
        bend = float(step @ problem.hessian_vector(problem.start, step))
        found.append(2 * float(gradient @ step) / bend if bend > 0 else math.inf)
    return _median(found)


def _unit_bound(case: Case, starts: range) -> tuple[float | None, float | None]:
    factors, magnitude = unit_factors(case)
    if not factors:
        return magnitude, None
    try:
        sharpness = _median([_sharpness(case, case.drawn(seed, factors)) for seed in starts])
    except RefusalError:
        return magnitude, None
    return magnitude, 2 / (sharpness + case.settings.decay) if sharpness > 0 else None
