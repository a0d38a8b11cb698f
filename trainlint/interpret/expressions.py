"""Expressions: from a syntax node to a value. Never raises on a script's account; what cannot be followed is Unknown."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import libcst as cst
from libcst import TemplatedString, TemplatedStringExpression, TemplatedStringText  # older versions lack them

from trainlint.interpret import comprehensions, functions, members, operators, targets
from trainlint.interpret.dispatch import Arguments
from trainlint.interpret.events import TRAINING, Frame
from trainlint.interpret.limits import MAXIMUM_INTEGER_BITS, MAXIMUM_NESTING, MAXIMUM_TEXT, LimitReachedError
from trainlint.interpret.ordering import distinct, may_repeat
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Choice,
    Dict,
    Function,
    List,
    Literal,
    Object,
    Slice,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)

if TYPE_CHECKING:
    from trainlint.core import Place
    from trainlint.interpret.interpreter import Machine


def evaluate(machine: Machine, node: cst.BaseExpression | cst.BaseSlice) -> Value:
    """The value of an expression."""
    machine.steps += 1
    if machine.steps > machine.allowed:
        machine.stop()
    handler = _EXPRESSIONS.get(type(node))
    if handler is None:
        return Unknown(f"{type(node).__name__} expressions are not followed", machine.place(node))
    machine.nesting += 1
    try:
        if machine.nesting > MAXIMUM_NESTING:
            raise LimitReachedError("the script nests expressions too deeply to be followed")
        return handler(machine, node)
    finally:
        machine.nesting -= 1


def _name(machine: Machine, node: cst.Name) -> Value:
    found = targets.bound_value(machine, node.value)
    return targets.unbound(machine, node.value, machine.place(node)) if found is None else found


def _integer(machine: Machine, node: cst.Integer) -> Value:
    text = node.value.replace("_", "")
    try:
        number = int(text, 0) if len(text) <= MAXIMUM_INTEGER_BITS + 2 else None  # "0b" and the bits
    except ValueError:
        return Unknown("not an integer of this Python", machine.place(node))
    if number is None or number.bit_length() > MAXIMUM_INTEGER_BITS:
        return Unknown("an integer of hundreds of digits", machine.place(node))
    return Literal(number, machine.place(node))


def _float(machine: Machine, node: cst.Float) -> Value:
    return Literal(float(node.value.replace("_", "")), machine.place(node))


def _imaginary(machine: Machine, node: cst.Imaginary) -> Value:
    return Literal(complex(node.value.replace("_", "")), machine.place(node))


_PLAIN_STRING = re.compile(r"""(["'])(?!\1)([^\\\r\n]*)\1""")
"""A string on one row without prefix or escapes, which is what stands between its quotes."""


def _string(machine: Machine, node: cst.SimpleString) -> Value:
    plain = _PLAIN_STRING.fullmatch(node.value)
    if plain is not None:
        return Literal(plain[2], machine.place(node))
    try:
        return Literal(ast.literal_eval(node.value), machine.place(node))
    except (ValueError, SyntaxError, MemoryError):
        return Unknown("a string that does not decode", machine.place(node))


def _concatenated(machine: Machine, node: cst.ConcatenatedString) -> Value:
    return operators.binary(machine, "add", evaluate(machine, node.left), evaluate(machine, node.right), machine.place(node))


def _formatted(machine: Machine, node: cst.FormattedString | TemplatedString) -> Value:
    place = machine.place(node)
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText | TemplatedStringText):
            text = _between_quotes(node, part.value)
            if text is None:
                return Unknown("a string that does not decode", place)
            parts.append(text.replace("{{", "{").replace("}}", "}"))
            continue
        assert isinstance(part, cst.FormattedStringExpression | TemplatedStringExpression)
        value = evaluate(machine, part.expression)
        if not isinstance(value, Literal) or part.format_spec or part.equal is not None:
            return Unknown("a text that is put together while the script runs", place)
        parts.append(_CONVERSIONS[part.conversion](value.value)[:MAXIMUM_TEXT])
    return Literal("".join(parts)[:MAXIMUM_TEXT], place)


_CONVERSIONS: dict[str | None, Callable[[object], str]] = {None: str, "s": str, "r": repr, "a": ascii}


def _between_quotes(node: cst.FormattedString | TemplatedString, text: str) -> str | None:
    """What a part of a formatted string says: its escapes mean what they mean in a string of the same quotes and prefix."""
    if "\\" not in text:
        return text
    try:
        return str(ast.literal_eval(node.start.lower().translate({ord(one): None for one in "ft"}) + text + node.end))
    except (ValueError, SyntaxError):
        return None


def _tuple(machine: Machine, node: cst.Tuple) -> Value:
    items, is_open = _elements(machine, node.elements)
    place = machine.place(node)
    return list_of(items, place, is_open=True) if is_open else Tuple(items, place)


