"""Layers of a trained network that every loss reaches only across a cut: their gradients stay None, they never train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trainlint.core import Place
from trainlint.facts.passes import every_event, owner_of
from trainlint.facts.queries import above
from trainlint.facts.registration import descendants, has_weights
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Instance, Literal, Object, Tuple, Unknown, Value, alternatives

MAXIMUM_ARRAYS = 5_000
ON_PURPOSE = frozenset({"subtract", "add"})
"""What is cut in a straight-through estimate: `x + (q - x).detach()`."""


@dataclass(frozen=True, slots=True)
class CutOff:
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
        ways = _ways(loss, _batches(events)) if isinstance(loss, Array) and "target" not in event.values else None
        if ways is None:
            return  # a loss that is not known to its end may reach anything
        reached |= ways[0]
        cut.update({layer: (array, event) for layer, array in ways[1].items() if layer not in cut})
    found: dict[int, tuple[Array, Event, list[str]]] = {}
    for layer, (array, event) in cut.items():
        if layer in held and layer not in reached:
            found.setdefault(id(array), (array, event, []))[2].append(held[layer])
    for array, event, names in found.values():
        if array.place is not None and event.place is not None:
            yield CutOff(tuple(sorted(names)), array.place, event.place)


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


def _batches(events: tuple[Event, ...]) -> frozenset[str]:
    """Why the data that models are called on are not known, where they are not."""
    given = [one for event in events if event.kind == "forward" for one in _items(event.values.get("inputs"))]
    return frozenset(one.why for value in given for one in above(value) if isinstance(one, Unknown))


def _items(value: Value | None) -> tuple[Value, ...]:
    return value.items if isinstance(value, Tuple) else () if value is None else (value,)


def _ways(loss: Array, batches: frozenset[str]) -> tuple[set[int], dict[int, Array]] | None:
    """The layers that gradients of a loss reach, and those behind a cut with the cut; None if some way is not known."""
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
        cut = cut or (value if _cuts(value) else None)
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
