"""Python's own functions."""

from __future__ import annotations

import builtins as python
import functools
from collections.abc import Callable
from dataclasses import replace

from trainlint.core import Origin, Place
from trainlint.interpret import members, operators
from trainlint.interpret.dispatch import ITERATORS, Call, Interpreter, Iteration, attribute, function, iterates
from trainlint.interpret.folded import FOLDED
from trainlint.interpret.interpreter import Machine
from trainlint.interpret.limits import COUNTER, MAXIMUM_INTEGER_BITS, MAXIMUM_ITEMS
from trainlint.interpret.ordering import distinct, may_repeat
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Array,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Scope,
    Slice,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)
from trainlint.knowledge.rows import Row

RANGE = Row("builtins.range", "range", "range")
MAXIMUM_COUNTS = 2_048
"""Numbers of a range that a comprehension or a plain loop sees one by one."""


def new_list(items: tuple[Value, ...], place: Place | None, *, is_open: bool = False, kind: str = "list") -> List:
    """A list value."""
    made = List({"items": Tuple(distinct(items) if kind == "set" else items, place)}, place, kind)
    if is_open or (kind == "set" and may_repeat(items)):
        made.cells["open"] = Literal(True)
    return made


def machine_of(call: Call) -> Machine:
    """The interpreter behind a call (handlers of Python itself need more of it than those of libraries)."""
    assert isinstance(call.interpreter, Machine)
    return call.interpreter


@function("builtins.slice")
def _slice(call: Call) -> Value:
    bounds = call.arguments.positional
    if not 1 <= len(bounds) <= 3:
        return call.unknown("a slice of unknown bounds")
    start, stop, step = (NONE, bounds[0], NONE) if len(bounds) == 1 else (*bounds, NONE)[:3]
    return Slice(start, stop, step, call.place)


@function("builtins.range", "builtins.xrange")
def _range(call: Call) -> Value:
    bounds = call.arguments.positional
    values = [one.value if isinstance(one, Literal) else None for one in bounds]
    if not 1 <= len(values) <= 3:
        return call.unknown("a range of unknown ends")
    names = ("stop",) if len(values) == 1 else ("start", "stop", "step")
    known = {name: one for name, one, value in zip(names, bounds, values, strict=False) if isinstance(value, int)}
    unknown = [one for one in bounds if isinstance(one, Unknown)]
    return Object(RANGE, known, {"why": unknown[0]} if unknown else {}, {}, "range", call.place)


def known_range(value: Value) -> range | None:
    """The Python range that a range object is, if its ends are known."""
    if not isinstance(value, Object) or value.row is not RANGE or "stop" not in value.arguments:
        return None
    numbers = {name: one.value for name, one in value.arguments.items() if isinstance(one, Literal)}
    start, stop, step = numbers.get("start", 0), numbers["stop"], numbers.get("step", 1)
    if not (isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)) or step == 0:
        return None
    if max(abs(start), abs(stop), abs(step)) > 2**62:
        return None
    return range(start, stop, step)


@iterates("range")
def _each_of_range(_: Interpreter, value: Value, place: Place | None) -> Iteration:
    numbers = known_range(value)
    if numbers is None:
        return Iteration((Unknown(COUNTER, place),), False, None)
    if len(numbers) > MAXIMUM_COUNTS:
        return Iteration((Unknown(COUNTER, place),), False, len(numbers))
    return Iteration([Literal(one, place) for one in numbers], True, len(numbers))


@function("builtins.len")
def _len(call: Call) -> Value:
    value = call.argument(0)
    length = length_of(value)
    if length is not None:
        return Literal(length, call.place)
    if isinstance(value, Object | Instance):
        found = members.call_method(machine_of(call), value, "__len__", (), call.place)
        return replace(found, counts=value) if isinstance(found, Unknown) else found
    return Unknown(value.why if isinstance(value, Unknown) else "the length is not known", call.place, counts=value)


