"""`Sequential`, `ModuleList`, `ModuleDict`, `ParameterList`.

What they hold is in their cells by name, in lists by index ("0", "1", ...). The cell "open" is true when more may follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, Iteration, function, iterates, method
from trainlint.interpret.torch.common import Module, integer, is_index, is_module
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Array,
    Choice,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Slice,
    Tuple,
    Unknown,
    Value,
    alternatives,
)
from trainlint.knowledge.rows import Row
from trainlint.knowledge.torch_layer_rows import CONTAINERS

_LISTS = frozenset({"sequential", "module_list", "parameter_list"})


def held(container: Module) -> list[tuple[str, Value]]:
    """What a container holds, in order: modules, parameters, and values that could not be followed."""
    cells = [(key, value) for key, value in container.cells.items() if isinstance(key, str) and _can_be_held(key, value)]
    if container.row is not None and container.row.kind in _LISTS:
        numbered = [cell for cell in cells if is_index(cell[0])]
        if len(numbered) == len(cells):
            cells.sort(key=lambda cell: int(cell[0]))
    return cells


def _can_be_held(key: str, value: Value) -> bool:
    return any(
        is_module(one) or isinstance(one, Array) or (is_index(key) and isinstance(one, Unknown)) for one in alternatives(value)
    )


def is_open(container: Module) -> bool:
    """Whether a container may hold more than what is known."""
    return "open" in container.cells


def hold(interpreter: Interpreter, container: Module, items: list[tuple[str, Value]]) -> None:
    """Make these the contents of a container."""
    for key, _ in held(container):
        interpreter.heap.delete(container, key)
    for key, value in items:
        interpreter.heap.write(container, key, value)


def _numbered(values: list[Value]) -> list[tuple[str, Value]]:
    return [(str(index), value) for index, value in enumerate(values)]


@function(*(f"torch.nn.{name}" for name, _, _ in CONTAINERS))
def _make_container(call: Call) -> Value:
    assert call.row is not None
    container = Object(call.row, spelled=call.spelled, place=call.place)
    fill(call, container)
    return container


def fill(call: Call, container: Module) -> None:
    """Put the arguments of a constructor into a container."""
    positional = call.arguments.positional
    only = positional[0] if len(positional) == 1 else call.argument(0, "modules", "values", "parameters")
    if isinstance(only, Dict):
        _update(call, container, only)
        return
    kind = container.row.kind if container.row is not None else ""
    if kind == "sequential":
        values, known = list(positional), call.arguments.complete
    elif only is not None:
        spread = call.interpreter.iterate(only, call.place)
        values, known = list(spread.items), spread.exhaustive
    else:
        values, known = [], call.arguments.complete
    if kind in _LISTS:
        hold(call.interpreter, container, _numbered(values))
    else:
        pairs = [one.items for one in values if isinstance(one, Tuple) and len(one.items) == 2]
        named = [(name.value, value) for name, value in pairs if isinstance(name, Literal) and isinstance(name.value, str)]
        known = known and len(named) == len(values)
        hold(call.interpreter, container, named)
    if not known:
        call.interpreter.heap.write(container, "open", Literal(True))


def _update(call: Call, container: Module, modules: Dict) -> None:
    for key, value in modules.cells.items():
        if key is OPEN or not isinstance(key, str):
            call.interpreter.heap.write(container, "open", Literal(True))
        else:
            call.interpreter.heap.write(container, key, value)


def run_container(call: Call, container: Module) -> Value:
    """`sequential(x)`: one module after the other. The other containers cannot be called."""
    value = call.argument(0, "input")
    if container.row is not None and container.row.kind in ("module_list", "module_dict", "parameter_list"):
        call.interpreter.emit("called_container", call.place, container=container)
    if container.row is None or container.row.kind != "sequential" or value is None:
        return call.unknown("a call of a container that computes nothing")
    for _, module in held(container):
        value = _through(call, module, value)
    if is_open(container):
        channels = container.cells.get("channels")  # of a part of a known network: maps (N, C, H, W)
        rows = value.shape[0] if isinstance(value, Array) and value.shape else None
        shape = None if channels is None else (rows, integer(channels), None, None)
        value = Array("layer", (value,), {"layer": container}, shape, None, "torch", symbolic=True, place=call.place)
    return value


def _through(call: Call, module: Value, value: Value) -> Value:
    """One value through one module; a module that is not the same on all branches gives a layer that is not known."""
    from trainlint.interpret.torch.modules import run_module

    if isinstance(module, Choice | Unknown):
        return Array("layer", (value,), {"layer": module}, None, None, "torch", symbolic=True, place=module.place or call.place)
    return run_module(replace(call, place=module.place or call.place), module, Arguments((value,), {}, (None,)))


CONTAINER = "torch.module"


def _container(call: Call) -> Module:
    return call.receiver if isinstance(call.receiver, Object | Instance) else Object(_EMPTY)


_EMPTY = Row("torch.nn.ModuleList", "module", "module_list")


@method(CONTAINER, "append", "add")
def _append(call: Call) -> Value:
    container, value = _container(call), call.argument(0, "module", "value")
    if value is not None:
        call.interpreter.heap.write(container, str(len(held(container))), value)
    return container


@method(CONTAINER, "extend", "__iadd__")
def _extend(call: Call) -> Value:
    container, values = _container(call), call.argument(0, "modules", "sequential", "values")
    if values is not None:
        spread = call.interpreter.iterate(values, call.place)
        for value in spread.items:
            call.interpreter.heap.write(container, str(len(held(container))), value)
        if not spread.exhaustive:
            call.interpreter.heap.write(container, "open", Literal(True))
    return container


@method(CONTAINER, "insert")
def _insert(call: Call) -> Value:
    container, index, value = _container(call), call.literal(0, "index"), call.argument(1, "module")
    values = [one for _, one in held(container)]
    if isinstance(index, int) and value is not None:
        values.insert(index, value)
        hold(call.interpreter, container, _numbered(values))
    else:
        call.interpreter.heap.write(container, "open", Literal(True))
    return container


@method(CONTAINER, "pop", "__delitem__")
def _remove(call: Call) -> Value:
    container, items = _container(call), held(_container(call))
    position = _position(items, call.argument(0, "key", "idx"))
    if position is None:
        call.interpreter.heap.write(container, "open", Literal(True))
        return call.unknown("a module that is not known is removed")
    name, value = items.pop(position)
    call.interpreter.heap.delete(container, name)
    if container.row is not None and container.row.kind in _LISTS:
        hold(call.interpreter, container, _numbered([one for _, one in items]))
    return value


@method(CONTAINER, "update")
def _update_dict(call: Call) -> Value:
    modules = call.argument(0, "modules")
    if isinstance(modules, Dict):
        _update(call, _container(call), modules)
    else:
        call.interpreter.heap.write(_container(call), "open", Literal(True))
    return NONE


@method(CONTAINER, "__len__")
def _length(call: Call) -> Value:
    container = _container(call)
    return call.unknown("how many modules a container holds") if is_open(container) else Literal(len(held(container)), call.place)


def _position(items: list[tuple[str, Value]], index: Value | None) -> int | None:
    """Where an index or a name points to among the items."""
    if not isinstance(index, Literal):
        return None
    if isinstance(index.value, int) and -len(items) <= index.value < len(items):
        return index.value % len(items)
    return next((position for position, (name, _) in enumerate(items) if name == index.value), None)


@method(CONTAINER, "__getitem__")
def _getitem(call: Call) -> Value:
    container, index = _container(call), call.argument(0)
    items = held(container)
    if isinstance(index, Slice):
        return _sliced(call, container, items, index)
    position = _position(items, index)
    if position is None or (is_open(container) and isinstance(index, Literal) and index.value != int(position)):
        return call.unknown("a module of a container that is not known")
    return items[position][1]


def _sliced(call: Call, container: Module, items: list[tuple[str, Value]], index: Slice) -> Value:
    bounds: list[int | None] = []
    for one in (index.start, index.stop, index.step):
        if not isinstance(one, Literal) or not (one.value is None or isinstance(one.value, int)):
            return call.unknown("a part of a container that is not known")
        bounds.append(one.value)
    if is_open(container) or container.row is None or bounds[2] == 0:
        return call.unknown("a part of a container that is not known")
    cells = dict(_numbered([value for _, value in items[slice(*bounds)]]))
    return Object(container.row, cells=dict(cells.items()), spelled=container.row.name, place=call.place)


@method(CONTAINER, "__setitem__")
def _setitem(call: Call) -> Value:
    container, index, value = _container(call), call.argument(0), call.argument(1)
    items = held(container)
    position = _position(items, index)
    if position is not None and value is not None:
        call.interpreter.heap.write(container, items[position][0], value)
    elif isinstance(index, Literal) and isinstance(index.value, str) and value is not None:
        call.interpreter.heap.write(container, index.value, value)
    elif isinstance(index, Literal) and index.value in range(10_000) and is_open(container) and value is not None:
        call.interpreter.heap.write(container, str(index.value), value)
    else:
        call.interpreter.heap.write(container, "open", Literal(True))
    return NONE


@method(CONTAINER, "values", "keys", "items")
def _views(call: Call) -> Value:
    container = _container(call)
    items: list[Value] = []
    for name, value in held(container):
        whole = Tuple((Literal(name), value))
        items.append(value if call.name == "values" else Literal(name) if call.name == "keys" else whole)
    cells: Mapping[str, Value] = {"items": Tuple(tuple(items))}
    view = List(dict(cells.items()), call.place)
    if is_open(container):
        view.cells["open"] = Literal(True)
    return view


@iterates(CONTAINER)
def _each(_interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    if not isinstance(value, Object | Instance):
        return Iteration((), False, None)
    by_name = value.row is not None and value.row.kind in ("module_dict", "parameter_dict")
    items = tuple(Literal(name, place) if by_name else one for name, one in held(value))
    return Iteration(items, not is_open(value), None if is_open(value) else len(items))
