"""Which batches of an epoch count: loops whose last batch alone is learned from, first batches drawn again and again, sums."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Fact, Place
from trainlint.facts.extract.counts import loader_over, number_given
from trainlint.facts.loop_faults import upstream
from trainlint.facts.passes import conditional, every_event, innermost_loop, inside, outputs_of, same_frame, steps_parameters_of
from trainlint.facts.run import OptimizerFacts, Script, TrainingRun
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Literal, Object
from trainlint.wording import SGD_FAMILY

JOINING = frozenset({"add", "concatenate", "stack"})


class LastBatchOnly(NamedTuple):
    """A backward pass behind the loop over the batches: where, the loop, its batches if they are known, and the step.

    Or the step alone, where every batch clears the gradients of the one before (`cleared`).
    """

    place: Place
    loop: Place
    batches: int | None
    step: Place | None
    cleared: bool = False


def last_batches_only(script: Script) -> Iterator[LastBatchOnly]:
    """Backward passes and steps that stand behind the loop in which their loss is computed batch by batch."""
    events = every_event(script)
    joined = [event for event in events if event.kind == "accumulated" and not _in_forward(event)]
    seen: set[object] = set()
    for backward in events:
        loss = backward.values.get("loss")
        if backward.kind != "backward" or not isinstance(loss, Array) or backward.place is None or backward.place in seen:
            continue
        above = {id(one) for one in upstream(loss)}
        step = next((one for one in events if one.kind == "step" and one.order > backward.order), None)
        losses = _calls_above(events, backward, above, "loss") or _calls_above(events, backward, above, "forward")
        loop = innermost_loop(losses[-1]) if losses else None
        if loop is None or loop.place is None or inside(backward, loop) or loop.trips == 1:
            continue
        if loader_over(loop) is None and not _clears(events, step, loop):
            continue
        own = {id(up) for one in losses for output in outputs_of(one) for up in upstream(output)}
        sums = any(one.op in JOINING and id(one) not in own for one in upstream(loss))
        put = [{id(one.values.get("value")), id(one.values.get("result"))} for one in joined if inside(one, loop)]
        summed = sums or any(one & above for one in put)
        if not summed and step is not None and not inside(step, loop) and not any(f.kind == "branch" for f in backward.frames):
            seen.add(backward.place)
            yield LastBatchOnly(backward.place, loop.place, loop.trips, step.place)
    for lost in lost_batches(script):
        if lost.every is None:
            yield LastBatchOnly(lost.step, lost.loop, lost.batches, lost.step, cleared=True)


def _in_forward(event: Event) -> bool:
    """Whether an event happens within a call of a model: what a network adds up is of one batch."""
    return any(frame.kind == "forward" for frame in event.frames)


def _calls_above(events: Sequence[Event], backward: Event, above: Container[int], kind: str) -> list[Event]:
    """The calls of losses or models before a backward pass that what goes backward was computed by."""
    before = [one for one in events if one.kind == kind and one.order < backward.order]
    return [one for one in before if any(id(output) in above for output in outputs_of(one))]


def _clears(events: Sequence[Event], step: Event | None, loop: Frame) -> bool:
    """Whether each pass of a loop clears the gradients that a step behind it takes: its passes are batches."""
    clears = [one for one in events if one.kind == "zero_grad" and inside(one, loop) and not conditional(one, loop)]
    return step is not None and any(steps_parameters_of(step, one) for one in clears)


class LostBatches(NamedTuple):
    """Gradients that every batch clears though the step takes those of several: both places, and the k of the step's test.

    Without `every` the step stands behind the loop over the batches, which makes `batches` passes where that is known.
    """

    clear: Place
    step: Place
    loop: Place
    every: int | None
    batches: int | None


def lost_batches(script: Script) -> Iterator[LostBatches]:
    """Clears that run at every batch, as backward does, where the step follows every k batches or behind all of them."""
    clears: list[Event] = []
    backward: Event | None = None
    seen: set[object] = set()
    for event in every_event(script):
        if event.kind == "zero_grad":
            clears.append(event)
        elif event.kind == "backward":
            backward = event
        elif event.kind == "step" and backward is not None and event.place is not None and event.place not in seen:
            found = _lost_by(event, backward, clears)
            if found is not None:
                seen.add(event.place)
                yield found


def _lost_by(step: Event, backward: Event, clears: Sequence[Event]) -> LostBatches | None:
    """The batches that a step behind `backward` misses by one of the clears ahead of it."""
    loop = innermost_loop(backward)
    if loop is None or loop.place is None or loop.trips == 1 or loader_over(loop) is None or conditional(backward, loop):
        return None
    tests = [frame for frame in step.frames if frame.kind == "branch"]
    every = next((one.trips for one in tests if one.trips), None) if inside(step, loop) else None
    behind = not inside(step, loop) and not tests and _same(innermost_loop(step), _around(backward, loop))
    if step.place is None or not (behind or (every is not None and every >= 2)):
        return None
    for clear in clears:
        surely = inside(clear, loop) and not conditional(clear, loop) and steps_parameters_of(step, clear)
        if surely and clear.place is not None:
            return LostBatches(clear.place, step.place, loop.place, every, loop.trips)
    return None


def _around(event: Event, loop: Frame) -> Frame:
    """The loop around a loop that an event happens in, or that loop itself."""
    loops = [frame for frame in event.frames if frame.kind == "loop"]
    index = next((i for i, frame in enumerate(loops) if same_frame(frame, loop)), 0)
    return loops[max(index - 1, 0)]


class FirstBatchOnly(NamedTuple):
    """The first batch of an unshuffled loader, drawn in every pass of a training loop, and the loader's batch size."""

    place: Place
    size: int | None


