"""What the optimizer holds and what is done to it: replaced layers, idle attributes and schedules, weights kept by reference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from trainlint.core import Place
from trainlint.facts.cuts import is_constant
from trainlint.facts.loop_faults import loops_of
from trainlint.facts.passes import (
    LoopPass,
    every_event,
    inside,
    is_unrecorded,
    loop_passes,
    names_only,
    on_one_path,
    owner_of,
    text_of,
)
from trainlint.facts.queries import above
from trainlint.facts.registration import descendants, has_weights, is_module, made
from trainlint.facts.run import Script
from trainlint.facts.syntax import assigned_name, names_of, node_at, readers
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Instance, Literal, Object, Tuple, Unknown, Value, alternatives

if TYPE_CHECKING:
    import libcst as cst

OWNED = ("layer", "parameter")
"""Operations with weights."""
MAXIMUM_ARRAYS = 5_000

SETTINGS = frozenset({"lr", "learning_rate", "momentum", "weight_decay", "betas", "eps", "nesterov"})

REDUCTIONS = frozenset({"size_average", "reduce"})
"""Old arguments of PyTorch's losses: read when one is made, and turned into its `reduction`."""


class Untrained(NamedTuple):
    """Weights that no optimizer has: the layer's attribute or the model's name, why, where."""

    name: str
    why: str
    place: Place
    optimizer: Place | None = None


def weights_without_optimizer(script: Script) -> Iterator[Untrained]:
    """Layers put into a model after the optimizer took its parameters, and models trained with another model's optimizer."""
    events = every_event(script)
    if any("add_param_group" in getattr(event.place, "source_text", "") for event in events[:1]):
        return
    optimizers = [(event, owner_of(one)) for event, one in made(script, "optimizer")]
    found: list[Untrained] = []
    for event in events:
        target, value = event.values.get("target"), event.values.get("value")
        if event.kind not in ("set_member", "set_attribute") or value is None or event.place is None:
            continue
        if not isinstance(target, Object | Instance) or not is_module(target) or not has_weights(value):
            continue
        replaced = event.values.get("before")
        holding = [
            one for one, owner in optimizers if _holds(owner, target) or (replaced is not None and _holds(replaced, owner))
        ]
        sure = holding and all(one.order < event.order and on_one_path(one, event) for one in holding)
        if sure and not any(owner is None for _, owner in optimizers) and _stepped(events, holding):
            found.append(Untrained(text_of(event.values.get("name")), "replaced", event.place, holding[-1].place))
    found.extend(_other_models(events))
    yield from found or _strangers(events, optimizers)
    yield from _held_twice(events, optimizers)


def _holds(owner: Value | None, module: Value | None) -> bool:
    return isinstance(owner, Object | Instance) and any(one is module for _, one in descendants(owner))


def _stepped(events: tuple[Event, ...], making: list[Event]) -> bool:
    held = {id(event.values.get("object")) for event in making}
    return any(event.kind == "step" and id(event.values.get("optimizer")) in held for event in events)


def _other_models(events: tuple[Event, ...]) -> Iterator[Untrained]:
    """Loops that call one model and step the optimizer of another of its class."""
    for one in loop_passes(events):
        owner = owner_of(one.step.values.get("optimizer") or Literal(None))
        passes = [event for event in events if event.kind == "forward" and inside(event, one.loop) and not is_unrecorded(event)]
        called = {id(event.values["model"]): event.values["model"] for event in passes}
        steps = {id(event.values.get("optimizer")) for event in events if event.kind == "step" and inside(event, one.loop)}
        if len(called) != 1 or len(steps) != 1 or not one.of("backward") or one.step.place is None:
            continue
        model = next(iter(called.values()))
        twins = isinstance(model, Instance) and isinstance(owner, Instance) and model.cls is owner.cls
        if twins and model is not owner and not _holds(owner, model) and not _holds(model, owner):
            yield Untrained(named(model), "other", one.step.place)


