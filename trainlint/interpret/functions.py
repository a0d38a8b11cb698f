"""Calls: entering the script's functions and classes, dispatching library symbols, and what nobody calls."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import libcst as cst

from trainlint.interpret import dispatch, members, targets
from trainlint.interpret.dispatch import FUNCTIONS, METHODS, Arguments, Call, receiver_kinds
from trainlint.interpret.events import Frame
from trainlint.interpret.limits import MAXIMUM_CALL_DEPTH, MAXIMUM_RECURSION
from trainlint.interpret.options import option_defaults
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Array,
    BoundMethod,
    Choice,
    Class,
    Deferred,
    Dict,
    Function,
    Instance,
    LibraryMethod,
    List,
    Literal,
    ModuleValue,
    Object,
    Partial,
    Scope,
    Symbol,
    Tuple,
    Unknown,
    Value,
    join,
)
from trainlint.knowledge import find
from trainlint.knowledge.rows import Row
from trainlint.source.walk import children

if TYPE_CHECKING:
    from trainlint.core import Place
    from trainlint.interpret.interpreter import Machine
    from trainlint.source.parse import Tree

GENERATOR = Row("builtins.generator", "generator", "generator", "", (), ())


def run_module(machine: Machine, module: ModuleValue, tree: Tree) -> None:
    """Follow the statements of a file in its module scope."""
    from trainlint.interpret.interpreter import Activation
    from trainlint.interpret.statements import Flow, execute

    machine.activations.append(Activation(module.scope))
    frames, machine.frames = machine.frames, ()
    try:
        for statement in tree.module.body:
            if execute(machine, statement) is Flow.RAISE:  # what follows a certain `sys.exit()` is still read
                machine.emit("exit", machine.place(statement))
    finally:
        machine.frames = frames
        machine.activations.pop()


def call(machine: Machine, callee: Value, arguments: Arguments, place: Place | None) -> Value:
    """Call any value."""
    machine.step()
    if isinstance(callee, Symbol):
        return call_symbol(machine, callee, arguments, place)
    if isinstance(callee, Function):
        return enter(machine, callee, arguments, place)
    if isinstance(callee, BoundMethod):
        first = (callee.receiver, *arguments.positional)
        places = (callee.receiver.place, *arguments.positional_places)
        return call(machine, callee.function, _with(arguments, first, places), place)
    if isinstance(callee, LibraryMethod):
        return members.call_library_method(machine, callee.receiver, callee.name, arguments, place)
    if isinstance(callee, Class):
        return instantiate(machine, callee, arguments, place)
    if isinstance(callee, Partial):
        places = (*(one.place for one in callee.positional), *arguments.positional_places)
        merged = _with(arguments, (*callee.positional, *arguments.positional), places)
        keywords = {**callee.keywords, **arguments.keywords}
        return call(machine, callee.function, Arguments(merged.positional, keywords, places, arguments.keyword_places), place)
    if isinstance(callee, Choice):
        known = [one for one in callee.alternatives if not (isinstance(one, Literal) and one.value is None)]
        return join(tuple(call(machine, one, arguments, place) for one in known)) if known else Unknown("a call of None")
    if isinstance(callee, Object | Instance | Array):
        return _call_object(machine, callee, arguments, place)
    if isinstance(callee, Unknown):
        handler, made = METHODS.get(("unknown", "__call__")), Call(machine, "", arguments, place, callee)
        return handler(made) if handler is not None else Unknown(callee.why, place, trail=callee.trail)
    return Unknown("a call of something that is no function", place)


def _with(arguments: Arguments, positional: tuple[Value, ...], places: tuple[Place | None, ...]) -> Arguments:
    return Arguments(positional, arguments.keywords, places, arguments.keyword_places, arguments.complete)


def _call_object(machine: Machine, callee: Object | Instance | Array, arguments: Arguments, place: Place | None) -> Value:
    if isinstance(callee, Instance):
        own = members.find_in_class(callee.cls, "__call__")
        if isinstance(own, Function):
            return call(machine, BoundMethod(callee, own, place), arguments, place)
    row = None if isinstance(callee, Array) else callee.row
    handler = next((METHODS[kind, "__call__"] for kind in receiver_kinds(callee) if (kind, "__call__") in METHODS), None)
    if handler is not None:
        return handler(Call(machine, "__call__", arguments, place, callee, row))
    return Unknown(f"a call of {row.name if row else 'an object'} is not followed", place)


RECORDED = frozenset({"callback", "layer", "loss", "model", "module", "optimizer", "policy", "schedule"})
"""What is worth a "made" event: a row of knowledge that makes one of these."""


def call_symbol(machine: Machine, symbol: Symbol, arguments: Arguments, place: Place | None) -> Value:
    """Call a library symbol: its own handler, else what its row makes. New layers, optimizers, ... are "made" events."""
    row = find(symbol.name)
    value = _call_row(machine, symbol, row, arguments, place)
    if row is not None and row.makes in RECORDED and isinstance(value, Object) and value.place is place:
        machine.emit("made", place, object=value)
    elif row is not None and row.makes == "dataset" and isinstance(value, Object):
        machine.emit("dataset", place, object=value)
    return value


def _call_row(machine: Machine, symbol: Symbol, row: Row | None, arguments: Arguments, place: Place | None) -> Value:
    from trainlint.interpret.statements import EXITS

    made = Call(machine, symbol.name, arguments, place, None, row, symbol.spelled)
    handler = FUNCTIONS.get(symbol.name) or (FUNCTIONS.get(row.name) if row is not None else None)
    if handler is not None:
        return handler(made)
    if symbol.name in EXITS:
        return Unknown(symbol.name, place)
    if row is None:
        return made.not_known()
    handler = FUNCTIONS.get(f"makes:{row.makes}")
    return handler(made) if handler is not None else dispatch.make(made, row)


def define_function(machine: Machine, node: cst.FunctionDef) -> None:
    """`def`: bind the function, wrapped by the script's own decorators; library decorators are only remembered."""
    decorators = tuple(_decorator(machine, one.decorator) for one in node.decorators)
    defaults = parameter_defaults(machine, node.params)
    owner = machine.activation.function if machine.scope.kind == "class" else None
    name = node.name.value
    place = machine.place(node.name)
    function = Function(name, node, machine.scope, defaults, decorators, owner if isinstance(owner, Class) else None, place)
    for one in decorators:
        if isinstance(one, LibraryMethod) and one.name in ("setter", "deleter", "getter"):
            machine.heap.write(machine.scope, f"{name}.{one.name}", function)
            return
    value: Value = function
    for one in reversed(decorators):
        if isinstance(one, Function | BoundMethod | Instance | Class):
            wrapped = machine.call(one, Arguments((value,), {}, (place,)), place)
            value = wrapped if isinstance(wrapped, Function | Partial | Instance | BoundMethod) else value
    machine.heap.write(machine.scope, name, value)


