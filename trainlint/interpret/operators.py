"""Operators on values: Python's own rules for scalars and containers, the array stage for arrays, both bounded."""

from __future__ import annotations

import operator as python
import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import libcst as cst

from trainlint.core import Origin, Place
from trainlint.interpret.identity import identical, is_none
from trainlint.interpret.limits import MAXIMUM_INTEGER_BITS, MAXIMUM_ITEMS, MAXIMUM_TEXT
from trainlint.interpret.values import (
    OPEN,
    Array,
    Choice,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    ModuleValue,
    Object,
    Slice,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
    same,
)

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Machine

BINARY: dict[type, str] = {
    cst.Add: "add",
    cst.Subtract: "sub",
    cst.Multiply: "mul",
    cst.Divide: "truediv",
    cst.FloorDivide: "floordiv",
    cst.Modulo: "mod",
    cst.Power: "pow",
    cst.MatrixMultiply: "matmul",
    cst.LeftShift: "lshift",
    cst.RightShift: "rshift",
    cst.BitAnd: "and_",
    cst.BitOr: "or_",
    cst.BitXor: "xor",
}
AUGMENTED: dict[type, str] = {getattr(cst, f"{kind.__name__}Assign"): name for kind, name in BINARY.items()}
UNARY: dict[type, str] = {cst.Minus: "neg", cst.Plus: "pos", cst.BitInvert: "invert", cst.Not: "not"}
COMPARISONS: dict[type, str] = {
    cst.Equal: "eq",
    cst.NotEqual: "ne",
    cst.LessThan: "lt",
    cst.LessThanEqual: "le",
    cst.GreaterThan: "gt",
    cst.GreaterThanEqual: "ge",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}
_DUNDER = {"truediv": "__truediv__", "and_": "__and__", "or_": "__or__"}
_NEGATED = {"not in": "in", "is not": "is"}


def binary(machine: Machine, operator: str, left: Value, right: Value, place: Place | None) -> Value:
    """`left operator right`; `operator` is the name in Python's `operator` module."""
    if isinstance(left, Choice) or isinstance(right, Choice):
        pairs = [(one, other) for one in alternatives(left) for other in alternatives(right)]
        return join(tuple(binary(machine, operator, one, other, place) for one, other in pairs[:16]))
    if isinstance(left, Array) or isinstance(right, Array):
        from trainlint.interpret import arrays

        if operator == "truediv" and isinstance(left, Array) and left.op == "divide" and left.inputs[1] is right:
            machine.emit("scaled_again", place, scaled=left, divisor=right)
        return arrays.binary(operator, left, right, place)
    if operator == "mod" and isinstance(left, Literal) and isinstance(left.value, str):
        return _percent(left.value, right, place)
    if isinstance(left, Literal) and isinstance(right, Literal):
        return _scalars(_of_python_2(machine, operator, left, right), left, right, place)
    if isinstance(left, Instance | Object):
        return _overloaded(machine, operator, left, right, place)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _of_unknown(operator, left, right, place)
    return _containers(operator, left, right, place)


def _of_unknown(operator: str, left: Value, right: Value, place: Place | None) -> Unknown:
    """An operation on what is not known: what it is in the first pass of a loop, and on whole numbers how far it is shifted."""
    why = next(one.why for one in (left, right) if isinstance(one, Unknown))
    first, second = (one.start if isinstance(one, Unknown) else one for one in (left, right))
    start = None
    if isinstance(first, Literal) and isinstance(second, Literal):
        computed = _scalars(operator, first, second, place)
        start = computed if isinstance(computed, Literal) else None
    factors = {"mul": (left, right), "truediv": (left,), "floordiv": (left,)}.get(operator, ())
    counts = next((one.counts for one in factors if isinstance(one, Unknown) and one.counts is not None), None)
    return Unknown(why, place, start, _linear(operator, left, right), counts=counts)


def _linear(operator: str, left: Value, right: Value) -> tuple[Unknown, int, int] | None:
    if isinstance(right, Unknown) and operator in ("add", "mul"):
        left, right = right, left
    if not isinstance(left, Unknown) or not isinstance(right, Literal) or type(right.value) is not int:
        return None
    root, scale, shift = left.linear or (left, 1, 0)
    number = right.value
    if abs(number) > MAXIMUM_ITEMS * MAXIMUM_ITEMS:
        return None
    if operator == "mul":
        return root, scale * number, shift * number
    return (root, scale, shift + number if operator == "add" else shift - number) if operator in ("add", "sub") else None


