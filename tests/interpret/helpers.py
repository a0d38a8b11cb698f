"""Shared by the interpreter's tests: follow a script, and turn values back into Python's."""

from __future__ import annotations

from typing import Any

from trainlint.interpret.events import Event
from trainlint.interpret.interpreter import Interpretation, interpret
from trainlint.interpret.operators import items_of
from trainlint.interpret.values import Dict, List, Literal, Tuple, Value
from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text


def follow(script: str) -> Interpretation:
    """Interpret a script that parses."""
    tree = parse(read_text(script, "train.py"))
    assert isinstance(tree, Tree)
    return interpret(tree)


def acts(followed: Interpretation) -> list[Event]:
    """The events that do something to the training: not what was only made, bound or not found."""
    return [event for event in followed.events if event.kind not in ("made", "unbound", "bound_output")]


def plain(value: Value) -> Any:
    """The Python value that a value stands for; anything not known comes back as itself (and equals nothing)."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Tuple):
        return tuple(plain(one) for one in value.items)
    if isinstance(value, List):
        items = [plain(one) for one in items_of(value)]
        return set(items) if value.kind == "set" else items
    if isinstance(value, Dict):
        return {key: plain(one) for key, one in value.cells.items()}
    return value
