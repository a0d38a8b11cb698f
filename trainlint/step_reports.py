"""What is said of the size of steps: one form for the rules that say it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from trainlint.core import Evidence, Fact, Origin, Severity, Unknown
from trainlint.facts.pace import reach_of_adam, relative_step, share_descended
from trainlint.facts.penalties import Penalty, Shrinking
from trainlint.facts.queries import Factor, clips, layer_name, planned_updates
from trainlint.facts.run import LossFacts, OptimizerFacts, TrainingRun
from trainlint.facts.scaling import reachable_output
from trainlint.registry import Report
from trainlint.remedies.suggestions import set_learning_rate
from trainlint.scheduled import ScheduledRun
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.targets import at_standard_targets
from trainlint.wording import (
    ADAM_FAMILY,
    SGD_FAMILY,
    exact,
    figure,
    inputs_in_words,
    optimizer_name,
    powers_of_ten,
    root_mean_square,
    round_down_1_2_5,
    run_cause,
    stability_numbers,
    step_size,
    step_size_place,
)

PIXELS = 255.0

LONG_RUN, LONG_FULL_BATCH_RUN = 1_000_000, 5_000
"""Updates from which on a constant rate is likely to meet a spike, and with a full batch and known sharpness."""

USUAL_EPSILON = 1e-7

SQUARED = ("mean_squared_error", "huber")
UNSURE = 2.0  # what an estimate of a bound is off by
UNSCALED, RAW_SHARE = 10.0, 0.15
"""Root mean square of unscaled inputs, and the share of a weight that one step of Adam can move there under a squared loss."""

SMALLEST_HALF, SAFE_HALF_EPSILON, TYPICAL_GRADIENT = 6e-8, 1e-3, 0.005
"""The smallest positive float16 number, an epsilon that float16 weights need, and a usual gradient (STABILITY.md section 4.5)."""

FLOAT32_ROUNDING = 2.0**-24
"""The relative error of one rounding to float32."""


def exceeded_bound_report(run: TrainingRun, bound: StabilityBound, optimizer: OptimizerFacts, severity: Severity) -> Report:
    """What exceeds what for which inputs, what the loss then does ("grows ×2.16 per step"), and which rates would do."""
    limit = f"{bound.bound_formula} = {figure(bound.max_learning_rate, 3)} for {inputs_in_words(run.inputs)} ({bound.batch})"
    message = f"{step_size(optimizer)} exceeds {limit}: {_consequence(bound)}. {_rate_advice(bound)}."
    if bound.ratio < 1:  # what is found by training goes before the bound at the start
        tenth = exact(round_down_1_2_5(bound.learning_rate / 10))
        message = f"{step_size(optimizer)} is below {limit}, and yet {_consequence(bound)}. Begin with a tenth of it, lr={tenth}."
    return _report(run, bound, message, severity)


def relative_step_report(run: TrainingRun, optimizer: OptimizerFacts) -> Iterator[Report]:
    """A step of Adam that is larger than the first layer's weights: from 1.1 times that on runs diverged (STABILITY.md 4.2)."""
    found, rate = relative_step(run), optimizer.learning_rate
    if found is None or not isinstance(rate, Fact) or run.schedule is not None or clips(optimizer):
        return
    ratio, layer = found
    squared = isinstance(run.loss, LossFacts) and run.loss.name in SQUARED
    unscaled = run.inputs.scale == "byte" or (root_mean_square(run.inputs) or 0.0) > UNSCALED
    if ratio <= (RAW_SHARE if squared and unscaled else 1.0):
        return
    raw = f" on {inputs_in_words(run.inputs)}" if squared and unscaled else ""
    size = rate.value / ratio
    yield Report(
        f"{step_size(optimizer)} moves every weight of {layer_name(layer)} by {figure(ratio)} times its initial size of"
        f" {figure(size)} in the first step{raw}: likely to diverge or to spike at the start. A rate of"
        f" {exact(round_down_1_2_5(0.1 * size))} moves it by a tenth",
        at=step_size_place(run),
        severity=Severity.WARNING,
        evidence=Evidence.ESTIMATED,
        numbers={"learning_rate": rate.value, "initial_rms": size, "relative_step": ratio},
        cause=run_cause("step-size", run),
    )