def extent_of_slice(index: Slice) -> int | None:
    """How many rows `i : i + 16` and `k * 16 : (k + 1) * 16` take where `i` and `k` are not known; None for any other slice."""
    start, stop, step = index.start, index.stop, index.step
    if not isinstance(start, Unknown) or not isinstance(stop, Unknown) or not (isinstance(step, Literal) and step.value is None):
        return None
    first, last = start.linear or (start, 1, 0), stop.linear or (stop, 1, 0)
    same_root = first[0] is last[0] and first[1] == last[1]
    return last[2] - first[2] if same_root and last[2] > first[2] else None


def _of_python_2(machine: Machine, operator: str, left: Literal, right: Literal) -> str:
    """In Python 2 a quotient of integers is an integer."""
    tree = machine.scope.tree
    whole = operator == "truediv" and isinstance(left.value, int) and isinstance(right.value, int)
    old = whole and tree is not None and tree.python == 2 and "import division" not in tree.source.text
    return "floordiv" if old else operator


def _overloaded(machine: Machine, operator: str, left: Value, right: Value, place: Place | None) -> Value:
    from trainlint.interpret import members

    name = _DUNDER.get(operator, f"__{operator}__")
    result = members.call_method(machine, left, name, (right,), place)
    return result if not isinstance(result, Unknown) else Unknown(f"`{name}` of an object", place)


def _scalars(operator: str, left: Literal, right: Literal, place: Place | None) -> Value:
    if not _within_bounds(operator, left.value, right.value):
        return Unknown("a number or text too large to be computed here", place)
    try:
        value = getattr(python, operator)(left.value, right.value)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown("an operation that Python refuses", place)
    if not isinstance(value, bool | int | float | complex | str | bytes):
        return Unknown("an operation on scalars", place)
    if isinstance(value, int) and value.bit_length() > MAXIMUM_INTEGER_BITS:
        return Unknown("a number too large to be computed here", place)
    return Literal(value, place, Origin.combine(left.origin, right.origin), left.note or right.note)


def _within_bounds(operator: str, left: Any, right: Any) -> bool:
    """Whether computing this stays small: powers, shifts and repeated texts can exhaust memory."""
    if operator == "pow" and isinstance(left, int) and isinstance(right, int):
        return abs(right) <= MAXIMUM_INTEGER_BITS and left.bit_length() * max(right, 1) <= MAXIMUM_INTEGER_BITS
    if operator == "lshift":
        return isinstance(right, int) and right <= MAXIMUM_INTEGER_BITS
    if operator == "mul":
        for text, count in ((left, right), (right, left)):
            if isinstance(text, str | bytes):
                return isinstance(count, int) and len(text) * count <= MAXIMUM_TEXT
        return _bits(left) + _bits(right) <= MAXIMUM_INTEGER_BITS
    if isinstance(left, bytes) and operator == "mod":
        return False
    if isinstance(left, str | bytes) and isinstance(right, str | bytes):
        return len(left) + len(right) <= MAXIMUM_TEXT
    return True


_DIRECTIVE = re.compile(r"%(?:%|[-+ 0#]{0,4}\d{0,2}(?:\.\d{1,2})?[diufFeEgGsrx])")
"""What stands for a value in `"block_%d" % i`, of a width that cannot exhaust memory."""


