"""What a measurement says of the step size: the same bound that the stability engine gives, with the evidence `measured`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.queries import clips
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.probe.protocol import Measurement, Spectrum
from trainlint.stability.bound import StabilityBound

if TYPE_CHECKING:
    from trainlint.stability.updates import Settings

GROWN = 2.0
"""How many times its first value a loss must have reached, at its end, for a divergence: batches do not differ that much."""

RISEN = 1.2
"""How many times its first value the loss must have reached in the first steps to speak of a rise (PROBE, section 5)."""

MARGIN = 1.2
"""A verdict must hold this far beyond its threshold: curvature is measured on some batches only."""

DESCENDING = {"squared": (0.5, 1.0, 4.0), "squared with momentum": (0.25, 1.0, 4.0), "cross-entropy": (4.0, 20.0, math.inf)}
ADAPTIVE = {"squared": (1.0, 3.0, 6.0), "squared with momentum": (1.0, 3.0, 6.0), "cross-entropy": (1.0, 3.0, math.inf)}
"""By the loss: the ratio of the rate to its bound from which a run is near the edge, unstable at its start, and diverges."""

QUADRATIC = (1.0, 1.0, 1.0)
"""The same of gradient descent where the model is linear and the loss squared: the bound is exact."""

OTHER = (1.0, 3.0, math.inf)
"""The same of adaptive optimizers under any other loss."""

ROUGH = "finite differences"
"""The method whose figures can be half as large again as the curvature."""


def bound_of(run: TrainingRun) -> StabilityBound | None:
    """The bound by which a run is judged: what the script proves, else what was measured."""
    from trainlint.stability import stability

    bound = stability(run)
    return bound if isinstance(bound, StabilityBound) else None


def measured_bound(run: TrainingRun, measurement: Measurement) -> StabilityBound | Unknown:
    """The bound of a run from its measured curvature, as the stability engine states it; Unknown where it has none."""
    from trainlint.stability.optimizers import DESCENT, settings_of

    spectrum, optimizer = measurement.spectrum, run.optimizer
    if measurement.failure is not None or spectrum is None:
        return Unknown(measurement.failure or "the curvature was not measured", run.place)
    if isinstance(optimizer, Unknown):
        return Unknown(f"the optimizer is not known: {optimizer.reason}", optimizer.place)
    settings = settings_of(optimizer)
    if isinstance(settings, Unknown):
        return settings
    if not math.isfinite(spectrum.largest):
        return Unknown("the curvature is not finite", run.place)
    if settings.name in DESCENT:
        return _descent(run, measurement, spectrum, settings)
    return _adaptive(run, measurement, spectrum, settings.rate)


def _descent(run: TrainingRun, measurement: Measurement, spectrum: Spectrum, settings: Settings) -> StabilityBound | Unknown:
    """Gradient descent: the optimizer's own bound where the loss is quadratic, else 2/λ, which nets bear, momentum or not."""
    from trainlint.stability import bounds
    from trainlint.stability.optimizers import descent_of, formula_of

    if not spectrum.largest > 0:
        return Unknown("the loss does not curve upwards", run.place)
    method, kind = descent_of(settings), kind_of_loss(run, measurement)
    plain = bounds.Descent(decay=method.decay, decoupled=method.decoupled)
    quadratic = is_linear(run) and kind is not None and kind.startswith("squared")
    used = method if quadratic else plain
    flattest = min((one for one in (spectrum.largest, *spectrum.batches) if one > 0), default=spectrum.largest)
    sure = settings.rate / bounds.gradient_descent_bound(flattest, used)
    largest = bounds.gradient_descent_bound(spectrum.largest, used)
    thresholds = QUADRATIC if quadratic else None if kind is None else DESCENDING[kind]
    grown = sure > MARGIN and has_diverged(measurement.losses)
    verdict = _grown(kind, measurement.losses) if grown else graded(sure, thresholds, measurement.losses)
    exact = quadratic and verdict == "diverges"
    return _bound(
        run,
        measurement,
        spectrum,
        max_learning_rate=largest,
        learning_rate=settings.rate,
        growth_per_step=bounds.growth_per_step(settings.rate, spectrum.largest, method) if exact else None,
        verdict=verdict,
        best_learning_rate=1 / (spectrum.largest + method.decay),
        bound_formula=formula_of(method) if quadratic else "2/λ at the start",
    )


def _adaptive(run: TrainingRun, measurement: Measurement, spectrum: Spectrum, rate: float) -> StabilityBound | Unknown:
    """An optimizer that scales its own step: the rate above which its first step raises the loss, and what the loss then did."""
    ratio = spectrum.first_step_ratio
    if ratio is None or not math.isfinite(ratio) or not ratio > 0:
        return Unknown("the curvature along the first step was not measured", run.place)
    kind = kind_of_loss(run, measurement)
    verdict = graded(ratio, OTHER if kind is None else ADAPTIVE[kind], measurement.losses)
    if ratio > MARGIN and has_risen(measurement.losses):
        verdict = _grown(kind, measurement.losses) if has_diverged(measurement.losses) else "unstable_at_start"
    return _bound(
        run,
        measurement,
        spectrum,
        max_learning_rate=rate / ratio,
        learning_rate=rate,
        growth_per_step=None,
        verdict=verdict,
        preconditioned=True,
        bound_formula="the bound of the first step",
    )


def _grown(kind: str | None, losses: tuple[float, ...]) -> str:
    """The verdict where the rate is above its bound and the loss has grown, which an adversary can be the cause of, too."""
    sure = not all(map(math.isfinite, losses)) or (kind or "").startswith("squared")
    return "diverges" if sure else "unstable_at_start"