def shrunken_bound_report(run: TrainingRun, bound: StabilityBound, allowed: float) -> Report:
    """How the inputs shrink the bound below the step; `allowed` is the bound at unit scale."""
    rate = step_size(run.optimizer) if isinstance(run.optimizer, OptimizerFacts) else f"lr={exact(bound.learning_rate)}"
    message = (
        f"{inputs_in_words(run.inputs)} shrink {bound.bound_formula} from about {figure(allowed)} to"
        f" {figure(bound.max_learning_rate)}, {figure(bound.ratio)} times below {rate}: divide the inputs by"
        f" {figure(bound.input_magnitude or run.inputs.high or PIXELS, 3)} or use lr ≤ {exact(_suggested(bound))}"
    )
    return _report(run, bound, message, Severity.WARNING)


def schedule_report(run: TrainingRun, course: ScheduledRun, optimizer: OptimizerFacts, severity: Severity) -> Report:
    """When the rates of a schedule come below the bound, and what the loss has done by then."""
    bound = course.bound
    limit = f"{bound.bound_formula} = {figure(bound.max_learning_rate, 3)}"
    late = f"falls below {limit} after {course.crossing:,} of {course.updates:,} updates" if course.crossing else ""
    grown = f"; the loss has grown {powers_of_ten(course.peak_growth)} by then" if bound.evidence is Evidence.PROVED else ""
    grown = "; trained on this data the loss diverges" if bound.evidence is Evidence.SIMULATED else grown
    return Report(
        f"{optimizer_name(optimizer)} lr up to {exact(float(f'{course.peak:.4g}'))} under this schedule"
        f" {late or f'ends above {limit}'} ({bound.batch}){grown}. Keep its largest rate at"
        f" {exact(_suggested(bound))} or below",
        at=(run.schedule.place if run.schedule else None) or run.place,
        severity=severity,
        evidence=bound.evidence,
        numbers=stability_numbers(bound) | {"peak_learning_rate": course.peak, "log10_growth": course.peak_growth},
        cause=run_cause("step-size", run),
    )


def distant_targets_report(run: TrainingRun, optimizer: OptimizerFacts) -> Iterator[Report]:
    """Targets that the output cannot come near in the run, since Adam moves each weight by the rate at most."""
    inputs, mean, rate = root_mean_square(run.inputs), run.targets.mean, optimizer.learning_rate
    reach = None if inputs is None else reachable_output(run, inputs)
    if mean is None or reach is None or reach >= abs(mean) / 2 or run.updates is None or not isinstance(rate, Fact):
        return
    yield Report(
        f"targets around {figure(mean)}: {run.updates:,} updates of {step_size(optimizer)} move the output by about"
        f" {figure(reach)} at most. Standardize the targets, and invert that after predict",
        at=(run.loss.place if isinstance(run.loss, LossFacts) else None) or run.place,
        evidence=Evidence.ESTIMATED,
        numbers={"target_mean": mean, "reachable": reach, "updates": run.updates, "learning_rate": rate.value},
        cause=run_cause("target-scale", run),
    )