def _decorator(machine: Machine, node: cst.BaseExpression) -> Value:
    """What decorates a function; where nothing trains, one of another file of the project (`@register_model`) is not followed."""
    from trainlint.interpret.expressions import evaluate

    scope = targets.scope_of(machine, node.value) if machine.defers and isinstance(node, cst.Name) else None
    found = scope.cells[node.value] if scope is not None and isinstance(node, cst.Name) else None
    return found if isinstance(found, Deferred) else evaluate(machine, node)


def parameter_defaults(machine: Machine, parameters: cst.Parameters) -> Mapping[str, Value]:
    """The default values of parameters, evaluated where the function is defined."""
    from trainlint.interpret.expressions import evaluate

    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    return {one.name.value: evaluate(machine, one.default) for one in every if one.default is not None}


def define_class(machine: Machine, node: cst.ClassDef) -> None:
    """`class`: follow the body in a scope of its own."""
    from trainlint.interpret.expressions import evaluate
    from trainlint.interpret.interpreter import Activation
    from trainlint.interpret.statements import body_of, execute_block

    bases = tuple(evaluate(machine, one.value) for one in node.bases if not one.star)
    keywords = {one.keyword.value: evaluate(machine, one.value) for one in node.keywords if one.keyword is not None}
    decorators = tuple(evaluate(machine, one.decorator) for one in node.decorators)
    scope = Scope(parent=machine.scope, kind="class", name=node.name.value, tree=machine.scope.tree)
    made = Class(node.name.value, bases, scope.cells, keywords, decorators, machine.place(node.name))
    machine.activations.append(Activation(scope, function=made))
    try:
        execute_block(machine, body_of(node.body))
    finally:
        machine.activations.pop()
    machine.classes.append(made)
    machine.heap.write(machine.scope, node.name.value, made)


def base_row(cls: Class) -> Row | None:
    """The row of the library class that a script's class derives from."""
    for one in members.linearized(cls):
        row = find(one.name) if isinstance(one, Symbol) else None
        if row is not None:
            return row
    return None


