"""Names and assignment: where a name is found, and what an assignment to any kind of target changes."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

import libcst as cst

from trainlint.interpret import aliases, operators
from trainlint.interpret.bindings import bound_only_later, surely_unbound
from trainlint.interpret.dispatch import METHODS, Arguments, Call
from trainlint.interpret.heap import NOT_BOUND
from trainlint.interpret.values import (
    OPEN,
    Array,
    Choice,
    Class,
    Deferred,
    Dict,
    Instance,
    List,
    Literal,
    ModuleValue,
    Object,
    Scope,
    Slice,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)
from trainlint.source.holes import HOLE

if TYPE_CHECKING:
    from trainlint.core import Place
    from trainlint.interpret.interpreter import Machine

FIELDS = "__annotations__"
_CONSTANTS = {"True": True, "False": False, "None": None, "__debug__": True}
_BUILTIN_NAMES = frozenset(dir(builtins)) | {"__doc__", "reload", "unicode", "xrange", "raw_input", "get_ipython"}


def bound_value(machine: Machine, name: str) -> Value | None:
    """The value of a plain name that the script binds: local, enclosing, module."""
    scope = scope_of(machine, name)
    if scope is None and machine.stars and settle(machine, _module_scope(machine.scope)):
        scope = scope_of(machine, name)
    if scope is None:
        return None
    value = bound_part(scope.cells[name])
    return value.follow() if isinstance(value, Deferred) else value


def settle(machine: Machine, module: Scope) -> bool:
    """Follow the `from ... import *` of a module that were put off; whether there were any."""
    waiting = machine.stars.pop(id(module), ()) if machine.follows else ()
    for follow in waiting:
        follow()
    return bool(waiting)


def unbound(machine: Machine, name: str, place: Place | None) -> Value:
    """The value of a plain name that the script does not bind: a constant, a builtin, or nothing that is known."""
    if name in _CONSTANTS:
        return Literal(_CONSTANTS[name], place)
    if name == "__file__" and machine.scope.tree is not None:
        return Literal(machine.scope.tree.source.filename, place)
    if name == "__name__":
        module = _module_scope(machine.scope)
        return Literal(module.name, place)
    if name in _BUILTIN_NAMES:
        return Symbol(f"builtins.{name}", name, place)
    if name == HOLE:
        return Unknown("it comes from a statement that cannot be parsed", place)
    tree = machine.scope.tree
    if tree is not None and surely_unbound(tree, name):
        machine.emit("unbound", place, name=Literal(name))
    elif tree is not None and place is not None and machine.scope.kind == "module":
        later = bound_only_later(tree, name, place.span.row)
        if later is not None:
            machine.emit("unbound", place, name=Literal(name), later=Literal(later))
    return Unknown(f"`{name}` is bound nowhere", place)


def bound_part(value: Value) -> Value:
    """What a value is where it is bound at all: the script goes on only there."""
    if not isinstance(value, Choice) or NOT_BOUND not in value.alternatives:
        return value
    return join(tuple(one for one in value.alternatives if one is not NOT_BOUND))


def scope_of(machine: Machine, name: str) -> Scope | None:
    """The scope in which a name is found; class scopes are seen only from inside the class body."""
    own = machine.activations[-1].scope
    scope: Scope | None = own
    while scope is not None:
        if scope.redirected and name in scope.redirected:
            target = scope.redirected[name]
            return target if name in target.cells else None
        if name in scope.cells and (scope is own or scope.kind != "class"):
            return scope
        scope = scope.parent
    return None


def _module_scope(scope: Scope) -> Scope:
    while scope.parent is not None:
        scope = scope.parent
    return scope


def redirect(machine: Machine, name: str, *, to_module: bool) -> None:
    """`global name` or `nonlocal name`."""
    target: Scope | None = _module_scope(machine.scope) if to_module else machine.scope.parent
    while not to_module and target is not None and name not in target.cells:
        target = target.parent
    if target is not None and target is not machine.scope:
        machine.scope.redirected[name] = target


def declare_field(machine: Machine, name: str) -> None:
    """Remember an annotated name of a class body: a field, should the class be a dataclass."""
    before = machine.scope.cells.get(FIELDS)
    fields = before.items if isinstance(before, Tuple) else ()
    machine.heap.write(machine.scope, FIELDS, Tuple((*fields, Literal(name))))


def assign(machine: Machine, target: cst.BaseExpression, value: Value) -> None:
    """Bind a value to a target: a name, a pattern, an attribute or a subscript."""
    if isinstance(target, cst.Name):
        scope = machine.activations[-1].scope
        machine.heap.write(scope.redirected.get(target.value, scope), target.value, value)
    elif isinstance(target, cst.Attribute):
        from trainlint.interpret.expressions import evaluate

        owner = evaluate(machine, target.value)
        result = set_attribute(machine, owner, target.attr.value, value, machine.place(target))
        if result is not None and isinstance(target.value, cst.Name | cst.Attribute):
            assign(machine, target.value, result)
    elif isinstance(target, cst.Subscript):
        _assign_item(machine, target, value)
    elif isinstance(target, cst.Tuple | cst.List):
        _unpack(machine, target, value)


def _unpack(machine: Machine, target: cst.Tuple | cst.List, value: Value) -> None:
    elements = target.elements
    if isinstance(value, Choice):
        fitting = [one for one in value.alternatives if isinstance(one, Tuple | List)]
        value = fitting[0] if len(fitting) == 1 else value
    iteration = machine.iterate(value, machine.place(target))
    items = list(iteration.items)
    if isinstance(value, Tuple) and len(items) != len(elements) and not any(isinstance(e, cst.StarredElement) for e in elements):
        machine.emit("unpack", machine.place(target), value=value, targets=Literal(len(elements)))
    starred = next((i for i, element in enumerate(elements) if isinstance(element, cst.StarredElement)), None)
    if not iteration.exhaustive or len(items) < len(elements) - (starred is not None):
        why = value.why if isinstance(value, Unknown) else "what is unpacked here is not known"
        if isinstance(value, Unknown) or not iteration.items:
            items = [Unknown(why, machine.place(target))] * len(elements)
        elif isinstance(value, Array) and len(items) >= len(elements):
            items = items[: len(elements)]  # parts of something that may have more of them: each its own
        else:
            items = [iteration.items[0]] * len(elements)
    elif starred is not None:
        after = len(elements) - starred - 1
        middle = items[starred : len(items) - after]
        packed = List({"items": Tuple(tuple(middle))}, machine.place(target))
        items = [*items[:starred], packed, *items[len(items) - after :]]
    for element, item in zip(elements, items, strict=False):
        assign(machine, element.value, item)


def set_attribute(machine: Machine, owner: Value, name: str, value: Value, place: Place | None) -> Value | None:
    """`owner.name = value`. For immutable arrays the new array is returned, to be bound where the old one was."""
    for one in alternatives(owner):
        if isinstance(one, Array):
            handler = METHODS.get(("array", "__setattr__"))
            if handler is None:
                return None
            arguments = Arguments((Literal(name, place), value))
            result = handler(Call(machine, "__setattr__", arguments, place, one))
            return result if isinstance(result, Array) and result is not one else None
        if isinstance(one, Object | Instance | Class):
            _set_on_object(machine, one, name, value, place)
        elif isinstance(one, ModuleValue):
            machine.heap.write(one.scope, name, value)
        elif isinstance(one, Symbol):
            machine.emit("set_attribute", place, target=one, name=Literal(name), value=value)
        elif isinstance(one, Unknown) and ("unknown", "__setattr__") in METHODS:
            METHODS["unknown", "__setattr__"](Call(machine, "__setattr__", Arguments((Literal(name, place), value)), place, one))
    return None


def _set_on_object(machine: Machine, owner: Object | Instance | Class, name: str, value: Value, place: Place | None) -> None:
    from trainlint.interpret import members

    setter = members.special_setter(machine, owner, name, value, place)
    if setter:
        return
    if isinstance(owner, Instance) and owner.row is not None and not _constructing(machine, owner):
        machine.emit("set_member", place, None, target=owner, name=Literal(name), value=value, **_before(owner, name))
    before = _before(owner, name)
    machine.heap.write(owner, name, value)
    if isinstance(owner, Object):
        machine.emit("set_attribute", place, None, target=owner, name=Literal(name), value=value, **before)


def _before(owner: Object | Instance | Class, name: str) -> dict[str, Value]:
    """The value that the assignment replaces, as the event's role `before`; nothing where there was none."""
    held = owner.cells.get(name)
    return {} if held is None else {"before": held}


