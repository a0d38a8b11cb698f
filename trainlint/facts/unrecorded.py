"""Forward passes under `no_grad` of which a loss is computed that goes backward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.cuts import is_constant, is_weight
from trainlint.facts.optimized import named
from trainlint.facts.partial_cuts import batches_of, losses_of_steps, unrecorded_outputs
from trainlint.facts.passes import every_event, is_unrecorded
from trainlint.facts.queries import MAXIMUM_UPSTREAM, above
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Tuple, Unknown, Value, alternatives


def forwards_without_gradients(script: Script) -> Iterator[tuple[Place, Place]]:
    """(forward pass under `no_grad`, the backward pass of its loss), where nothing else of the loss has gradients."""
    events = every_event(script)
    unrecorded = unrecorded_outputs(events)
    leaves = {id(event.values.get("target")) for event in events if event.kind == "wants_gradient"}
    batches = batches_of(events) if unrecorded else frozenset()
    for event in events if unrecorded else ():
        loss = event.values.get("loss")
        if event.kind != "backward" or not isinstance(loss, Array) or loss.library == "tensorflow" or event.place is None:
            continue
        found = _all_that_it_comes_from(loss, unrecorded, leaves, batches)
        if found is not None and found.place is not None:
            yield found.place, event.place


class Idle(NamedTuple):
    """A model that an optimizer steps and no gradient reaches: its name, its call under `no_grad`, the backward pass."""

    model: str
    place: Place
    backward: Place


def steps_without_gradients(script: Script) -> Iterator[Idle]:
    """Models called under `no_grad` whose optimizer steps after a loss that has gradients elsewhere only (a GAN's other half).

    What they give goes through a model that is recorded: one that gives targets alone is meant to learn nothing, and what is
    wrong then is the optimizer (`optimized.weights_without_optimizer`).
    """
    events = every_event(script)
    unrecorded = unrecorded_outputs(events)
    given = [event.values.get("inputs") for event in events if event.kind == "forward" and not is_unrecorded(event)]
    judged = {id(one) for inputs in given if unrecorded and inputs is not None for one in _of_all(inputs)}
    seen: set[object] = set()
    for one in losses_of_steps(events, unrecorded) if unrecorded else ():
        behind = [id(cut) for layer, cut in one.behind.items() if layer in one.layers and id(cut) in judged]
        own = [unrecorded[cut] for cut in behind if cut in unrecorded]
        if one.layers & one.reached or not one.reached or not own:
            continue  # nothing reached at all: `backward` raises
        place, backward = own[0].place, one.backward.place
        if place is not None and backward is not None and place not in seen:
            seen.add(place)
            yield Idle(named(one.model), place, backward)


def _of_all(inputs: Value) -> Iterator[Value]:
    """What the arguments of a call were computed from."""
    for one in inputs.items if isinstance(inputs, Tuple) else (inputs,):
        yield from above(one)


def _all_that_it_comes_from(
    loss: Array, unrecorded: Mapping[int, Event], leaves: set[int], batches: frozenset[str]
) -> Event | None:
    """The first unrecorded call that a loss is computed from, if nothing beside such calls has, or may have, gradients."""
    first: Event | None = None
    stack: list[Value] = [loss]
    seen: set[int] = set()
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if id(one) in unrecorded:
            first = first or unrecorded[id(one)]
            continue
        if len(seen) > MAXIMUM_UPSTREAM or id(one) in leaves or is_weight(one):
            return None
        if isinstance(one, Unknown) and one.why not in batches:
            return None
        if isinstance(one, Array) and not is_constant(one):
            stack.extend(other for value in reversed(one.inputs) for other in alternatives(value))
    return first
