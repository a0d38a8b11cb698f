"""What goes wrong in training loops as a whole: modes left on, acts that are missing, objects that every pass makes anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.passes import (
    called_from,
    conditional,
    every_event,
    inside,
    loop_passes,
    moves_own_tensors,
    names_only,
    owner_of,
    same_frame,
    steps_parameters_of,
)
from trainlint.facts.registration import MODE_DEPENDENT, descendants, is_frozen, is_module, made
from trainlint.facts.run import Script
from trainlint.facts.syntax import names_of, node_at, words_reached
from trainlint.interpret.events import TRAINING, Event, Frame
from trainlint.interpret.values import Array, Instance, Literal, Object, Unknown, Value, alternatives

EPOCHS = re.compile(r"epoch|\bep\b|\bepc\b", re.IGNORECASE)
"""Names of loops over epochs: what is built anew in a loop by another name may be meant so. A name can only silence."""
ANEW_ON_PURPOSE = re.compile(r"restart|cycle|phase|stage|fold|trial|seed|run|repeat|ensemble|task|round|client", re.IGNORECASE)
"""Names of loops each pass of which is a training of its own: they can only silence."""

MANY_PASSES = 10
"""Passes of a loop around single steps from which on these are the steps of one training."""

GRADIENTS_TAKEN = re.compile(r"backward|(?<!no_)(?<!zero_)(?<!enable_)(?<!requires_)(?<!auto)grad\b|\.minimize")
"""Words of a loop that say that something takes gradients, be it out of sight: they can only silence."""

UPDATED = re.compile(r"apply|assign|minimize|\.update\b|set_weights|\bimport_module\b|\.fit\(|optimizer_?\w*\(.*grad")
"""Words of a file that puts gradients to use, be it out of sight: they can only silence."""


class LeftInEval(NamedTuple):
    """An `eval()` after which the model trains on: where, the step that comes next, and what kind of layer suffers."""

    place: Place
    step: Place
    layer: str
    repeated: bool
    loop: Place | None = None


class Rebuilt(NamedTuple):
    """Something that every pass of a training loop makes anew: "optimizer", "schedule", "model" or "weights"."""

    what: str
    name: str
    unit: str
    place: Place
    loops: tuple[Frame, ...] = ()


def loops_of(event: Event) -> list[Frame]:
    """The loops around an event, the outermost first."""
    return [frame for frame in event.frames if frame.kind == "loop"]


def left_in_eval(script: Script) -> Iterator[LeftInEval]:
    """Models that train on in evaluation mode: no `train()` between an `eval()` and the next step."""
    events = every_event(script)
    modes = [event for event in events if event.kind == "mode"]
    if not modes or any(isinstance(event.values.get("model"), Unknown) and _mode(event) != "eval" for event in modes):
        return  # what is set to training mode may be the model
    for one in loop_passes(events):
        model = _trained(events, one.step, one.loop)
        layer = mode_dependent_layer(model, events, frozen_too=False)
        if model is None or not layer or one.step.place is None or names_only(events, model, "train"):
            continue
        own = [event for event in modes if event.values.get("model") is model]
        made_in = [frame for event, held in made(script) if held is model for frame in loops_of(event)]
        around = [loop for loop in loops_of(one.step) if not any(same_frame(loop, other) for other in made_in)]
        found = _left_on(own, one.step, around[0]) if around else None
        if found is not None and found.place is not None:
            repeated = inside(found, around[0]) and found.order > one.step.order
            yield LeftInEval(found.place, one.step.place, layer, repeated, around[0].place)


def _left_on(modes: Sequence[Event], step: Event, loop: Frame) -> Event | None:
    """The `eval()` that is in force at a step, in the first pass of the outermost loop or from the second on."""
    within = [event for event in modes if inside(event, loop)]
    if any(_mode(event) != "eval" and event.order < step.order for event in within):
        return None
    if within:
        last = next((event for event in reversed(within) if event.order < step.order), within[-1])
        return last if _mode(last) == "eval" and loop.trips != 1 else None
    before = [event for event in modes if event.order < step.order]
    return before[-1] if before and _mode(before[-1]) == "eval" and _surely_before(before[-1], step) else None


def _surely_before(event: Event, step: Event) -> bool:
    """Whether what comes first in the text comes first when the script runs: in no function of its own that nobody calls."""
    uncalled = [frame for frame in event.frames if frame.kind in ("uncalled", "branch")]
    return all(any(same_frame(frame, other) for other in step.frames) for frame in uncalled)


def _mode(event: Event) -> object:
    mode = event.values.get("mode")
    return mode.value if isinstance(mode, Literal) else None


def _trained(events: Sequence[Event], step: Event, loop: Frame) -> Object | Instance | None:
    """The model whose output a loop trains on: the owner of what the optimizer has, else the only one that is called."""
    optimizer = step.values.get("optimizer")
    owner = owner_of(optimizer) if optimizer is not None else None
    if isinstance(owner, Object | Instance):
        return owner
    if moves_own_tensors(optimizer):
        return None
    called = {
        id(event.values["model"]): event.values["model"] for event in events if event.kind == "forward" and inside(event, loop)
    }
    only = next(iter(called.values())) if len(called) == 1 else None
    return only if isinstance(only, Object | Instance) else None


def mode_dependent_layer(model: Value | None, events: Sequence[Event], *, frozen_too: bool = True) -> str:
    """The class of a layer of a model that evaluation changes; nothing if there is none, or the model is not known.

    Without `frozen_too` those do not count that lie in a module whose weights were frozen: its statistics are meant to stay.
    """
    if not isinstance(model, Object | Instance) or not is_module(model):
        return ""
    still = () if frozen_too else (part for _, part in descendants(model) if is_frozen(part))
    frozen = {id(one) for part in still for _, one in descendants(part)}
    for _, one in descendants(model):
        if (
            one.row is not None
            and id(one) not in frozen
            and (one.row.kind in MODE_DEPENDENT or (one.row.library == "torchvision" and one.row.makes == "model"))
        ):
            return one.row.name.rpartition(".")[2]
    own = {id(one) for _, one in descendants(model)}
    for event in events:
        training = event.values.get("training") if event.kind == "functional_dropout" else None
        by_mode = isinstance(training, Literal) and training.note == TRAINING
        if by_mode and any(frame.kind == "call" and id(frame.over) in own for frame in event.frames):
            return "dropout"
    return ""


class LostGradients(NamedTuple):
    """A clear right behind a backward whose gradients no step has used, or a step right behind a clear (`early`).

    `other` is the step that finds nothing, or the clear before an early one.
    """

    place: Place
    other: Place
    step: Place
    backward: Place | None
    early: bool


def lost_gradients(script: Script) -> Iterator[LostGradients]:
    """Clears that stand between a backward and the step that needed it, also round the loop."""
    for one in loop_passes(every_event(script)):
        # of several steps at one place the acts hold the first alone, which need not be this one
        until = next((at for at, act in enumerate(one.acts) if act.place == one.step.place), len(one.acts))
        before = [act for act in one.acts[:until] if act.kind != "clip"]
        behind = [act for act in one.acts[until + 1 :] if act.kind != "clip"]
        early = bool(behind) and [act.kind for act in (*behind, *before)] == ["backward", "zero_grad"]
        if not early and [act.kind for act in before[-2:]] != ["backward", "zero_grad"]:
            continue
        clear, backward, step = [*behind, *before][-1], behind[0] if early else before[-2], one.step
        if clear.place is None or step.place is None or not steps_parameters_of(step, clear):
            continue
        if early and not (conditional(clear, one.loop) or conditional(backward, one.loop)):
            yield LostGradients(step.place, clear.place, step.place, backward.place, early)
        elif not early:
            yield LostGradients(clear.place, step.place, step.place, backward.place, early)


class Missing(NamedTuple):
    """A training loop that lacks "step" or "backward" ("gradients": where its loss is not known), and where that shows."""

    what: str
    place: Place


def missing_acts(script: Script) -> Iterator[Missing]:
    """Loops that clear gradients and go backward but never step, or step without ever going backward."""
    events = every_event(script)
    seen: set[object] = set()
    for one in loop_passes(events):
        key = one.loop.place or id(one.loop)
        if key in seen or one.of("backward") or _may_take_gradients(one.loop):
            continue
        seen.add(key)  # of several optimizers none is told of twice
        losses = [event for event in events if event.kind == "loss" and inside(event, one.loop) and _is_known(event)]
        if losses and losses[0].place is not None:
            yield Missing("backward", losses[0].place)
        elif one.of("zero_grad") and one.step.place is not None and "optimizer" in one.step.values:
            held = {event.kind for event in events if inside(event, one.loop)}
            if "forward" in held or "scheduler_step" not in held:  # without data it is the schedule that is tried out
                yield Missing("gradients", one.step.place)
    for event, optimizer in made(script, "optimizer"):
        text = getattr(event.place, "source_text", "")
        if (
            optimizer.row is None
            or optimizer.row.library != "torch"
            or re.search(r"Trainer|Lightning|\baccelerate\b|Accelerator\(", text)
        ):
            continue
        schedules = {other.place for other in events if other.kind == "scheduler_step"}
        if len(re.findall(r"\.step\b", text)) > len(schedules):
            continue
        if any(other.kind in ("step", "maybe_step") for other in events):
            continue
        clears = [other for other in events if other.kind == "zero_grad" and other.values.get("target") is optimizer]
        for clear in clears[:1]:
            loop = next(iter(reversed(loops_of(clear))), None)
            backward = [other for other in events if loop is not None and other.kind == "backward" and inside(other, loop)]
            if loop is not None and backward and backward[0].place is not None and not conditional(backward[0], loop):
                yield Missing("step", backward[0].place)


def _may_take_gradients(loop: Frame) -> bool:
    """Whether words of a loop, or of what it calls, say that gradients are taken."""
    words = words_reached(loop.place)
    return words is None or GRADIENTS_TAKEN.search(" ".join(f".{word}" for word in words)) is not None


def gradients_not_applied(script: Script) -> Iterator[Place]:
    """Gradients of a tape for a model's weights that a loop computes, in a file with a Keras optimizer that nothing uses."""
    events = every_event(script)
    if any(event.kind in ("step", "maybe_step", "fit", "compile") for event in events):
        return
    if not any(held.row is not None and held.row.library == "keras" for _, held in made(script, "optimizer")):
        return
    for event in events:
        target = event.values.get("target")
        if event.kind != "backward" or "tape" not in event.values or event.place is None or not loops_of(event):
            continue
        weights = isinstance(target, Object) and target.row.name == "keras.variables" and "of" in target.cells
        if weights and not UPDATED.search(getattr(event.place, "source_text", "")):
            yield event.place
            return


