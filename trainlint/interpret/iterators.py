"""Iterators: what `iter`, `enumerate`, `zip`, `map`, `filter` and generators give, and what `next` takes of them."""

from __future__ import annotations

import libcst as cst

from trainlint.core import Place
from trainlint.interpret import operators
from trainlint.interpret.builtins import iterated, machine_of
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, Iteration, function, iterates
from trainlint.interpret.functions import generated_items
from trainlint.interpret.interpreter import Machine
from trainlint.interpret.limits import COUNTER
from trainlint.interpret.ordering import any_of
from trainlint.interpret.statements import body_of
from trainlint.interpret.values import NONE, Function, List, Literal, Object, Partial, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

WRAPPED = Row("builtins.iterator", "iterator", "iterator")


@function("builtins.iter")
def _iter(call: Call) -> Value:
    """`iter(loader)`: its items as a list, whose cell "over" is the loader."""
    made = iterated(call, "list")
    source = call.argument(0)
    if isinstance(made, List) and isinstance(source, Object):
        made.cells["over"] = source
    return made


def wrap(call: Call, items: list[Value], *, exhaustive: bool, trips: int | None, over: Value | None = None) -> Value:
    """An iterator whose items are known now: `enumerate`, `zip`, `map`."""
    cells: dict[object, Value] = {"items": Tuple(tuple(items))}
    if not exhaustive:
        cells["open"] = Literal(True)
    if trips is not None:
        cells["trips"] = Literal(trips)
    if over is not None:
        cells["over"] = over
    return Object(WRAPPED, cells=dict(cells), place=call.place)


@iterates("iterator")
def _each_of_iterator(_: Interpreter, value: Value, place: Place | None) -> Iteration:
    assert isinstance(value, Object)
    items, trips = value.cells.get("items"), value.cells.get("trips")
    count = trips.value if isinstance(trips, Literal) and isinstance(trips.value, int) else None
    known = items.items if isinstance(items, Tuple) else ()
    if "open" not in value.cells:
        return Iteration(known, True, count)
    return Iteration(known or (Unknown("an item that is not known", place),), False, count)


@function("builtins.enumerate")
def _enumerate(call: Call) -> Value:
    found = call.interpreter.iterate(call.argument(0, "iterable") or NONE, call.place)
    start = call.argument(1, "start")
    first = 0 if start is None else start.value if isinstance(start, Literal) else None
    if found.exhaustive and isinstance(first, int):
        pairs: list[Value] = [Tuple((Literal(first + i, call.place), item)) for i, item in enumerate(found.items)]
    else:
        counted = found.items if found.exhaustive else found.items[:1]
        pairs = [Tuple((Unknown(COUNTER, call.place), item)) for item in counted]
    return wrap(call, pairs, exhaustive=found.exhaustive, trips=found.trips, over=call.argument(0))


@function("builtins.zip")
def _zip(call: Call) -> Value:
    found = [call.interpreter.iterate(one, call.place) for one in call.arguments.positional]
    trips = [one.trips for one in found if one.trips is not None]
    if not call.arguments.complete:
        return _transposed(call)
    if found and all(one.exhaustive for one in found):
        rows: list[Value] = [Tuple(tuple(items)) for items in zip(*(one.items for one in found), strict=False)]
        return wrap(call, rows, exhaustive=True, trips=len(rows))
    rows = [Tuple(tuple(any_of(one.items) or call.unknown("an item that is not known") for one in found))]
    return wrap(call, rows, exhaustive=False, trips=min(trips, default=None))


def _transposed(call: Call) -> Value:
    """`zip(*rows)` of an unknown number of rows: their columns, each of unknown length."""
    found = call.interpreter.iterate(next(iter(call.arguments.rest), NONE), call.place)
    if not found.exhaustive:
        return wrap(call, [], exhaustive=False, trips=None)
    columns: list[Value] = [List({"items": Tuple((one,)), "open": Literal(True)}, call.place) for one in found.items]
    return wrap(call, columns, exhaustive=True, trips=len(columns))


@function("builtins.map")
def _map(call: Call) -> Value:
    callee, *sources = call.arguments.positional or (NONE,)
    found = [call.interpreter.iterate(one, call.place) for one in sources]
    rows = list(zip(*(one.items for one in found), strict=False))
    made = [call.interpreter.call(callee, Arguments(row, {}, (None,) * len(row)), call.place) for row in rows]
    trips = [one.trips for one in found if one.trips is not None]
    exhaustive = call.arguments.complete and all(one.exhaustive for one in found)
    return wrap(call, made, exhaustive=exhaustive, trips=min(trips, default=None))


@function("builtins.filter")
def _filter(call: Call) -> Value:
    source = call.argument(1) or NONE
    if isinstance(source, Object) and source.row.kind == "parameters":
        return source  # `filter(lambda p: p.requires_grad, model.parameters())`
    found = call.interpreter.iterate(source, call.place)
    callee = call.argument(0) or NONE
    kept, sure = [], found.exhaustive
    for item in found.items:
        itself = isinstance(callee, Literal) and callee.value is None
        test = operators.truth(item if itself else call.interpreter.call(callee, Arguments((item,), {}, (None,)), call.place))
        sure = sure and test is not None
        if test is not False:
            kept.append(item)
    return wrap(call, kept, exhaustive=sure, trips=None)


@function("builtins.next")
def _next(call: Call) -> Value:
    iterator = call.argument(0) or NONE
    found = call.interpreter.iterate(iterator, call.place)
    result = found.items[0] if found.items else call.argument(1) or call.unknown("the next item is not known")
    over = iterator.cells.get("over") if isinstance(iterator, List) else None
    if over is not None:
        call.interpreter.emit("drawn", call.place, iterator=iterator, over=over, result=result)
    if found.exhaustive and isinstance(iterator, List | Object) and "items" in iterator.cells:
        machine_of(call).heap.write(iterator, "items", Tuple(tuple(found.items[1:])))
    return result


@iterates("generator")
def _each_of_generator(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    """What the body yields: each once where it is a row of plain statements, else one that stands for all."""
    assert isinstance(interpreter, Machine)
    made = value.cells.get("call") if isinstance(value, Object) else None
    if not isinstance(value, Object) or not isinstance(made, Partial) or not isinstance(made.function, Function):
        return Iteration((Unknown("what a library's generator gives", place),), False, None)
    items, body = generated_items(interpreter, value, place), made.function.node.body
    if items and isinstance(body, cst.BaseSuite) and all(isinstance(one, cst.SimpleStatementLine) for one in body_of(body)):
        return Iteration(items, True, len(items))
    return Iteration((any_of(items) or Unknown("an item of a generator", place),), False, None)