def instantiate(machine: Machine, cls: Class, arguments: Arguments, place: Place | None) -> Value:
    """Make an instance and run its `__init__`."""
    row = base_row(cls)
    instance = Instance(cls, row, {}, place)
    machine.instances[id(cls)] = instance
    constructor = members.find_in_class(cls, "__init__")
    if isinstance(constructor, Function):
        call(machine, BoundMethod(instance, constructor, place), arguments, place)
    elif is_record(cls):
        _fill_record(machine, instance, arguments)
    elif row is not None:
        members.call_library_method(machine, instance, "__init__", arguments, place)
    elif cls.bases:
        machine.emit("constructed", place, None, object=instance, arguments=Tuple(tuple(arguments.positional), place))
    if row is not None:
        last = members.last_constructor(cls)
        missing: dict[str, Value] = {"unconstructed": last} if last is not None else {}
        machine.emit("made", place, None, object=instance, **missing)
    return instance


_RECORDS = frozenset({"dataclasses.dataclass", "attr.s", "attr.dataclass", "attrs.define", "attrs.frozen", "chex.dataclass"})


def is_record(cls: Class) -> bool:
    """Whether a class is a dataclass, an attrs class or a NamedTuple: its fields are its constructor's arguments."""
    names = [one.name for one in (*cls.decorators, *members.linearized(cls)) if isinstance(one, Symbol)]
    made = [one.spelled for one in cls.decorators if isinstance(one, Object)]
    return any(name in _RECORDS or name in ("typing.NamedTuple", "pydantic.BaseModel") for name in (*names, *made)) or any(
        isinstance(one, Class) and one is not cls and is_record(one) for one in members.linearized(cls)[1:]
    )


def record_fields(cls: Class) -> list[str]:
    """The field names of a dataclass-like class, inherited ones first."""
    from trainlint.interpret.targets import FIELDS

    names: list[str] = []
    for one in reversed(members.linearized(cls)):
        fields = one.cells.get(FIELDS) if isinstance(one, Class) else None
        for field in fields.items if isinstance(fields, Tuple) else ():
            if isinstance(field, Literal) and isinstance(field.value, str) and field.value not in names:
                names.append(field.value)
    return names


def _fill_record(machine: Machine, instance: Instance, arguments: Arguments) -> None:
    for index, name in enumerate(record_fields(instance.cls)):
        if name in arguments.keywords:
            value: Value | None = arguments.keywords[name]
        elif index < len(arguments.positional):
            value = arguments.positional[index]
        elif not arguments.complete:
            value = Unknown(f"`{name}` may be among the arguments that `*` or `**` pass on", instance.place)
        else:
            value = _field_default(machine, members.find_in_class(instance.cls, name))
        if value is not None:
            machine.heap.write(instance, name, value)
    if members.find_in_class(instance.cls, "__post_init__") is not None:
        members.call_method(machine, instance, "__post_init__", (), instance.place)


def _field_default(machine: Machine, value: Value | None) -> Value | None:
    """The default of a field; `field(default=…)` and `field(default_factory=…)` are looked through."""
    if isinstance(value, Object) and value.row.kind == "dataclass_field":
        if "default" in value.arguments:
            return value.arguments["default"]
        if "default_factory" in value.arguments:
            return machine.call(value.arguments["default_factory"], Arguments(), value.place)
        return None
    return value


