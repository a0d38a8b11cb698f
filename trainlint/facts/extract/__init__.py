"""Builds the facts: from the interpreter's events and values to one `TrainingRun` for each place where training happens.

`fits` (Keras) and `loops` (PyTorch, tapes, updates by hand) make the runs; `optimizers`, `schedules`, `losses`, `models` and
`data` their parts; `lower`, `layers` and `weights` the graph. Only here are libraries told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from trainlint.core import Unknown
from trainlint.facts.run import DataFacts, Script, TrainingRun
from trainlint.interpret.events import Event


class Interpretation(Protocol):
    """What came of interpreting one script (`interpret.interpreter.Interpretation`)."""

    @property
    def events(self) -> tuple[Event, ...]:
        """What the script does, in order."""
        ...

    @property
    def era(self) -> str:
        """The era of Keras that the script was written for, "" if nothing tells."""
        ...

    @property
    def pinned(self) -> frozenset[str]:
        """The eras of Keras that the project pins."""
        ...

    @property
    def limits(self) -> tuple[Unknown, ...]:
        """The bounds of the interpreter that were met."""
        ...

    @property
    def filename(self) -> str:
        """The path as the user named it."""
        ...


def extract(interpretation: Interpretation) -> Script:
    """The training runs of a script, in the order in which they begin, and the events that no run claims."""
    from trainlint.facts.extract.loops import with_sure_steps

    events = with_sure_steps(interpretation.events)
    runs, cut = runs_of(events, interpretation.era)
    claimed = {id(event) for run in runs for event in run.events}
    left = tuple(event for event in events if id(event) not in claimed)
    limits = (*interpretation.limits, *([] if cut is None else [cut]))
    return Script(interpretation.filename, runs, left, limits, pinned_eras=interpretation.pinned)


MAXIMUM_RUNS = 200
MAXIMUM_WORK = 400_000
"""Runs times events: every run is sought among all events."""


def runs_of(events: Sequence[Event], era: str) -> tuple[tuple[TrainingRun, ...], Unknown | None]:
    """One run for each fit, each optimizer's training loop and each loop with updates by hand; and what was left out."""
    from trainlint.facts.extract.fits import fit_run
    from trainlint.facts.extract.loops import Group, loop_run, step_groups

    starts: list[Event | Group] = [*(event for event in events if event.kind == "fit"), *step_groups(events)]
    starts.sort(key=lambda one: one.order if isinstance(one, Event) else one.first.order)
    runs: list[TrainingRun] = []
    plain: dict[int, TrainingRun] = {}
    most = max(1, min(MAXIMUM_RUNS, MAXIMUM_WORK // max(1, len(events))))
    for one in starts[:most]:
        if isinstance(one, Event):
            plain[len(runs)] = fit_run(one, events, era, len(runs))
            runs.append(plain[len(runs)])
            continue
        found = loop_run(one, events, era, len(runs))
        around = next((frame for frame in one.first.frames if frame.kind == "loop" and frame.name == "fit"), None)
        index = next((at for at, run in enumerate(runs) if around is not None and run.place == around.place), None)
        if index is None:
            runs.append(found)
        elif runs[index] is plain.get(index):
            runs[index] = with_own_step(runs[index], found)
        else:  # a second optimizer in one `train_step`
            runs.append(replace(with_own_step(plain[index], found), order=len(runs)))
    if len(starts) <= most:
        return tuple(runs), None
    left_out = starts[most]
    place = left_out.place if isinstance(left_out, Event) else left_out.first.place
    return tuple(runs), Unknown(f"of {len(starts):,} training runs in this file the first {most} are checked", place)


def with_own_step(fit: TrainingRun, step: TrainingRun) -> TrainingRun:
    """The run of a Keras `fit` whose model writes its `train_step`: loss, optimizer, schedule and model are those of the step.

    A schedule of `fit` holds for the step's optimizer too if that is the one of `compile`.
    """
    compiled = isinstance(step.optimizer, Unknown) or step.optimizer == fit.optimizer
    return replace(
        fit,
        optimizer=fit.optimizer if isinstance(step.optimizer, Unknown) else step.optimizer,
        loss=fit.loss if isinstance(step.loss, Unknown) else step.loss,
        model=fit.model if isinstance(step.model, Unknown) else step.model,
        targets=_targets_of_step(fit, step),
        schedule=step.schedule or (fit.schedule if compiled else None),
        loss_graph=step.loss_graph,
        events=(*fit.events, *step.events),
    )


def _targets_of_step(fit: TrainingRun, step: TrainingRun) -> DataFacts:
    """What the loss of a step compares with: labels of `fit`, or what the step makes of its own (the pairs of a batch)."""
    own = step.targets.value
    return fit.targets if isinstance(step.loss, Unknown) or own is None or own is fit.targets.value else step.targets
