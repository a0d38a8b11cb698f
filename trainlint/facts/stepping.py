"""How PyTorch's schedules are stepped: at another rate than their totals count, too early, or without what they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Fact, Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.extract.scalars import integer
from trainlint.facts.loop_faults import loops_of
from trainlint.facts.passes import conditional, every_event, innermost_loop, inside
from trainlint.facts.run import Script
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import List, Literal, Object, Tuple, Unknown, Value


class WrongRate(NamedTuple):
    """A schedule whose total counts in another unit than it is stepped in.

    `unit` is what it is stepped once for ("batch", "epoch"), `total` the number it was given (None: all the batches of all
    epochs, however many those are) and `name` the argument's,
    `steps` how often it is stepped where that is known, `raises` whether it refuses to go on.
    """

    schedule: str
    unit: str
    name: str
    total: int | None
    steps: int | None
    raises: bool
    place: Place
    made: Place | None


def stepped_at_wrong_rate(script: Script) -> Iterator[WrongRate]:
    """Schedules with a total in epochs that every batch steps, and the reverse."""
    events = every_event(script)
    seen: set[int] = set()
    for event in events:
        schedule, loop = event.values.get("schedule"), innermost_loop(event)
        if event.kind != "scheduler_step" or not isinstance(schedule, Object) or id(schedule) in seen or event.place is None:
            continue
        seen.add(id(schedule))
        if loop is None or conditional(event, loop) or _steps_of(events, schedule) != {event.place}:
            continue
        found = _per_batch(event, schedule, loop, events) or _per_epoch(event, schedule, loop, events)
        if found is not None:
            yield found


def _steps_of(events: Sequence[Event], schedule: Object) -> set[Place | None]:
    return {event.place for event in events if event.kind == "scheduler_step" and event.values.get("schedule") is schedule}


def _number(schedule: Object, *names: str) -> int | None:
    for name in names:
        held = schedule.arguments.get(name)
        found = integer(held) if held is not None else None
        if isinstance(found, Fact):
            return found.value
    return None


def _total(schedule: Object) -> tuple[str, int] | None:
    for parameter in schedule.row.parameters:
        for spelled in (parameter.name, *parameter.aliases):
            if spelled in ("T_max", "total_steps", "total_iters"):
                value = _number(schedule, parameter.name)
                return None if value is None else (spelled, value)
    return None


def _per_batch(event: Event, schedule: Object, loop: Frame, events: Sequence[Event]) -> WrongRate | None:
    """A total that is the number of epochs, though the loop over the batches steps."""
    found, loops = _total(schedule), loops_of(event)
    if loader_over(loop) is None or len(loops) < 2 or not _trains(loop, events):
        return None
    epochs = loops[-2].trips
    if found is None:
        return _stairs_per_batch(event, schedule, loop, epochs)
    name, total = found
    if epochs is None or total != epochs or total < 2 or loop.trips == 1:
        return None
    steps = epochs * loop.trips if loop.trips is not None else None
    short = schedule.row.name.rpartition(".")[2]
    made = schedule.argument_places.get(name) or schedule.place
    return WrongRate(short, "batch", name, total, steps, short == "OneCycleLR", event.place, made) if event.place else None


def _stairs_per_batch(event: Event, schedule: Object, loop: Frame, epochs: int | None) -> WrongRate | None:
    """`StepLR` and `MultiStepLR` whose stairs fit into the epochs and are shorter than one epoch of batches."""
    kind, milestones = schedule.row.name.rpartition(".")[2], schedule.arguments.get("milestones")
    items = milestones.cells.get("items") if isinstance(milestones, List) else milestones
    stairs = [one for one in map(integer, items.items if isinstance(items, Tuple) else ()) if isinstance(one, Fact)]
    name = "milestones" if kind == "MultiStepLR" else "step_size"
    total = _number(schedule, name) if kind == "StepLR" else max((one.value for one in stairs), default=None)
    if total is None or epochs is None or not 2 <= total <= epochs or event.place is None:
        return None
    if loop.trips is not None and loop.trips <= total:
        return None
    steps = epochs * loop.trips if loop.trips is not None else None
    return WrongRate(kind, "batch", name, total, steps, False, event.place, schedule.place)


def _per_epoch(event: Event, schedule: Object, loop: Frame, events: Sequence[Event]) -> WrongRate | None:
    """`OneCycleLR` with the steps of all epochs, which every epoch steps once."""
    epochs, batches = _number(schedule, "epochs"), _number(schedule, "steps_per_epoch")
    depth = len(loops_of(event))  # the loops of a step that lie within the one that steps the schedule
    inner = [one for step in events if step.kind == "step" and inside(step, loop) for one in loops_of(step)[depth:]]
    if loader_over(loop) is not None or event.place is None or not schedule.row.name.endswith("OneCycleLR") or not inner:
        return None
    known = epochs is not None and batches is not None
    if not (batches is not None and batches >= 2 and any(map(loader_over, inner)) if known else _counts_batches(schedule, inner)):
        return None
    total = epochs * batches if epochs is not None and batches is not None else None
    return WrongRate("OneCycleLR", "epoch", "steps_per_epoch", total, loop.trips, False, event.place, schedule.place)


def _counts_batches(schedule: Object, inner: Sequence[Frame]) -> bool:
    """Whether a schedule's total is a length that is not known: `steps_per_epoch=len(loader)`, or that of what loops go over."""
    each, total = (_counted(schedule.arguments.get(name)) for name in ("steps_per_epoch", "total_steps"))
    return each is not None or (total is not None and any(total in _gone_over(loop) for loop in inner))


def _counted(value: Value | None) -> Value | None:
    """What a number that is not known is the length of, times or over other numbers."""
    return value.counts if isinstance(value, Unknown) else None


def _gone_over(loop: Frame) -> Iterator[Value]:
    """What a loop goes over, within `enumerate` and the like, and the data of a loader."""
    over = loop.over
    while over is not None:
        yield over
        over = over.cells.get("over") or over.arguments.get("dataset") if isinstance(over, Object) else None


def _trains(loop: Frame, events: Sequence[Event]) -> bool:
    return any(event.kind == "step" and inside(event, loop) for event in events)


class Misstepped(NamedTuple):
    """A schedule that is stepped ahead of its optimizer ("early"), or a plateau schedule without its metric ("metric")."""

    what: str
    place: Place
    step: Place | None
    loop: Place | None = None


def misstepped(script: Script) -> Iterator[Misstepped]:
    """Steps of schedules at the wrong moment, or without what they ask for."""
    events = every_event(script)
    seen: set[object] = set()
    for event in events:
        schedule, loop = event.values.get("schedule"), innermost_loop(event)
        if event.kind != "scheduler_step" or not isinstance(schedule, Object) or event.place is None or event.place in seen:
            continue
        metric = event.values.get("metric")
        seen.add(event.place)
        if schedule.row.name.endswith("ReduceLROnPlateau"):
            if isinstance(metric, Literal) and metric.value is None:
                yield Misstepped("metric", event.place, None)
            continue
        steps = [
            one for one in events if one.kind == "step" and one.values.get("optimizer") is schedule.arguments.get("optimizer")
        ]
        if loop is None or conditional(event, loop) or not steps or loop.trips == 1:
            continue
        within = [one for one in steps if inside(one, loop)]
        if within and len(within) == len(steps) and all(one.order > event.order for one in steps):
            yield Misstepped("early", event.place, within[0].place, loop.place)
