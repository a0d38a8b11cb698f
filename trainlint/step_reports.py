"""What is said of the size of steps: one form for the rules that say it."""

from __future__ import annotations

import math

from trainlint.core import Evidence, Severity, Unknown
from trainlint.facts.queries import Factor, planned_updates
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.registry import Report
from trainlint.scheduled import ScheduledRun
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.suggestions import set_learning_rate
from trainlint.wording import (
    SGD_FAMILY,
    exact,
    figure,
    inputs_in_words,
    optimizer_name,
    powers_of_ten,
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


def exceeded_bound_report(run: TrainingRun, bound: StabilityBound, optimizer: OptimizerFacts, severity: Severity) -> Report:
    """What exceeds what for which inputs, what the loss then does ("grows ×2.16 per step"), and which rates would do."""
    message = (
        f"{step_size(optimizer)} exceeds {bound.bound_formula} = {figure(bound.max_learning_rate, 3)}"
        f" for {inputs_in_words(run.inputs)}: {_consequence(bound)}. {_rate_advice(bound)}."
    )
    return _report(run, bound, message, severity)


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
    when = f"falls below {limit} after {course.crossing:,} of {course.updates:,} updates"
    grown = f"; the loss has grown {powers_of_ten(course.peak_growth)} by then" if bound.evidence is Evidence.PROVED else ""
    return Report(
        f"{optimizer_name(optimizer)} lr up to {exact(float(f'{course.peak:.4g}'))} under this schedule"
        f" {when if course.crossing else f'ends above {limit}'}{grown}. Keep its largest rate at {exact(_suggested(bound))}"
        " or below",
        at=(run.schedule.place if run.schedule else None) or run.place,
        severity=severity,
        evidence=bound.evidence,
        numbers=stability_numbers(bound) | {"peak_learning_rate": course.peak, "log10_growth": course.peak_growth},
        cause=run_cause("step-size", run),
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


def spikes_late(run: TrainingRun, rate: float, epsilon: float, betas: tuple[float, float], numbers: dict[str, float]) -> str:
    """Why Adam's loss spikes late in a run of this length, for this epsilon; nothing if it need not. Adds to `numbers`."""
    bound, (updates, words) = stability(run), planned_updates(run)
    if isinstance(bound, StabilityBound) and run.full_batch and updates > LONG_FULL_BATCH_RUN:
        safe = rate * bound.sharpness / 38
        numbers |= {"sharpness": bound.sharpness, "safe_epsilon": safe, "updates": updates}
        return (
            f"over {words}: once the gradients have shrunk, steps of lr·λ/ε overshoot and the loss spikes."
            f" ε={figure(safe)} (lr·λ/38) prevents it, as do amsgrad=True or a decaying rate"
            if epsilon < safe
            else ""
        )
    if updates < LONG_RUN or epsilon > USUAL_EPSILON or betas[1] >= 1:
        return ""
    largest = (1 - betas[0]) / math.sqrt(1 - betas[1])
    numbers |= {"updates": updates, "largest_step": largest * rate}
    return (
        f"over {words} at a constant lr={exact(rate)}: once v has decayed, a returning gradient moves every weight by up to"
        f" {figure(largest)}·lr = {figure(largest * rate)} at once, and the loss can spike late in the run. Raise ε to 1e-4,"
        " set amsgrad=True or let the rate decay"
    )


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
    overflow = f" and overflows at step {bound.first_non_finite_step}" if bound.first_non_finite_step else ""
    if bound.evidence is Evidence.SIMULATED:
        return f"trained on this data in {bound.batch}, the loss diverges{overflow}"
    return growth + overflow


def _rate_advice(bound: StabilityBound) -> str:
    """Which rates would do: the largest stable one, the fastest, and what scaled inputs would allow."""
    advice = f"Stable up to lr={figure(bound.max_learning_rate, 3)}"
    if bound.best_learning_rate:
        advice += f", fastest near {figure(bound.best_learning_rate, 3)}"
    allowed, magnitude = bound.unit_scale_max_learning_rate, bound.input_magnitude
    if allowed and magnitude and allowed > bound.learning_rate:
        advice += f"; inputs divided by {figure(magnitude, 3)} would allow lr={exact(bound.learning_rate)}"
    return advice