def steep_targets_report(run: TrainingRun, optimizer: OptimizerFacts) -> Iterator[Report]:
    """A step that is above the bound with these targets, and would be below it were they standardized."""
    bound = stability(run)
    if not isinstance(bound, StabilityBound) or bound.verdict not in ("diverges", "unstable_at_start"):
        return
    standard, targets = at_standard_targets(run), run.targets
    if not isinstance(standard, StabilityBound) or standard.verdict != "stable" or standard.ratio >= 1:
        return
    size = figure(max(abs(targets.mean or 0.0), math.sqrt(targets.second_moment or 0.0)))
    sure = bound.evidence is not Evidence.ESTIMATED
    happens = "the loss diverges" if sure else "the loss is likely to diverge or to spike at the start"
    yield Report(
        f"targets of about {size} bring {bound.bound_formula} down to {figure(bound.max_learning_rate)}, {figure(bound.ratio)}"
        f" times below {step_size(optimizer)} ({bound.batch}): {happens}. With standardized targets rates up to"
        f" {figure(standard.max_learning_rate)} are stable: standardize them and invert that after predict, or use"
        f" lr ≤ {exact(_suggested(bound))}",
        at=step_size_place(run),
        severity=Severity.ERROR if sure and bound.verdict == "diverges" else Severity.WARNING,
        evidence=bound.evidence,
        numbers=stability_numbers(bound) | {"standard_targets_max_learning_rate": standard.max_learning_rate},
        cause=run_cause("step-size", run),
    )


def clipped_step_report(run: TrainingRun, bound: StabilityBound, optimizer: OptimizerFacts) -> Report:
    """What loss a clipped step above the bound cannot get below: λ(lr·c)²/8, at most λ(lr·c)²/2 (STABILITY.md section 8)."""
    threshold = optimizer.clip[1] if optimizer.clip else math.nan
    floor = bound.sharpness * (bound.learning_rate * threshold) ** 2 / 8
    about = "about " if bound.evidence is Evidence.ESTIMATED else ""
    message = (
        f"{step_size(optimizer)} is {figure(bound.ratio)} times {bound.bound_formula} = {figure(bound.max_learning_rate, 3)}"
        f" ({bound.batch}): clipping at {exact(threshold)} keeps it from blowing up, but the loss stays {about}{figure(floor)}"
        f" above its minimum, where steps of lr·c = {figure(bound.learning_rate * threshold)} jump across it."
        f" {_rate_advice(bound)}."
    )
    report = _report(run, bound, message, Severity.WARNING)
    return replace(report, numbers={**report.numbers, "clip_threshold": threshold, "loss_floor": floor})


def near_bound_report(run: TrainingRun, bound: StabilityBound, optimizer: OptimizerFacts) -> Iterator[Report]:
    """What a step that is stable, but not by much, does at the start; nothing for one that is well below the bound."""
    limit = f"{bound.bound_formula} = {figure(bound.max_learning_rate, 3)}"
    rough = ", known to a factor of 2" if bound.evidence is Evidence.ESTIMATED else ""
    last = next((one for one in bound.premises if one.startswith("each epoch ends with a batch of")), "")
    if bound.verdict == "rises_first":
        rise = (1 - bound.learning_rate * (1 - optimizer.dampening) * bound.sharpness) ** 2
        what = (
            f"is above 2/λ = {figure(2 / bound.sharpness, 3)} and below {limit} ({bound.batch}): the first step multiplies the"
            f" loss by {figure(rise, 3)}, then it converges"
        )
    elif bound.verdict == "near_edge":
        what = (
            f"is {figure(bound.ratio)} times {limit}{rough} ({bound.batch}): training makes the loss sharper"
            " before it makes it flatter, and the loss can jump in the first epochs"
        )
    elif bound.verdict == "stable" and last:
        what = f"is stable in {bound.batch}, but {last}"
    else:
        return
    message = f"{step_size(optimizer)} {what}. A warm-up or lr ≤ {exact(_suggested(bound))} avoids it"
    report = _report(run, bound, message, Severity.INFO)
    yield replace(report, edits=(), fix_message="")


