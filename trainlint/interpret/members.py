"""Attributes, methods and items of any value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainlint.core import Origin
from trainlint.interpret import operators
from trainlint.interpret.dispatch import ATTRIBUTES, METHODS, Arguments, Call, Handler, receiver_kinds
from trainlint.interpret.folded import FOLDED, item_of_folded, part_of_folded
from trainlint.interpret.limits import MAXIMUM_TEXT
from trainlint.interpret.ordering import any_of
from trainlint.interpret.values import (
    MAXIMUM_ALTERNATIVES,
    NONE,
    OPEN,
    Array,
    BoundMethod,
    Choice,
    Class,
    Dict,
    Function,
    Instance,
    LibraryMethod,
    List,
    Literal,
    ModuleValue,
    Object,
    Partial,
    Slice,
    Symbol,
    Tuple,
    Unknown,
    Value,
    join,
)
from trainlint.knowledge.rows import Row
from trainlint.source.walk import walk

if TYPE_CHECKING:
    from trainlint.core import Place
    from trainlint.interpret.interpreter import Machine

SUPER = Row("builtins.super", "super", "super")
_NO_VALUE_METHODS = frozenset({"__init__", "__init_subclass__", "__post_init__", "__setstate__", "__enter__", "__exit__"})


def linearized(cls: Class) -> list[Value]:
    """The classes that attributes are looked up in, own class first, library bases (symbols) where they stand."""
    order: list[Value] = []
    stack: list[Value] = [cls]
    while stack and len(order) < 64:
        one = stack.pop()
        if one in order:
            order.remove(one)
        order.append(one)
        if isinstance(one, Class):
            stack.extend(reversed(one.bases))
    return order


def last_constructor(cls: Class) -> Function | None:
    """The `__init__` with which construction ends before it reaches a library's class: no method names that of a base."""
    classes = [one for one in linearized(cls) if isinstance(one, Class)]
    for one in classes:
        own = one.cells.get("__init__")
        if isinstance(own, Function) and not _names_constructor(own):
            others = (value for base in classes for name, value in base.cells.items() if name != "__init__")
            return None if any(isinstance(value, Function) and _names_constructor(value) for value in others) else own
        if own is not None and not isinstance(own, Function):
            return None
    return None


def _names_constructor(function: Function) -> bool:
    import libcst as cst

    return any(isinstance(node, cst.Attribute) and node.attr.value == "__init__" for node in walk(function.node.body))


def find_in_class(cls: Class, name: str, after: Class | None = None) -> Value | None:
    """An attribute of a class or of the script's classes it derives from (only those behind `after`, for `super()`)."""
    order = linearized(cls)
    if after is not None and after in order:
        order = order[order.index(after) + 1 :]
    for one in order:
        if isinstance(one, Class) and name in one.cells:
            return one.cells[name]
    return None


def has_decorator(function: Function, *names: str) -> bool:
    """Whether a function carries one of these library decorators."""
    return any(isinstance(one, Symbol) and one.name in names for one in function.decorators)


def attribute(machine: Machine, value: Value, name: str, place: Place | None) -> Value:
    """`value.name`."""
    machine.step()
    if isinstance(value, Symbol):
        return _of_symbol(machine, value, name, place)
    if isinstance(value, Instance):
        return _of_instance(machine, value, name, place)
    if isinstance(value, Object):
        return _of_object(machine, value, name, place)
    if isinstance(value, Choice):
        known = [one for one in value.alternatives if not (isinstance(one, Literal) and one.value is None)]
        return join(tuple(attribute(machine, one, name, place) for one in known)) if known else Unknown("an attribute of None")
    if isinstance(value, ModuleValue):
        return _of_module(machine, value, name, place)
    if isinstance(value, Class):
        return _of_class(machine, value, name, place)
    if isinstance(value, Unknown):
        return value.taken(name, place)
    handler = _handler(ATTRIBUTES, value, name)
    if handler is not None:
        return handler(Call(machine, name, Arguments(), place, value))
    if isinstance(value, Function | Partial) and name in ("__name__", "__qualname__"):
        return Literal(value.name if isinstance(value, Function) else "partial", place)
    anything = _handler(ATTRIBUTES, value, "*") if _handler(METHODS, value, name) is None else None
    return LibraryMethod(value, name, place) if anything is None else anything(Call(machine, name, Arguments(), place, value))


