"""The methods of texts, lists, sets and dicts."""

from __future__ import annotations

from trainlint.interpret import operators
from trainlint.interpret.builtins import machine_of, new_list
from trainlint.interpret.dispatch import METHODS, Call, method
from trainlint.interpret.iteration import as_literal
from trainlint.interpret.limits import MAXIMUM_ITEMS, MAXIMUM_TEXT
from trainlint.interpret.ordering import distinct, may_repeat, ordered, with_one_more, without_any
from trainlint.interpret.values import NONE, OPEN, Array, Dict, List, Literal, Tuple, Value, join

MAXIMUM_WORK = 4_000_000
"""Letters that an operation on texts may have to write: `text.replace` and `join` multiply lengths."""


@method("list", "append", "extend", "insert", "pop", "clear", "remove", "add", "update", "reverse", "sort")
def _change_list(call: Call) -> Value:
    """The methods that change a list; what they leave is one Tuple of items."""
    target = call.receiver
    assert isinstance(target, List)
    items = operators.items_of(target)
    write = machine_of(call).heap.write
    first, second = call.argument(0), call.argument(1)
    result: Value = NONE
    if len(items) >= MAXIMUM_ITEMS:
        write(target, "open", Literal(True))
        return NONE
    if call.name in ("append", "add") and first is not None:
        items = (*items, first)
        if target.kind == "set":
            items = distinct(items)
            if may_repeat(items):
                write(target, "open", Literal(True))
        if isinstance(first, Array):
            call.interpreter.emit("accumulated", call.place, value=first, before=target, result=target)
    elif call.name in ("extend", "update") and first is not None:
        for one in call.arguments.positional:
            found = call.interpreter.iterate(one, call.place)
            items = distinct((*items, *found.items)) if target.kind == "set" else (*items, *found.items)
            if not found.exhaustive or (target.kind == "set" and may_repeat(items)):
                write(target, "open", Literal(True))
    elif call.name == "insert" and second is not None:
        changed = list(items)
        if isinstance(first, Literal) and isinstance(first.value, int):
            changed.insert(max(-len(items), min(first.value, len(items))), second)
            items = tuple(changed)
        else:
            items = with_one_more(items, second)
    elif call.name == "pop" and items:
        items, result = _popped(items, first, target.kind)
    elif call.name in ("remove", "discard") and first is not None:
        items = _removed(call, target, items, first)
    elif call.name == "clear":
        items = ()
        if operators.is_open(target):
            machine_of(call).heap.delete(target, "open")
    elif call.name == "reverse":
        items = items[::-1]
    elif call.name == "sort" and not operators.is_open(target):
        items = ordered(call, items)
    write(target, "items", Tuple(items))
    return result


def _popped(items: tuple[Value, ...], index: Value | None, kind: str) -> tuple[tuple[Value, ...], Value]:
    """What `pop` leaves and what it gives; sets give any of their items."""
    position = (
        -1 if index is None and (kind == "list" or len(items) == 1) else index.value if isinstance(index, Literal) else None
    )
    if not isinstance(position, int) or not -len(items) <= position < len(items):
        return without_any(items), join(items)
    changed = list(items)
    result = changed.pop(position)
    return tuple(changed), result


def _removed(call: Call, target: List, items: tuple[Value, ...], wanted: Value) -> tuple[Value, ...]:
    """The items without the first that equals one; further ones may be gone where that is not known."""
    keys, key = [operators.key_of(one) for one in items], operators.key_of(wanted)
    if key is not None and None not in keys and not operators.is_open(target):
        place = keys.index(key) if key in keys else len(items)
        return (*items[:place], *items[place + 1 :])
    if call.name == "remove" and not operators.is_open(target):
        return without_any(items)
    machine_of(call).heap.write(target, "open", Literal(True))
    return items


for _name in ("append", "extend", "insert", "pop", "clear", "remove", "add", "update", "discard"):
    METHODS["set", _name] = _change_list


@method("list", "copy")
def _copy_list(call: Call) -> Value:
    value = call.receiver
    return List(dict(value.cells), call.place, value.kind) if isinstance(value, List) else NONE


@method("list", "index", "count")
@method("tuple", "index", "count")
def _index(call: Call) -> Value:
    """Known where all items are known scalars, among which the one that is looked for stands."""
    value, wanted = call.receiver, call.argument(0)
    items = value.items if isinstance(value, Tuple) else operators.items_of(value) if isinstance(value, List) else ()
    held = [one.value for one in items if isinstance(one, Literal)]
    closed = len(held) == len(items) and not (isinstance(value, List) and operators.is_open(value))
    if closed and isinstance(wanted, Literal) and wanted.value in held and len(call.arguments.positional) == 1:
        found = held.index(wanted.value) if call.name == "index" else held.count(wanted.value)
        return Literal(found, call.place)
    return call.unknown("a position in a list")