def _percent(text: str, right: Value, place: Place | None) -> Value:
    """`text % right`: the values put into their places."""
    given = right.items if isinstance(right, Tuple) else (right,)
    values = [one.value for one in given if isinstance(one, Literal)]
    long = len(text) > MAXIMUM_TEXT or any(len(one) > MAXIMUM_TEXT for one in values if isinstance(one, str | bytes))
    if len(values) < len(given) or long or "%" in _DIRECTIVE.sub("", text):
        return Unknown("a text that is put together while the script runs", place)
    try:
        return Literal(text % tuple(values), place)
    except (TypeError, ValueError, OverflowError):
        return Unknown("an operation that Python refuses", place)


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _containers(operator: str, left: Value, right: Value, place: Place | None) -> Value:
    if isinstance(left, Dict) and isinstance(right, Dict) and operator == "or_":
        return Dict({**left.cells, **right.cells}, place)
    if isinstance(left, List) and isinstance(right, List) and left.kind == right.kind == "set":
        from trainlint.interpret.ordering import combined

        return combined(operator, left, right, place)
    if operator == "add":
        first, second = _sequence(left), _sequence(right)
        if first is not None and second is not None and type(left) is type(right) and len(first) + len(second) <= MAXIMUM_ITEMS:
            return _like(left, (*first, *second), place, other=right)
    if operator == "mul":
        for sequence, count in ((left, right), (right, left)):
            items = _sequence(sequence)
            if items is not None and isinstance(count, Literal) and isinstance(count.value, int):
                if len(items) * count.value <= MAXIMUM_ITEMS and abs(count.value) <= MAXIMUM_ITEMS**2:
                    return _like(sequence, items * count.value, place)
                return Unknown("a list too long to be followed", place)
    return Unknown(f"`{operator}` of these values is not followed", place)


def _sequence(value: Value) -> tuple[Value, ...] | None:
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, List):
        return items_of(value)
    return None


def items_of(value: List) -> tuple[Value, ...]:
    """The known items of a list."""
    items = value.cells.get("items")
    if isinstance(items, Choice):  # two branches left different lists: the longest stands for both
        return max((one.items for one in items.alternatives if isinstance(one, Tuple)), key=len, default=())
    return items.items if isinstance(items, Tuple) else ()


def is_open(value: List) -> bool:
    """Whether a list may hold other items than the known ones."""
    return "open" in value.cells or isinstance(value.cells.get("items"), Choice)


def _like(model: Value, items: tuple[Value, ...], place: Place | None, other: Value | None = None) -> Value:
    if isinstance(model, Tuple):
        return Tuple(items, place)
    made = List({"items": Tuple(items, place)}, place)
    if any(isinstance(one, List) and is_open(one) for one in (model, other)):
        made.cells["open"] = Literal(True)
    return made


def in_place(machine: Machine, operator: str, before: Value, operand: Value, place: Place | None) -> Value:
    """`before operator= operand`: a method of the receiver where it has one, else the plain operator."""
    from trainlint.interpret import members
    from trainlint.interpret.dispatch import METHODS

    name = f"__i{operator.rstrip('_')}__"
    if isinstance(before, Array) and ("array", name) in METHODS:
        return members.call_method(machine, before, name, (operand,), place)
    if isinstance(before, List) and operator == "add" and before.kind == "list":
        spread = machine.iterate(operand, place)
        machine.heap.write(before, "items", Tuple((*items_of(before), *spread.items)))
        if not spread.exhaustive:
            machine.heap.write(before, "open", Literal(True))
        return before
    made = binary(machine, operator, before, operand, place)
    if isinstance(before, List | Dict) and type(made) is type(before):  # every name of the list or dict sees the change
        for key, value in made.cells.items():
            machine.heap.write(before, key, value)
        return before
    return made


def unary(machine: Machine, operator: str, operand: Value, place: Place | None) -> Value:
    """`-x`, `+x`, `~x`, `not x`."""
    if operator == "not":
        decided = truth(operand)
        return Unknown("a condition that is not known", place) if decided is None else Literal(not decided, place)
    if isinstance(operand, Choice):
        return join(tuple(unary(machine, operator, one, place) for one in operand.alternatives))
    if isinstance(operand, Array):
        from trainlint.interpret import arrays

        return arrays.unary(operator, operand, place)
    if isinstance(operand, Literal) and isinstance(operand.value, bool | int | float | complex):
        try:
            return Literal(getattr(python, operator)(operand.value), place, operand.origin, operand.note)
        except TypeError:
            return Unknown("an operation that Python refuses", place)
    if isinstance(operand, Unknown):
        start = unary(machine, operator, operand.start, place) if isinstance(operand.start, Literal) else None
        return Unknown(operand.why, place, start)
    return Unknown("the sign of an object", place)