def enter(machine: Machine, function: Function, arguments: Arguments, place: Place | None, *, yields: bool = False) -> Value:
    """Follow a function's body with arguments; a generator function gives a generator unless `yields` collects its items."""
    from trainlint.interpret.expressions import evaluate
    from trainlint.interpret.interpreter import Activation
    from trainlint.interpret.statements import Flow, body_of, execute_block

    node = function.node
    if not yields and type(node) is cst.FunctionDef and _is_generator(machine, function, node):
        made = Partial(function, arguments.positional, arguments.keywords, place)
        return Object(GENERATOR, cells={"call": made}, place=place)
    running = _running(machine, node) if len(machine.activations) > MAXIMUM_RECURSION else 0
    if len(machine.activations) > MAXIMUM_CALL_DEPTH and running == 0:
        machine.limit(f"more than {MAXIMUM_CALL_DEPTH} calls within one another are not followed", place)
    if len(machine.activations) > MAXIMUM_CALL_DEPTH or running >= MAXIMUM_RECURSION:
        return Unknown(f"calls of {function.name}() nest too deeply to be followed", place)
    machine.entered.add(id(node))
    scope = Scope(parent=function.scope, name=function.name, tree=function.scope.tree)
    activation = Activation(scope, function=function)
    bind_parameters(function, arguments, scope, place)
    machine.activations.append(activation)
    try:
        receiver = next(iter(arguments.positional), None) if function.owner is not None else None
        with machine.frame(Frame("call", place, function.name, over=receiver)):
            guards = _guards(function, place)
            machine.frames = (*machine.frames, *guards)
            if isinstance(node, cst.Lambda):
                return evaluate(machine, node.body)
            flow = execute_block(machine, body_of(node.body))
    finally:
        machine.activations.pop()
    if yields:
        return Tuple(tuple(activation.yields), place)
    if flow is Flow.RAISE and not activation.returns:
        return Unknown(f"{function.name}() ends in an exception, as far as it can be followed", place)
    if flow is not Flow.RETURN or not activation.returns:
        activation.returns.append(NONE)
    return join(tuple(activation.returns))


def _running(machine: Machine, node: cst.CSTNode) -> int:
    """How often a function is running already."""
    functions = (one.function for one in machine.activations)
    return sum(isinstance(one, Function) and one.node is node for one in functions)


def _guards(function: Function, place: Place | None) -> tuple[Frame, ...]:
    """Frames for the context managers that decorate a function: `@torch.no_grad()`."""
    found = []
    for one in function.decorators:
        row = one.row if isinstance(one, Object) else find(one.name) if isinstance(one, Symbol) else None
        if row is not None and row.makes == "context":
            found.append(Frame("with", place, row.kind, over=one if isinstance(one, Object) else None))
    return tuple(found)


def _is_generator(machine: Machine, function: Function, node: cst.FunctionDef) -> bool:
    """`is_generator`, asked once for each function, and only in files that have the word."""
    known = machine.generators.get(id(node))
    if known is None:
        tree = function.scope.tree
        known = machine.generators[id(node)] = (tree is None or "yield" in tree.source.text) and is_generator(node)
    return known


def is_generator(node: cst.FunctionDef) -> bool:
    """Whether a function's own body (not that of functions inside it) holds a `yield`."""
    stack: list[cst.CSTNode] = [node.body]
    while stack:
        one = stack.pop()
        if isinstance(one, cst.Yield):
            return True
        if not isinstance(one, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            stack.extend(children(one))
    return False


def bind_parameters(function: Function, arguments: Arguments, scope: Scope, place: Place | None) -> None:
    """Bind arguments to parameters in a call's scope; what is not passed and has no default is Unknown."""
    parameters = function.node.params
    options = option_defaults(function)
    cells = scope.cells
    names = [one.name.value for one in (*parameters.posonly_params, *parameters.params)]
    cells.update(zip(names, arguments.positional, strict=False))
    if isinstance(parameters.star_arg, cst.Param):
        name = parameters.star_arg.name.value
        rest_of = Tuple(arguments.positional[len(names) :], place)
        cells[name] = rest_of if arguments.complete else Unknown(f"not all of `*{name}` of {function.name}() is known", place)
    keyword_only = [one.name.value for one in parameters.kwonly_params]
    surplus: dict[str, Value] = {}
    for key, value in arguments.keywords.items():
        (cells if key in names or key in keyword_only else surplus)[key] = value
    if parameters.star_kwarg is not None:
        rest_cells: dict[Hashable, Value] = dict(surplus.items())
        rest = Dict(rest_cells, place)
        if not arguments.complete:
            rest.cells[OPEN] = Literal(True)
        cells[parameters.star_kwarg.name.value] = rest
    for name in (*names, *keyword_only):
        if name not in cells:
            cells[name] = (
                options.get(name) or function.defaults.get(name) or Unknown(f"`{name}` of {function.name}() is not passed", place)
            )


def generated_items(machine: Machine, generator: Object, place: Place | None) -> tuple[Value, ...]:
    """What a generator yields when its body is followed once."""
    made = generator.cells["call"]
    assert isinstance(made, Partial)
    assert isinstance(made.function, Function)
    arguments = Arguments(made.positional, made.keywords)
    items = enter(machine, made.function, arguments, place, yields=True)
    return items.items if isinstance(items, Tuple) else ()


__all__ = ["List", "call", "call_symbol", "enter", "generated_items", "instantiate", "run_module"]
