"""The verdict of the stability engine on one training run."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainlint.core import Evidence


@dataclass(frozen=True, slots=True)
class StabilityBound:
    """How large a step this run can bear, and how large its step is. L is the unit of the loss, P that of the parameters.

    `sharpness` [L/P^2] is the largest Hessian eigenvalue of exactly the scalar that is differentiated.
    `max_learning_rate` is the optimizer's bound, `best_learning_rate` the rate with the fastest convergence
    (2/(largest + smallest non-zero eigenvalue) for plain gradient descent where the spectrum is known, else 1/sharpness).
    `ratio` = learning_rate / max_learning_rate. `growth_per_step` multiplies the loss along the sharpest direction.
    `preconditioned`: the optimizer scales its own step (Adam, ...). `max_learning_rate` is then the rate above which its first
    step raises the loss, `sharpness` still that of the plain Hessian, and `growth_per_step` None.
    `verdict`: stable, rises_first (momentum: the loss first rises, then converges), slow_divergence (growth over the whole
    run below 10), diverges, unstable_in_mean_square, near_edge, unstable_at_start, not_judged.
    `unit_scale_max_learning_rate` is the same bound were the inputs divided by their largest magnitude `input_magnitude`.
    `first_non_finite_step` is where float32 overflows. `batch` says "full batch" or "batches of 32".
    `loss_at_start` and `loss_reached` [L] are those of the middle one of the simulated runs, where there are any, or of the
    first real steps that a probe watched.
    `premises` are the assumptions in words.
    """

    sharpness: float
    max_learning_rate: float
    learning_rate: float
    ratio: float
    growth_per_step: float | None
    evidence: Evidence
    method: str
    verdict: str
    preconditioned: bool = False
    best_learning_rate: float | None = None
    unit_scale_max_learning_rate: float | None = None
    input_magnitude: float | None = None
    first_non_finite_step: int | None = None
    batch: str = "full batch"
    premises: tuple[str, ...] = field(default=())
    bound_formula: str = "2/λ"
    loss_at_start: float | None = None
    loss_reached: float | None = None