def _strangers(events: tuple[Event, ...], optimizers: list[tuple[Event, Value | None]]) -> Iterator[Untrained]:
    """Losses of one model alone, which no optimizer holds, before the step of a model that is never called for its gradients."""
    if any(owner is None for _, owner in optimizers):
        return
    passes = [event for event in events if event.kind == "forward" and not is_unrecorded(event)]
    seen: set[object] = set()
    for step in events:
        owner = owner_of(step.values.get("optimizer") or Literal(None)) if step.kind == "step" else None
        if not isinstance(owner, Object | Instance) or step.place is None or step.place in seen:
            continue
        if any(_holds(owner, event.values["model"]) or _holds(event.values["model"], owner) for event in passes):
            continue
        before = [event for event in events if event.kind == "backward" and event.order < step.order and on_one_path(event, step)]
        loss = before[-1].values.get("loss") if before else None
        last = next((event for event in reversed(passes) if before and event.order < before[-1].order), None)
        model = last.values["model"] if last is not None else None
        if last is None or loss is None or model is None or not has_weights(model):
            continue
        trained = any(_holds(one, model) or _holds(model, one) for _, one in optimizers)
        if not trained and _is_all_of_the_loss(loss, last, _uncounted(events)):
            seen.add(step.place)
            yield Untrained(named(model), "strange", step.place)


def named(model: Value) -> str:
    """A model's class, or for one of the library's containers the name that it is assigned to."""
    if isinstance(model, Instance):
        return model.cls.name
    place = model.place if isinstance(model, Object) else None
    return (assigned_name(place) if place is not None else "") or "model"


def _uncounted(events: tuple[Event, ...]) -> frozenset[int]:
    """The outputs of the passes that keep no gradients."""
    outputs = [event.values.get("output") for event in events if event.kind == "forward" and is_unrecorded(event)]
    return frozenset(id(part) for one in outputs for part in (one.items if isinstance(one, Tuple) else (one,)))


def _held_twice(events: tuple[Event, ...], optimizers: list[tuple[Event, Value | None]]) -> Iterator[Untrained]:
    """Models of a loop whose optimizers hold one model twice and this one not at all."""
    for one in loop_passes(events):
        stepped = {id(event.values.get("optimizer")) for event in events if event.kind == "step" and inside(event, one.loop)}
        mine = [(event, owner) for event, owner in optimizers if id(event.values.get("object")) in stepped]
        owners = [owner for _, owner in mine]
        second = next((event for i, (event, owner) in enumerate(mine) if any(owner is other for other in owners[:i])), None)
        if second is None or second.place is None or one.step is not _first_step(events, one):
            continue
        for event in events:
            model = event.values.get("model")
            called = event.kind == "forward" and inside(event, one.loop) and not is_unrecorded(event)
            if not called or not isinstance(model, Object | Instance) or not is_module(model) or not has_weights(model):
                continue
            if "requires_grad" in model.cells:
                continue
            if not any(owner is None or _holds(owner, model) or _holds(model, owner) for _, owner in optimizers):
                yield Untrained(named(model), "twice", second.place)
                break


def _first_step(events: tuple[Event, ...], one: LoopPass) -> Event | None:
    return next((event for event in events if event.kind == "step" and inside(event, one.loop)), None)


def _is_all_of_the_loss(loss: Value, forward: Event, uncounted: frozenset[int]) -> bool:
    """Whether what goes backward comes from a model's call, from weights nowhere else, and from nothing unknown but its batch.

    `uncounted` are the outputs without gradients.
    """
    output = forward.values.get("output")
    parts = {id(part) for part in (output.items if isinstance(output, Tuple) else (output,))}
    inputs = forward.values.get("inputs")
    given = inputs.items if isinstance(inputs, Tuple) else (inputs,) if inputs is not None else ()
    batch = {value.why for held in given for value in above(held) if isinstance(value, Unknown)}
    stack = [loss]
    seen: set[int] = set()
    found = False
    while stack and len(seen) < MAXIMUM_ARRAYS:
        value = stack.pop()
        if id(value) in seen or id(value) in uncounted:
            continue
        seen.add(id(value))
        if id(value) in parts:
            found = True
        elif (isinstance(value, Unknown) and value.why not in batch) or (isinstance(value, Array) and value.op in OWNED):
            return False
        elif isinstance(value, Array) and not is_constant(value):
            stack.extend(other for held in value.inputs for other in alternatives(held))
    return found and not stack