def length_of(value: Value | None) -> int | None:
    """`len(value)` where that is known."""
    if isinstance(value, Tuple):
        return len(value.items)
    if isinstance(value, List) and not operators.is_open(value) and FOLDED not in value.cells:
        return len(operators.items_of(value))
    if isinstance(value, Dict) and OPEN not in value.cells:
        return len(value.cells)
    if isinstance(value, Literal) and isinstance(value.value, str | bytes):
        return len(value.value)
    if isinstance(value, Array) and value.shape:
        return value.shape[0]
    numbers = known_range(value) if value is not None else None
    return None if numbers is None else len(numbers)


def _converter(kind: type) -> Callable[[Call], Value]:
    def convert(call: Call) -> Value:
        value = call.argument(0)
        if value is None:
            return Literal(kind(), call.place)
        return join(tuple(_converted(kind, one, call) for one in alternatives(value)))

    return convert


def _converted(kind: type, value: Value, call: Call) -> Value:
    if isinstance(value, Literal):
        if kind is bool:
            return Literal(bool(value.value), call.place, value.origin, value.note)
        text = value.value if isinstance(value.value, str) else ""
        base = call.literal(1, "base")
        further = [one.value for one in call.arguments.positional[1:] if isinstance(one, Literal)]  # an encoding
        try:
            made = int(text, base) if isinstance(base, int) else kind(value.value, *further)
        except (TypeError, ValueError, OverflowError):
            return call.unknown(f"a value that {kind.__name__}() refuses")
        if isinstance(made, int) and made.bit_length() > MAXIMUM_INTEGER_BITS:
            return call.unknown("an integer of hundreds of digits")
        return Literal(made, value.place or call.place, value.origin, value.note)
    if isinstance(value, Array):
        if value.data is not None and value.data.size == 1 and kind in (int, float, bool):
            return Literal(kind(value.data.item()), call.place)
        if value.symbolic and value.library == "torch" and kind in (int, float):
            return members.call_method(machine_of(call), value, "item", (), call.place)  # a number, without the graph
        return call.unknown("a number computed from arrays") if not value.symbolic else value
    if kind is bool:
        decided = operators.truth(value)
        return call.unknown("a condition that is not known") if decided is None else Literal(decided, call.place)
    return call.unknown(value.why if isinstance(value, Unknown) else f"{kind.__name__}() of an object")


for _kind in (int, float, bool, str, complex):
    function(f"builtins.{_kind.__name__}")(_converter(_kind))


def iterated(call: Call, kind: str) -> Value:
    """The items of a call's first argument as a list, tuple or set."""
    value = call.argument(0)
    if value is None:
        return Tuple((), call.place) if kind == "tuple" else new_list((), call.place, kind=kind)
    if kind == "set" and isinstance(value, Array) and value.shape is not None and len(value.shape) == 1:
        from trainlint.interpret.arrays.parts import every_label

        labels = every_label(value)
        value = value if labels is None else new_list(tuple(Literal(int(one), call.place) for one in labels), call.place)
    found = call.interpreter.iterate(value, call.place)
    items = tuple(found.items)[:MAXIMUM_ITEMS]
    if kind == "tuple" and found.exhaustive:
        return Tuple(items, call.place)
    return new_list(items, call.place, is_open=not found.exhaustive, kind="set" if kind == "set" else "list")


def _sequence_maker(kind: str) -> Callable[[Call], Value]:
    return lambda call: iterated(call, kind)


for _name in ("list", "tuple", "set", "frozenset"):
    function(f"builtins.{_name}")(_sequence_maker({"tuple": "tuple", "set": "set", "frozenset": "set"}.get(_name, "list")))


@function("builtins.reversed")
def _reversed(call: Call) -> Value:
    found = call.interpreter.iterate(call.argument(0) or NONE, call.place)
    return new_list(tuple(reversed(found.items)), call.place, is_open=not found.exhaustive)


@function("builtins.dict", "collections.OrderedDict", "collections.defaultdict", "types.SimpleNamespace", "argparse.Namespace")
def _dict(call: Call) -> Value:
    made = Dict({}, call.place)
    first = call.argument(0)
    if call.name == "collections.defaultdict":
        made.cells[OPEN] = Literal(True)
        first = call.argument(1)
    if isinstance(first, Dict):
        made.cells.update(first.cells)
    elif first is not None:
        _add_pairs(call, made, first)
    made.cells.update(call.arguments.keywords)
    if not call.arguments.complete:
        made.cells[OPEN] = Literal(True)
    if call.name in ("types.SimpleNamespace", "argparse.Namespace"):
        return Object(Row(call.name, "namespace", "namespace"), {}, {}, made.cells, call.spelled, call.place)
    return made


