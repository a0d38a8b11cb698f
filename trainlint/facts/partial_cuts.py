"""Layers of a trained network that every loss reaches only across a cut: their gradients stay None, they never train."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event, is_unrecorded, outputs_of, owner_of
from trainlint.facts.queries import above
from trainlint.facts.registration import descendants, has_weights
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Instance, Literal, Object, Tuple, Unknown, Value, alternatives

MAXIMUM_ARRAYS = 5_000
ON_PURPOSE = frozenset({"subtract", "add"})
"""What is cut in a straight-through estimate: `x + (q - x).detach()`."""


class CutOff(NamedTuple):
    """The names of layers that an optimizer holds and no gradient reaches, the cut behind them, and a backward pass."""

    layers: tuple[str, ...]
    place: Place
    backward: Place


def layers_cut_off(script: Script) -> Iterator[CutOff]:
    """Layers behind a `.detach()`, `.data` or `.numpy()` in the forward pass, where no loss has another way to them."""
    events = every_event(script)
    backwards = [event for event in events if event.kind == "backward"]
    held = _held_by_optimizers(events)
    reached: set[int] = set()
    cut: dict[int, tuple[Array, Event]] = {}
    for event in backwards:
        loss = event.values.get("loss")
        ways = ways_of(loss, batches_of(events)) if isinstance(loss, Array) and "target" not in event.values else None
        if ways is None:
            return  # a loss that is not known to its end may reach anything
        reached |= ways[0]
        cut.update({layer: (array, event) for layer, array in ways[1].items() if layer not in cut})
    found: dict[int, tuple[Array, Event, list[str]]] = {}
    never = {layer: one for layer, one in cut.items() if layer not in reached}
    for layer, (array, event) in {**dict(_cut_off_for_a_step(events)), **never}.items():
        if layer in held:
            found.setdefault(id(array), (array, event, []))[2].append(held[layer])
    for array, event, names in found.values():
        if array.place is not None and event.place is not None:
            yield CutOff(tuple(sorted(names)), array.place, event.place)


def _cut_off_for_a_step(events: tuple[Event, ...]) -> Iterator[tuple[int, tuple[Array, Event]]]:
    """The layers of an optimizer behind a cut, where all that goes backward from its zero_grad to its step is cut off from them.

    Other losses may reach them, as the discriminator's reaches a generator: those gradients are cleared before they are used.
    """
    for one in losses_of_steps(events):
        if not one.layers & one.reached:
            yield from ((layer, (cut, one.backward)) for layer, cut in one.behind.items() if layer in one.layers)


class LossOfStep(NamedTuple):
    """The one backward pass between an optimizer's zero_grad and its step, which `layers` that it holds its loss has reached.

    `behind`: those that the loss sees across a cut alone, with the cut. Layers are named by their identities.
    """

    model: Object | Instance
    layers: frozenset[int]
    reached: set[int]
    behind: dict[int, Array]
    backward: Event


def losses_of_steps(events: tuple[Event, ...], unrecorded: Collection[int] = ()) -> Iterator[LossOfStep]:
    """The losses of PyTorch's steps, as far as all ways from them are known; `unrecorded` as in `ways_of`."""
    for position, step in enumerate(events):
        optimizer = step.values.get("optimizer") if step.kind == "step" else None
        owner = owner_of(optimizer) if optimizer is not None else None
        if not isinstance(owner, Object | Instance):
            continue
        before = events[:position]
        cleared = next((at for at in range(position - 1, -1, -1) if _clears(before[at], optimizer, owner)), None)
        losses = [one for one in before[cleared + 1 :] if one.kind == "backward"] if cleared is not None else []
        loss = losses[0].values.get("loss") if len(losses) == 1 else None
        ways = ways_of(loss, batches_of(events), unrecorded) if isinstance(loss, Array) else None
        if ways is not None:
            yield LossOfStep(owner, frozenset(id(one) for _, one in descendants(owner)), *ways, losses[0])


def _clears(event: Event, optimizer: Value | None, owner: Value | None) -> bool:
    return event.kind == "zero_grad" and any(event.values.get("target") is one for one in (optimizer, owner))


def _held_by_optimizers(events: tuple[Event, ...]) -> Mapping[int, str]:
    """The names of the layers with weights of the models whose optimizers step, by identity; frozen ones are left out."""
    found: dict[int, str] = {}
    for event in events:
        owner = owner_of(event.values.get("optimizer") or Literal(None)) if event.kind == "step" else None
        for name, layer in descendants(owner) if isinstance(owner, Object | Instance) else ():
            frozen = layer.cells.get("requires_grad")
            kind = layer.row.kind if layer.row is not None else ""
            if isinstance(layer, Object) and has_weights(layer) and frozen is None and kind != "embedding":
                found[id(layer)] = name
    return found


def batches_of(events: tuple[Event, ...]) -> frozenset[str]:
    """Why the data that models are called on are not known, where they are not."""
    given = [one for event in events if event.kind == "forward" for one in _items(event.values.get("inputs"))]
    return frozenset(one.why for value in given for one in above(value) if isinstance(one, Unknown))


def _items(value: Value | None) -> tuple[Value, ...]:
    return value.items if isinstance(value, Tuple) else () if value is None else (value,)


def unrecorded_outputs(events: Sequence[Event]) -> Mapping[int, Event]:
    """The calls of models under `no_grad`, by the identities of the tensors that they make, one that is not known included."""
    found: dict[int, Event] = {}
    for event in events:
        if event.kind == "forward" and is_unrecorded(event):
            given = event.values.get("inputs")
            older = {id(one) for value in (given.items if isinstance(given, Tuple) else ()) for one in above(value)}
            made: list[Value] = [one for one in outputs_of(event) if one.op != "parameter"]
            whole = event.values.get("output")
            made += [whole] if isinstance(whole, Unknown) else []
            found.update((id(one), event) for one in made if id(one) not in older)
    return found


def ways_of(loss: Array, batches: frozenset[str], unrecorded: Collection[int] = ()) -> tuple[set[int], dict[int, Array]] | None:
    """The layers that gradients of a loss reach, and those behind a cut with the cut; None if some way is not known.

    `unrecorded` are the tensors that no graph was built of.
    """
    reached: set[int] = set()
    behind: dict[int, Array] = {}
    stack: list[tuple[Value, Array | None]] = [(loss, None)]
    seen: set[tuple[int, int]] = set()
    while stack:
        value, cut = stack.pop()
        if (id(value), id(cut)) in seen:
            continue
        seen.add((id(value), id(cut)))
        if len(seen) > MAXIMUM_ARRAYS or (isinstance(value, Unknown) and cut is None and value.why not in batches):
            return None
        if not isinstance(value, Array):
            continue
        cut = cut or (value if _cuts(value) or id(value) in unrecorded else None)
        layer = value.attributes.get("layer")
        if value.op == "layer" and isinstance(layer, Object | Instance):
            if cut is None:
                reached.add(id(layer))
            else:
                behind.setdefault(id(layer), cut)
        given = value.attributes.get("given_state")
        for one in (*value.inputs, *(_items(given) if isinstance(given, Array | Tuple) else ())):
            stack.extend((other, cut) for other in alternatives(one))
    return reached, behind


def _cuts(array: Array) -> bool:
    """Whether an array is read out of the graph in a forward pass, and not as part of a straight-through estimate."""
    source = array.inputs[0] if array.inputs else None
    return array.op == "detach" and array.detached and not (isinstance(source, Array) and source.op in ON_PURPOSE)
