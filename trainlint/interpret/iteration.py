"""What a `for` loop, an unpacking or a star sees of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainlint.interpret import operators
from trainlint.interpret.dispatch import ITERATORS, Iteration, receiver_kinds
from trainlint.interpret.limits import MAXIMUM_ITEMS
from trainlint.interpret.values import (
    OPEN,
    Choice,
    Dict,
    Instance,
    List,
    Literal,
    Tuple,
    Unknown,
    Value,
    join,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from trainlint.core import Place
    from trainlint.interpret.interpreter import Machine


def iterate(machine: Machine, value: Value, place: Place | None) -> Iteration:
    """The items of a value, or one that stands for them all."""
    machine.step()
    if isinstance(value, Tuple):
        return Iteration(value.items, True, len(value.items))
    if isinstance(value, List):
        items = operators.items_of(value)
        return (
            Iteration(items or _something(value, place), False, None)
            if operators.is_open(value)
            else Iteration(items, True, len(items))
        )
    if isinstance(value, Dict):
        keys = [as_literal(key, value) for key in value.cells if key is not OPEN]
        return (
            Iteration(keys or _something(value, place), False, None) if OPEN in value.cells else Iteration(keys, True, len(keys))
        )
    if isinstance(value, Literal) and isinstance(value.value, str) and len(value.value) <= MAXIMUM_ITEMS:
        return Iteration([Literal(letter, value.place) for letter in value.value], True, len(value.value))
    if isinstance(value, Choice):
        found = [iterate(machine, one, place) for one in value.alternatives if not _is_none(one)]
        if len(found) > 1 and all(one.exhaustive and len(one.items) == len(found[0].items) for one in found):
            joined = tuple(join(items) for items in zip(*(tuple(one.items) for one in found), strict=True))
            return Iteration(joined, True, len(joined))
        best = max(
            found, key=lambda one: (bool(one.items) and not isinstance(one.items[0], Unknown), one.exhaustive), default=None
        )
        return best or Iteration(_something(value, place), False, None)
    for kind in receiver_kinds(value):
        if kind in ITERATORS:
            return ITERATORS[kind](machine, value, place)
    if isinstance(value, Instance):
        return _of_instance(machine, value, place)
    return Iteration(_something(value, place), False, None)


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None


def _something(value: Value, place: Place | None) -> tuple[Value, ...]:
    return (Unknown(value.why if isinstance(value, Unknown) else "an item of something that is not known", place),)


def as_literal(key: Hashable, owner: Value) -> Value:
    """The value of a dict key."""
    if isinstance(key, bool | int | float | complex | str | bytes) or key is None:
        return Literal(key, owner.place)
    if isinstance(key, tuple):
        return Tuple(tuple(as_literal(one, owner) for one in key), owner.place)
    return Unknown("a key that is no scalar", owner.place)


def _of_instance(machine: Machine, value: Instance, place: Place | None) -> Iteration:
    """An instance of a script's class: by `__iter__` (often a generator), else by `__getitem__` with an unknown index."""
    from trainlint.interpret import functions, members

    if members.find_in_class(value.cls, "__iter__") is not None:
        made = members.call_method(machine, value, "__iter__", (), place)
        if made is not value and not isinstance(made, Unknown):
            return iterate(machine, made, place)
        if made is value:
            return Iteration((members.call_method(machine, value, "__next__", (), place),), False, None)
    if functions.is_record(value.cls) and members.find_in_class(value.cls, "__getitem__") is None:
        fields = functions.record_fields(value.cls)  # of a named tuple; other records cannot be iterated
        return Iteration([value.cells.get(name, Unknown("a field", place)) for name in fields], True, len(fields))
    if members.find_in_class(value.cls, "__getitem__") is not None:
        index = Unknown("an index of a data set", place)
        item = members.call_method(machine, value, "__getitem__", (index,), place)
        length = members.call_method(machine, value, "__len__", (), place)
        trips = length.value if isinstance(length, Literal) and isinstance(length.value, int) else None
        return Iteration((item,), False, trips)
    return Iteration(_something(value, place), False, None)
