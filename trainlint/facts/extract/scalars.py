"""Numbers and settings out of the interpreter's values: as facts with place and origin, or unknown with the reason."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from trainlint.core import Fact, Origin, Place, Unknown
from trainlint.interpret import values as v
from trainlint.knowledge.rows import REQUIRED

MAXIMUM_ITEMS = 1_000
MAXIMUM_DEPTH = 8


def number(value: v.Value | None, place: Place | None = None) -> Fact[float] | Unknown:
    """A value as one real number, with the place where the number is written (else `place`)."""
    literal = _literal(value)
    if literal is not None:
        return _of_literal(literal, place)
    if isinstance(value, v.Unknown):
        return Unknown(value.why, value.place or place)
    if isinstance(value, v.Choice):
        return Unknown(f"{_alternatives_in_words(value)}, depending on a branch", value.place or place)
    if value is None:
        return Unknown("it is not given", place)
    return Unknown("it is not a number that the script spells out", getattr(value, "place", None) or place)


def first_number(value: v.Value | None, place: Place | None = None) -> Fact[float] | Unknown:
    """`number`, or what a number that a loop changes is in its first pass."""
    if isinstance(value, v.Unknown) and isinstance(value.start, v.Literal):
        found = number(value.start, place)
        return replace(found, why=(*found.why, CHANGES)) if isinstance(found, Fact) else found
    return number(value, place)


CHANGES = "what it is first; it changes in the loop"
"""Said of a number that is known in the first pass of a loop only."""


def _literal(value: v.Value | None) -> v.Literal | None:
    """The Literal that a value is, or that an array of one known element holds."""
    if isinstance(value, v.Literal):
        return value
    if isinstance(value, v.Array) and value.data is not None and value.data.size == 1:
        held = value.attributes.get("literal")
        return held if isinstance(held, v.Literal) else v.Literal(value.data.item(), value.place)
    return None


def shown(value: v.Scalar) -> str:
    """A scalar as messages show it, at most 40 characters (Python refuses to write integers of thousands of digits)."""
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a huge number"
    return f"{value!r:.40}"


def _of_literal(literal: v.Literal, place: Place | None) -> Fact[float] | Unknown:
    held, where = literal.value, literal.place or place
    if isinstance(held, bool) or not isinstance(held, int | float):
        return Unknown(f"it is {shown(held)}, not a number", where)
    try:
        converted = float(held)
    except OverflowError:
        return Unknown("it is too large for a float", where)
    if math.isnan(converted):
        return Unknown("it is nan, not a number", where)
    return Fact(converted, where, origin=literal.origin, why=(literal.note,) if literal.note else ())


def _alternatives_in_words(value: v.Choice) -> str:
    words = []
    for one in value.alternatives:
        literal = _literal(one)
        words.append(shown(literal.value) if literal is not None else "something unknown")
    return " or ".join(dict.fromkeys(words))


def integer(value: v.Value | None, place: Place | None = None) -> Fact[int] | Unknown:
    """A value as a whole number (a float without a fraction counts)."""
    fact = number(value, place)
    if isinstance(fact, Unknown):
        return fact
    if not math.isfinite(fact.value) or fact.value != int(fact.value):
        return Unknown(f"it is {fact.value}, not a whole number", fact.place)
    return Fact(int(fact.value), fact.place, fact.evidence, fact.origin, fact.why)


def passed(subject: v.Object, *names: str) -> v.Value | None:
    """What the script gave for the first of these parameters that it gave at all (assigned later, or as an argument)."""
    for name in names:
        found = subject.cells.get(name, subject.arguments.get(name))
        if found is not None:
            return found
    return None


def parameter_name(subject: v.Object, *names: str) -> str:
    """Which of the alternative names this object's row has, the first if none."""
    known = {one.name for one in subject.row.parameters}
    return next((name for name in names if name in subject.arguments or name in known), names[0])


def setting(subject: v.Object, era: str, *names: str) -> Fact[float] | Unknown | None:
    """A numeric setting of a library object: passed, or the library's default in that era; None if it has or takes none."""
    name = parameter_name(subject, *names)
    value = passed(subject, *names)
    if value is not None:
        if isinstance(value, v.Literal) and value.value is None:
            return None
        return number(value, subject.argument_places.get(name) or subject.place)
    default = subject.row.default(name, era)
    if isinstance(default, int | float) and not isinstance(default, bool):
        return Fact(float(default), subject.place, origin=Origin.LIBRARY_DEFAULT)
    return None


def plain_setting(subject: v.Object, era: str, *names: str) -> Any:
    """A setting as plain Python (number, text, flag, tuple), None if it has none, `Unknown` if it cannot be followed."""
    value = passed(subject, *names)
    if value is not None:
        return plain(value)
    default = subject.row.default(parameter_name(subject, *names), era)
    return None if default is REQUIRED else default


def flag(subject: v.Object, era: str, *names: str) -> bool:
    """A setting that is surely true."""
    return plain_setting(subject, era, *names) is True


def plain(value: v.Value | None, depth: int = 0) -> Any:
    """A value as plain Python: scalars, tuples of them, a symbol's or object's name; `Unknown` of anything else."""
    literal = _literal(value)
    if literal is not None:
        return literal.value
    items = items_of(value)
    if items is not None and depth < MAXIMUM_DEPTH and len(items) <= MAXIMUM_ITEMS:
        return tuple(plain(item, depth + 1) for item in items)
    if isinstance(value, v.Symbol):
        return value.name.rpartition(".")[2]
    if isinstance(value, v.Object):
        return value.row.kind
    if isinstance(value, v.Choice):
        return Unknown(f"{_alternatives_in_words(value)}, depending on a branch", value.place)
    if isinstance(value, v.Unknown):
        return Unknown(value.why, value.place)
    return Unknown("not a plain value", getattr(value, "place", None))


def items_of(value: object) -> tuple[v.Value, ...] | None:
    """The items of a list or tuple, None if it is something else or further items may follow."""
    if isinstance(value, v.Tuple):
        return value.items
    if isinstance(value, v.List):
        items, is_open = value.cells.get("items"), value.cells.get("open")
        if isinstance(items, v.Tuple) and (is_open is None or (isinstance(is_open, v.Literal) and not is_open.value)):
            return items.items
    return None


def whole(value: object) -> int | None:
    """A plain value as a positive whole number that may be an extent; None if it is anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value) if 0 < value < 2**53 else None
