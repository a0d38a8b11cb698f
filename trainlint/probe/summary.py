"""What a measurement tells, in words: rows of what was seen, and remarks on what is wrong with it. Every report shows these."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Severity, Unknown
from trainlint.facts.run import Observation, OptimizerFacts, TrainingRun
from trainlint.probe.protocol import LayerState, Measurement, Range, Spectrum, Trial
from trainlint.probe.verdict import bound_of, has_diverged, measured_bound
from trainlint.report.plain import plural
from trainlint.stability.optimizers import frozen_bound, settings_of
from trainlint.stability.updates import Settings
from trainlint.wording import exact, figure, step_size

CONFIDENT = 3.0
"""Times ln C from which a first loss is far from that of a model that has not learned anything."""

VANISHING = 1e-4
"""The ratio of the first to the last layer's gradient below which the first one hardly learns."""

SMALLEST_UPDATE, LARGEST_UPDATE = 1e-6, 0.1
"""Between which a step changes a weight tensor relative to its norm, as a rule."""

NAMED = 4
"""Layers that are named in one sentence."""

UNLEARNED = 0.5
"""The share of its first value below which a loss must come when a single batch is repeated."""


class Row(NamedTuple):
    """One thing that was seen."""

    name: str
    value: str


def title(measurement: Measurement, run: TrainingRun) -> str:
    """The optimizer and its rate, the framework and the device."""
    optimizer = run.optimizer
    step = step_size(optimizer) if isinstance(optimizer, OptimizerFacts) else "unknown optimizer"
    ranks = f", {measurement.world_size} processes" if measurement.world_size > 1 else ""
    return f"{step}, {measurement.framework} on {measurement.device}{ranks}"


def rows(measurement: Measurement, run: TrainingRun) -> Iterator[Row]:
    """What was seen, most telling first."""
    if measurement.failure is not None:
        yield Row("not measured", measurement.failure)
    if measurement.spectrum is not None:
        yield from _curvature(measurement.spectrum)
        yield from _step(measurement, run)
    if measurement.loss is not None:
        yield Row("loss", _loss(measurement))
    if len(measurement.losses) > 1:
        yield Row("real steps", _course(measurement.losses))
    if measurement.overfit:
        yield Row("one batch", _course(measurement.overfit))
    if measurement.gradient_norm is not None:
        noise = measurement.gradient_noise
        spread = "" if not noise else f"; its variance over batches is {figure(noise)} times its square"
        yield Row("gradient", f"norm {figure(measurement.gradient_norm, 3)}{spread}")
    for name, ranges in (("inputs", measurement.inputs), ("targets", measurement.targets)):
        for one in ranges:
            yield Row(name, _range(one))
    yield from _layers(measurement)
    yield from _time(measurement)


def _curvature(spectrum: Spectrum) -> Iterator[Row]:
    checked = {True: ", confirmed by repeating the step", False: ", NOT confirmed by repeating the step", None: ""}
    yield Row(
        "λ",
        f"{figure(spectrum.largest, 4)} ± {figure(spectrum.error)}: {plural(spectrum.products, 'Hessian-vector product')} by"
        f" {spectrum.method}{checked[spectrum.confirmed]}",
    )
    others = [figure(one, 3) for one in spectrum.others]
    if others or spectrum.smallest is not None:
        lowest = "" if spectrum.smallest is None else f"{'; ' if others else ''}smallest {figure(spectrum.smallest, 3)}"
        yield Row("spectrum", f"{'next ' + ', '.join(others) if others else ''}{lowest}")
    if spectrum.batches:
        values = (spectrum.largest, *spectrum.batches)
        yield Row("batches", f"λ from {figure(min(values), 3)} to {figure(max(values), 3)} over {len(values)} batches")


def _step(measurement: Measurement, run: TrainingRun) -> Iterator[Row]:
    bound = bound_of(run)
    state = measurement.optimizer
    if state is not None and state.peak_learning_rate > state.learning_rate * 1.001:
        yield Row("rate", f"{figure(state.learning_rate, 3)} now, up to {figure(state.peak_learning_rate, 3)} later")
    if bound is not None:
        limit = f"{bound.bound_formula} = {figure(bound.max_learning_rate, 4)}"
        known = "" if run.measured is not None else f" ({bound.evidence.value} from the script)"
        judged = verdict(bound.verdict) + (f", since {' and '.join(bound.premises)}" if bound.verdict == "not_judged" else "")
        yield Row("step", f"lr {exact(bound.learning_rate)} is {figure(bound.ratio, 3)} × {limit}: {judged}{known}")
    if bound is not None and run.measured is None and measurement.spectrum is not None and bound.sharpness > 0:
        share = figure(measurement.spectrum.largest / bound.sharpness, 5)
        yield Row("λ foreseen", f"{figure(bound.sharpness, 6)} from the script; what was measured is {share} times that")
    spectrum = measurement.spectrum
    if spectrum is not None and spectrum.preconditioned is not None:
        stepped = f"{figure(spectrum.preconditioned, 4)}: the largest curvature as the optimizer scales its steps"
        yield Row("λ as stepped", stepped + _while_frozen(run, spectrum.preconditioned))


