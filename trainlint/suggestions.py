"""The edits that rules propose. An edit that cannot be made safely is left out: the result is then empty."""

from __future__ import annotations

import re

from trainlint.core import Edit, Fact, Origin, Place, Span, Unknown
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.interpret.events import Event
from trainlint.source.lines import split_rows
from trainlint.wording import OPTIMIZER_NAMES, exact

NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?[\d_]*|\.\d+)(e[-+]?\d+)?\Z", re.IGNORECASE)
OLD_ERAS = ("keras1", "keras2")
"""Eras in which Keras optimizers call their rate `lr`."""

KERAS_NAMES = (
    (r"^\s*(?:from tensorflow )?import keras\s*$", "keras"),
    (r"^\s*import tensorflow\.keras as keras\s*$", "keras"),
    (r"^\s*from tensorflow import .*\bkeras\b", "keras"),
    (r"^\s*import tensorflow as tf\s*$", "tf.keras"),
    (r"^\s*import tensorflow\s*$", "tensorflow.keras"),
)
"""Imports after which a script can name Keras, and how."""

FIRST_IMPORT = re.compile(r"^from (tensorflow\.keras|keras)[. ].*$", re.MULTILINE)


def text_at(place: Place | None) -> str:
    """The source text at a place, where the place knows it."""
    return getattr(place, "text", "")


def insert_after(place: Place, text: str) -> Edit:
    """An edit that inserts `text` behind a place."""
    span = place.span
    return Edit(Span(span.filename, span.end_row, span.end_column, span.end_row, span.end_column), text)


def insert_statement_before(place: Place | None, statement: str) -> tuple[Edit, ...]:
    """A statement of its own line in front of the one that begins at `place`; nothing if that does not begin its line."""
    rows = split_rows(getattr(place, "source_text", ""))
    if place is None or place.span.row > len(rows) or statement.startswith("."):
        return ()
    span = place.span
    indent = rows[span.row - 1][: span.column - 1]
    if indent.strip():
        return ()
    return (Edit(Span(span.filename, span.row, span.column, span.row, span.column), f"{statement}\n{indent}"),)


def receiver_text(event: Event) -> str:
    """What stands before the method in a call that made an event: `optimizer` of `optimizer.step()`."""
    text = text_at(event.place)
    return text.rpartition(".")[0] if text.endswith("()") and "\n" not in text else ""


def set_learning_rate(run: TrainingRun, rate: float) -> tuple[Edit, ...]:
    """The edits that give a run this learning rate: a number replaced, or an argument added to the optimizer."""
    optimizer = run.optimizer
    if isinstance(optimizer, Unknown) or isinstance(optimizer.learning_rate, Unknown) or optimizer.place is None:
        return ()
    known = optimizer.learning_rate
    if known.origin is Origin.LIBRARY_DEFAULT:
        return _pass_rate(run, optimizer, rate)
    return _replace_number(known, run, rate)


def _replace_number(known: Fact[float], run: TrainingRun, rate: float) -> tuple[Edit, ...]:
    place = known.place
    if place is None or place.span.filename != run.place.span.filename or not NUMBER.match(text_at(place).strip()):
        return ()
    return (Edit(place.span, exact(rate)),)


def _pass_rate(run: TrainingRun, optimizer: OptimizerFacts, rate: float) -> tuple[Edit, ...]:
    place = optimizer.place
    text = text_at(place)
    name = "lr" if optimizer.library == "torch" or run.era in OLD_ERAS else "learning_rate"
    argument = f"{name}={exact(rate)}"
    if place is None or "#" in text:
        return ()
    if text.endswith(")"):
        span, before = place.span, text[:-1].rstrip()
        separator = "" if before.endswith("(") else " " if before.endswith(",") else ", "
        end = Span(span.filename, span.end_row, span.end_column - 1, span.end_row, span.end_column - 1)
        return (Edit(end, separator + argument),)
    if text[:1] in "\"'" and text[1:-1].isidentifier():
        return _name_optimizer(place, f"{OPTIMIZER_NAMES.get(optimizer.name, '')}({argument})")
    return ()


def _name_optimizer(place: Place, call: str) -> tuple[Edit, ...]:
    """Replace a name such as 'sgd' by a call, with an import where the script cannot name Keras yet."""
    source = getattr(place, "source_text", "")
    for pattern, name in KERAS_NAMES:
        if re.search(pattern, source, re.MULTILINE):
            return (Edit(place.span, f"{name}.optimizers.{call}"),)
    found = FIRST_IMPORT.search(source)
    class_name = call.partition("(")[0]
    if found is None or not class_name or re.search(rf"\b{class_name}\b", source):
        return ()
    row = source.count("\n", 0, found.start()) + 1
    top = Span(place.span.filename, row, 1, row, 1)
    return (Edit(top, f"from {found[1]}.optimizers import {class_name}\n"), Edit(place.span, call))


def insert_argument(place: Place | None, argument: str) -> tuple[Edit, ...]:
    """An argument more at the end of a call that stands on one line; nothing for any other text."""
    text = text_at(place)
    if place is None or not text.endswith(")") or "\n" in text or "#" in text:
        return ()
    before = text[:-1].rstrip()
    separator = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    span = place.span
    end = Span(span.filename, span.end_row, span.end_column - 1, span.end_row, span.end_column - 1)
    return (Edit(end, separator + argument),)
