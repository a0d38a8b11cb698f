"""Losses that are called wrongly: tensors given to the constructor, or a criterion that its own result replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Edit, Place, Span
from trainlint.facts.passes import conditional, every_event, innermost_loop
from trainlint.facts.queries import array_above
from trainlint.facts.registration import made
from trainlint.facts.run import Script
from trainlint.facts.syntax import names_of, node_at, targets_of
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Object, Value
from trainlint.source.lines import split_rows

BY_KEYWORD = re.compile(r"[\w.]+\(\s*\w+\s*=")


class WrongCall(NamedTuple):
    """A call of a loss that fails: what happens, where, the criterion's place, and the edits that mend it."""

    effect: str
    place: Place
    related: tuple[tuple[str, Place], ...]
    edits: tuple[Edit, ...]


def wrong_loss_calls(script: Script) -> Iterator[WrongCall]:
    """Predictions given to the constructor of a loss, criteria that the second pass cannot call, `loss.backward(loss)`."""
    for event, built in made(script, "loss"):
        if isinstance(built, Object) and event.place is not None and _takes_prediction(built):
            name = built.row.name.rpartition(".")[2]
            effect = (
                f"`{name}` is a class: the tensors become its settings and no loss is computed. Construct it first, "
                f"`{name}()(output, target)`"
            )
            yield WrongCall(effect, event.place, (), _constructed_first(event.place))
    for event in every_event(script):
        loop, loss = innermost_loop(event), event.values.get("loss")
        if event.kind == "backward" and event.place is not None and _starts_by_itself(event, loss):
            effect = "every gradient is multiplied by the loss itself, and steps fade as it falls: call `backward()`"
            yield WrongCall(effect, event.place, (), ())
        if event.kind == "loss" and isinstance(loss, Object) and event.place is not None and loop is not None:
            name = _replaced_name(event.place)
            if name and _runs_again(event, loop) and _outside(loss, loop, name):
                effect = f"`{name}` is the loss in the first pass and a tensor in the second, which cannot be called: raises"
                places = (("the loss function", loss.place),) if loss.place is not None else ()
                yield WrongCall(effect, event.place, places, _renamed(event.place, loss.place, name))


def _starts_by_itself(backward: Event, loss: Value | None) -> bool:
    """Whether a pass is `loss.backward(loss)` of one number, or of one name whose value is not known."""
    if loss is None or backward.values.get("gradient") is not loss:
        return False
    import libcst as cst

    node = node_at(backward.place)
    called = node.func if isinstance(node, cst.Call) else None
    named = called.value if isinstance(called, cst.Attribute) else None
    given = node.args[0].value if isinstance(node, cst.Call) and node.args else None
    same = isinstance(named, cst.Name) and isinstance(given, cst.Name) and named.value == given.value
    return same and (not isinstance(loss, Array) or loss.shape in ((), None))


def _takes_prediction(loss: Object) -> bool:
    """Whether a class of losses is constructed of what a layer gave."""
    if not any(isinstance(one, Array) and array_above(one, "layer") is not None for one in loss.arguments.values()):
        return False
    return BY_KEYWORD.match(getattr(loss.place, "text", "")) is None  # can only silence


def _constructed_first(place: Place) -> tuple[Edit, ...]:
    text, span = getattr(place, "text", ""), place.span
    head = text.partition("(")[0]
    if not head or "\n" in head:
        return ()
    column = span.column + len(head)
    return (Edit(Span(span.filename, span.row, column, span.row, column), "()"),)


def _replaced_name(place: Place) -> str:
    """The x of a statement `x = x(...)`."""
    import libcst as cst

    node = node_at(place)
    called = node.func if isinstance(node, cst.Call) else None
    if not isinstance(called, cst.Name):
        return ""
    name, text = called.value, getattr(place, "source_text", "")
    # parents are found for the whole file at once, which is worth it for such a text alone
    is_likely = re.search(rf"\b{name}\b[^=\n]*=[\s(\\]*{name}\b", text) is not None
    return name if is_likely and targets_of(place) == (name,) else ""


def _runs_again(event: Event, loop: Frame) -> bool:
    """Whether the loop surely comes back to an event, in the same call of the function around it."""
    frames = [frame for frame in event.frames if frame.kind in ("loop", "call", "uncalled")]
    return loop.trips != 1 and not conditional(event, loop) and bool(frames) and frames[-1] is loop


def _outside(loss: Object, loop: Frame, name: str) -> bool:
    """Whether a criterion is made outside of a loop whose body gives its name to nothing else."""
    names, made_at, around = names_of(loop.place), node_at(loss.place), node_at(loop.place)
    if names is None or made_at is None or around is None or names_of(loss.place) is not names:
        return False
    once = sum(names.within(one, around) for one in names.bound.get(name, ())) == 1
    return once and not names.within(made_at, around)


def _renamed(call: Place, made_at: Place | None, name: str) -> tuple[Edit, ...]:
    """Another name for the criterion, where only this call and what stands behind it name it."""
    rows = split_rows(getattr(call, "source_text", ""))
    if made_at is None or f"{name}_fn" in "\n".join(rows) or made_at.span.row > len(rows):
        return ()
    word = re.compile(rf"(?<![\w.]){name}\b")
    before = rows[made_at.span.row - 1][: made_at.span.column - 1]
    elsewhere = [row for row, text in enumerate(rows, 1) if word.search(text) and row < call.span.row and row != made_at.span.row]
    if elsewhere or not re.fullmatch(rf"\s*{name}\s*=\s*", before):
        return ()
    start = before.index(name) + 1
    span, made_row = call.span, made_at.span.row
    return (
        Edit(Span(span.filename, made_row, start, made_row, start + len(name)), f"{name}_fn"),
        Edit(Span(span.filename, span.row, span.column, span.row, span.column + len(name)), f"{name}_fn"),
    )