def _while_frozen(run: TrainingRun, sharpness: float) -> str:
    settings = settings_of(run.optimizer) if isinstance(run.optimizer, OptimizerFacts) else None
    bound = frozen_bound(settings, sharpness, run.updates) if isinstance(settings, Settings) else None
    return (
        ""
        if bound is None or not math.isfinite(bound)
        else f"; with its averages as they are, unstable above lr {figure(bound, 3)}"
    )


def verdict(name: str) -> str:
    """The verdict of a bound as people say it."""
    return {
        "not_judged": "not judged",
        "near_edge": "near the edge",
        "unstable_at_start": "unstable at the start",
        "unstable_in_mean_square": "unstable in mean square",
    }.get(name, name.replace("_", " "))


def _loss(measurement: Measurement) -> str:
    loss = math.nan if measurement.loss is None else measurement.loss
    name = f" ({measurement.loss_name})" if measurement.loss_name else ""
    known = measurement.classes
    blind = f"; a guess among {known} classes costs ln {known} = {figure(math.log(known), 3)}" if known and known > 1 else ""
    return f"{figure(loss, 4)} at the start{name}{blind}"


def _course(losses: tuple[float, ...]) -> str:
    highest = max((one for one in losses if math.isfinite(one)), default=math.nan)
    peak = f", {figure(highest, 3)} at its highest" if highest > 1.05 * max(losses[0], losses[-1]) else ""
    return f"the loss goes from {figure(losses[0], 3)} to {figure(losses[-1], 3)} in {plural(len(losses) - 1, 'step')}{peak}"


def _range(one: Range) -> str:
    shape = "×".join(map(str, one.shape)) or "one number"
    return (
        f"{shape} {one.dtype}, {figure(one.low, 4)} to {figure(one.high, 4)}, mean {figure(one.mean, 3)},"
        f" mean square {figure(one.second_moment, 3)}"
    )


def _layers(measurement: Measurement) -> Iterator[Row]:
    if not measurement.layers and not measurement.parameters:
        return
    count = f"{plural(len(measurement.layers), 'tensor')}, " if measurement.layers else ""
    ratios = [one.update_ratio for one in measurement.layers if one.update_ratio]
    moved = ""
    if ratios:
        low, high = figure(min(ratios)), figure(max(ratios))
        moved = f"; the first step moves them by {low if low == high else f'{low} to {high}'} of their norm"
    yield Row("weights", f"{count}{plural(measurement.parameters, 'parameter')}{moved}")


def _time(measurement: Measurement) -> Iterator[Row]:
    seconds = measurement.seconds
    gradient, product, whole = (seconds.get(name) for name in ("gradient", "product", "all"))
    parts = [] if gradient is None else [f"{duration(gradient)} for loss and gradient"]
    if product is not None:
        times = f" ({figure(product / gradient)} times as long)" if gradient else ""
        parts.append(f"{duration(product)} for a Hessian-vector product{times}")
    if whole is not None:
        parts.append(f"{duration(whole)} in all")
    if parts:
        yield Row("time", ", ".join(parts))


def duration(seconds: float) -> str:
    """Seconds, or milliseconds below one second."""
    return f"{figure(seconds * 1000)} ms" if seconds < 1 else f"{figure(seconds)} s"


def remarks(measurement: Measurement) -> Iterator[Observation]:
    """What is wrong with what was seen, and what could not be had."""
    yield from _about_data(measurement)
    yield from abnormal(measurement)
    yield from _about_units(measurement)
    yield from _about_trials(measurement)
    yield from (Observation(Severity.INFO, note) for note in measurement.notes)


def abnormal(measurement: Measurement) -> Iterator[Observation]:
    """What is wrong with the first step: rule TRN141 (RULES, section 5)."""
    yield from _about_loss(measurement)
    yield from _about_course(measurement)
    yield from _about_gradients(measurement)
    yield from _about_updates(measurement)


def _about_data(measurement: Measurement) -> Iterator[Observation]:
    for name, ranges in (("input", measurement.inputs), ("target", measurement.targets)):
        for one in ranges:
            if one.non_finite:
                said = f"1 {name} is" if one.non_finite == 1 else f"{one.non_finite:,} {name}s are"
                yield Observation(Severity.ERROR, f"{said} not finite in the first batch")
            if one.constant_columns and name == "input":
                said = "1 input feature has" if one.constant_columns == 1 else f"{one.constant_columns:,} input features have"
                yield Observation(Severity.INFO, f"{said} one single value in the first batch")


def _about_loss(measurement: Measurement) -> Iterator[Observation]:
    loss, classes = measurement.loss, measurement.classes
    if loss is None:
        return
    if not math.isfinite(loss):
        yield Observation(Severity.ERROR, f"the first loss is {loss}")
    elif classes and classes > 1 and loss > CONFIDENT * math.log(classes):
        yield Observation(
            Severity.WARNING,
            f"the first loss is {figure(loss, 3)}, {figure(loss / math.log(classes))} times the ln {classes} ="
            f" {figure(math.log(classes), 3)} of a blind guess: the outputs start far too large",
        )


