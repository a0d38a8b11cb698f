"""What the sessions of a TensorFlow 1 script leave out: initialisation, and the updates of moving averages."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.core import Place
from trainlint.facts.graph import walk
from trainlint.facts.passes import every_event
from trainlint.facts.queries import root_of
from trainlint.facts.run import OptimizerFacts, Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Object, Symbol
from trainlint.source.lines import split_rows


def uninitialized_steps(script: Script) -> Iterator[Place]:
    """The first training step of a session that the script makes, where no session ever initialises the weights."""
    events = every_event(script)
    if any(event.kind == "initialize" for event in events):
        return
    for event in events:
        if _in_own_session(event) and not any(frame.kind == "uncalled" for frame in event.frames) and event.place is not None:
            yield event.place
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


def _of_function(place: Place | None) -> bool:
    """Whether a layer is made by the function `batch_normalization`, not by a Keras layer."""
    source = getattr(place, "source_text", "")
    if place is None or not source:
        return False
    row = split_rows(source)[place.span.row - 1]
    return "batch_normalization(" in row[place.span.column - 1 :]