def _is_known(event: Event) -> bool:
    return isinstance(event.values.get("output"), Array) and not any(frame.kind == "branch" for frame in event.frames)


def rebuilt(script: Script) -> Iterator[Rebuilt]:
    """Optimizers, schedules, models and starting weights that are made anew in the very loop that trains them."""
    events = every_event(script)
    makers = {id(held): event for event, held in made(script)}
    seen: set[object] = set()
    for step in events:
        if step.kind not in ("step", "fit"):
            continue
        optimizer = step.values.get("optimizer")
        model = (owner_of(optimizer) or _owner_by_tape(step, events)) if step.kind == "step" and optimizer is not None else None
        model = step.values.get("model") if step.kind == "fit" else model
        for one in _anew(step, model, optimizer if step.kind == "step" else None, makers):
            if one.place not in seen:
                seen.add(one.place)
                yield one
    yield from _initialised_anew(events)


def _owner_by_tape(step: Event, events: Sequence[Event]) -> Value | None:
    """The model whose weights the tape right before a step of Keras was asked about."""
    before = next((event for event in reversed(events) if event.kind == "backward" and event.order < step.order), None)
    target = before.values.get("target") if before is not None and "tape" in before.values else None
    return target.cells.get("of") if isinstance(target, Object) and target.row.name == "keras.variables" else None