@function("builtins.globals", "builtins.locals")
def _names(call: Call) -> Value:
    """The names of the module, or of the running function, as a dict of what they are now."""
    scope: Scope | None = machine_of(call).scope
    while call.name.endswith("globals") and scope is not None and scope.kind != "module":
        scope = scope.parent
    cells = scope.cells if scope is not None else {}
    return Dict({key: value for key, value in cells.items() if isinstance(key, str)}, call.place)


@attribute("str", "value")
@attribute("number", "value")
def _member_value(call: Call) -> Value:
    """`Rate.SMALL.value`: a member of an enumeration stands for its value."""
    return call.receiver or NONE


def _add_pairs(call: Call, made: Dict, pairs: Value) -> None:
    found = call.interpreter.iterate(pairs, call.place)
    for item in found.items:
        key = operators.key_of(item.items[0]) if isinstance(item, Tuple) and len(item.items) == 2 else None
        if key is not None and isinstance(item, Tuple):
            made.cells[key[0]] = item.items[1]
        else:
            made.cells[OPEN] = Literal(True)
    if not found.exhaustive:
        made.cells[OPEN] = Literal(True)


def _reduction(name: str) -> Callable[[Call], Value]:
    def reduce(call: Call) -> Value:
        values: tuple[Value, ...] = call.arguments.positional
        exhaustive = "key" not in call.arguments.keywords
        start = call.argument(1, "start") if name == "sum" else None
        if exhaustive and (len(values) == 1 or name == "sum"):
            found = call.interpreter.iterate(values[0] if values else NONE, call.place)
            values, exhaustive = (*(() if start is None else (start,)), *found.items), found.exhaustive
        numbers = [one.value for one in values if isinstance(one, Literal)]
        if exhaustive and len(numbers) == len(values) and (values or name == "sum"):
            try:
                origin = Origin.combine(*(one.origin for one in values if isinstance(one, Literal)))
                return Literal(getattr(python, name)(numbers), call.place, origin)
            except (TypeError, ValueError, OverflowError):
                return call.unknown(f"{name}() of these values")
        if name == "sum" and any(isinstance(one, Array) for one in values):
            machine = machine_of(call)
            return functools.reduce(lambda total, one: operators.binary(machine, "add", total, one, call.place), values)
        return call.unknown(f"{name}() of values that are not known")

    return reduce


for _name in ("sum", "min", "max"):
    function(f"builtins.{_name}")(_reduction(_name))


def _numeric(name: str) -> Callable[[Call], Value]:
    def compute(call: Call) -> Value:
        value = call.argument(0)
        given = (*call.arguments.positional, *call.arguments.keywords.values())
        if isinstance(value, Array) and name == "abs":
            return operators.unary(machine_of(call), "abs", value, call.place)
        if isinstance(value, Array):
            return members.call_method(machine_of(call), value, "round", given[1:], call.place)
        numbers = [one.value for one in given if isinstance(one, Literal)]
        if isinstance(value, Literal) and len(numbers) == len(given):
            try:
                return Literal(getattr(python, name)(*numbers), call.place, value.origin)
            except (TypeError, ValueError, OverflowError):
                return call.unknown(f"{name}() of these values")
        return call.unknown(value.why if isinstance(value, Unknown) else f"{name}() of something that is not known")

    return compute


for _name in ("abs", "round"):
    function(f"builtins.{_name}")(_numeric(_name))


@function("builtins.all", "builtins.any")
def _quantified(call: Call) -> Value:
    found = call.interpreter.iterate(call.argument(0) or NONE, call.place)
    tests = [operators.truth(one) for one in found.items]
    decisive = call.name == "builtins.any"
    if decisive in tests:
        return Literal(decisive, call.place)
    return Literal(not decisive, call.place) if found.exhaustive and None not in tests else call.unknown("a condition")


ITERATORS["namespace"] = lambda _machine, _value, place: Iteration((Unknown("an item of a namespace", place),), False, None)
