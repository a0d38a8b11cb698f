"""Backward passes through a graph that an earlier one has freed, or whose weights a step has changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.carried import open_path
from trainlint.facts.cuts import is_weight
from trainlint.facts.passes import every_event, is_unrecorded, on_one_path, outputs_of, owner_of
from trainlint.facts.registration import descendants, is_frozen
from trainlint.facts.run import Script
from trainlint.facts.syntax import names_of, node_at
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Instance, Literal, Object

UNRECORDED = ("no_grad", "inference_mode", "set_grad_enabled")


class ReusedGraph(NamedTuple):
    """A backward pass that raises: where, what came before it (`changed`: a step, else a backward), a layer that both meet."""

    place: Place
    earlier: Place
    layer: Place | None
    changed: bool


def reused_graphs(script: Script) -> Iterator[ReusedGraph]:
    """The backward passes that meet a layer whose graph is gone, or whose weights are others by now.

    A loss that is another one on each branch goes backward in several events at one place: which of them meet is not known.
    """
    events = every_event(script)
    passes = Counter(event.place for event in events if event.kind == "backward")
    once = [event for event in events if event.kind == "step" or (event.kind == "backward" and passes[event.place] == 1)]
    reached = {id(event): _trained_layers(event, events) for event in once if event.kind == "backward"}
    for event in once:
        if "retained" not in event.values:
            continue
        earlier = [one for one in once if one.order < event.order and on_one_path(one, event)]
        found = next((one for before in earlier if (one := _conflict(before, event, reached, events))), None)
        if found is not None:
            yield found


def _conflict(before: Event, event: Event, reached: Mapping[int, Sequence[Array]], events: Sequence[Event]) -> ReusedGraph | None:
    """What an earlier act has taken away from a backward pass."""
    if event.place is None or before.place is None:
        return None
    changed = before.kind == "step"
    if changed:
        met = next((one for one in reached[id(event)] if _is_changed(one, before, event, reached, events)), None)
    else:
        used = {id(one) for one in reached[id(before)]} if _frees(before) else ()
        met = next((one for one in reached[id(event)] if id(one) in used), None)
    return None if met is None else ReusedGraph(event.place, before.place, met.place, changed)


def _frees(backward: Event) -> bool:
    """Whether a backward pass surely frees its graph."""
    kept = backward.values.get("retained")
    return isinstance(kept, Literal) and not kept.value


def _trained_layers(backward: Event, events: Sequence[Event]) -> list[Array]:
    """The calls of layers with weights that the gradients of a loss surely flow back to, the last first."""
    loss = backward.values.get("loss")
    if not isinstance(loss, Array):
        return []
    cut = {id(one) for event in events if event.kind == "forward" and is_unrecorded(event) for one in outputs_of(event)}
    cut.update(id(event.values.get("value")) for event in events if event.kind == "detached")
    path = list(open_path(loss, cut))
    if any(_is_unrecorded(one) for one in path):
        return []
    return [one for one in path if one.op == "layer" and not _is_fixed(one)]


def _is_unrecorded(array: Array) -> bool:
    """Whether an array is written under `no_grad` or the like; only a word at its place, so good for silence alone."""
    import libcst as cst

    names, node = names_of(array.place), node_at(array.place)
    heads: list[cst.CSTNode] = []
    for around in names.around(node) if names is not None and node is not None else ():
        if isinstance(around, cst.With):
            heads.extend(around.items)
        if isinstance(around, cst.FunctionDef):
            heads.extend(around.decorators)
    return any(word in cst.Module([]).code_for_node(head) for head in heads for word in UNRECORDED)


def _is_fixed(call: Array) -> bool:
    layer = call.attributes.get("layer")
    return not is_weight(call) or not isinstance(layer, Object | Instance) or is_frozen(layer)


def _is_changed(
    call: Array, step: Event, backward: Event, reached: Mapping[int, Sequence[Array]], events: Sequence[Event]
) -> bool:
    """Whether a step changes the weights of a layer between its call and a backward pass that needs them.

    They are needed where gradients flow on to another layer before it: the loss by the layer's input is made of its weights.
    A step passes over weights that no backward pass has given a gradient.
    """
    optimizer = step.values.get("optimizer")
    owner = owner_of(optimizer) if isinstance(optimizer, Object) else None
    layer = call.attributes.get("layer")
    if not isinstance(owner, Object | Instance) or all(one is not layer for _, one in descendants(owner)):
        return False
    if all(one is call or one.op != "layer" or _is_fixed(one) for one in open_path(call)):
        return False
    before = [one for one in events if id(one) in reached and one.order < step.order and on_one_path(one, step)]
    if all(one.attributes.get("layer") is not layer for event in before for one in reached[id(event)]):
        return False
    for event in events:
        model = event.kind == "forward" and event.order < step.order and on_one_path(event, backward)
        if model and any(one is call for output in outputs_of(event) for one in open_path(output)):
            return True
    return False
