"""What the sessions of a TensorFlow 1 script leave out: initialisation, updates of moving averages, dropout turned off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.graph import walk
from trainlint.facts.passes import every_event
from trainlint.facts.provenance import constant_number
from trainlint.facts.queries import above, root_of
from trainlint.facts.run import OptimizerFacts, Script
from trainlint.facts.syntax import last_name, node_at
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Dict, Literal, Object, Symbol, Tuple, Unknown, Value


def uninitialized_steps(script: Script) -> Iterator[tuple[Place, Place]]:
    """(a session that the script makes, its first training step), where no session ever initialises the weights."""
    events = every_event(script)
    if any(event.kind == "initialize" for event in events):
        return
    for event in events:
        if _in_own_session(event) and not any(frame.kind == "uncalled" for frame in event.frames) and event.place is not None:
            yield event.values["session"].place or event.place, event.place
            return


def _in_own_session(event: Event) -> bool:
    """Whether an event is a training step in a session that the script made itself."""
    session = event.values.get("session")
    return event.kind == "step" and isinstance(session, Object) and session.row.kind == "session"


def left_out_updates(script: Script) -> Iterator[tuple[Place, Place]]:
    """Optimizers of graphs with `tf.layers.batch_normalization` in a script that never asks for `UPDATE_OPS`, and that layer."""
    for event in every_event(script):
        callee = event.values.get("callee")
        if event.kind == "call" and isinstance(callee, Symbol) and callee.name == "tensorflow.get_collection":
            return
    for run in script.runs:
        root, optimizer = root_of(run), run.optimizer
        if root is None or not isinstance(optimizer, OptimizerFacts) or optimizer.library != "tensorflow":
            continue
        layer = next((node.place for node in walk(root) if node.op == "batch_norm" and _of_function(node.place)), None)
        if layer is not None and optimizer.place is not None:
            yield optimizer.place, layer
            return


def iterators_without_start(script: Script) -> Iterator[tuple[Place, Place]]:
    """(a training step of an own session, the iterator that its loss draws from), where nothing ever initialises that one."""
    events = every_event(script)
    started = {id(event.values["operation"]) for event in events if event.kind == "initialize_iterator"}
    if any(event.kind == "initialize" and isinstance(event.values.get("operation"), Unknown) for event in events):
        return
    for event in events:
        made = event.values.get("iterator")
        if event.kind != "iterator" or not isinstance(made, Object) or event.place is None:
            continue
        if id(made.cells.get("initializer")) in started:
            continue
        drawn = {id(one) for value in _parts(made.cells.get("element")) for one in above(value)}
        losses = (one for one in events if one.kind == "backward" and _fed_by(one.values.get("loss"), drawn))
        steps = [one for loss in losses for one in events if one.order == loss.order + 1 and _in_own_session(one)]
        for step in steps[:1]:
            if step.place is not None and not any(frame.kind == "uncalled" for frame in step.frames):
                yield step.place, event.place


def _parts(value: Value | None) -> Iterator[Value]:
    if isinstance(value, Tuple):
        for one in value.items:
            yield from _parts(one)
    elif value is not None:
        yield value


def _fed_by(loss: Value | None, drawn: set[int]) -> bool:
    return loss is not None and any(id(one) in drawn for one in above(loss))


class DroppedInScore(NamedTuple):
    """A score of a session that is fed other data than the training steps, with dropout still on: the share that is dropped.

    `fixed`: the share is a number in the graph, and no feed can change it.
    """

    place: Place
    share: float
    fixed: bool = False


def dropout_in_scores(script: Script) -> Iterator[DroppedInScore]:
    """Sessions that compute something on other data than they train on, and feed dropout as in training."""
    ran = [event for event in every_event(script) if event.kind == "session_run"]
    trained = [event for event in ran if _is(event.values.get("trains"), wanted=True)]
    used = {id(value) for event in trained for value in _fed(event).values() if not isinstance(value, Literal)}
    for event in ran:
        feed, place = _fed(event), event.place
        fetched = event.values.get("fetched")
        other = [value for value in feed.values() if not isinstance(value, Literal)]
        if place is None or not isinstance(fetched, Tuple) or not _is(event.values.get("trains"), wanted=False):
            continue
        if not other or any(id(value) in used for value in other) or any(isinstance(one, Unknown) for one in fetched.items):
            continue
        shares = [share for one in fetched.items for share in _dropped(one, feed)]
        if shares and trained:
            yield DroppedInScore(place, *shares[0])


def _is(value: Value | None, *, wanted: bool) -> bool:
    return isinstance(value, Literal) and value.value is wanted


def _fed(event: Event) -> dict[int, Value]:
    """What a run is fed, by the identity of the placeholder."""
    feed = event.values.get("feed")
    return {key: value for key, value in feed.cells.items() if isinstance(key, int)} if isinstance(feed, Dict) else {}


def _dropped(fetched: Value, feed: Mapping[int, Value]) -> Iterator[tuple[float, bool]]:
    """The shares that the dropouts above a fetched array drop, and whether the graph itself says so or a placeholder."""
    for one in above(fetched):
        layer = one.attributes.get("layer") if isinstance(one, Array) and one.op == "layer" else None
        if not isinstance(layer, Object):
            continue
        fixed = layer.cells.get("fixed")
        drops = fixed is not None or _is(layer.cells.get("drops"), wanted=True)
        number = constant_number(feed.get(id(layer.cells.get("share"))) if fixed is None and "share" in layer.cells else fixed)
        if number is not None and 0 < number < 1:
            yield number if drops else 1 - number, fixed is not None


def _of_function(place: Place | None) -> bool:
    """Whether a layer is made by the function `batch_normalization`, not by a Keras layer."""
    import libcst as cst

    node = node_at(place)
    return isinstance(node, cst.Call) and last_name(node.func) == "batch_normalization"