def first_batches_only(script: Script) -> Iterator[FirstBatchOnly]:
    """`next(iter(loader))` in a loop that steps, where the loader gives its samples in one order."""
    events = every_event(script)
    for event in events:
        over, iterator, loop = event.values.get("over"), event.values.get("iterator"), innermost_loop(event)
        if event.kind != "drawn" or not isinstance(over, Object) or over.row.makes != "loader" or loop is None:
            continue
        if event.place is None or conditional(event, loop) or loop.trips == 1 or not _within(iterator, loop):
            continue
        shuffle = over.arguments.get("shuffle")
        fixed = shuffle is None or (isinstance(shuffle, Literal) and shuffle.value is False)
        fixed = fixed and not over.extra and not {"sampler", "batch_sampler"} & over.arguments.keys()
        if fixed and any(one.kind == "step" and _same(innermost_loop(one), loop) for one in events):
            size = number_given(over)
            yield FirstBatchOnly(event.place, size.value if isinstance(size, Fact) else None)


def _same(first: Frame | None, second: Frame) -> bool:
    return first is not None and same_frame(first, second)


def _within(value: object, loop: Frame) -> bool:
    made = getattr(value, "place", None)
    if made is None or loop.place is None or made.span.filename != loop.place.span.filename:
        return False
    return bool(loop.place.span.row < made.span.row <= loop.place.span.end_row)


class NotAveraged(NamedTuple):
    """Several backward passes for one step of plain gradient descent, whose losses nothing divides by their number."""

    place: Place
    passes: int
    rate: float | None


def not_averaged(run: TrainingRun) -> NotAveraged | None:
    """Accumulation over k batches that makes the step k times as large."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or optimizer.name not in SGD_FAMILY or optimizer.clip is not None:
        return None
    step = next((event for event in run.events if event.kind == "step"), None)
    backwards = list({event.place: event for event in run.events if event.kind == "backward"}.values())
    if step is None or len(backwards) != 1 or "scaler" in step.values:
        return None
    backward = backwards[0]
    passes, loss = _passes(step, backward), backward.values.get("loss")
    if passes is None or passes < 2 or not isinstance(loss, Array) or backward.place is None or _is_divided(loss):
        return None
    clears = [event for event in run.events if event.kind == "zero_grad"]
    inner = innermost_loop(backward)
    if inner is None or any(inside(one, inner) and not conditional(one, inner) for one in clears):
        return None
    rate = optimizer.learning_rate.value if isinstance(optimizer.learning_rate, Fact) else None
    return NotAveraged(backward.place, passes, rate)


def _passes(step: Event, backward: Event) -> int | None:
    """The backward passes for one step: the k of a test around the step, or the passes of a loop around backward."""
    for frame in step.frames:
        if frame.kind == "branch" and frame.trips is not None and not any(same_frame(frame, one) for one in backward.frames):
            return frame.trips
    loop = innermost_loop(backward)
    within = loop is not None and not inside(step, loop) and any(frame.kind == "loop" for frame in step.frames)
    return loop.trips if within and loop is not None and loader_over(loop) is None else None


def _is_divided(loss: Array) -> bool:
    """Whether something divides or multiplies the loss on its way from the library's loss, or it is no mean."""
    one: object = loss
    for _ in range(100):
        if not isinstance(one, Array) or one.op in ("divide", "multiply", "scaled", "sum"):
            return True
        if one.op == "loss":
            made = one.attributes.get("loss")
            reduction = made.arguments.get("reduction", Literal("mean")) if isinstance(made, Object) else None
            return not (isinstance(reduction, Literal) and reduction.value == "mean")
        one = one.inputs[0] if one.inputs else None
    return True
