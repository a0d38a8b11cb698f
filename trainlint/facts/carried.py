"""States that one pass of a training loop hands on to the next with the graph they were computed by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.cuts import is_constant
from trainlint.facts.passes import every_event, is_unrecorded, outputs_of
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Tuple, Unknown, Value, alternatives

MAXIMUM_ARRAYS = 5_000
CUTS = re.compile(r"\.detach_?\(|(?<!utils)\.data\b|no_grad\(|retain_graph")


class CarriedState(NamedTuple):
    """A state that keeps its graph: where it comes from, and the backward pass that goes through that graph again."""

    place: Place
    backward: Place


def carried_states(script: Script) -> Iterator[CarriedState]:
    """Tensors with a graph that a pass leaves where the next pass takes up what its loss is computed from."""
    events = every_event(script)
    seen: set[object] = set()
    cut = {id(event.values.get("value")) for event in events if event.kind == "detached"}
    unrecorded = {id(one) for event in events if event.kind == "forward" and is_unrecorded(event) for one in outputs_of(event)}
    for event in events:
        before, after = event.values.get("before"), event.values.get("after")
        if event.kind != "carried" or event.place is None or event.place in seen or before is None or after is None:
            continue
        if isinstance(before, Literal | Unknown):
            backward = _backward_of_the_first(events, event)
        else:
            backward = _backward_from(events, event, {id(one) for one in _tensors(before)} - cut)
        if backward is None or backward.place is None or not any(_has_weights_above(one, unrecorded) for one in _tensors(after)):
            continue
        seen.add(event.place)
        yield CarriedState(_call_that_made(events, event, after) or event.place, backward.place)


def _backward_of_the_first(events: Sequence[Event], carried: Event) -> Event | None:
    """The backward pass of a turn whose model is called on a None, which the next turn replaces by a state of this one.

    None where something in the script is read out of a graph: the state may be what is.
    """
    before = carried.values.get("before")
    if CUTS.search(getattr(carried.place, "source_text", "")):
        return None
    for call in events:
        given, output = call.values.get("inputs"), call.values.get("output")
        if call.kind != "forward" or call.order > carried.order or not isinstance(given, Tuple):
            continue
        if any(one is before for one in given.items):
            made = {id(one) for part in (output.items if isinstance(output, Tuple) else (output,)) for one in _tensors(part)}
            return _backward_from(events, carried, made)
    return None


def _call_that_made(events: Sequence[Event], carried: Event, after: Value) -> Place | None:
    """The call of a model in the loop's body that gave a state, or left it in the model."""
    made = {id(one) for one in _tensors(after)}
    place = None
    for event in events:
        if event.kind == "forward" and event.order < carried.order and event.frames[: len(carried.frames)] == carried.frames:
            output = event.values.get("output")
            given = {id(part) for one in (output.items if isinstance(output, Tuple) else ()) for part in _tensors(one)}
            place = event.place if place is None or given & made else place
    return place


def _backward_from(events: Sequence[Event], carried: Event, states: set[int]) -> Event | None:
    """The backward pass of the same turn of the loop whose loss is computed from a state, along a path that is not cut."""
    for event in reversed(events):
        loss = event.values.get("loss")
        if event.order > carried.order or event.kind != "backward" or not isinstance(loss, Array):
            continue
        outer = event.frames[: len(carried.frames)]
        if len(outer) < len(carried.frames) or any(one is not other for one, other in zip(carried.frames, outer, strict=True)):
            return None
        if "target" not in event.values and any(id(one) in states for one in open_path(loss)):
            return event
    return None


def _has_weights_above(value: Array, unrecorded: set[int]) -> bool:
    """Whether gradients flow from a tensor to weights; what a call under `no_grad` gave ends them."""
    found = list(open_path(value, unrecorded))
    return any(one.op == "layer" for one in found) and not any(one.op == "gradient" for one in found)


def open_path(array: Array, cut: Collection[int] = ()) -> Iterator[Array]:
    """An array and what it was computed from, as far as gradients flow back; the states that recurrent layers are given too."""
    from trainlint.interpret.torch.parameters import NOT_DIFFERENTIABLE

    stack: list[Value] = [array]
    seen: set[int] = set()
    while stack and len(seen) < MAXIMUM_ARRAYS:
        one = stack.pop()
        if id(one) in seen or id(one) in cut:
            continue
        seen.add(id(one))
        if isinstance(one, Tuple):
            stack.extend(one.items)
        elif isinstance(one, Array) and not is_constant(one) and one.op not in NOT_DIFFERENTIABLE | {"detach"}:
            yield one
            given = one.attributes.get("given_state")
            held = (*one.inputs, given) if isinstance(given, Array | Tuple) else one.inputs
            stack.extend(other for value in held for other in alternatives(value))


def _tensors(value: Value | None) -> list[Array]:
    items = value.items if isinstance(value, Tuple) else (value,)
    return [one for one in items if isinstance(one, Array)]