def _of_module(machine: Machine, value: ModuleValue, name: str, place: Place | None) -> Value:
    from trainlint.interpret import imports

    found = imports.bound_in(machine, value, name) or imports.project_module(machine, f"{value.name}.{name}", place)
    return Unknown(f"`{name}` is not in {value.name}", place) if found is None else found


def _handler(table: dict[tuple[str, str], Handler], value: Value, name: str) -> Handler | None:
    for kind in receiver_kinds(value):
        found = table.get((kind, name))
        if found is not None:
            return found
    return None


def _of_symbol(machine: Machine, value: Symbol, name: str, place: Place | None) -> Value:
    from trainlint.interpret import configuration, imports
    from trainlint.interpret.standard import CONSTANTS

    if value.name in configuration.FLAG_SETS:
        return configuration.flag(machine, name, place)
    symbol = imports.symbol(machine, f"{value.spelled}.{name}", place)
    if symbol.name in CONSTANTS:
        return Literal(CONSTANTS[symbol.name], place)
    handler = ATTRIBUTES.get(("symbol", symbol.name))
    if handler is not None:
        return handler(Call(machine, name, Arguments(), place, value))
    inside = imports.project_module(machine, symbol.spelled, place)
    return symbol if inside is None else inside


def _of_instance(machine: Machine, value: Instance, name: str, place: Place | None) -> Value:
    if name in value.cells:
        return value.cells[name]
    if name == "__class__":
        return value.cls
    if name == "__dict__":
        return Dict({key: one for key, one in value.cells.items() if isinstance(key, str)}, place)
    found = find_in_class(value.cls, name)
    if found is not None:
        return bound(machine, value, found, place)
    handler = _handler(ATTRIBUTES, value, name)
    if handler is not None:
        return handler(Call(machine, name, Arguments(), place, value, value.row))
    fallback = find_in_class(value.cls, "__getattr__")  # which is asked for what the base does not have either
    if fallback is not None and (value.row is None or _handler(METHODS, value, name) is None):
        return call_method(machine, value, "__getattr__", (Literal(name, place),), place)
    return (
        LibraryMethod(value, name, place) if value.row is not None else Unknown(f"`{name}` is not set on {value.cls.name}", place)
    )


def bound(machine: Machine, receiver: Instance | Object, found: Value, place: Place | None) -> Value:
    """What an attribute found in a class gives on an instance: functions become methods, properties are computed."""
    if not isinstance(found, Function):
        return found
    if has_decorator(found, "builtins.staticmethod"):
        return found
    if has_decorator(found, "builtins.classmethod"):
        return BoundMethod(receiver.cls if isinstance(receiver, Instance) else receiver, found, place)
    if has_decorator(found, "builtins.property", "functools.cached_property"):
        return machine.call(BoundMethod(receiver, found, place), Arguments(), place)
    return BoundMethod(receiver, found, place)


def _of_object(machine: Machine, value: Object, name: str, place: Place | None) -> Value:
    if value.row is SUPER:
        return _of_super(value, name, place)
    if name in value.cells:
        return value.cells[name]
    handler = _handler(ATTRIBUTES, value, name)
    if handler is not None:
        return handler(Call(machine, name, Arguments(), place, value, value.row))
    if _handler(METHODS, value, name) is not None:
        return LibraryMethod(value, name, place)
    if value.row.makes == "namespace":
        return Unknown(f"`{name}` is not among the settings that the script defines", place)
    parameter = value.row.parameter(name)
    if parameter is not None and parameter.name in value.arguments:
        return value.arguments[parameter.name]
    if parameter is not None and parameter.default is None:  # which the library fills in: `layer.name`, `loader.sampler`
        return Unknown(f"`{name}` is left to {value.row.name}", place)
    if parameter is not None and isinstance(parameter.default, bool | int | float | str):
        return Literal(parameter.default, place, Origin.LIBRARY_DEFAULT)
    return LibraryMethod(value, name, place)


def _of_super(value: Object, name: str, place: Place | None) -> Value:
    receiver, owner = value.cells.get("self"), value.cells.get("owner")
    if not isinstance(owner, Class) or receiver is None:
        return Unknown("super() outside a method", place)
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    found = find_in_class(cls, name, after=owner) if isinstance(cls, Class) else None
    if isinstance(found, Function):
        return found if has_decorator(found, "builtins.staticmethod") else BoundMethod(receiver, found, place)
    return LibraryMethod(receiver, name, place) if found is None else found