def shrinking_report(run: TrainingRun, decay: Shrinking, severity: Severity) -> Report:
    """What decay leaves of the weights in one step or one epoch."""
    optimizer = run.optimizer
    if isinstance(optimizer, Unknown) or not isinstance(optimizer.weight_decay, Fact):
        return Report("weight decay dominates", at=run.place)
    fact = optimizer.weight_decay
    numbers = {"weight_decay": fact.value, "shrinking_per_step": decay.step}
    effect = (
        "takes all weights away" if decay.step == 1 else f"multiplies every weight by {exact(float(f'{1 - decay.step:.3g}'))}"
    )
    if decay.step < 1 and decay.share is not None and decay.updates is not None:
        effect += f", the {decay.updates:,} updates of an epoch by {figure(decay.share)}"
        numbers |= {"left_after_epoch": decay.share, "updates": decay.updates}
    message = f"weight_decay={exact(fact.value)} with {step_size(optimizer)}: each step {effect}, whatever the gradient is"
    cause = run_cause("weight-decay", run)
    return Report(message, at=fact.place or optimizer.place or run.place, severity=severity, numbers=numbers, cause=cause)


def rate_fits_start(run: TrainingRun) -> bool:
    """Whether a squared error is descended with a step within the bound of the first weights, however large these are."""
    squared = isinstance(run.loss, LossFacts) and run.loss.name in SQUARED
    bound = stability(run) if squared else None
    return isinstance(bound, StabilityBound) and bound.ratio < UNSURE


def slow_descent_report(run: TrainingRun, share: float) -> Report | None:
    """That gradient descent goes less than a share of its way in the whole run, where the curvature is proved or simulated."""
    optimizer, bound = run.optimizer, stability(run)
    if not isinstance(bound, StabilityBound) or bound.evidence is Evidence.ESTIMATED or isinstance(optimizer, Unknown):
        return None
    done = share_descended(run, bound.sharpness)
    if done is None or done >= share or not isinstance(optimizer.learning_rate, Fact) or run.updates is None:
        return None
    return Report(
        f"{figure(run.updates)} updates of {step_size(optimizer)} go {figure(100 * done)} % of the way along the direction that"
        f" is learned fastest (λ = {figure(bound.sharpness)}), and less along all others: the network ends about as it began",
        at=step_size_place(run),
        evidence=bound.evidence,
        numbers={"learning_rate": optimizer.learning_rate.value, "updates": run.updates, "sharpness": bound.sharpness},
        cause=run_cause("step-size", run),
    )


def short_reach_report(run: TrainingRun, share: float) -> Report | None:
    """That the steps of an optimizer which moves weights by its rate are, all in all, less than a share of the first weights."""
    optimizer = run.optimizer
    if isinstance(optimizer, Unknown) or optimizer.name not in ADAM_FAMILY or not isinstance(optimizer.learning_rate, Fact):
        return None
    rate, reach = optimizer.learning_rate, reach_of_adam(run) if optimizer.learning_rate.value > 0 else None
    if reach is None or reach.moved >= share * reach.start:
        return None
    return Report(
        f"{figure(reach.updates)} updates of {step_size(optimizer)} move a weight by at most {figure(reach.moved)}, and the"
        f" weights start with an RMS of {figure(reach.start)} or more: the network ends about as it began",
        at=step_size_place(run),
        evidence=Evidence.ESTIMATED,
        numbers={"learning_rate": rate.value, "updates": reach.updates, "initial_rms": reach.start},
        cause=run_cause("step-size", run),
    )


def penalty_report(run: TrainingRun, penalty: Penalty) -> Report:
    """How the penalty on the weights compares with the loss on the data at the start."""
    allowed = round_down_1_2_5(penalty.factor * penalty.data_loss / penalty.value)
    half, name = ("/2", "weight_decay") if penalty.from_optimizer else ("", "l2")
    decay = getattr(run.optimizer, "weight_decay", None) if penalty.from_optimizer else None
    times = figure(penalty.value / penalty.data_loss)
    return Report(
        f"the penalty {exact(penalty.factor)}{half}·Σw² starts at about {figure(penalty.value)}, {times} times the"
        f" {figure(penalty.data_loss)} ({penalty.of}) that an untrained model loses on its data, most of it in"
        f" {layer_name(penalty.layer)}: training brings the weights to 0 first. {name}={exact(allowed)} or less would do",
        at=(decay.place if isinstance(decay, Fact) else None) or penalty.layer.place or run.place,
        severity=Severity.WARNING,
        evidence=Evidence.ESTIMATED,
        numbers={"penalty": penalty.value, "data_loss": penalty.data_loss, "factor": penalty.factor},
        cause=run_cause("weight-decay", run),
    )