def _list(machine: Machine, node: cst.List) -> Value:
    items, is_open = _elements(machine, node.elements)
    return list_of(items, machine.place(node), is_open=is_open)


def _set(machine: Machine, node: cst.Set) -> Value:
    items, is_open = _elements(machine, node.elements)
    return list_of(items, machine.place(node), is_open=is_open, kind="set")


def list_of(items: tuple[Value, ...], place: Place | None, *, is_open: bool, kind: str = "list") -> List:
    """A list or set of known items, and perhaps others."""
    made = List({"items": Tuple(distinct(items) if kind == "set" else items, place)}, place, kind)
    if is_open or (kind == "set" and may_repeat(items)):
        made.cells["open"] = Literal(True)
    return made


def _elements(machine: Machine, elements: Sequence[cst.BaseElement]) -> tuple[tuple[Value, ...], bool]:
    """The items of a display, with starred ones spread; True if some of them are not known one by one."""
    items: list[Value] = []
    is_open = False
    for element in elements:
        value = evaluate(machine, element.value)
        if type(element) is cst.StarredElement:
            spread = machine.iterate(value, machine.place(element.value))
            items.extend(spread.items)
            is_open = is_open or not spread.exhaustive
        else:
            items.append(value)
    return tuple(items), is_open


def _dict(machine: Machine, node: cst.Dict) -> Value:
    made = Dict({}, machine.place(node))
    for element in node.elements:
        value = evaluate(machine, element.value)
        if type(element) is cst.DictElement:
            key = operators.key_of(evaluate(machine, element.key))
            made.cells[OPEN if key is None else key[0]] = value if key is not None else Literal(True)
        else:
            made.cells.update(value.cells if isinstance(value, Dict) else {OPEN: Literal(True)})
    return made


def _binary(machine: Machine, node: cst.BinaryOperation) -> Value:
    """Chains like a + b + c nest to the left: followed in a loop, so that their length does not matter."""
    pending: list[cst.BinaryOperation] = []
    leftmost: cst.BaseExpression = node
    while isinstance(leftmost, cst.BinaryOperation):
        pending.append(leftmost)
        leftmost = leftmost.left
    value = evaluate(machine, leftmost)
    for operation in reversed(pending):
        right = evaluate(machine, operation.right)
        operator = operators.BINARY.get(type(operation.operator), "")
        value = operators.binary(machine, operator, value, right, machine.place(operation))
    return value


def _unary(machine: Machine, node: cst.UnaryOperation) -> Value:
    operand = evaluate(machine, node.expression)
    return operators.unary(machine, operators.UNARY.get(type(node.operator), ""), operand, machine.place(node))


def _boolean(machine: Machine, node: cst.BooleanOperation) -> Value:
    left = evaluate(machine, node.left)
    is_and = isinstance(node.operator, cst.And)
    decided = operators.truth(left)
    if decided is not None:
        return evaluate(machine, node.right) if decided is is_and else left
    right = evaluate(machine, node.right)
    return join((left, right)) if not isinstance(left, Unknown) else Unknown(left.why, left.place)


def _comparison(machine: Machine, node: cst.Comparison) -> Value:
    left = evaluate(machine, node.left)
    result: Value = Literal(True, machine.place(node))
    for target in node.comparisons:
        right = evaluate(machine, target.comparator)
        result = operators.compare(
            machine, operators.COMPARISONS.get(type(target.operator), ""), left, right, machine.place(node)
        )
        if len(node.comparisons) > 1 and operators.truth(result) is not True:
            return result
        left = right
    return result


def _conditional(machine: Machine, node: cst.IfExp) -> Value:
    test = evaluate(machine, node.test)
    decided = operators.truth(test)
    if decided is True and isinstance(test, Literal) and test.note == TRAINING:
        with machine.frame(Frame("guard", machine.place(node), "training")):
            return evaluate(machine, node.body)
    if decided is not None:
        return evaluate(machine, node.body if decided else node.orelse)
    sides = []
    for side, name in ((node.body, "then"), (node.orelse, "else")):
        with machine.frame(Frame("branch", machine.place(node), name)):
            sides.append(evaluate(machine, side))
    return join(tuple(sides))


def _attribute(machine: Machine, node: cst.Attribute) -> Value:
    return members.attribute(machine, evaluate(machine, node.value), node.attr.value, machine.place(node))


def _subscript(machine: Machine, node: cst.Subscript) -> Value:
    container = evaluate(machine, node.value)
    return members.getitem(machine, container, subscript_index(machine, node), machine.place(node))


def subscript_index(machine: Machine, node: cst.Subscript) -> Value:
    """The value between the brackets; several become a Tuple."""
    indices = [evaluate(machine, element.slice) for element in node.slice]
    if len(indices) == 1 and type(node.slice[0].comma) is not cst.Comma:
        return indices[0]
    return Tuple(tuple(indices), machine.place(node))


def _index(machine: Machine, node: cst.Index) -> Value:
    return evaluate(machine, node.value)