def _of_class(machine: Machine, value: Class, name: str, place: Place | None) -> Value:
    if name == "__name__":
        return Literal(value.name, place)
    found = find_in_class(value, name)
    if isinstance(found, Function) and has_decorator(found, "builtins.classmethod"):
        return BoundMethod(value, found, place)
    if found is not None:
        return found
    base = next((one for one in linearized(value) if isinstance(one, Symbol)), None)
    if base is not None:
        return _of_symbol(machine, base, name, place)
    return Unknown(f"`{name}` is not set on {value.name}", place)


def call_attribute(machine: Machine, receiver: Value, name: str, arguments: Arguments, place: Place | None) -> Value:
    """`receiver.name(arguments)`."""
    if isinstance(receiver, Choice):
        known = [one for one in receiver.alternatives if not (isinstance(one, Literal) and one.value is None)]
        return join(tuple(call_attribute(machine, one, name, arguments, place) for one in known)) if known else NONE
    if isinstance(receiver, Unknown):
        handler = METHODS.get(("unknown", name))
        return receiver.taken(name, place) if handler is None else handler(Call(machine, name, arguments, place, receiver))
    value = attribute(machine, receiver, name, place)
    if isinstance(value, LibraryMethod):
        return call_library_method(machine, value.receiver, name, arguments, place)
    return machine.call(value, arguments, place)


def call_library_method(machine: Machine, receiver: Value, name: str, arguments: Arguments, place: Place | None) -> Value:
    """Dispatch a method of a library object, array or container to its handler."""
    handler = _handler(METHODS, receiver, name) or _handler(METHODS, receiver, "*")
    if handler is not None:
        row = receiver.row if isinstance(receiver, Object | Instance) else None
        return handler(Call(machine, name, arguments, place, receiver, row))
    if name in _NO_VALUE_METHODS:
        return receiver if name == "__enter__" else NONE
    what = receiver.row.name if isinstance(receiver, Object) else type(receiver).__name__.lower()
    return Unknown(f"`{name}` of {what} is not followed", place)


def call_method(machine: Machine, receiver: Value, name: str, values: tuple[Value, ...], place: Place | None) -> Value:
    """Call a method with positional values (operators, `with`, iteration)."""
    return call_attribute(machine, receiver, name, Arguments(values, {}, tuple(one.place for one in values)), place)


def super_of_running_method(machine: Machine, place: Place | None) -> Value:
    """`super()`: needs the running method's class and its first argument."""
    for activation in reversed(machine.activations):
        function = activation.function
        if isinstance(function, Function) and function.owner is not None:
            receiver = next(iter(activation.scope.cells.values()), None)
            if receiver is not None:
                return Object(SUPER, cells={"self": receiver, "owner": function.owner}, place=place)
    return Unknown("super() outside a method", place)


def special_setter(machine: Machine, owner: Object | Instance | Class, name: str, value: Value, place: Place | None) -> bool:
    """Whether a property's setter, or a library's own handler (`__setattr__`), took an attribute assignment."""
    if isinstance(owner, Instance):
        setter = find_in_class(owner.cls, f"{name}.setter")
        if isinstance(setter, Function):
            machine.call(BoundMethod(owner, setter, place), Arguments((value,)), place)
            return True
    handler = _handler(METHODS, owner, "__setattr__") if isinstance(owner, Object | Instance) else None
    if handler is None:
        return False
    result = handler(Call(machine, "__setattr__", Arguments((Literal(name, place), value)), place, owner))
    return isinstance(result, Literal) and result.value is True


def getitem(machine: Machine, container: Value, index: Value, place: Place | None) -> Value:
    """`container[index]`."""
    if isinstance(container, Array):
        from trainlint.interpret import arrays

        special = METHODS.get((f"array:{container.op}", "__getitem__"))
        if special is not None:
            return special(Call(machine, "__getitem__", Arguments((index,), {}, (place,)), place, container))
        return arrays.getitem(container, index, place)
    if isinstance(container, Choice):
        return join(tuple(getitem(machine, one, index, place) for one in container.alternatives))
    if isinstance(container, Dict):
        return _of_dict(container, index, place)
    if isinstance(container, Tuple | List):
        return _of_sequence(container, index, place)
    if isinstance(container, Literal) and isinstance(container.value, str):
        return _of_text(container, index, place)
    if isinstance(container, Unknown):
        if isinstance(index, Array) and index.attributes.get("distribution") == "permutation":
            machine.emit("taken", place, container=container, index=index)
        return Unknown(container.why, place)
    if isinstance(container, Symbol):
        return _of_generic(machine, container, index, place)
    return call_method(machine, container, "__getitem__", (index,), place)