def idle_attributes(script: Script) -> Iterator[tuple[str, str, Place]]:
    """Assignments that change nothing: (kind of target, attribute, where). Kinds: optimizer, tensor, loss, module, method."""
    for event in every_event(script):
        target, name = event.values.get("target"), text_of(event.values.get("name"))
        if event.kind not in ("set_attribute", "set_member") or event.place is None or not text_of(event.values.get("name")):
            continue
        if isinstance(target, Array):
            yield "tensor", name, event.place
        elif isinstance(target, Object) and target.row.makes == "loss" and name in REDUCTIONS:
            if target.row.library == "torch":
                yield "loss", name, event.place
        elif isinstance(target, Object | Instance) and is_module(target):
            flag = isinstance(event.values.get("value"), Literal)
            # the text of the class can only silence
            declared = isinstance(target, Instance) and re.search(rf"(?m)^[ \t]+def {name}\b|self\.{name}\b", _text(target))
            if flag and not declared and name in ("train", "eval"):
                yield "method", name, event.place
            elif flag and not declared and name in ("requires_grad", "require_grad", "trainable"):
                yield "module", name, event.place
        elif (
            isinstance(target, Object) and target.row.makes == "optimizer" and target.row.library == "torch" and name in SETTINGS
        ):
            yield "optimizer", "lr" if name == "learning_rate" else name, event.place


def _text(instance: Instance) -> str:
    return getattr(instance.cls.place, "source_text", "")


def idle_schedules(script: Script) -> Iterator[tuple[str, Place, tuple[Place, ...]]]:
    """(class, place, loops around the optimizer's step) of PyTorch's schedules that nobody steps and nothing else reads."""
    events = every_event(script)
    stepped = {id(event.values.get("schedule")) for event in events if event.kind == "scheduler_step"}
    moving = {id(event.values.get("optimizer")): event for event in events if event.kind == "step"}
    for event in events:
        schedule = event.values.get("schedule")
        if event.kind != "schedule" or not isinstance(schedule, Object) or event.place is None or id(schedule) in stepped:
            continue
        if names_only(events, schedule, "step"):
            continue
        name = assigned_name(event.place)
        optimizer = event.values.get("optimizer") or Literal(None)
        step = next((moving[id(one)] for one in (optimizer, *alternatives(optimizer)) if id(one) in moving), None)
        if step is not None and name and not _is_read(event.place, name):
            loops = loops_of(step)
            places = tuple(frame.place for frame in loops if frame.place is not None)
            yield schedule.row.name.rpartition(".")[2], event.place, places


def uncounted_schedule(events: Sequence[Event]) -> Object | None:
    """A schedule of TensorFlow 1 by a counter that no step adds to: `minimize` is not given it; words of assignment silence."""
    for event in events:
        optimizer = event.values.get("optimizer")
        rate = optimizer.arguments.get("learning_rate") if event.kind == "step" and isinstance(optimizer, Object) else None
        if not isinstance(rate, Object) or rate.row.makes != "schedule" or "counter" in event.values:
            continue
        counter = rate.arguments.get("global_step")
        kept = isinstance(counter, Array) and counter.op == "parameter"
        if kept and not re.search(r"assign|increment|global_step\s*=\s*\w*step", getattr(event.place, "source_text", "")):
            return rate
    return None


SHOWING = frozenset({"get_last_lr", "get_lr", "state_dict", "last_epoch", "load_state_dict"})
"""What tells of a schedule and does not move it."""


def _is_read(place: Place, name: str) -> bool:
    """Whether a file reads a schedule, other than to show or save it, or binds its name to something else."""
    import libcst as cst

    names = names_of(place)
    if names is None or len(names.bound.get(name, ())) > 1:
        return True
    for node in names.read.get(name, ()):
        above = names.parents[id(node)]
        method = above.attr.value if isinstance(above, cst.Attribute) and above.value is node else ""
        called = isinstance(names.parents[id(above)], cst.Call)
        if method not in SHOWING and (method != "step" or called):
            return True
    return False