def rescaled_step(optimizer: OptimizerFacts, factor: Factor) -> tuple[str, str, dict[str, float]]:
    """How a factor is spelled, how the step of its neighbour acts, and the numbers: lr·c² under SGD, lr·|c| under Adam."""
    effect = factor.value**2 if optimizer.name in SGD_FAMILY else abs(factor.value)
    spelled = f"dividing by {exact(1 / factor.value)}" if factor.divides else f"multiplying by {exact(factor.value)}"
    name, numbers, rate = optimizer_name(optimizer), {"factor": factor.value, "step_factor": effect}, optimizer.learning_rate
    if isinstance(rate, Unknown):
        return spelled, f"{name} moves this layer as if lr were ×{figure(effect)}", numbers
    numbers |= {"learning_rate": rate.value, "effective_learning_rate": rate.value * effect}
    acts = f"acts like {figure(rate.value * effect)} on this layer's part of the output"
    return spelled, f"{name} lr={exact(rate.value)} {acts}", numbers


class SmallEpsilon(NamedTuple):
    """Why an epsilon is too small, how bad that is, the numbers, and an epsilon that would do."""

    message: str
    severity: Severity
    numbers: dict[str, float]
    suggestion: float


def half_precision_step(epsilon: float, rate: float) -> SmallEpsilon | None:
    """Adam's step with float16 weights for a gradient of 0.005, which squares to 0 there: lr·g/ε (STABILITY.md section 4.5)."""
    if epsilon >= SAFE_HALF_EPSILON:
        return None
    step = rate * TYPICAL_GRADIENT / epsilon if epsilon >= SMALLEST_HALF else math.inf
    moves = f"a step of {figure(step)}" if step < math.inf else "an infinite step, as ε rounds to 0"
    message = (
        f"ε={exact(epsilon)} with float16 weights: gradients below 0.0055 square to 0 and one of 0.005 makes {moves} instead of"
        f" {exact(rate)}. Keep float32 weights with autocast, or set ε=1e-3"
    )
    severity = Severity.ERROR if step >= 1 else Severity.WARNING
    return SmallEpsilon(message, severity, {"epsilon": epsilon, "learning_rate": rate}, SAFE_HALF_EPSILON)


def epsilon_without_effect(epsilon: Fact[float], rate: float) -> SmallEpsilon | None:
    """An epsilon of the script so small that float32 loses it when it is added to the root of a usual gradient's square."""
    value = epsilon.value
    if epsilon.origin is Origin.LIBRARY_DEFAULT or not 0 <= value < FLOAT32_ROUNDING * TYPICAL_GRADIENT:
        return None
    message = (
        f"ε={exact(value)} is lost in float32's √v + ε for every gradient above {figure(value / FLOAT32_ROUNDING)} and holds"
        f" nothing back: a weight with gradients of {figure(max(1e4 * value, 1e-30))} still moves by {exact(rate)} each step"
    )
    return SmallEpsilon(message, Severity.INFO, {"epsilon": value, "learning_rate": rate}, 1e-8)


