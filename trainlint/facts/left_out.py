"""Weights that the loss reaches and no optimizer moves: layers behind those that it holds, and optimizers that never step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.partial_cuts import batches_of, ways_of
from trainlint.facts.passes import every_event, innermost_loop, inside, owner_of
from trainlint.facts.queries import above
from trainlint.facts.registration import descendants, has_weights, made
from trainlint.facts.run import Script
from trainlint.facts.syntax import names_of, targets_of
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Instance, Literal, Object, Value

NAMES_SHOWN = 3


class LeftOut(NamedTuple):
    """What never trains and why, in words, and where its optimizer is built."""

    said: str
    place: Place


def weights_left_out(script: Script) -> Iterator[LeftOut]:
    """Layers behind the part of a model that its one optimizer holds; optimizers that never step, or that nothing ever uses."""
    events = every_event(script)
    optimizers = [(event, one, owner_of(one)) for event, one in made(script, "optimizer")]
    yield from _never_used(events, optimizers)
    if len(optimizers) == 1:
        yield from _behind(events, *optimizers[0])
    elif all(owner is not None for _, _, owner in optimizers):
        yield from _never_stepped(events, optimizers)


def _behind(events: tuple[Event, ...], making: Event, optimizer: Value, owner: Value | None) -> Iterator[LeftOut]:
    """A head that is trained alone is a choice; random layers behind the only ones that train are none."""
    step = next((one for one in events if one.kind == "step" and one.values.get("optimizer") is optimizer), None)
    if step is None or not isinstance(owner, Object | Instance) or making.place is None or _loads(making):
        return
    losses = [one.values.get("loss") for one in events if one.kind == "backward" and one.order < step.order]
    loss = losses[-1] if losses else None
    ways = ways_of(loss, batches_of(events)) if isinstance(loss, Array) else None
    model = next((one for one in (event.values.get("model") for event in events) if _is_part(owner, one)), None)
    if not isinstance(loss, Array) or ways is None or not isinstance(model, Object | Instance):
        return
    held = {id(one) for _, one in descendants(owner)}
    free = {
        id(one): name
        for name, one in descendants(model)
        if isinstance(one, Object) and has_weights(one) and id(one) in ways[0] - held and "requires_grad" not in one.cells
    }
    behind = [one for one in above(loss) if isinstance(one, Array) and id(one.attributes.get("layer")) in free]
    names = [free[id(one.attributes["layer"])] for one in behind if _comes_from(one, held)]
    if names:
        shown = " and ".join(f"`{name}`" for name in sorted(set(names))[:NAMES_SHOWN])
        yield LeftOut(f"the optimizer holds a part of the model alone: {shown} behind it never train", making.place)


def _loads(making: Event) -> bool:
    """Whether weights come from a file."""
    return "load_state_dict" in getattr(making.place, "source_text", "")


def _is_part(owner: Object | Instance, model: Value | None) -> bool:
    return isinstance(model, Object | Instance) and model is not owner and any(one is owner for _, one in descendants(model))


def _comes_from(array: Array, held: set[int]) -> bool:
    return any(isinstance(one, Array) and id(one.attributes.get("layer")) in held for one in above(array) if one is not array)


def _never_stepped(
    events: tuple[Event, ...], optimizers: list[tuple[Event, Object | Instance, Value | None]]
) -> Iterator[LeftOut]:
    stepped = [one for one in events if one.kind in ("step", "maybe_step")]
    moved, known = {id(one.values.get("optimizer")) for one in stepped}, {id(one) for _, one, _ in optimizers}
    for making, optimizer, owner in optimizers:
        cleared = next((one for one in events if one.kind == "zero_grad" and one.values.get("target") is optimizer), None)
        loop = innermost_loop(cleared) if cleared is not None else None
        steps = {id(one.values.get("optimizer")) for one in stepped if loop is not None and inside(one, loop)}
        if not steps or not steps <= known or id(optimizer) in moved or making.place is None:
            continue  # what steps here and was made elsewhere may be a wrapper of this one
        named = owner.cls.name if isinstance(owner, Instance) else "the model"
        if isinstance(owner, Object | Instance) and has_weights(owner):
            yield LeftOut(f"this optimizer is cleared at each pass and never steps: {named} does not train", making.place)


def _never_used(events: tuple[Event, ...], optimizers: list[tuple[Event, Object | Instance, Value | None]]) -> Iterator[LeftOut]:
    """Optimizers whose names the file never reads, of modules that are called where others learn."""
    learning = [loop for one in events if one.kind == "backward" and (loop := innermost_loop(one)) is not None]
    used = {id(event.values.get(role)) for event in events for role in ("optimizer", "target")}
    for making, optimizer, owner in optimizers:
        if id(optimizer) in used:
            continue
        names, bound = names_of(making.place), targets_of(making.place)
        if names is None or len(bound) != 1 or "." in bound[0] or names.read.get(bound[0]) or not isinstance(owner, Instance):
            continue
        shared = any(other is not optimizer and _shares(held, owner) for _, other, held in optimizers)
        calls = [one for one in events if one.kind == "forward" and one.values.get("model") is owner]
        certain = making.place is not None and not any(one.kind in ("branch", "uncalled") for one in making.frames)
        called = any(inside(one, loop) for one in calls for loop in learning)
        if certain and called and not shared and has_weights(owner) and making.place is not None:
            yield LeftOut(f"nothing ever uses this optimizer: {owner.cls.name} does not train", making.place)


def _shares(held: Value | None, owner: Instance) -> bool:
    """Whether what an optimizer holds is a module, a part of it or what it is a part of; or not known."""
    if not isinstance(held, Object | Instance):
        return True
    return any(one is owner for _, one in descendants(held)) or any(one is held for _, one in descendants(owner))


def lossless_steps(script: Script) -> Iterator[tuple[Place, bool]]:
    """What Lightning's training steps return in the place of a loss: (where, whether that is None and no dict)."""
    for event in every_event(script):
        if event.kind == "lossless" and event.place is not None:
            yield event.place, isinstance(event.values.get("value"), Literal)