def kept_by_reference(script: Script) -> Iterator[tuple[Place, str, Place | None, str]]:
    """What a training loop keeps as its best and goes on to change.

    Gives where, the name of a second name of the model, the use of it after the loop, and what that use does.
    """
    yield from ((kept, "", used, what) for kept, used, what in weights_kept_by_reference(script))
    yield from ((kept, name, None, "read") for kept, name in models_kept_by_reference(script))


def weights_kept_by_reference(script: Script) -> Iterator[tuple[Place, Place, str]]:
    """`state_dict()` of the training loop that is "loaded" or "saved" after it: (where it is kept, where that happens, which)."""
    events = every_event(script)
    called = {id(event.values["model"]) for event in events if event.kind == "forward"}  # a copy is another model
    seen: set[object] = set()
    for event in events:
        saved = event.kind == "saved"
        if event.kind not in ("set_weights", "saved") or event.place is None:
            continue
        for one in alternatives(event.values.get("value" if saved else "weights") or Literal(None)):
            kept = one if isinstance(one, Object) and one.row.kind == "state_dict" else None
            if kept is None or kept.place is None or kept.place in seen:
                continue
            model = kept.cells.get("model")
            own = id(model) in called and _is_chosen(kept.place) if saved else model is event.values.get("target")
            if own and _trained_between(events, kept.place, event):
                seen.add(kept.place)
                yield kept.place, event.place, "saved" if saved else "loaded"


def _is_chosen(place: Place) -> bool:
    """Whether a place stands under a condition within a loop: what every pass keeps is in the end what the last one kept."""
    import libcst as cst

    names, node = names_of(place), node_at(place)
    chosen = False
    while names is not None and node is not None and not isinstance(node, cst.For | cst.While | cst.FunctionDef):
        chosen = chosen or isinstance(node, cst.If)
        node = names.parents.get(id(node))
    return chosen and isinstance(node, cst.For | cst.While)


def models_kept_by_reference(script: Script) -> Iterator[tuple[Place, str]]:
    """`best_model = model` in a training loop that goes on, and is read elsewhere: (where, the name)."""
    events = every_event(script)
    used = {id(event.values.get("model")) for event in events if event.kind in ("mode", "forward")}
    born = {id(held): event for event, held in made(script) if held is not None}
    seen: set[object] = set()
    for event in events:
        value, loops = event.values.get("value"), loops_of(event)
        chosen = any(frame.kind == "branch" for frame in event.frames)
        if event.kind != "kept" or event.place is None or event.place in seen or not loops or not chosen or id(value) not in used:
            continue
        loop, name = loops[-1], text_of(event.values.get("name"))
        trains = any(one.kind == "step" and inside(one, loop) for one in events) and loop.trips != 1
        fresh = (id(value) in born and inside(born[id(value)], loop)) or _contains(loop.place, getattr(value, "place", None))
        if trains and not fresh and any(not _is_within(one, event.place, loop) for one in readers(event.place, name)):
            seen.add(event.place)
            yield event.place, name


def _is_within(reader: cst.CSTNode, place: Place, loop: Frame) -> bool:
    """Whether code stands in a loop, or where the loop is another function's, in the statement at a place."""
    names, node, around = names_of(place), node_at(place), node_at(loop.place)
    if names is None or node is None:
        return True
    own = around if names.within(node, around) else names.parents[id(node)]
    return names.within(reader, own)


def _trained_between(events: tuple[Event, ...], kept: Place, loaded: Event) -> bool:
    """Whether steps in a loop of the text follow a place, which the loop that loads does not surround."""
    for event in events:
        if event.kind != "step" or event.order > loaded.order:
            continue
        for loop in loops_of(event):
            if _contains(loop.place, kept) and not _contains(loop.place, loaded.place):
                return True
    return False


def _contains(outer: Place | None, inner: Place | None) -> bool:
    if outer is None or inner is None or outer.span.filename != inner.span.filename:
        return False
    return outer.span.row <= inner.span.row <= outer.span.end_row