def _anew(step: Event, model: Value | None, optimizer: Value | None, makers: dict[int, Event]) -> Iterator[Rebuilt]:
    own = makers.get(id(model))
    loop = _shared_loop(own, step) if own is not None else None
    if own is not None and loop is not None:
        unit = _unit(loop, step)
        mistaken = unit == "batch" or (unit and EPOCHS.search(loop.name))  # where it is no epoch by name, it may be a repetition
        if mistaken and own.place is not None and isinstance(model, Object | Instance):
            yield Rebuilt("model", _name(model), unit, called_from(own, loop, step) or own.place)
        return
    built = makers.get(id(optimizer))
    loop = _shared_loop(built, step) if built is not None else None
    if built is None or loop is None or own is None or built.place is None or not isinstance(optimizer, Object):
        return
    unit = _unit(loop, step)
    if unit and not _keeps_nothing(optimizer):
        around = tuple(one for one in loops_of(step) if inside(built, one) and not inside(own, one))
        yield Rebuilt("optimizer", optimizer.row.name.rpartition(".")[2], unit, built.place, around)


def _keeps_nothing(optimizer: Object) -> bool:
    """Whether an optimizer has no state between steps, so that a new one is as good: plain SGD."""
    from trainlint.interpret.torch.common import argument_of

    momentum = argument_of(optimizer, "momentum")
    return optimizer.row.name.endswith(".SGD") and isinstance(momentum, Literal) and not momentum.value


