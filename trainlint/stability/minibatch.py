"""Mini-batch gradient descent on a quadratic loss whose data is known: proved for one weight, else simulated."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trainlint.core import Evidence
from trainlint.stability import bounds
from trainlint.stability.bound import StabilityBound
from trainlint.stability.case import (
    Case,
    batch_in_words,
    keeps_last_batch,
    overflow_step,
    premises,
    simulated,
    unit_factors,
    unit_scale,
)
from trainlint.stability.curvature import Curvature, row_hessians
from trainlint.stability.optimizers import evidence_of
from trainlint.stability.twin.operation import Tensor


def minibatch(case: Case, found: Curvature) -> StabilityBound:
    """The verdict for batches smaller than the data."""
    batch = case.batch or 1
    rows = _decayed(case, row_hessians(case.drawn(0), case.purse))
    single = rows is not None and rows.shape[1] == 1 and batch == 1 and not case.settings.momentum
    if rows is not None and single and case.purse.affords(PER_PRODUCT * len(rows)):
        return _one_weight(case, found, rows[:, 0, 0])
    bound, formula = _bound(case, found, rows)
    magnitude, unit = _unit_bound(case)  # before the training, which takes all that is left
    judged = _verdict(case, rows, bound)
    return StabilityBound(
        sharpness=found.largest,
        max_learning_rate=bound,
        learning_rate=case.settings.rate,
        ratio=case.settings.rate / bound,
        growth_per_step=bounds.growth_per_step(case.settings.rate, found.largest, case.method),
        evidence=judged.evidence,
        method=judged.method,
        verdict=judged.verdict,
        best_learning_rate=min(1 / (found.largest + case.settings.decay), bound / 2),
        unit_scale_max_learning_rate=unit,
        input_magnitude=magnitude,
        batch=batch_in_words(case),
        premises=(*premises(case), *judged.premises, *_last_batch(case)),
        bound_formula=formula,
        loss_at_start=judged.losses[0],
        loss_reached=judged.losses[1],
    )


def _last_batch(case: Case) -> tuple[str, ...]:
    left = (case.program.samples or 0) % (case.batch or 1)
    if not left or not keeps_last_batch(case) or 2 * left > (case.batch or 1):
        return ()
    return (f"each epoch ends with a batch of {left}, which can expand the error in bursts",)


def _decayed(case: Case, rows: Tensor | None) -> Tensor | None:
    """Hessians of single rows with weight decay: plain descent does not tell coupled from decoupled."""
    if rows is None or not case.settings.decay:
        return rows
    return rows + case.settings.decay * np.eye(rows.shape[1])


def _one_weight(case: Case, found: Curvature, rows: Tensor) -> StabilityBound:
    """Each row once an epoch, in whatever order: the error is multiplied by the product of 1 - lr * lambda_row."""
    rate = case.settings.rate
    growth, bound = bounds.log_growth_of_epoch(rate, rows), bounds.one_weight_bound(rows)
    per_step = math.exp(max(-700.0, min(700.0, growth / len(rows))))
    factors, magnitude = unit_factors(case)
    verdict = "not_judged" if case.not_constant else "diverges" if growth > 0 else "stable"
    return StabilityBound(
        sharpness=found.largest,
        max_learning_rate=bound,
        learning_rate=rate,
        ratio=rate / bound,
        growth_per_step=per_step,
        evidence=evidence_of(case.optimizer, case.run.batch_size),
        method=f"one epoch over {len(rows)} rows multiplies the error by {math.exp(min(growth / 2, 700.0)):.4g}",
        verdict=verdict,
        best_learning_rate=min(1 / (found.largest + case.settings.decay), bound / 2),
        unit_scale_max_learning_rate=bound * magnitude**2 if magnitude and not _penalised(case) and factors else None,
        input_magnitude=magnitude,
        first_non_finite_step=overflow_step(case, per_step),
        batch=batch_in_words(case),
        premises=premises(case),
        bound_formula="the bound of an epoch, Π|1 - lr·λ| = 1,",
    )


def _penalised(case: Case) -> bool:
    return bool(case.settings.decay) or any(one.l2 for one in case.program.parameters)


def _bound(case: Case, found: Curvature, rows: Tensor | None) -> tuple[float, str]:
    """The bound in mean square, where the rows' own Hessians are known, else that of all rows without credit for momentum."""
    sharp = found.largest + case.settings.decay
    if rows is None:
        return 2 / sharp, "2/λ"
    bound = bounds.mean_square_bound(rows, case.batch or 1)
    full = bounds.gradient_descent_bound(found.largest, case.method)
    bound = min(full, bounds.momentum_mean_square_bound(sharp, bound, case.settings.momentum))
    return bound, f"the mean-square bound of {batch_in_words(case)}"


def _unit_bound(case: Case) -> tuple[float | None, float | None]:
    """The largest magnitude of the inputs, and the same bound were they divided by it."""
    factors, _ = unit_factors(case)
    magnitude, unit = unit_scale(case)
    if not factors or unit is None:
        return magnitude, None
    problem = case.drawn(0, factors)
    rows = _decayed(case, row_hessians(problem, case.purse))
    return magnitude, _bound(case, Curvature(unit, None, problem.start, 0.0), rows)[0]


PER_PRODUCT = 64 * bounds.SCANNED
"""Multiplications for each row that the product over an epoch costs, at all the rates where it is looked at."""


class Judged(NamedTuple):
    """A verdict: how it is known, what it is, how it was found, further premises, and the loss [L] before and after training."""

    evidence: Evidence
    verdict: str
    method: str
    premises: tuple[str, ...] = ()
    losses: tuple[float | None, float | None] = (None, None)


def _verdict(case: Case, rows: Tensor | None, bound: float) -> Judged:
    if case.not_followed:
        return Judged(Evidence.SIMULATED, "not_judged", "mean-square bound of mini-batches")
    if rows is not None and not case.settings.momentum and not case.not_constant:
        sure = bounds.sure_minibatch_bound(float(np.linalg.eigvalsh(rows)[:, -1].max()))
        if case.settings.rate < sure:
            method = "no row's own curvature allows a step to expand the error"
            return Judged(evidence_of(case.optimizer, case.run.batch_size), "stable", method)
    trained = simulated(case)
    if trained.runs == 0:
        return Judged(Evidence.ESTIMATED, "not_judged", "mean-square bound of mini-batches", ("too large to be trained here",))
    if trained.diverges:
        verdict = "diverges"
    else:
        unstable = trained.unstable or (rows is not None and case.settings.rate > bound and not case.not_constant)
        verdict = "unstable_in_mean_square" if unstable else "stable"
    losses = tuple(one if math.isfinite(one) else None for one in (trained.first, trained.last))
    return Judged(Evidence.SIMULATED, verdict, trained.in_words, losses=(losses[0], losses[1]))