@method("dict", "get", "setdefault", "pop")
def _dict_get(call: Call) -> Value:
    target, key = call.receiver, operators.key_of(call.argument(0) or NONE)
    assert isinstance(target, Dict)
    default = call.argument(1)
    if key is not None and key[0] in target.cells:
        found = target.cells[key[0]]
        if call.name == "pop":
            machine_of(call).heap.delete(target, key[0])
        return found
    if key is None or OPEN in target.cells:
        if call.name != "get":
            machine_of(call).heap.write(target, OPEN, Literal(True))
        return call.unknown("a key that is not known")
    if call.name == "setdefault" and default is not None:
        machine_of(call).heap.write(target, key[0], default)
    return NONE if default is None else default


@method("dict", "items", "keys", "values")
def _dict_views(call: Call) -> Value:
    target = call.receiver
    assert isinstance(target, Dict)
    rows: list[Value] = []
    for key, value in target.cells.items():
        if key is not OPEN:
            name = as_literal(key, target)
            rows.append({"items": Tuple((name, value)), "keys": name, "values": value}[call.name])
    return new_list(tuple(rows), call.place, is_open=OPEN in target.cells)


@method("dict", "update")
def _dict_update(call: Call) -> Value:
    target, other = call.receiver, call.argument(0)
    machine = machine_of(call)
    assert isinstance(target, Dict)
    for key, value in other.cells.items() if isinstance(other, Dict) else ():
        machine.heap.write(target, key, value)
    for name, value in call.arguments.keywords.items():
        machine.heap.write(target, name, value)
    if other is not None and not isinstance(other, Dict):
        machine.heap.write(target, OPEN, Literal(True))
    return NONE


@method("dict", "clear")
def _dict_clear(call: Call) -> Value:
    target = call.receiver
    assert isinstance(target, Dict)
    for key in tuple(target.cells):
        machine_of(call).heap.delete(target, key)
    return NONE


@method("dict", "popitem")
def _dict_popitem(call: Call) -> Value:
    """The pair that was put in last."""
    target = call.receiver
    if not isinstance(target, Dict) or not target.cells or OPEN in target.cells:
        return call.unknown("a pair of a dict that is not known")
    key, value = list(target.cells.items())[-1]
    machine_of(call).heap.delete(target, key)
    return Tuple((as_literal(key, target), value), call.place)


@method("dict", "copy")
def _dict_copy(call: Call) -> Value:
    return Dict(dict(call.receiver.cells), call.place) if isinstance(call.receiver, Dict) else NONE


_TEXT_METHODS = (
    *("lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "replace", "startswith", "endswith", "split"),
    *("rsplit", "splitlines", "join", "format", "find", "isdigit", "count", "removeprefix", "removesuffix", "partition"),
)


def _text(call: Call) -> Value:
    receiver = call.receiver
    text = receiver.value if isinstance(receiver, Literal) else None
    assert isinstance(receiver, Literal)
    assert isinstance(text, str)
    if call.name == "join":
        found = call.interpreter.iterate(call.argument(0) or NONE, call.place)
        parts: list[object] = [[one.value if isinstance(one, Literal) else None for one in found.items]]
        if not found.exhaustive:
            return call.unknown("a text that is put together while the script runs")
    else:
        parts = [one.value if isinstance(one, Literal) else None for one in call.arguments.positional]
        if any(not isinstance(one, Literal) for one in call.arguments.positional) or call.arguments.keywords:
            return call.unknown("a text that is put together while the script runs")
    texts = [len(one) for held in parts for one in (held if isinstance(held, list) else [held]) if isinstance(one, str)]
    if (
        len(text) > MAXIMUM_TEXT
        or (len(text) + 1) * (sum(texts) + len(texts)) > MAXIMUM_WORK
        or (call.name == "format" and ("{:" in text or "!" in text))
    ):
        return call.unknown("a text too long to be followed")
    try:
        result = getattr(text, call.name)(*parts)
    except (TypeError, ValueError, LookupError, OverflowError, AttributeError):
        return call.unknown("a text operation that Python refuses")
    if isinstance(result, tuple):
        return Tuple(tuple(Literal(one, call.place) for one in result), call.place)
    if isinstance(result, list):
        return new_list(tuple(Literal(one, call.place) for one in result), call.place)
    return Literal(result, call.place, receiver.origin, receiver.note)


for _name in _TEXT_METHODS:
    METHODS["str", _name] = _text
