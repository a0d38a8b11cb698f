"""The edits that rules propose. An edit that cannot be made safely is left out: the result is then empty."""

from __future__ import annotations

import re

from trainlint.core import Edit, Fact, Origin, Place, Span, Unknown
from trainlint.facts.evaluating import Evaluation
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


def set_epsilon(optimizer: OptimizerFacts, epsilon: float) -> tuple[Edit, ...]:
    """The edits that give Adam this epsilon: the argument's number replaced, or the argument added."""
    name, known = "eps" if optimizer.library == "torch" else "epsilon", optimizer.epsilon
    if isinstance(known, Fact) and known.origin is not Origin.LIBRARY_DEFAULT:
        place = known.place
        within = place is not None and optimizer.place is not None and place.span.filename == optimizer.place.span.filename
        return (
            (Edit(place.span, exact(epsilon)),) if place is not None and within and NUMBER.match(text_at(place).strip()) else ()
        )
    return insert_argument(optimizer.place, f"{name}={exact(epsilon)}")


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
    """A keyword argument more at the end of a call that stands on one line; nothing for any other text, or where it is given."""
    text, name = text_at(place), argument.partition("=")[0]
    if place is None or not text.endswith(")") or "\n" in text or "#" in text or re.search(rf"\b{name}\s*=(?!=)", text):
        return ()
    before = text[:-1].rstrip()
    separator = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    span = place.span
    end = Span(span.filename, span.end_row, span.end_column - 1, span.end_row, span.end_column - 1)
    return (Edit(end, separator + argument),)


def rename_argument(place: Place | None, name: str, new: str) -> tuple[Edit, ...]:
    """Another name for the keyword argument whose value stands at a place; nothing if `name =` does not stand in front of it."""
    rows = split_rows(getattr(place, "source_text", ""))
    if place is None or not new or place.span.row > len(rows):
        return ()
    span = place.span
    found = re.search(rf"(?<![\w.]){re.escape(name)}\s*=\s*\Z", rows[span.row - 1][: span.column - 1])
    if found is None:
        return ()
    start = found.start() + 1
    return (Edit(Span(span.filename, span.row, start, span.row, start + len(name)), new),)


def rename_method(place: Place | None, name: str, new: str) -> tuple[Edit, ...]:
    """Another name for the method that a call at a place names; nothing if the text does not call it once on its first line."""
    first = text_at(place).partition("\n")[0]
    if place is None or not new or first.count(f".{name}(") != 1:
        return ()
    span, start = place.span, place.span.column + first.index(f".{name}(") + 1
    return (Edit(Span(span.filename, span.row, start, span.row, start + len(name)), new),)


def set_argument(place: Place | None, name: str, value: str) -> tuple[Edit, ...]:
    """A keyword argument of a call of one line set to a value: what is written is replaced, else it is added at the end."""
    text = text_at(place)
    found = re.search(rf"\b{name}\s*=\s*([\w.]+)\s*(?=[,)])", text)
    if place is None or found is None or "\n" in text:
        return insert_argument(place, f"{name}={value}")
    span = place.span
    start, end = span.column + found.start(1), span.column + found.end(1)
    return (Edit(Span(span.filename, span.row, start, span.row, end), value),)


def take_the_number(place: Place | None, method: str) -> tuple[Edit, ...]:
    """`.item()` (or another method) behind the name that is added up at a place, or that `append` takes there."""
    text = text_at(place)
    found = re.fullmatch(r"(?:[\w.\[\]\"']+\.append\()?(\w+)\)?", text)
    if place is None or found is None or (".append(" in text) != text.endswith(")"):
        return ()
    span = place.span
    column = span.column + found.end(1)
    return (Edit(Span(span.filename, span.row, column, span.row, column), f".{method}()"),)


def evaluate_in_eval_mode(one: Evaluation) -> tuple[Edit, ...]:
    """`model.eval()` in front of an evaluation's loop, and `model.train()` behind it where training goes on."""
    name = text_at(one.place).partition("(")[0]
    loop = one.loop.place if one.loop is not None else None
    if loop is None or not re.fullmatch(r"\w+(\.\w+)*", name):
        return ()
    before = insert_statement_before(loop, f"{name}.eval()")
    if not before or one.epochs is None:
        return before
    indent = " " * (loop.span.column - 1)
    return (*before, insert_after(loop, f"\n{indent}{name}.train()"))


def assign_to_receiver(place: Place) -> tuple[Edit, ...]:
    """`x = ` in front of the statement `x.to(device)`."""
    name = text_at(place).rpartition("(")[0].rpartition(".")[0]
    return (insert_at_start(place, f"{name} = "),) if re.fullmatch(r"\w+(\.\w+)*", name) else ()


def insert_at_start(place: Place, text: str) -> Edit:
    """An edit that inserts `text` in front of a place."""
    span = place.span
    return Edit(Span(span.filename, span.row, span.column, span.row, span.column), text)


def divide_loss(backward: Place, passes: int) -> tuple[Edit, ...]:
    """`(loss / 4).backward()` for `loss.backward()`."""
    name = text_at(backward).partition(".backward(")[0]
    if not re.fullmatch(r"\w+(\.\w+)*", name) or f"{name}.backward(" not in text_at(backward):
        return ()
    span = backward.span
    return (Edit(Span(span.filename, span.row, span.column, span.row, span.column + len(name)), f"({name} / {passes})"),)


def indent_into(loop: Place, last: Place | None) -> tuple[Edit, ...]:
    """The lines behind a loop up to a statement moved into its body, if all of them stand at the loop's own indentation."""
    rows = split_rows(getattr(loop, "source_text", ""))
    if last is None or last.span.filename != loop.span.filename or last.span.end_row > len(rows):
        return ()
    start, end = loop.span.end_row + 1, last.span.end_row
    body = next((row for row in rows[loop.span.row : loop.span.end_row] if row.strip()), "")
    outer = " " * (loop.span.column - 1)
    step = body[: len(body) - len(body.lstrip())].removeprefix(outer)
    lines = [(number, rows[number - 1]) for number in range(start, end + 1) if rows[number - 1].strip()]
    plain = all(line.startswith(outer) and not line[len(outer)].isspace() for _, line in lines)
    if not lines or not plain or not step:
        return ()
    filename = loop.span.filename
    return tuple(Edit(Span(filename, number, 1, number, 1), step) for number, _ in lines)
