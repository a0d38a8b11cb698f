"""What a learning-rate schedule does to a quadratic loss whose sharpness is known."""

from __future__ import annotations

import math
from typing import NamedTuple

from trainlint.core import Evidence, Unknown
from trainlint.facts.rates import rates_of, rates_over_run
from trainlint.facts.run import TrainingRun
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.bounds import growth_per_step


class ScheduledRun(NamedTuple):
    """`peak` is the largest rate; `crossing` the update from which all rates are below the bound (None: never in the run).

    `peak_growth` is log10 of the largest product of growth factors along the sharpest direction, `updates` the run's length.
    """

    bound: StabilityBound
    peak: float
    crossing: int | None
    peak_growth: float
    updates: int


def scheduled(run: TrainingRun) -> ScheduledRun | None:
    """The course of the loss under the run's schedule; None where rates, length or sharpness are not known."""
    bound, rates = stability(run), rates_of(run)
    if not isinstance(bound, StabilityBound) or not rates or isinstance(run.optimizer, Unknown):
        return None
    from trainlint.stability.optimizers import descent_of, settings_of

    settings = settings_of(run.optimizer)
    if isinstance(settings, Unknown):
        return None
    method, total, highest = descent_of(settings), 0.0, 0.0
    for rate in rates if bound.evidence is Evidence.PROVED else ():
        total += math.log10(max(growth_per_step(rate, bound.sharpness, method), 1e-30))
        highest = max(highest, total)
    above = [step for step, rate in enumerate(rates) if rate > bound.max_learning_rate]
    crossing = (above[-1] + 1 if above[-1] + 1 < len(rates) else None) if above else 0
    return ScheduledRun(bound, max(rates), crossing, highest, len(rates))


def share_of_run_below(run: TrainingRun, share: float) -> tuple[int, int, str] | None:
    """From when the rate stays below `share` of its peak, the run's length, and the unit of both; None if not known or never."""
    course = rates_over_run(run)
    if course is None:
        return None
    peak = max(course.rates)
    above = [step for step, rate in enumerate(course.rates) if rate >= share * peak]
    first = above[-1] + 1 if above else 0
    return (first, len(course.rates), course.unit) if peak > 0 and first < len(course.rates) else None


def change_in_run(run: TrainingRun) -> tuple[float, int, str] | None:
    """The largest change of the rate in a run, as a share of its first, the run's length, and its unit; None if not known."""
    course = rates_over_run(run)
    if course is None or len(course.rates) < 2 or course.rates[0] <= 0:
        return None
    return max(abs(rate / course.rates[0] - 1) for rate in course.rates), len(course.rates), course.unit