def compare(machine: Machine, operator: str, left: Value, right: Value, place: Place | None) -> Value:
    """`left operator right` for comparisons, `in` and `is`."""
    if operator in _NEGATED:
        return unary(machine, "not", compare(machine, _NEGATED[operator], left, right, place), place)
    if isinstance(left, Choice) or isinstance(right, Choice):
        pairs = [(one, other) for one in alternatives(left) for other in alternatives(right)]
        return join(tuple(compare(machine, operator, one, other, place) for one, other in pairs[:16]))
    if operator == "in":
        return _contains(left, right, place)
    if operator == "is" or (operator in ("eq", "ne") and is_none(left, right)):
        decided = identical(left, right)
        if decided is None:
            return Unknown("whether two values are the same is not known", place)
        return Literal(decided is (operator != "ne"), place)
    if isinstance(left, Array) or isinstance(right, Array):
        from trainlint.interpret import arrays

        compared = arrays.binary(operator, left, right, place)
        if isinstance(compared, Array) and isinstance(right, Literal) and right.value == 0.5:
            machine.emit("array", place, output=compared)
        return compared
    if isinstance(left, Literal) and isinstance(right, Literal):
        return _compare_scalars(operator, left, right, place)
    if operator in ("eq", "ne") and isinstance(left, Tuple | Symbol) and isinstance(right, Tuple | Symbol) and same(left, right):
        return Literal(operator == "eq", place)
    unknown = next((one for one in (left, right) if isinstance(one, Unknown)), None)
    return Unknown(unknown.why if unknown else "a comparison that is not followed", place)


def _compare_scalars(operator: str, left: Literal, right: Literal, place: Place | None) -> Value:
    try:
        return Literal(bool(getattr(python, operator)(left.value, right.value)), place, Origin.combine(left.origin, right.origin))
    except TypeError:
        return Unknown("a comparison that Python refuses", place)


def _contains(item: Value, container: Value, place: Place | None) -> Value:
    not_known = Unknown("what a container holds is not known", place)
    if isinstance(container, Literal) and isinstance(container.value, str) and isinstance(item, Literal):
        return Literal(isinstance(item.value, str) and item.value in container.value, place)
    if isinstance(container, Dict):
        key = key_of(item)
        if key is None or OPEN in container.cells:
            return Literal(True, place) if key is not None and key[0] in container.cells else not_known
        return Literal(key[0] in container.cells, place)
    items = _sequence(container)
    if items is None or not isinstance(item, Literal):
        return not_known
    if any(same(item, one) for one in items):
        return Literal(True, place)
    known = all(isinstance(one, Literal) for one in items) and not (isinstance(container, List) and is_open(container))
    return Literal(False, place) if known else not_known


def truth(value: Value) -> bool | None:
    """`bool(value)`, or None if it is not known."""
    if isinstance(value, Literal):
        return bool(value.value)
    if isinstance(value, Tuple):
        return bool(value.items)
    if isinstance(value, List):
        return None if is_open(value) else bool(items_of(value))
    if isinstance(value, Dict):
        return None if OPEN in value.cells else bool(value.cells)
    if isinstance(value, Choice):
        decided = {truth(one) for one in value.alternatives}
        return decided.pop() if len(decided) == 1 else None
    if isinstance(value, Array):
        from trainlint.interpret import arrays

        return arrays.truth(value)
    if isinstance(value, Function | Class | ModuleValue):
        return True
    if isinstance(value, Symbol):
        return _CONSTANT_TRUTH.get(value.name)
    return None


_CONSTANT_TRUTH = {"typing.TYPE_CHECKING": False, "builtins.Ellipsis": True}


def key_of(value: Value) -> tuple[Hashable] | None:
    """The dict key that a value is, in a one-tuple; None if it is not known."""
    if isinstance(value, Literal):
        return (value.value,)
    if isinstance(value, Tuple):
        parts = [key_of(one) for one in value.items]
        return None if None in parts else (tuple(part[0] for part in parts if part is not None),)
    if isinstance(value, Symbol):
        return (value.name,)
    if isinstance(value, Function | Class | Object | Instance) or (isinstance(value, Array) and value.op == "input"):
        return (id(value),)  # a symbolic input stands for itself: `feed_dict={x: batch}`
    return None
