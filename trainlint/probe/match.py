"""Measurements beside the facts of the script: which training was measured, and what that adds to its facts.

What the script proves stays; what it leaves open is filled in with what was measured, so that the same rules judge both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from trainlint.core import At, Evidence, Fact, Place, Span, Unknown
from trainlint.facts.run import DataFacts, LossFacts, OptimizerFacts, Script, TrainingRun
from trainlint.probe.protocol import Measurement, OptimizerState, Range
from trainlint.probe.summary import abnormal
from trainlint.probe.verdict import measured_bound
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.wording import OPTIMIZER_NAMES

WEIGHTS = {"optimizer": 4, "fit": 4, "step": 3, "compile": 2, "backward": 2, "model": 1, "loss": 1}
"""How much it says that a measurement and a run share the line of one of these."""

BETTER = (Evidence.PROVED, Evidence.SIMULATED)
"""How a bound is known that a measurement on one batch does not replace."""

CLIPS = {"clipnorm": "norm", "global_clipnorm": "global_norm", "clipvalue": "value"}
CLOSE = 1e-3


@dataclass(slots=True)
class Measured:
    """Puts measurements into the facts of a script; called by the engine before the rules judge.

    `pairs` then holds each measurement with its run as it was judged. Places in other files than the script's own are shown
    by their path from the working folder.
    """

    measurements: Sequence[Measurement]
    pairs: list[tuple[Measurement, TrainingRun]] = field(default_factory=list)

    def __call__(self, script: Script) -> Script:
        """The script with what was measured in its runs; a training that the script's facts do not have becomes a run."""
        found = assign(script, self.measurements)
        runs = list(script.runs)
        self.pairs.clear()
        for measurement in self.measurements:
            index = found.get(measurement.number)
            if index is None:
                run = run_of(measurement, script, len(runs))
                runs.append(run)
            else:
                runs[index] = run = refined(runs[index], measurement)
            self.pairs.append((measurement, run))
        return replace(script, runs=tuple(runs))


def assign(script: Script, measurements: Sequence[Measurement]) -> dict[int, int]:
    """For each measurement, by its number, the index of the run that it is of: by the lines that they share.

    Order decides between runs of the same lines. Where script and probe have but one training each, its file is enough.
    """
    found: dict[int, int] = {}
    for measurement in measurements:
        free = [index for index in range(len(script.runs)) if index not in found.values()]
        scores = {index: shared(script.runs[index], measurement) for index in free}
        best = max(free, key=lambda index: (scores[index], -index), default=None)
        if best is not None and scores[best] > 0:
            found[measurement.number] = best
    if not found and len(script.runs) == len(measurements) == 1 and _may_be(script.runs[0], measurements[0]):
        found[measurements[0].number] = 0
    return found


def _may_be(run: TrainingRun, measurement: Measurement) -> bool:
    """Whether nothing speaks against the only measurement being of the only run: the framework, or another file."""
    files = {line.file for line in measurement.places.values()}
    return is_of(run, measurement) and (not files or any(_same(run.place.span.filename, one) for one in files))


def is_of(run: TrainingRun, measurement: Measurement) -> bool:
    """Whether the frameworks agree: a run of PyTorch is measured by PyTorch."""
    return (run.framework == "torch") == (measurement.framework == "torch")


def shared(run: TrainingRun, measurement: Measurement) -> float:
    """How much the lines of a run and a measurement agree, by `WEIGHTS`; a rate that agrees decides between equals."""
    if not is_of(run, measurement):
        return 0.0
    spans = [place.span for place in _places(run)]
    score = float(
        sum(
            WEIGHTS.get(kind, 1)
            for kind, line in measurement.places.items()
            if any(one.row <= line.line <= one.end_row and _same(one.filename, line.file) for one in spans)
        )
    )
    optimizer, state = run.optimizer, measurement.optimizer
    if score and state is not None and isinstance(optimizer, OptimizerFacts) and isinstance(optimizer.learning_rate, Fact):
        score += 0.5 * _is_rate(optimizer.learning_rate.value, state)
    return score


def _places(run: TrainingRun) -> Iterator[Place]:
    yield run.place
    for part in (run.optimizer, run.loss, run.model):
        if part.place is not None:
            yield part.place
    for event in run.events:
        if getattr(event, "place", None) is not None:
            yield event.place


def _same(one: str, other: str) -> bool:
    return Path(one).absolute() == Path(other) or Path(one).resolve() == Path(other).resolve()


def _is_rate(value: float, state: OptimizerState) -> bool:
    return any(math.isclose(value, one, rel_tol=CLOSE) for one in (state.learning_rate, state.peak_learning_rate))


def refined(run: TrainingRun, measurement: Measurement) -> TrainingRun:
    """A run with what was measured of it: its optimizer's numbers, its data's range, its batch, and its bound if that is new."""
    state = measurement.optimizer
    size: Fact[int] | Unknown = run.batch_size
    if isinstance(size, Unknown) and measurement.batch_size:
        size = Fact(measurement.batch_size, run.place, Evidence.MEASURED)
    known = replace(
        run,
        observed=tuple(abnormal(measurement)),
        optimizer=run.optimizer if state is None else _optimizer(run.optimizer, state, run),
        inputs=_filled(run.inputs, measurement.inputs),
        targets=_filled(run.targets, measurement.targets),
        batch_size=size,
    )
    static = stability(known)
    if isinstance(static, StabilityBound) and static.evidence in BETTER:
        return known
    bound = measured_bound(known, measurement)
    return replace(known, measured=bound) if isinstance(bound, StabilityBound) else known


