"""Steps with `GradientTape`: models called without `training=True`, losses outside of the tape, gradients of other variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trainlint.core import Place
from trainlint.facts.bindings import class_text
from trainlint.facts.loop_faults import upstream
from trainlint.facts.passes import every_event
from trainlint.facts.run import Script
from trainlint.facts.syntax import enclosing, names_of, node_at
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Instance, Literal, Object, Value

ACT_IN_TRAINING = {"dropout": "Dropout", "batch_norm": "BatchNormalization"}


def calls_without_training(script: Script) -> Iterator[tuple[Place, str]]:
    """Calls of models under a tape that leave `training` out, though the model has a layer that asks for it; and that layer."""
    events = every_event(script)
    losses = [event.values.get("loss") for event in events if event.kind == "backward"]
    trained = {id(one) for loss in losses if isinstance(loss, Array) for one in upstream(loss)}
    seen: set[object] = set()
    for event in events:
        model, output = event.values.get("model"), event.values.get("output")
        if event.kind != "forward" or not _in_tape(event) or event.place is None or event.place in seen:
            continue
        if _in_train_step(event):
            continue
        layer = _layer_that_asks(output) if _leaves_the_phase_to_the_caller(model) else ""
        if layer and "training" not in event.values and id(output) in trained and not _in_learning_phase(events):
            seen.add(event.place)
            yield event.place, layer


def _leaves_the_phase_to_the_caller(model: Value | None) -> bool:
    """Whether a model of Keras, or of a class of the script that derives from one, is told the phase by who calls it."""
    if not isinstance(model, Object | Instance) or model.row is None or model.row.library != "keras":
        return False
    return isinstance(model, Object) or "training=True" not in re.sub(r"\s", "", class_text(model.cls.place))


def _in_tape(event: Event) -> bool:
    return any(frame.kind == "with" and frame.name == "tape" for frame in event.frames)


def _in_train_step(event: Event) -> bool:
    """Whether a call stands in the `train_step` of a Keras model: its parts are left at their defaults there (GANs by habit)."""
    return any(
        frame.name == "train_step" and (frame.kind == "uncalled" or (frame.kind == "call" and frame.over is not None))
        for frame in event.frames
    )


def _in_learning_phase(events: Sequence[Event]) -> bool:
    """Whether the script sets the phase for the whole of Keras."""
    return any(event.kind == "call" and "learning_phase" in getattr(event.values.get("callee"), "name", "") for event in events)


def _layer_that_asks(output: Value | None) -> str:
    """The class of a layer on the way to an output that acts in training only; "" if there is none."""
    for one in upstream(output) if isinstance(output, Array) else ():
        layer = one.attributes.get("layer")
        if one.op != "layer" or not isinstance(layer, Object) or layer.row.kind not in ACT_IN_TRAINING:
            continue
        rate, frozen = layer.arguments.get("rate"), layer.cells.get("trainable")
        if not (isinstance(frozen, Literal) and frozen.value is False) and not (isinstance(rate, Literal) and rate.value == 0):
            return ACT_IN_TRAINING[layer.row.kind]
    return ""


def losses_outside_tape(script: Script) -> Iterator[Place]:
    """Losses of `tape.gradient` that, or whose model calls, are outside of every tape: all gradients are None."""
    events = every_event(script)
    forwards = {id(event.values.get("output")): event for event in events if event.kind == "forward"}
    seen: set[object] = set()
    for event in events:
        loss = event.values.get("loss")
        if event.kind != "backward" or "tape" not in event.values or not isinstance(loss, Array) or event.place is None:
            continue
        made = [one for one in events if one.kind == "loss" and one.values.get("output") is loss]
        calls = [forwards[id(one)] for one in upstream(loss) if id(one) in forwards]
        outside = bool(calls and made) and not any(map(_in_tape, (*calls, *(made if not _of_called(event, calls) else ()))))
        place = made[0].place if outside else _made_after(loss, event, [one for one in calls if _in_tape(one)])
        if place is not None and place not in seen:
            seen.add(place)
            yield place


def _of_called(backward: Event, calls: Sequence[Event]) -> bool:
    """Whether the variables that a tape is asked about are those of the only model on the way to the loss."""
    target = backward.values.get("target")
    owner = target.cells.get("of") if isinstance(target, Object) and target.row.name == "keras.variables" else None
    return owner is not None and {id(one.values.get("model")) for one in calls} == {id(owner)}


def _made_after(loss: Array, backward: Event, calls: Sequence[Event]) -> Place | None:
    """Where a loss is computed between the end of the tape's block, in which the model was called, and `tape.gradient`."""
    import libcst as cst

    tapes = [frame for one in calls for frame in one.frames if frame.kind == "with" and frame.name == "tape"]
    opened = tapes[-1].place if tapes else None
    if opened is None or loss.place is None or backward.place is None or backward.frames != _around(calls[-1]):
        return None
    block, names, made = enclosing(opened, cst.With), names_of(opened), node_at(loss.place)
    if block is None or made is None or names is None or names is not names_of(loss.place):
        return None
    follows = opened.span.row < loss.place.span.row < backward.place.span.row
    return loss.place if follows and not names.within(made, block) else None


def _around(event: Event) -> tuple[Frame, ...]:
    """The frames outside of the innermost tape that an event happens in."""
    depth = max(index for index, frame in enumerate(event.frames) if frame.kind == "with" and frame.name == "tape")
    return tuple(event.frames[:depth])
