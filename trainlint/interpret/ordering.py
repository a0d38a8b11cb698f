"""What sets hold once and what sorting puts first, where that is known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

from trainlint.core import Place
from trainlint.interpret import operators
from trainlint.interpret.dispatch import Arguments, Call, function
from trainlint.interpret.values import NONE, Choice, List, Literal, Tuple, Unknown, Value, join

MAXIMUM_KEYS = 200
"""How many items a `key=` function is followed for."""


def distinct(items: Sequence[Value]) -> tuple[Value, ...]:
    """The items of a set: of equal ones the first."""
    kept: dict[Hashable, Value] = {}
    for position, one in enumerate(items):
        key = operators.key_of(one)
        kept.setdefault(("item", position) if key is None else key, one)
    return tuple(kept.values())


def may_repeat(items: Sequence[Value]) -> bool:
    """Whether some of the items of a set may be equal, so that its size is not known."""
    return len(items) > 1 and any(isinstance(one, Unknown | Choice) for one in items)


def any_of(items: Sequence[Value]) -> Value | None:
    """One value that stands for all items: any of them where they are plain, else the first; None if there is none."""
    if not items:
        return None
    return join(tuple(items)) if all(isinstance(one, Literal) for one in items) else items[0]


def combined(operator: str, left: List, right: List, place: Place | None) -> Value:
    """`left | right` of two sets, and its relatives."""
    items = None if operators.is_open(left) or operators.is_open(right) else _combined(operator, left, right)
    return Unknown("what two sets have in common", place) if items is None else List({"items": Tuple(items)}, place, "set")


def _combined(operator: str, left: List, right: List) -> tuple[Value, ...] | None:
    first, second = operators.items_of(left), operators.items_of(right)
    ours, theirs = [operators.key_of(one) for one in first], [operators.key_of(one) for one in second]
    if None in ours or None in theirs:
        return None
    mine, others = set(ours), set(theirs)
    if operator == "or_":
        return distinct((*first, *second))
    if operator == "and_":
        return tuple(one for one, key in zip(first, ours, strict=True) if key in others)
    kept = tuple(one for one, key in zip(first, ours, strict=True) if key not in others)
    if operator == "sub":
        return kept
    return (*kept, *(one for one, key in zip(second, theirs, strict=True) if key not in mine)) if operator == "xor" else None


def ordered(call: Call, items: tuple[Value, ...]) -> tuple[Value, ...]:
    """The items in the order of `sorted`, by its `key` and `reverse`; where that is not known, plain ones may stand anywhere."""
    key, reverse = call.arguments.keywords.get("key"), call.arguments.keywords.get("reverse", Literal(False))
    downwards = operators.truth(reverse)
    followed = isinstance(key, Literal) or key is None or len(items) <= MAXIMUM_KEYS
    if downwards is None or not followed or len(call.arguments.positional) > 1:
        return _anyhow(items)
    by = items
    if key is not None and not isinstance(key, Literal):
        by = tuple(call.interpreter.call(key, Arguments((one,)), call.place) for one in items)
    ranks = [_rank(one) for one in by]
    try:
        places = None if None in ranks else sorted(range(len(items)), key=lambda position: ranks[position], reverse=downwards)
    except TypeError:
        places = None
    return _anyhow(items) if places is None else tuple(items[one] for one in places)


def _anyhow(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """The items in an order that is not known: where they are plain, each place holds any of them."""
    return (join(items),) * len(items) if items and None not in [_rank(one) for one in items] else items


def _rank(value: Value) -> Any:
    """What a value sorts as; None if that is not known."""
    if isinstance(value, Literal):
        return value.value
    if not isinstance(value, Tuple | List) or (isinstance(value, List) and operators.is_open(value)):
        return None
    parts = [_rank(one) for one in (value.items if isinstance(value, Tuple) else operators.items_of(value))]
    return None if None in parts else tuple(parts) if isinstance(value, Tuple) else parts


def without_any(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """The items after one of them, it is not known which, was taken out: each is itself or the one behind it."""
    return tuple(join(pair) for pair in pairwise(items))


def with_one_more(items: tuple[Value, ...], new: Value) -> tuple[Value, ...]:
    """The items after another was put among them, it is not known where."""
    around = (new, *items, new)
    return tuple(join((new, *pair)) for pair in pairwise(around))


@function("builtins.sorted")
def _sorted(call: Call) -> Value:
    found = call.interpreter.iterate(call.argument(0) or NONE, call.place)
    items = tuple(found.items)
    if found.exhaustive:
        items = ordered(call, items)
    made = List({"items": Tuple(items)}, call.place)
    if not found.exhaustive:
        made.cells["open"] = Literal(True)
    return made