def _about_course(measurement: Measurement) -> Iterator[Observation]:
    losses = measurement.losses
    if has_diverged(losses):
        finite = all(map(math.isfinite, losses))  # with a second optimizer, as in a GAN, a loss may well grow
        severity, does = (Severity.WARNING, "grows") if finite else (Severity.ERROR, "diverges")
        yield Observation(
            severity, f"the loss {does} in the first real steps, from {figure(losses[0], 3)} to {figure(losses[-1], 3)}"
        )


def _about_gradients(measurement: Measurement) -> Iterator[Observation]:
    if measurement.without_gradient:
        yield Observation(Severity.WARNING, f"no gradient reaches {names(measurement.without_gradient)} on the first batch")
    still = [one.name for one in measurement.layers if one.gradient_norm == 0]
    closed = any(one.weight_norm == 0 and not is_bias(one) for one in measurement.layers)
    if still and not closed:  # a layer that starts at zero on purpose lets no gradient through at first
        yield Observation(Severity.ERROR, f"the gradient of {names(tuple(still))} is exactly 0")
    bad = [one.name for one in measurement.layers if one.gradient_norm is not None and not math.isfinite(one.gradient_norm)]
    if bad:
        yield Observation(Severity.ERROR, f"the gradient of {names(tuple(bad))} is not finite")
    flowing = [one for one in measurement.layers if one.gradient_norm and math.isfinite(one.gradient_norm)]
    kernels = [one for one in flowing if one.weight_norm and not is_bias(one)]
    if len(kernels) > 1 and _share(kernels[0]) < VANISHING * _share(kernels[-1]):
        ratio = _share(kernels[0]) / _share(kernels[-1])
        yield Observation(
            Severity.WARNING,
            f"each weight of {kernels[0].name} gets {figure(ratio)} times the gradient of {kernels[-1].name}: it hardly learns",
        )


def _share(layer: LayerState) -> float:
    """The gradient's norm for each entry, so that large and small tensors compare."""
    return (layer.gradient_norm or 0.0) / math.sqrt(max(layer.size, 1))


def _about_units(measurement: Measurement) -> Iterator[Observation]:
    for one in measurement.units:
        for count, what in ((one.dead, "dead: they never act"), (one.saturated, "saturated: they let no gradient through")):
            if one.units and count:
                severity = Severity.WARNING if 2 * count >= one.units else Severity.INFO
                yield Observation(severity, f"{count:,} of {one.units:,} units of {one.name} are {what} on the first batch")


def _about_updates(measurement: Measurement) -> Iterator[Observation]:
    moved = [one for one in measurement.layers if one.update_ratio is not None and not is_bias(one)]
    large = tuple(one.name for one in moved if (one.update_ratio or 0.0) > LARGEST_UPDATE)
    if large:
        most = max(one.update_ratio or 0.0 for one in moved)
        yield Observation(Severity.INFO, f"the first step moves {names(large)} by up to {figure(most)} of its own norm")
    small = tuple(one.name for one in moved if 0 < (one.update_ratio or 0.0) < SMALLEST_UPDATE)
    if small:
        yield Observation(Severity.INFO, f"the first step moves {names(small)} by less than a millionth of its own norm")


def _about_trials(measurement: Measurement) -> Iterator[Observation]:
    if len(measurement.overfit) > 1 and not measurement.overfit[-1] < UNLEARNED * measurement.overfit[0]:
        yield Observation(Severity.WARNING, f"one single batch is not learned by heart: {_course(measurement.overfit)}")
    found = edge(measurement.sweep)
    if found is not None:
        yield Observation(Severity.INFO, f"in the sweep training diverges {found}")


def is_bias(layer: LayerState) -> bool:
    """Whether a tensor is an offset, which often starts at or near 0: any step is large beside that."""
    return layer.name.replace("/", ".").rpartition(".")[2].rstrip("0123456789_") in ("bias", "beta", "b") or layer.size == 1


def edge(trials: tuple[Trial, ...]) -> str | None:
    """Between which rates of a sweep training starts to diverge; None without a sweep."""
    stable = [one.learning_rate for one in trials if not one.diverged]
    diverged = [one.learning_rate for one in trials if one.diverged]
    if not trials:
        return None
    if not diverged:
        return f"nowhere, up to lr {figure(max(stable), 3)}"
    first = min(diverged)
    below = [one for one in stable if one < first]
    return f"between lr {figure(max(below), 3)} and {figure(first, 3)}" if below else f"from lr {figure(first, 3)}, its smallest"


def names(found: tuple[str, ...]) -> str:
    """The first names, and how many more there are."""
    more = len(found) - NAMED
    return ", ".join(found[:NAMED]) + (f" and {more} more" if more > 0 else "")


def unbounded(measurement: Measurement, run: TrainingRun) -> str | None:
    """Why a run that was measured has no bound of its own."""
    if bound_of(run) is not None or measurement.spectrum is None:
        return None
    bound = measured_bound(run, measurement)
    return bound.reason if isinstance(bound, Unknown) else None