def _slice(machine: Machine, node: cst.Slice) -> Value:
    bounds = [NONE if part is None else evaluate(machine, part) for part in (node.lower, node.upper, node.step)]
    return Slice(bounds[0], bounds[1], bounds[2], machine.place(node))


def _call(machine: Machine, node: cst.Call) -> Value:
    place = machine.place(node)
    func = node.func
    if type(func) is cst.Attribute:
        receiver = evaluate(machine, func.value)
        arguments = call_arguments(machine, node.args)
        return members.call_attribute(machine, receiver, func.attr.value, arguments, place)
    if type(func) is cst.Name and func.value == "super" and not node.args:
        return members.super_of_running_method(machine, place)
    callee = evaluate(machine, func)
    return functions.call(machine, callee, call_arguments(machine, node.args), place)


def call_arguments(machine: Machine, nodes: Sequence[cst.Arg]) -> Arguments:
    """The arguments of a call, in order, with `*` and `**` spread where they are known."""
    positional: list[Value] = []
    places: list[Place | None] = []
    keywords: dict[str, Value] = {}
    keyword_places: dict[str, Place] = {}
    complete = True
    rest: tuple[Value, ...] = ()
    for argument in nodes:
        value = evaluate(machine, argument.value)
        place = machine.place(argument.value)
        if argument.star == "*":
            spread = machine.iterate(value, place)
            positional.extend(spread.items if spread.exhaustive else ())
            places.extend([place] * (len(spread.items) if spread.exhaustive else 0))
            complete = complete and spread.exhaustive
            rest = rest if spread.exhaustive else tuple(spread.items)
        elif argument.star == "**":
            known = _spread_dict(value)
            keywords.update({key: one for key, one in known.items() if isinstance(key, str)})
            complete = complete and OPEN not in known
        elif argument.keyword is None:
            positional.append(value)
            places.append(place)
        else:
            keywords[argument.keyword.value] = value
            if place is not None:
                keyword_places[argument.keyword.value] = place
    return Arguments(tuple(positional), keywords, tuple(places), keyword_places, complete, rest)


def _spread_dict(value: Value) -> Mapping[Hashable, Value]:
    """The entries of what `**` spreads; of several dicts (one for each branch) what differs is unknown."""
    if isinstance(value, Dict) or (isinstance(value, Object) and value.row.makes == "namespace"):
        return value.cells
    dicts = [one for one in alternatives(value) if isinstance(one, Dict)]
    if not isinstance(value, Choice) or len(dicts) < len(value.alternatives):
        return {OPEN: Literal(True)}
    entries: dict[Hashable, Value] = {}
    for one in dicts:
        for key in one.cells:
            found = [other.cells.get(key) for other in dicts]
            known = [other for other in found if other is not None]
            missing = Unknown("it is passed on some branches only", value.place)
            entries[key] = join(tuple(known)) if len(known) == len(found) else missing
    return entries


def _lambda(machine: Machine, node: cst.Lambda) -> Value:
    defaults = functions.parameter_defaults(machine, node.params)
    return Function("<lambda>", node, machine.scope, defaults, (), None, machine.place(node))


def _named(machine: Machine, node: cst.NamedExpr) -> Value:
    value = evaluate(machine, node.value)
    targets.assign(machine, node.target, value)
    return value


def _await(machine: Machine, node: cst.Await) -> Value:
    return evaluate(machine, node.expression)


def _yield(machine: Machine, node: cst.Yield) -> Value:
    if isinstance(node.value, cst.From):
        spread = machine.iterate(evaluate(machine, node.value.item), machine.place(node))
        machine.activation.yields.extend(spread.items)
    else:
        machine.activation.yields.append(NONE if node.value is None else evaluate(machine, node.value))
    return Unknown("what is sent into a generator", machine.place(node))


def _ellipsis(machine: Machine, node: cst.Ellipsis) -> Value:
    return Symbol("builtins.Ellipsis", "...", machine.place(node))


_EXPRESSIONS: dict[type, Callable[..., Value]] = {
    cst.Name: _name,
    cst.Integer: _integer,
    cst.Float: _float,
    cst.Imaginary: _imaginary,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    TemplatedString: _formatted,
    cst.Tuple: _tuple,
    cst.List: _list,
    cst.Set: _set,
    cst.Dict: _dict,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.Index: _index,
    cst.Slice: _slice,
    cst.Call: _call,
    cst.Lambda: _lambda,
    cst.NamedExpr: _named,
    cst.Await: _await,
    cst.Yield: _yield,
    cst.ListComp: comprehensions.comprehension,
    cst.SetComp: comprehensions.comprehension,
    cst.GeneratorExp: comprehensions.comprehension,
    cst.DictComp: comprehensions.dict_comprehension,
    cst.Ellipsis: _ellipsis,
}

__all__ = ["Choice", "alternatives", "call_arguments", "evaluate", "subscript_index"]
