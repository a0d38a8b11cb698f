"""Models and data that are known but not quadratic, and optimizers that scale their own step: trained by the twin."""

from __future__ import annotations

import math

from trainlint.core import Evidence, Unknown
from trainlint.stability.bound import StabilityBound
from trainlint.stability.budget import allowance, of_curvature
from trainlint.stability.case import MOST, STARTS, Case, batch_in_words, overflow_step, premises, simulated, unit_factors
from trainlint.stability.curvature import curvature
from trainlint.stability.optimizers import DESCENT
from trainlint.stability.simulate import first_update
from trainlint.stability.twin.operation import RefusalError
from trainlint.stability.twin.problem import Problem

TOLERANCE = 1e-3
"""How well the curvature of a net is computed: it changes as soon as the weights move."""


def trial(case: Case) -> StabilityBound | Unknown:
    """The verdict by training: the bound is that of the first step, and says nothing by itself."""
    if not case.program.start_is_known:
        return Unknown("the initial weights are not known", case.run.place)
    descends = case.settings.name in DESCENT
    cost = of_curvature(case.program, TOLERANCE)
    starts = range(max(1, min(STARTS, int(allowance(case.run.order) / 2 / cost))))
    sharpness = _median([_sharpness(case.program.problem(seed)) for seed in starts])
    if not sharpness > 0:
        return Unknown("the loss does not curve at the initial weights", case.run.place)
    bound = 2 / (sharpness + case.settings.decay) if descends else _first_step_bound(case)
    if not math.isfinite(bound):
        return Unknown("the loss falls along the first step however long it is", case.run.place)
    verdict, method = _verdict(case)
    if verdict is None:
        return Unknown("the model and its data are too large to be trained here", case.run.place)
    magnitude, unit = _unit_bound(case, starts) if descends else (unit_factors(case)[1], None)
    growth = (1 - case.settings.rate * sharpness) ** 2 if descends and not case.settings.momentum else None
    return StabilityBound(
        sharpness=sharpness,
        max_learning_rate=bound,
        learning_rate=case.settings.rate,
        ratio=case.settings.rate / bound,
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
        premises=premises(case),
        bound_formula="2/λ at the start" if descends else "the bound of the first step",
    )


def _verdict(case: Case) -> tuple[str | None, str]:
    if case.not_constant:
        return "not_judged", "curvature at the initial weights"
    blown, runs, steps = simulated(case)
    if runs == 0:
        return None, ""
    verdict = "diverges" if blown >= MOST else "unstable_at_start" if blown >= 2 else "stable"
    return verdict, f"{blown} of {runs} simulated runs of up to {steps} updates diverge"


def _sharpness(problem: Problem) -> float:
    narrow = problem.reduced()
    return curvature(narrow, narrow.start, tolerance=TOLERANCE).largest


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _first_step_bound(case: Case) -> float:
    """The learning rate above which the first step raises the loss: 2 g.d / d.Hd, d being the first update at rate 1.

    For Adam d is the sign of the gradient g. Infinite where the loss does not curve upwards along d.
    """
    found = []
    for seed in range(STARTS):
        problem = case.program.problem(seed)
        gradient = problem.gradient(problem.start)[1]
        step = first_update(case.settings, gradient)
        bend = float(step @ problem.hessian_vector(problem.start, step))
        found.append(2 * float(gradient @ step) / bend if bend > 0 else math.inf)
    return _median(found)


def _unit_bound(case: Case, starts: range) -> tuple[float | None, float | None]:
    factors, magnitude = unit_factors(case)
    if not factors:
        return magnitude, None
    try:
        sharpness = _median([_sharpness(case.program.problem(seed, factors)) for seed in starts])
    except RefusalError:
        return magnitude, None
    return magnitude, 2 / (sharpness + case.settings.decay) if sharpness > 0 else None