def _name(model: Object | Instance) -> str:
    return model.cls.name if isinstance(model, Instance) else model.row.name.rpartition(".")[2]


def _shared_loop(event: Event | None, step: Event) -> Frame | None:
    """The innermost loop around both, where the first surely happens at each of its passes."""
    if event is None:
        return None
    shared = [loop for loop in loops_of(step) if inside(event, loop)]
    return shared[-1] if shared and not conditional(event, shared[-1]) else None


def _unit(loop: Frame, step: Event) -> str:
    """What a pass of a loop is to the training in it: "epoch" (once over the data), "batch", "pass"; "" where it trains anew."""
    around = loops_of(step)
    depth = next((index for index, one in enumerate(around) if same_frame(one, loop)), len(around))
    inner, outer = around[depth + 1 :], around[:depth]
    if ANEW_ON_PURPOSE.search(loop.name) or any(_is_counted(one) and one.trips != 1 for one in inner[:-1]):
        return ""
    if step.kind == "fit":
        epochs = step.values.get("epochs", Literal(1))
        return "epoch" if not inner and _is_counted(loop) and isinstance(epochs, Literal) and epochs.value == 1 else ""
    if not inner:
        drawn = loader_over(loop) is not None or any(map(_is_counted, outer[-1:]))
        return "pass" if _is_counted(loop) and (loop.trips or MANY_PASSES) >= MANY_PASSES else "batch" if drawn else ""
    if not _is_counted(loop) or _depends_on(inner[-1], loop):
        return ""
    return "epoch" if not _is_counted(inner[-1]) else "pass" if EPOCHS.search(loop.name) else ""  # the name can only silence


def _is_counted(loop: Frame) -> bool:
    """Whether the passes of a loop differ in nothing but a number."""
    over = loop.over
    while isinstance(over, Object) and over.row.makes == "iterator":
        over = over.cells.get("over")
    return loop.trips is not None if over is None else isinstance(over, Object) and over.row.kind == "range"


def _depends_on(inner: Frame, loop: Frame) -> bool:
    """Whether what a loop goes over is chosen by the variable of another: each pass has data of its own."""
    names, over = names_of(loop.place), inner.over
    nodes = [getattr(node_at(inner.place), "iter", None), node_at(getattr(over, "place", None))]
    return names is None or any(names.within(one, node) for one in names.read.get(loop.name, ()) for node in nodes if node)


def _initialised_anew(events: Sequence[Event]) -> Iterator[Rebuilt]:
    """Sessions of TensorFlow 1 that initialise the weights in every epoch."""
    steps = [event for event in events if event.kind == "step"]
    seen: set[object] = set()
    for event in events:
        if event.kind != "initialize" or isinstance(event.values.get("operation"), Unknown) or event.place is None:
            continue
        for step in steps:
            loop = _shared_loop(event, step)
            if loop is None or event.place in seen or ANEW_ON_PURPOSE.search(loop.name):
                continue
            innermost = same_frame(loop, loops_of(step)[-1]) and (loop.trips or 2) > 1
            unit = _unit(loop, step) if EPOCHS.search(loop.name) else ""
            if unit or innermost:
                seen.add(event.place)
                yield Rebuilt("weights", "the initialiser", unit or "pass", event.place)


def upstream(array: Array) -> Iterator[Array]:
    """An array and all arrays it was computed from, not beyond 5,000 of them."""
    stack: list[Value] = [array]
    seen: set[int] = set()
    while stack and len(seen) < 5_000:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for value in alternatives(one):
            if isinstance(value, Array):
                yield value
                stack.extend(value.inputs)