def _optimizer(known: OptimizerFacts | Unknown, state: OptimizerState, run: TrainingRun) -> OptimizerFacts:
    """The optimizer with the numbers that it really had, where the script does not tell them or tells others."""
    if isinstance(known, Unknown):
        return optimizer_of(state, "torch" if run.framework == "torch" else "keras", known.place or run.place)
    rate = known.learning_rate
    if isinstance(rate, Unknown) or not (_is_rate(rate.value, state) or run.schedule is not None):
        place = rate.place or known.place
        rate = Fact(state.peak_learning_rate, place, Evidence.MEASURED, why=("as the probe saw it",))
    momentum = known.momentum
    if isinstance(momentum, Unknown) and "momentum" in state.settings:
        momentum = Fact(state.settings["momentum"], momentum.place, Evidence.MEASURED)
    return replace(known, learning_rate=rate, momentum=momentum)


def optimizer_of(state: OptimizerState, library: str, place: Place) -> OptimizerFacts:
    """The facts of an optimizer from its state alone."""
    numbers: Mapping[str, float] = state.settings
    name = state.name.lower()
    decay = numbers.get("weight_decay")
    first, second = numbers.get("beta_1", numbers.get("beta1")), numbers.get("beta_2", numbers.get("beta2"))
    epsilon = numbers.get("epsilon", numbers.get("eps"))
    clip = next(((kind, numbers[key]) for key, kind in CLIPS.items() if numbers.get(key)), None)

    def measured(value: float) -> Fact[float]:
        return Fact(value, place, Evidence.MEASURED)

    return OptimizerFacts(
        name=name if name in OPTIMIZER_NAMES else state.name,
        library=library,
        learning_rate=measured(state.peak_learning_rate),
        momentum=measured(numbers.get("momentum", 0.0)),
        nesterov=bool(numbers.get("nesterov", 0.0)),
        dampening=numbers.get("dampening", 0.0),
        weight_decay=None if not decay else measured(decay),
        decoupled=name == "adamw" or library != "torch",
        epsilon=None if epsilon is None else measured(epsilon),
        betas=None if first is None or second is None else (first, second),
        amsgrad=bool(numbers.get("amsgrad", 0.0)),
        clip=clip,
        parameters={key: numbers[key] for key in ("rho", "alpha", "centered", "initial_accumulator_value") if key in numbers},
        place=place,
    )


def _filled(known: DataFacts, ranges: tuple[Range, ...]) -> DataFacts:
    """Data with its range, if the script does not tell and one array alone went in."""
    if known.low is not None or known.high is not None or known.second_moment is not None or len(ranges) != 1:
        return known
    [seen] = ranges
    if seen.non_finite or not all(map(math.isfinite, (seen.low, seen.high, seen.mean, seen.second_moment))):
        return known
    from trainlint.facts.extract.data import scale_of
    from trainlint.interpret.values import Statistics

    scale = scale_of(Statistics(seen.low, seen.high, seen.mean, seen.second_moment), seen.dtype)
    return replace(
        known,
        shape=known.shape or (None, *seen.shape[1:]),
        dtype=known.dtype or seen.dtype,
        low=seen.low,
        high=seen.high,
        mean=seen.mean,
        second_moment=seen.second_moment,
        scale=scale if known.scale == "unknown" else known.scale,
        known="measured",
    )


def run_of(measurement: Measurement, script: Script, order: int) -> TrainingRun:
    """A training that only the probe has seen, as a run at the line that it was seen at."""
    place = place_of(measurement, script)
    state = measurement.optimizer
    library = "torch" if measurement.framework == "torch" else "keras"
    reason = "the script was not followed to this training"
    run = TrainingRun(
        framework=library,
        era="",
        place=place,
        optimizer=Unknown(reason, place) if state is None else optimizer_of(state, library, place),
        loss=LossFacts(measurement.loss_name, "unknown", None, place) if measurement.loss_name else Unknown(reason, place),
        model=Unknown(reason, place),
        inputs=_filled(DataFacts(), measurement.inputs),
        targets=_filled(DataFacts(), measurement.targets),
        batch_size=Unknown(reason) if not measurement.batch_size else Fact(measurement.batch_size, place, Evidence.MEASURED),
        order=order,
        observed=tuple(abnormal(measurement)),
    )
    bound = measured_bound(run, measurement)
    return replace(run, measured=bound) if isinstance(bound, StabilityBound) else run


def place_of(measurement: Measurement, script: Script) -> Place:
    """The line of a measurement that says most, in the script's own name for its file; its first line if there is none."""
    for kind in ("optimizer", "fit", "compile", "step", "backward", "model", "loss"):
        line = measurement.places.get(kind)
        if line is not None:
            name = script.filename if _same(script.filename, line.file) else shown(line.file)
            return At(Span(name, line.line, 1, line.line, 1))
    return script.start


def shown(path: str) -> str:
    """A path as people write it: from the working folder where it lies below."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