def spikes_late(run: TrainingRun, rate: float, epsilon: float, betas: tuple[float, float]) -> SmallEpsilon | None:
    """Why Adam's loss spikes late in a run of this length, for this epsilon; None if it need not (STABILITY.md section 4.4)."""
    bound, (updates, words) = stability(run), planned_updates(run)
    numbers = {"epsilon": epsilon, "learning_rate": rate, "updates": float(updates)}
    squared = isinstance(run.loss, LossFacts) and run.loss.name == "mean_squared_error"
    if isinstance(bound, StabilityBound) and run.full_batch and updates > LONG_FULL_BATCH_RUN and squared and betas[0] < 1:
        safe = rate * bound.sharpness * (1 - betas[0]) / (2 + 2 * betas[0])
        if epsilon >= safe:
            return None
        message = (
            f"ε={exact(epsilon)} over {words}: once the gradients have shrunk, steps of lr·λ/ε overshoot and the loss spikes."
            f" ε={figure(safe)} (lr·λ·(1-β₁)/(2+2β₁) at λ = {figure(bound.sharpness, 3)}) prevents it, as do amsgrad=True or a"
            " decaying rate"
        )
        numbers |= {"sharpness": bound.sharpness, "safe_epsilon": safe}
        return SmallEpsilon(message, Severity.INFO, numbers, float(f"{safe * 1.05:.1e}"))
    if updates < LONG_RUN or epsilon > USUAL_EPSILON or betas[1] >= 1:
        return None
    largest = (1 - betas[0]) / math.sqrt(1 - betas[1])
    message = (
        f"ε={exact(epsilon)} over {words} at a constant lr={exact(rate)}: once v has decayed, a returning gradient moves every"
        f" weight by up to {figure(largest)}·lr = {figure(largest * rate)} at once, and the loss can spike late in the run. Raise"
        " ε to 1e-4, set amsgrad=True or let the rate decay"
    )
    return SmallEpsilon(message, Severity.INFO, numbers | {"largest_step": largest * rate}, 1e-4)


def _report(run: TrainingRun, bound: StabilityBound, message: str, severity: Severity) -> Report:
    suggested = _suggested(bound)
    return Report(
        message,
        at=step_size_place(run),
        severity=severity,
        evidence=bound.evidence,
        numbers=stability_numbers(bound) | {"suggested_learning_rate": suggested},
        fix_message=f"use a learning rate of {exact(suggested)}",
        edits=set_learning_rate(run, suggested),
        cause=run_cause("step-size", run),
    )


def _suggested(bound: StabilityBound) -> float:
    return round_down_1_2_5(bound.max_learning_rate / 2)


def _consequence(bound: StabilityBound) -> str:
    """What follows from a step above the bound, worded as its evidence allows."""
    growth = f"the loss grows ×{figure(bound.growth_per_step, 3)} per step" if bound.growth_per_step else "the loss grows"
    if bound.verdict == "unstable_in_mean_square":
        return f"in {bound.batch} single steps expand the error, and the loss has rare large bursts"
    if bound.evidence is Evidence.ESTIMATED:
        return f"likely to diverge or to spike at the start, at about {figure(bound.ratio)} times the bound"
    if bound.evidence is Evidence.MEASURED and bound.loss_at_start is not None and bound.loss_reached is not None:
        course = f"in its first real steps the loss goes from {figure(bound.loss_at_start, 3)} to {figure(bound.loss_reached, 3)}"
        return course if bound.verdict == "diverges" else f"likely to jump at the start; {course}"
    overflow = f" and overflows at step {bound.first_non_finite_step}" if bound.first_non_finite_step else ""
    if bound.evidence is Evidence.SIMULATED:
        course, start, end = "diverges", bound.loss_at_start, bound.loss_reached
        if bound.verdict == "unstable_at_start" and start is not None and end is not None:
            course = f"goes from {figure(start, 3)} to {figure(end, 3)}"
        return f"trained on this data in {bound.batch}, the loss {course}{overflow}"
    return growth + overflow


def _rate_advice(bound: StabilityBound) -> str:
    """Which rates would do: the largest stable one, the fastest, and what scaled inputs would allow."""
    advice = f"Stable up to lr={figure(bound.max_learning_rate, 3)}"
    if bound.best_learning_rate:
        advice += f", fastest near {figure(bound.best_learning_rate, 3)}"
    allowed, magnitude = bound.unit_scale_max_learning_rate, bound.input_magnitude
    if allowed and magnitude and allowed > bound.learning_rate:
        advice += f"; inputs divided by {figure(magnitude, 3)} would allow lr={exact(bound.learning_rate)}"
        advice += f" and up to {figure(allowed, 2)}"
    return advice