def graded(ratio: float, thresholds: tuple[float, float, float] | None, losses: tuple[float, ...]) -> str:
    """The verdict for a ratio of the rate to its bound; losses that were watched and did not rise speak against the worst."""
    if thresholds is None:
        return "not_judged"
    near, unstable, diverging = (MARGIN * one for one in thresholds)
    if ratio > unstable and (len(losses) < 2 or has_risen(losses)):
        return "diverges" if ratio > diverging else "unstable_at_start"
    if has_diverged(losses):
        return "not_judged"  # what the losses do has another cause
    return "near_edge" if ratio > near else "stable"


def is_linear(run: TrainingRun) -> bool:
    """Whether the model is known to be linear in its parameters."""
    return isinstance(run.model, ModelFacts) and run.model.linear_in_parameters is True


def normalises(run: TrainingRun) -> bool:
    """Whether a layer of the model takes the scale of its inputs away: curvature at the start then tells nothing."""
    from trainlint.stability.estimate import NORMALIZERS

    return isinstance(run.model, ModelFacts) and any(layer.kind in NORMALIZERS for layer in run.model.layers)


def kind_of_loss(run: TrainingRun, measurement: Measurement) -> str | None:
    """The row of the thresholds for the run's loss, by the script's name of it or the library's; None for other losses."""
    from trainlint.stability.estimate import ENTROPY, SQUARED

    name = run.loss.name if isinstance(run.loss, LossFacts) and run.loss.name != "custom" else measurement.loss_name
    spelled = name.lower().replace("_", "").removesuffix("loss")
    if spelled in {one.replace("_", "") for one in ENTROPY} | {"bce", "bcewithlogits"}:
        return "cross-entropy"
    if spelled in {one.replace("_", "") for one in SQUARED} | {"mse", "smoothl1"}:
        momentum = run.optimizer.momentum if isinstance(run.optimizer, OptimizerFacts) else None
        return "squared with momentum" if isinstance(momentum, Fact) and momentum.value else "squared"
    return None


def _bound(
    run: TrainingRun,
    measurement: Measurement,
    spectrum: Spectrum,
    *,
    max_learning_rate: float,
    learning_rate: float,
    growth_per_step: float | None,
    verdict: str,
    bound_formula: str,
    preconditioned: bool = False,
    best_learning_rate: float | None = None,
) -> StabilityBound:
    losses = measurement.losses
    reasons = _why_not_judged(run, measurement, verdict)
    return StabilityBound(
        sharpness=spectrum.largest,
        max_learning_rate=max_learning_rate,
        learning_rate=learning_rate,
        ratio=learning_rate / max_learning_rate,
        growth_per_step=growth_per_step,
        evidence=Evidence.ESTIMATED if spectrum.method == ROUGH or spectrum.confirmed is False else Evidence.MEASURED,
        method=f"measured on the first batch, {spectrum.products} Hessian-vector products by {spectrum.method}",
        verdict="not_judged" if reasons else verdict,
        preconditioned=preconditioned,
        best_learning_rate=best_learning_rate,
        batch=_batch(run, measurement),
        premises=(*reasons, *_premises(spectrum)),
        bound_formula=bound_formula,
        loss_at_start=losses[0] if losses else measurement.loss,
        loss_reached=losses[-1] if losses else None,
    )


def _why_not_judged(run: TrainingRun, measurement: Measurement, verdict: str) -> list[str]:
    """Why the ratio of the rate to its bound alone says nothing, in words."""
    found = []
    if run.schedule is not None:
        found.append(f"the learning rate follows a schedule ({run.schedule.name})")
    if isinstance(run.optimizer, OptimizerFacts) and clips(run.optimizer):
        found.append("gradients are clipped")
    if warms_up(measurement) and measurement.optimizer is not None:
        found.append(f"the learning rate changes, up to {measurement.optimizer.peak_learning_rate:g}")
    if verdict != "stable" and normalises(run) and not has_risen(measurement.losses):
        found.append("normalisation layers bear large steps, and the losses do not rise")
    if verdict == "not_judged":
        grows = has_diverged(measurement.losses)
        found.append("the loss grows though the step is not too large" if grows else "no thresholds are known for this loss")
    return found


def _batch(run: TrainingRun, measurement: Measurement) -> str:
    if measurement.batch_size is None:
        return "the first batch"
    full = run.inputs.samples is not None and measurement.batch_size >= run.inputs.samples
    return "full batch" if full else f"batches of {measurement.batch_size}"


def _premises(spectrum: Spectrum) -> list[str]:
    found = []
    if spectrum.confirmed is False:
        found.append("replaying the step did not confirm the curvature, which is then at least this large")
    if spectrum.method == ROUGH:
        found.append("by finite differences the curvature is up to one half too large")
    return found


def warms_up(measurement: Measurement) -> bool:
    """Whether the rate is not yet at its largest."""
    state = measurement.optimizer
    return state is not None and state.peak_learning_rate > state.learning_rate * 1.001


def has_diverged(losses: tuple[float, ...]) -> bool:
    """Whether the real steps lead to a loss that is not finite, or ends well above its start and near its highest."""
    if any(not math.isfinite(one) for one in losses[1:]):
        return True
    return len(losses) > 1 and losses[0] > 0 and losses[-1] > GROWN * losses[0] and losses[-1] >= max(losses) / 2


def has_risen(losses: tuple[float, ...]) -> bool:
    """Whether the loss rose noticeably in the real steps."""
    return has_diverged(losses) or (len(losses) > 1 and losses[0] > 0 and max(losses) > RISEN * losses[0])
