"""Passes of a PyTorch script that do not train: which mode the model is in, and what keeps their graphs alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.loop_faults import mode_dependent_layer, upstream
from trainlint.facts.passes import every_event, innermost_loop, inside, is_unrecorded, names_only, owner_of, same_frame
from trainlint.facts.registration import descendants, has_weights
from trainlint.facts.run import Script
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Instance, List, Literal, Object, Tuple, Unknown, Value, alternatives

MAXIMUM_ARRAYS = 5_000
"""Of those that a value was computed from, how many are looked at for its graph."""


class Evaluation(NamedTuple):
    """A pass that does not train over a model that the script trains: the call, the loop over its data, what acts in it.

    `loop` is None for a single call under `no_grad`; `epochs` is the loop that goes on training after it, if one surrounds it.
    """

    place: Place
    layer: str
    loop: Frame | None
    epochs: Frame | None


def evaluations_in_training_mode(script: Script) -> Iterator[Evaluation]:
    """Evaluations of models with dropout or batch statistics that nothing has put into evaluation mode."""
    events = every_event(script)
    modes = [event for event in events if event.kind == "mode"]
    if any(isinstance(event.values.get("model"), Unknown) for event in modes):
        return
    seen: set[object] = set()
    for event, steps in _evaluations(events):
        model = event.values.get("model")
        layer = mode_dependent_layer(model, events)
        loop = innermost_loop(event)
        own = [one for one in modes if _concerns(one, model)]
        if not layer or event.place is None or event.place in seen or not _trains_here(event, own, loop):
            continue
        if names_only(events, model, "eval"):
            continue
        seen.add(event.place)
        outer = [frame for frame in event.frames if frame.kind == "loop" and any(inside(step, frame) for step in steps)]
        over_data = loop if loop is not None and loader_over(loop) is not None else None
        yield Evaluation(event.place, layer, over_data, outer[0] if outer else None)


def _evaluations(events: Sequence[Event]) -> Iterator[tuple[Event, list[Event]]]:
    """The calls of trained models outside of training loops, with the steps that train the model.

    There are none of these for a model whose weights were read from a file.
    """
    loaded = [event for event in events if event.kind == "set_weights" and not _is_copy(event.values.get("weights"))]
    steps = [event for event in events if event.kind == "step"]
    training = [loop for step in steps for loop in (innermost_loop(step),) if loop is not None]
    loaders = {id(loader) for loop in training for loader in (loader_over(loop),) if loader is not None}
    acting = [event for event in events if event.kind in ("step", "backward")]
    for event in events:
        model = event.values.get("model")
        own = [step for step in steps if owner_of(step.values.get("optimizer") or Literal(None)) is model]
        if event.kind != "forward" or not isinstance(model, Object | Instance):
            continue
        saved = [one for one in loaded if one.values.get("target") is model and one.order < event.order]
        trained = own or ([] if _is_in_a_module(event) else saved)
        if not trained or not _same_path(event, trained[0]):
            continue
        loop = innermost_loop(event)
        loader = loader_over(loop)
        if loader is not None and loop is not None:
            found = id(loader) not in loaders and not any(_in_the_same_pass(one, event, loop) for one in acting)
        else:
            alone = is_unrecorded(event) or _comes_after(event, [*own, *acting])
            found = alone and not _is_drawn_at_random(event) and _has_own_data(event)
        if found:
            yield event, own


def _is_in_a_module(event: Event) -> bool:
    """Whether a module of the script makes a call: its own mode is that of what it holds."""
    return any(isinstance(frame.over, Instance) and frame.over.row is not None for frame in event.frames)


def _is_copy(weights: Value | None) -> bool:
    """Whether weights are those of another model in the script, not read from a file."""
    return isinstance(weights, Object) and "model" in weights.cells


def _comes_after(event: Event, training: Sequence[Event]) -> bool:
    """Whether a call stands outside of all loops and functions, and whatever trains has trained by then."""
    return all(frame.kind == "with" for frame in event.frames) and all(one.order < event.order for one in training)


def _in_the_same_pass(act: Event, event: Event, loop: Frame) -> bool:
    """Whether an act is in the loop around an event, and not in another call of the function that the loop stands in."""
    first, second = _down_to(act, loop), _down_to(event, loop)
    return inside(act, loop) and len(first) == len(second) and all(map(same_frame, first, second))


def _down_to(event: Event, loop: Frame) -> list[Frame]:
    """The calls and loops around a loop that surrounds an event."""
    found: list[Frame] = []
    for frame in event.frames:
        if same_frame(frame, loop):
            break
        if frame.kind in ("call", "loop"):
            found.append(frame)
    return found


def _has_own_data(event: Event) -> bool:
    """Whether a single call has data that are no mini-batch of the training loop around it."""
    inputs = event.values.get("inputs")
    given = inputs.items if isinstance(inputs, Tuple) else ()
    return bool(given) and all(isinstance(one, Array) and not any(up.op == "batch" for up in upstream(one)) for one in given)


def _same_path(event: Event, step: Event) -> bool:
    """Whether nobody else can have set the mode: no function that only others call lies around the one and not the other."""
    uncalled = [frame for frame in event.frames if frame.kind in ("uncalled", "pass")]
    return all(any(same_frame(frame, one) for one in step.frames) for frame in uncalled)


def _is_drawn_at_random(event: Event) -> bool:
    inputs = event.values.get("inputs")
    given = inputs.items if isinstance(inputs, Tuple) else ()
    return any(up.op == "random" for one in given if isinstance(one, Array) for up in upstream(one))


def _concerns(mode: Event, model: Value | None) -> bool:
    """Whether a mode is set of a model, of something around it or of something in it."""
    held = mode.values.get("model")
    for one in alternatives(held) if held is not None else ():
        if not isinstance(one, Object | Instance) or not isinstance(model, Object | Instance):
            return True
        if any(below is model for _, below in descendants(one)) or any(below is one for _, below in descendants(model)):
            return True
    return False


def _trains_here(event: Event, modes: Sequence[Event], loop: Frame | None) -> bool:
    """Whether a model is surely in training mode at a call."""
    before = [one for one in modes if one.order < event.order]
    shared = [frame for frame in event.frames if frame.kind == "loop"]
    if any(_name(one) != "train" and any(inside(one, frame) for frame in shared) for one in modes):
        return False
    if not before:
        return all(_name(one) == "train" for one in modes) or not any(inside(one, frame) for one in modes for frame in shared)
    last = before[-1]
    sides = [frame for frame in last.frames if frame.kind == "branch"]
    sure = all(any(same_frame(frame, one) for one in event.frames) for frame in sides)
    return _name(last) == "train" and sure and (loop is None or not inside(last, loop))


def _name(mode: Event) -> object:
    held = mode.values.get("mode")
    return held.value if isinstance(held, Literal) else None


def steps_of_an_evaluation(script: Script) -> Iterator[tuple[Place, Place]]:
    """(the step, the `eval()`) of passes over phases (`for phase in ["train", "val"]`) that evaluate and step all the same."""
    events = every_event(script)
    modes = [event for event in events if event.kind == "mode"]
    seen: set[object] = set()
    for step in events:
        phase = next((frame for frame in step.frames if frame.kind == "pass"), None)
        model = owner_of(step.values.get("optimizer") or Literal(None))
        if step.kind != "step" or phase is None or step.place is None or step.place in seen or model is None:
            continue
        own = [one for one in modes if any(frame is phase for frame in one.frames) and one.order < step.order]
        own = [one for one in own if one.values.get("model") is model]
        sure = not any(frame.kind == "branch" for one in (step, *own[-1:]) for frame in one.frames)
        if own and _name(own[-1]) == "eval" and sure and own[-1].place is not None:
            seen.add(step.place)
            yield step.place, own[-1].place


def kept_outputs(script: Script) -> Iterator[tuple[Place, Place]]:
    """(where an output with its graph is put into a list, the call) in evaluations that record gradients."""
    events = every_event(script)
    kept = [event for event in events if event.kind == "accumulated" and isinstance(event.values.get("before"), List)]
    backward = [event.values.get("loss") for event in events if event.kind == "backward"]
    for event, _ in _evaluations(events):
        output, loop = event.values.get("output"), innermost_loop(event)
        if is_unrecorded(event) or loop is None or not isinstance(output, Array) or event.place is None:
            continue
        for one in kept:
            value = one.values.get("value")
            if not inside(one, loop) or not isinstance(value, Array) or not has_graph(value) or one.place is None:
                continue
            used = any(isinstance(loss, Array) and value in upstream(loss) for loss in backward)
            if not used and any(up is output for up in upstream(value)):
                yield one.place, event.place


def has_graph(value: Array) -> bool:
    """Whether a tensor keeps the graph that it was computed by: on some way from the weights nothing cuts it off."""
    if value.library != "torch" or not value.symbolic:
        return False
    stack: list[Value] = [value]
    seen: set[int] = set()
    cut = False
    while stack and len(seen) < MAXIMUM_ARRAYS:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for held in alternatives(one):
            if isinstance(held, Array) and (held.detached or held.op == "detach"):
                cut = True
            elif isinstance(held, Array):
                layer = held.attributes.get("layer")
                if held.op == "layer" and isinstance(layer, Object | Instance) and has_weights(layer):
                    return True
                stack.extend(held.inputs)
    return not cut


class KeptGraph(NamedTuple):
    """A loss that is added up or kept with its graph: where, `listed` if in a list, and whether it is one number."""

    place: Place
    listed: bool
    scalar: bool
    loop: Frame


def kept_graphs(script: Script) -> Iterator[KeptGraph]:
    """Losses of training loops that a total or a list from before the loop takes up with their graphs."""
    events = every_event(script)
    backwards = [event for event in events if event.kind == "backward" and isinstance(event.values.get("loss"), Array)]
    seen: set[object] = set()
    for event in events:
        value, loop = event.values.get("value"), innermost_loop(event)
        if event.kind != "accumulated" or not isinstance(value, Array) or loop is None or event.place is None:
            continue
        if event.place in seen or is_unrecorded(event) or not has_graph(value) or not _is_from_before(event, loop):
            continue
        losses = {id(one.values["loss"]): one for one in backwards}
        trained = any(id(up) in losses and inside(losses[id(up)], loop) for up in upstream(value))
        result = event.values.get("result")
        if trained and not any(_reaches(one, value, result, loop) for one in backwards):
            seen.add(event.place)
            yield KeptGraph(event.place, isinstance(result, List), value.shape == (), loop)


def _reaches(backward: Event, value: Array, result: Value | None, loop: Frame) -> bool:
    """Whether a backward pass needs what was added up: of the total, or of the values after the loop."""
    loss = backward.values.get("loss")
    above = list(upstream(loss)) if isinstance(loss, Array) else []
    return any(one is result for one in above) or (not inside(backward, loop) and any(one is value for one in above))


def _is_from_before(event: Event, loop: Frame) -> bool:
    """Whether the total or list was made outside of the innermost loop, so that it grows with every pass."""
    held = event.values.get("before")
    made, around = getattr(held, "place", None), loop.place
    if made is None or around is None or made.span.filename != around.span.filename:
        return False
    return not around.span.row <= made.span.row <= around.span.end_row