def _of_generic(machine: Machine, container: Symbol, index: Value, place: Place | None) -> Value:
    """`list[int]` stays what it is; `models.__dict__["resnet18"]` is `models.resnet18`; the environment is not known."""
    if container.name == "os.environ":
        name = repr(index.value) if isinstance(index, Literal) and isinstance(index.value, str) else "..."
        return Unknown(f"it comes from `os.environ[{name:.60}]`", place)
    owner, _, last = container.spelled.rpartition(".")
    if last != "__dict__":
        return container
    if not isinstance(index, Literal) or not isinstance(index.value, str):
        return Unknown(index.why if isinstance(index, Unknown) else "a name in a module that is not known", place)
    from trainlint.interpret import imports

    return imports.symbol(machine, f"{owner}.{index.value}", place)


def _of_dict(container: Dict, index: Value, place: Place | None) -> Value:
    if isinstance(index, Choice):
        return join(tuple(_of_dict(container, one, place) for one in index.alternatives))
    key = operators.key_of(index)
    if key is not None:
        found = container.cells.get(key[0])
        return Unknown(f"the key {str(key[0])[:40]!r} is not in the dict", place) if found is None else found
    known = tuple(value for name, value in container.cells.items() if name is not OPEN)
    return join(known) if known else Unknown("a key that is not known", place)


def _of_sequence(container: Tuple | List, index: Value, place: Place | None) -> Value:
    items = container.items if isinstance(container, Tuple) else operators.items_of(container)
    is_open = isinstance(container, List) and operators.is_open(container)
    found = _of_folded(container, index, place) if isinstance(container, List) and FOLDED in container.cells else None
    if found is not None:
        return found
    if isinstance(index, Literal) and isinstance(index.value, int):
        if -len(items) <= index.value < len(items) and not (is_open and index.value < 0):
            return items[index.value]
        return (any_of(items) if is_open else None) or Unknown("an index outside the list", place)
    if isinstance(index, Literal):
        return Unknown("an index that is no number", place)
    if isinstance(index, Slice):
        bounds = None if is_open else known_slice(index)
        if bounds is not None:
            part = items[bounds]
            return Tuple(part, place) if isinstance(container, Tuple) else List({"items": Tuple(part)}, place)
        return List({"items": Tuple(items[:1]), "open": Literal(True)}, place)
    unknown = Unknown("an item that is not known", place)
    if (is_open or len(items) > MAXIMUM_ALTERNATIVES) and all(map(_is_plain, items)):
        return join((*items[: MAXIMUM_ALTERNATIVES - 1], unknown))  # numbers that were not met may be any
    return join(items[:MAXIMUM_ALTERNATIVES]) if items else unknown


def _of_folded(container: List, index: Value, place: Place | None) -> Value | None:
    if isinstance(index, Slice):
        return part_of_folded(container, known_slice(index), place)
    return item_of_folded(container, index.value) if isinstance(index, Literal) and isinstance(index.value, int) else None


def _is_plain(value: Value) -> bool:
    """Whether a value is a number or text, or a row of such."""
    row = value.items if isinstance(value, Tuple) else operators.items_of(value) if isinstance(value, List) else (value,)
    return all(isinstance(one, Literal | Choice | Unknown) for one in row)


def known_slice(index: Slice) -> slice | None:
    """The Python slice, if all its parts are known integers."""
    parts: list[int | None] = []
    for one in (index.start, index.stop, index.step):
        if not isinstance(one, Literal) or not (one.value is None or isinstance(one.value, int)):
            return None
        parts.append(one.value)
    return None if parts[2] == 0 else slice(*parts)


def _of_text(container: Literal, index: Value, place: Place | None) -> Value:
    text = container.value
    if isinstance(text, str) and len(text) <= MAXIMUM_TEXT:
        if isinstance(index, Literal) and isinstance(index.value, int) and -len(text) <= index.value < len(text):
            return Literal(text[index.value], place, container.origin)
        if isinstance(index, Slice):
            bounds = known_slice(index)
            if bounds is not None:
                return Literal(text[bounds], place, container.origin)
    return Unknown("a part of a text that is not known", place)