def _constructing(machine: Machine, owner: Instance) -> bool:
    return any(frame.kind == "call" and frame.name == "__init__" and frame.over is owner for frame in machine.frames)


def _assign_item(machine: Machine, target: cst.Subscript, value: Value) -> None:
    from trainlint.interpret.expressions import evaluate, subscript_index

    container = evaluate(machine, target.value)
    index = subscript_index(machine, target)
    place = machine.place(target)
    for one in alternatives(container):
        if isinstance(one, Array):
            from trainlint.interpret import arrays

            changed = arrays.setitem(one, index, value, place)
            if not isinstance(container, Choice):
                aliases.changed(machine, one, changed)
                if isinstance(target.value, cst.Name | cst.Attribute | cst.Subscript):
                    assign(machine, target.value, changed)
        else:
            set_item(machine, one, index, value, place)


def set_item(machine: Machine, container: Value, index: Value, value: Value, place: Place | None) -> None:
    """`container[index] = value` for what can be changed in place."""
    if isinstance(container, Dict):
        key = operators.key_of(index)
        machine.heap.write(container, OPEN if key is None else key[0], Literal(True) if key is None else value)
    elif isinstance(container, List):
        items = operators.items_of(container)
        number = index.value if isinstance(index, Literal) else None
        if isinstance(number, int) and -len(items) <= number < len(items):
            changed = list(items)
            changed[number] = value
            machine.heap.write(container, "items", Tuple(tuple(changed)))
        else:
            machine.heap.write(container, "open", Literal(True))
    elif isinstance(container, Object | Instance):
        from trainlint.interpret import members

        members.call_method(machine, container, "__setitem__", (index, value), place)


