"""Python's functions that look at objects and their attributes: isinstance, getattr, vars, super, ..."""

from __future__ import annotations

from trainlint.interpret import members, targets
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.dispatch import Call, function
from trainlint.interpret.values import (
    NONE,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    Object,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)
from trainlint.knowledge import find


@function("builtins.isinstance", "builtins.issubclass")
def _isinstance(call: Call) -> Value:
    value, kinds = call.argument(0), call.argument(1)
    wanted = kinds.items if isinstance(kinds, Tuple) else (kinds,)
    cls = value.cls if isinstance(value, Instance) else value if isinstance(value, Class) else None
    verdicts: list[bool | None] = []
    for kind in wanted:
        if isinstance(kind, Class) and cls is not None:
            verdicts.append(kind in members.linearized(cls))
        elif isinstance(kind, Symbol) and kind.name in _TYPES and isinstance(value, _PLAIN):
            verdicts.append(_is_plain(value, _TYPES[kind.name]))
        else:
            verdicts.append(_is_of_library(value, kind))
    if True in verdicts:
        return Literal(True, call.place)
    return call.unknown("whether a value is of a class") if None in verdicts else Literal(False, call.place)


def _is_of_library(value: Value | None, kind: Value | None) -> bool | None:
    """Whether a value is an instance of a library's class; classes of different kinds do not derive from each other."""
    row = find(kind.name) if isinstance(kind, Symbol) else None
    if row is None or not isinstance(value, Object | Instance) or value.row is None:
        return None
    if value.row is row:
        return True
    if isinstance(value, Instance):
        bases = (find(one.name) for one in members.linearized(value.cls) if isinstance(one, Symbol))
        return True if any(one is row for one in bases) else None if row.makes == "base" else False
    return None if row.makes == "base" or row.kind == value.row.kind or row.library != value.row.library else False


_PLAIN = (Literal, List, Dict, Tuple)
_TYPES = {f"builtins.{one.__name__}": one for one in (int, float, str, bool, list, dict, tuple, set)}


def _is_plain(value: Value, kind: type) -> bool:
    if isinstance(value, Literal):
        return isinstance(value.value, kind)
    if isinstance(value, List):
        return value.kind == kind.__name__
    return (isinstance(value, Dict) and kind is dict) or (isinstance(value, Tuple) and kind is tuple)


@function("builtins.hasattr")
def _hasattr(call: Call) -> Value:
    value, name = call.argument(0), call.literal(1)
    if isinstance(value, Instance) and isinstance(name, str):
        if name in value.cells or members.find_in_class(value.cls, name) is not None:
            return Literal(True, call.place)
        return Literal(False, call.place) if value.row is None else call.unknown("whether an attribute is there")
    return call.unknown("whether an attribute is there")


@function("builtins.getattr")
def _getattr(call: Call) -> Value:
    value, name = call.argument(0), call.argument(1)
    if value is None or name is None:
        return call.unknown("getattr without a name")
    found = [_named_attribute(call, value, one) for one in alternatives(name)]
    return join(tuple(found))


def _named_attribute(call: Call, value: Value, name: Value) -> Value:
    if not isinstance(name, Literal) or not isinstance(name.value, str):
        return call.unknown(name.why if isinstance(name, Unknown) else "an attribute whose name is not known")
    default = call.argument(2, "default")
    plain = isinstance(value, Instance) and value.row is None and name.value not in value.cells
    if plain and isinstance(value, Instance) and default is not None and members.find_in_class(value.cls, name.value) is None:
        return default
    result = call.interpreter.attribute(value, name.value, call.place)
    return default if isinstance(result, Unknown) and default is not None and isinstance(value, Instance) else result


@function("builtins.setattr")
def _setattr(call: Call) -> Value:
    owner, name, value = call.argument(0), call.literal(1), call.argument(2)
    if owner is not None and isinstance(name, str) and value is not None:
        targets.set_attribute(machine_of(call), owner, name, value, call.place)
    return NONE


@function("builtins.vars")
def _vars(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Object | Instance):
        return Dict(value.cells, call.place)  # the same cells: a write through the dict is a write to the object
    return call.unknown("vars() of something that is not followed")


@function("builtins.type")
def _type(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Instance):
        return value.cls
    return Symbol(value.row.name, value.spelled, call.place) if isinstance(value, Object) else call.unknown("a type")


@function("builtins.callable")
def _callable(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Literal | List | Dict | Tuple):
        return Literal(False, call.place)
    return Literal(True, call.place) if isinstance(value, Function | Class) else call.unknown("whether a value can be called")


@function("builtins.super")
def _super(call: Call) -> Value:
    owner, receiver = call.argument(0), call.argument(1)
    if isinstance(owner, Class) and receiver is not None:
        return Object(members.SUPER, cells={"self": receiver, "owner": owner}, place=call.place)
    return members.super_of_running_method(machine_of(call), call.place)


@function("builtins.print", "builtins.input", "builtins.setattr_", "builtins.delattr", "builtins.breakpoint")
def _nothing(call: Call) -> Value:
    return call.unknown("what a user types") if call.name == "builtins.input" else NONE
