"""Two Keras models that train against each other: a discriminator, and a combined model in which it judges a generator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trainlint.core import Place
from trainlint.facts.passes import every_event, inside
from trainlint.facts.queries import above
from trainlint.facts.registration import WEIGHTED
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, List, Literal, Object, Tuple, Value


def unfrozen_adversaries(script: Script) -> Iterator[tuple[Place, Place]]:
    """(compile of a combined model, compile of the discriminator in it) where nothing froze the discriminator in between.

    Both are trained batch by batch in one loop, so that each step of the combined model undoes the discriminator's own.
    """
    events = every_event(script)
    fits = [event for event in events if event.kind == "fit" and _is_of_one_batch(event)]
    sets = [event for event in events if event.kind == "set_attribute" and _names_trainable(event)]
    seen: set[object] = set()
    for combined in fits:
        outer = _weights(combined.values.get("model"))
        compiled = _compiled(events, combined)
        for own in fits if outer and compiled is not None and compiled.place not in seen else ():
            inner, before = _weights(own.values.get("model")), _compiled(events, own)
            if not inner or not inner < outer or before is None or before.place is None or not _share_a_loop(combined, own):
                continue
            if not sets and compiled is not None and compiled.place is not None and compiled.order > before.order:
                seen.add(compiled.place)
                yield compiled.place, before.place
                break


def _is_of_one_batch(event: Event) -> bool:
    method = event.values.get("method")
    return isinstance(method, Literal) and method.value == "train_on_batch"


def _names_trainable(event: Event) -> bool:
    name = event.values.get("name")
    return isinstance(name, Literal) and name.value == "trainable"


def _compiled(events: Sequence[Event], fit: Event) -> Event | None:
    model = fit.values.get("model")
    return next((one for one in events if one.kind == "compile" and one.values.get("model") is model), None)


def _share_a_loop(first: Event, second: Event) -> bool:
    return any(frame.kind == "loop" and inside(second, frame) for frame in first.frames)


def _weights(model: Value | None) -> frozenset[int]:
    """The identities of the layers with weights on the way to the outputs of a model."""
    if not isinstance(model, Object):
        return frozenset()
    found: set[int] = set()
    stack: list[Value] = [*model.arguments.values(), *model.cells.values()]
    for _ in range(MAXIMUM_PARTS):
        if not stack:
            break
        one = stack.pop()
        if isinstance(one, List):
            stack.extend(one.cells.values())
        elif isinstance(one, Tuple):
            stack.extend(one.items)
        elif isinstance(one, Object) and one.row.kind in WEIGHTED:
            found.add(id(one))
        elif isinstance(one, Object) and one.row.makes == "model" and one is not model:
            stack.extend((*one.arguments.values(), *one.cells.values()))
        elif isinstance(one, Array):
            layers = (array.attributes.get("layer") for array in above(one) if isinstance(array, Array))
            stack.extend(layer for layer in layers if isinstance(layer, Object))
    return frozenset(found)


MAXIMUM_PARTS = 2_000