def delete(machine: Machine, target: cst.BaseExpression) -> None:
    """`del target`."""
    from trainlint.interpret.expressions import evaluate, subscript_index

    if isinstance(target, cst.Name):
        scope = scope_of(machine, target.value)
        if scope is not None:
            machine.heap.delete(scope, target.value)
    elif isinstance(target, cst.Attribute):
        owner = evaluate(machine, target.value)
        if isinstance(owner, Object | Instance | Class):
            machine.heap.delete(owner, target.attr.value)
    elif isinstance(target, cst.Subscript):
        container = evaluate(machine, target.value)
        index = subscript_index(machine, target)
        if isinstance(container, Dict):
            key = operators.key_of(index)
            if key is not None:
                machine.heap.delete(container, key[0])
            else:
                machine.heap.write(container, OPEN, Literal(True))
        elif isinstance(container, List):
            _delete_item(machine, container, index)
        elif isinstance(container, Object | Instance):
            from trainlint.interpret import members

            members.call_method(machine, container, "__delitem__", (index,), machine.place(target))


def _delete_item(machine: Machine, container: List, index: Value) -> None:
    from trainlint.interpret import members
    from trainlint.interpret.ordering import without_any

    items = list(operators.items_of(container))
    number = index.value if isinstance(index, Literal) else None
    part = members.known_slice(index) if isinstance(index, Slice) else None
    if part is not None:
        del items[part]
    elif isinstance(number, int) and -len(items) <= number < len(items):
        del items[number]
    elif isinstance(index, Slice) or operators.is_open(container):
        items = [join(tuple(items[:8]))] if items else []
        machine.heap.write(container, "open", Literal(True))
    else:
        items = list(without_any(tuple(items)))
    machine.heap.write(container, "items", Tuple(tuple(items)))


def match_pattern(machine: Machine, pattern: cst.MatchPattern, subject: Value) -> bool | None:
    """Whether a `case` pattern fits, binding its names; None if that is not known."""
    from trainlint.interpret.expressions import evaluate

    if isinstance(pattern, cst.MatchValue):
        result = operators.compare(machine, "eq", subject, evaluate(machine, pattern.value), machine.place(pattern))
        return operators.truth(result)
    if isinstance(pattern, cst.MatchAs):
        verdict = True if pattern.pattern is None else match_pattern(machine, pattern.pattern, subject)
        if pattern.name is not None and verdict is not False:
            assign(machine, pattern.name, subject)
        return verdict
    if isinstance(pattern, cst.MatchOr):
        verdicts = [match_pattern(machine, element.pattern, subject) for element in pattern.patterns]
        return True if True in verdicts else None if None in verdicts else False
    return None
