"""Loops: unrolled while that stays small and no training happens in them, else followed once with what changes widened."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from trainlint.interpret import operators, targets
from trainlint.interpret.carried import noting_carried
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.expressions import evaluate
from trainlint.interpret.limits import COUNTER
from trainlint.interpret.statements import Flow, body_of, execute_block
from trainlint.interpret.values import Array, Dict, Instance, List, Literal, Object, Scope, Tuple, Unknown, Value, join
from trainlint.source.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trainlint.interpret.dispatch import Iteration
    from trainlint.interpret.interpreter import Machine

MAXIMUM_PASSES = 64
MAXIMUM_PLAIN_PASSES = 1_024
"""Passes of a loop that only does sums with numbers and appends them (`_plain`): a table that a script computes."""

MAXIMUM_TRAINING_PASSES = 16
LENGTHENING = frozenset({"append", "extend", "insert"})
MAXIMUM_VALUES = 2_000
MAXIMUM_REACH = 2
"""Values that are looked at for lists that a loop may lengthen, and how deep in containers."""

TRAINING_EVENTS = frozenset({"fit", "backward", "step", "zero_grad", "forward", "loss", "scheduler_step"})


def execute_for(machine: Machine, node: cst.For) -> Flow:
    """Follow a `for` loop."""
    value = evaluate(machine, node.iter)
    place = machine.place(node)
    if isinstance(value, List | Array):
        _note_items_as_indices(machine, node, value)
    iteration = machine.iterate(value, machine.place(node.iter))
    frame = Frame("loop", place, _name(node), iteration.trips, value)
    passes = len(iteration.items)
    if iteration.exhaustive and (passes <= MAXIMUM_PASSES or (passes <= MAXIMUM_PLAIN_PASSES and _plain(node.body))):
        flow = _unrolled(machine, node, frame, value, iteration)
        if flow is not None:
            return _finish(machine, node, flow)
    with machine.frame(frame), _growing_lists(machine, iteration.trips):
        widen(machine, node.body)
        targets.assign(machine, node.target, _any_item(value, iteration))
        flow = _one_pass(machine, node)
    return _finish(machine, node, flow)


PLAIN_CALLS = frozenset(
    {"append", "int", "float", "abs", "round", "sin", "cos", "tan", "exp", "log", "sqrt", "pow", "radians", "degrees"}
)


def _plain(body: cst.BaseSuite) -> bool:
    """Whether a loop's body holds no loop of its own and calls nothing but `append` and functions of numbers."""
    for one in walk(body):
        if isinstance(one, cst.For | cst.While | cst.With | cst.Try | cst.FunctionDef | cst.CompFor | cst.Lambda):
            return False
        if isinstance(one, cst.Call) and getattr(getattr(one.func, "attr", one.func), "value", "") not in PLAIN_CALLS:
            return False
    return True


def _note_items_as_indices(machine: Machine, node: cst.For, value: Value) -> None:
    """`for v in values: values[v] = ...`: an event for the first assignment to a list at the place that its own item names."""
    if not isinstance(node.iter, cst.Name) or not isinstance(node.target, cst.Name):
        return
    wanted = (node.iter.value, node.target.value)
    for one in walk(node.body):
        target = one.target if isinstance(one, cst.AssignTarget | cst.AugAssign) else None
        if isinstance(target, cst.Subscript) and _simple_subscript(target) == wanted:
            machine.emit("index_by_item", machine.place(target), array=value, name=Literal(wanted[0]), item=Literal(wanted[1]))
            return


def _simple_subscript(node: cst.Subscript) -> tuple[str, str] | None:
    """The names in `a[b]`."""
    inner = node.slice[0].slice if len(node.slice) == 1 else None
    if isinstance(node.value, cst.Name) and isinstance(inner, cst.Index) and isinstance(inner.value, cst.Name):
        return node.value.value, inner.value.value
    return None


@contextmanager
def _growing_lists(machine: Machine, trips: int | None) -> Iterator[None]:
    """Around the one pass that stands for all: lists from before the loop that it lengthens hold an unknown number of items."""
    before = {} if trips == 1 else _lists_in_reach(machine)
    yield
    for one, count in before.values():
        if len(operators.items_of(one)) > count:
            machine.heap.write(one, "open", Literal(True))


def _lists_in_reach(machine: Machine) -> dict[int, tuple[List, int]]:
    """The lists that names of the running function and of what encloses it lead to, also through containers and attributes."""
    found: dict[int, tuple[List, int]] = {}
    scope: Scope | None = machine.activations[-1].scope
    waiting: list[tuple[Value, int]] = []
    while scope is not None:
        waiting.extend((one, 0) for one in scope.cells.values())
        scope = scope.parent
    for _ in range(MAXIMUM_VALUES):
        if not waiting:
            break
        value, depth = waiting.pop()
        if isinstance(value, List) and id(value) not in found:
            found[id(value)] = (value, len(operators.items_of(value)))
        if depth < MAXIMUM_REACH and isinstance(value, Tuple | List):
            inner = value.items if isinstance(value, Tuple) else operators.items_of(value)
            waiting.extend((one, depth + 1) for one in inner[:MAXIMUM_PASSES])
        elif depth < MAXIMUM_REACH and isinstance(value, Dict | Instance):
            waiting.extend((one, depth + 1) for one in list(value.cells.values())[:MAXIMUM_PASSES])
    return found


def _any_item(value: Value, iteration: Iteration) -> Value:
    """What stands for the item of every pass."""
    from trainlint.interpret.arrays.listed import any_of, rows_of

    if not iteration.items:
        return Unknown("an item of something that is not known", getattr(value, "place", None))
    first = iteration.items[0]
    if len(iteration.items) == 1:
        return first
    if not iteration.exhaustive:
        return _any_row(iteration.items) or first
    if isinstance(first, Literal):
        return _any_scalar(first, iteration.items)
    if isinstance(first, Tuple):  # enumerate, zip: what differs is a counter, the rest is like the first
        columns = [
            [one.items[at] for one in iteration.items if isinstance(one, Tuple) and at < len(one.items)]
            for at in range(len(first.items))
        ]
        rows = [rows_of(one) for one in columns[0]] if columns else []
        items = tuple(
            _any_scalar(one, met) if isinstance(one, Literal) else any_of(met, rows)
            for one, met in zip(first.items, columns, strict=True)
        )
        return Tuple(items, first.place)
    return any_of(iteration.items, [rows_of(one) for one in iteration.items])


def _any_scalar(first: Literal, met: Sequence[Value]) -> Unknown:
    """A scalar that each pass has another of: whole numbers stay such."""
    whole = all(isinstance(one, Literal) and type(one.value) is int for one in met)
    return Unknown(COUNTER if whole else "changes from pass to pass of the loop", first.place, first)


def _any_row(items: Sequence[Value]) -> Value | None:
    """What stands for the rows `[picture, label]` of a list that grows: whichever label was met. None if they are no rows."""
    rows = [known for known in (_entries(one) for one in items[:MAXIMUM_PASSES]) if known]
    if len(rows) < len(items) or len({len(one) for one in rows}) != 1:
        return None
    columns = [
        join(column) if all(isinstance(one, Literal) for one in column) else column[0] for column in zip(*rows, strict=True)
    ]
    return Tuple(tuple(columns), getattr(items[0], "place", None))


def _entries(row: Value) -> tuple[Value, ...]:
    if isinstance(row, Tuple):
        return row.items
    return operators.items_of(row) if isinstance(row, List) and not operators.is_open(row) else ()


def _unrolled(machine: Machine, node: cst.For, frame: Frame, value: Value, iteration: Iteration) -> Flow | None:
    """Follow every pass; None (with nothing changed) if one representative pass is to be followed instead.

    A loop over a range in which training happens is an epoch loop: one pass stands for all. A loop over a written-out list of
    settings trains once for each, unless these are arrays and what trains was made before: then they are mini-batches. A loop
    over layers calls each of them.
    """
    counted = not (isinstance(value, List | Tuple) and len(iteration.items) <= MAXIMUM_TRAINING_PASSES)
    arrays = not counted and all(map(_is_data, iteration.items))
    events = len(machine.events)
    mark = machine.heap.mark()
    flow = Flow.NORMAL
    training = TRAINING_EVENTS - {"forward"} if any(map(_holds_module, iteration.items)) else TRAINING_EVENTS
    for item in iteration.items:
        with machine.frame(Frame("pass" if not counted else "loop", frame.place, frame.name, frame.trips, value)):
            targets.assign(machine, node.target, item)
            flow = execute_block(machine, body_of(node.body)) if counted else _one_pass(machine, node)
        trains = (counted or arrays) and any(event.kind in training for event in machine.events[events:])
        if trains and (counted or not any(map(_begins_a_run, machine.events[events:]))):
            machine.heap.undo(mark)
            del machine.events[events:]
            return None
        if flow not in (Flow.NORMAL, Flow.CONTINUE):
            break
    machine.heap.apply(machine.heap.undo(mark))
    return flow


def _is_data(item: Value) -> bool:
    return isinstance(item, Array) or (isinstance(item, Tuple) and bool(item.items) and all(map(_is_data, item.items)))


def _begins_a_run(event: Event) -> bool:
    """Whether a model, an optimizer or what compiles one is made: what follows is a training of its own."""
    made = event.values.get("object")
    row = made.row if isinstance(made, Object | Instance) else None
    return event.kind == "compile" or (row is not None and row.makes in ("optimizer", "layer", "module", "model"))


def _holds_module(item: Value) -> bool:
    """Whether a pass of a loop is about a layer or module: `for layer in self.layers`, `for conv, norm in zip(...)`."""
    parts = item.items if isinstance(item, Tuple) else (item,)
    rows = [one.row for one in parts if isinstance(one, Object | Instance)]
    return any(row is not None and (row.makes in ("layer", "module") or row.kind == "module") for row in rows)


def _one_pass(machine: Machine, node: cst.For | cst.While) -> Flow:
    """One pass that may train."""
    with noting_carried(machine, node.body):
        return execute_block(machine, body_of(node.body))


def _finish(machine: Machine, node: cst.For | cst.While, flow: Flow) -> Flow:
    if flow in (Flow.RETURN, Flow.RAISE):
        return flow
    if flow is not Flow.BREAK and node.orelse is not None:
        return execute_block(machine, body_of(node.orelse.body))
    return Flow.NORMAL


def execute_while(machine: Machine, node: cst.While) -> Flow:
    """Follow a `while` loop: pass by pass while its test is decided, else once."""
    frame = Frame("loop", machine.place(node), "while")
    events = len(machine.events)
    mark = machine.heap.mark()
    for _ in range(MAXIMUM_PLAIN_PASSES if _plain(node.body) else MAXIMUM_PASSES):
        test = evaluate(machine, node.test)
        decided = operators.truth(test)
        if decided is False:
            machine.heap.apply(machine.heap.undo(mark))
            return _finish(machine, node, Flow.NORMAL)
        if decided is None or isinstance(node.test, cst.Name | cst.Integer):
            break
        with machine.frame(frame):
            flow = execute_block(machine, body_of(node.body))
        if any(event.kind in TRAINING_EVENTS for event in machine.events[events:]):
            break
        if flow in (Flow.BREAK, Flow.RETURN, Flow.RAISE):
            machine.heap.apply(machine.heap.undo(mark))
            return _finish(machine, node, flow)
    machine.heap.undo(mark)
    del machine.events[events:]
    trips = _counted_trips(machine, node)
    with machine.frame(replace(frame, trips=trips)), _growing_lists(machine, trips):
        widen(machine, node.body)
        flow = _one_pass(machine, node)
    return _finish(machine, node, flow)


def _counted_trips(machine: Machine, node: cst.While) -> int | None:
    """The passes of `while i < n:` whose body does `i += k` once, at its end or elsewhere on no branch, and nothing else to i."""
    test = node.test
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or not isinstance(test.left, cst.Name):
        return None
    name = test.left.value
    operator = type(test.comparisons[0].operator)
    top = [small for line in node.body.body if isinstance(line, cst.SimpleStatementLine) for small in line.body]
    moves = [one for one in top if isinstance(one, cst.AugAssign) and isinstance(one.operator, cst.AddAssign)]
    moves = [one for one in moves if isinstance(one.target, cst.Name) and one.target.value == name]
    if len(moves) != 1 or list(assigned_names(node.body)).count(name) != 1 or operator not in (cst.LessThan, cst.LessThanEqual):
        return None
    found = [evaluate(machine, one) for one in (test.left, test.comparisons[0].comparator, moves[0].value)]
    numbers = [one.value for one in found if isinstance(one, Literal) and type(one.value) is int]
    if len(numbers) < len(found) or numbers[2] <= 0:
        return None
    distance = numbers[1] - numbers[0] + (operator is cst.LessThanEqual)
    return max(0, -(-distance // numbers[2]))


def widen(machine: Machine, body: cst.BaseSuite) -> None:
    """Forget the scalars that a loop's body assigns: they differ from pass to pass. Models and arrays stay.

    Lists that the body lengthens by name hold an unknown number of items while it is followed, so that no test of their length
    is decided.
    """
    for name in grown_names(body):
        scope = targets.scope_of(machine, name)
        grown = scope.cells.get(name) if scope is not None else None
        if isinstance(grown, List):
            machine.heap.write(grown, "open", Literal(True))
    for name in assigned_names(body):
        scope = targets.scope_of(machine, name)
        before = scope.cells.get(name) if scope is not None else None
        if scope is not None and isinstance(before, Literal):
            machine.heap.write(scope, name, Unknown(f"`{name}` changes in a loop", before.place, before))


def assigned_names(body: cst.BaseSuite) -> Iterator[str]:
    """The plain names that statements of a block assign, nested blocks included, functions and classes not."""
    stack: list[cst.CSTNode] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Assign):
            for target in node.targets:
                yield from _names(target.target)
        elif isinstance(node, cst.AugAssign | cst.AnnAssign):
            yield from _names(node.target)
        elif not isinstance(node, cst.FunctionDef | cst.ClassDef | cst.BaseExpression):
            stack.extend(_blocks(node))


def grown_names(body: cst.BaseSuite) -> Iterator[str]:
    """The names on which statements of a block call `append` and the like, nested blocks included."""
    stack: list[cst.CSTNode] = [body]
    while stack:
        node = stack.pop()
        called = node.value.func if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call) else None
        if isinstance(called, cst.Attribute) and isinstance(called.value, cst.Name) and called.attr.value in LENGTHENING:
            yield called.value.value
        elif not isinstance(node, cst.FunctionDef | cst.ClassDef | cst.BaseExpression):
            stack.extend(_blocks(node))


def _blocks(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statements directly inside a compound statement."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        child = getattr(node, part, None)
        if isinstance(child, cst.CSTNode):
            yield child
        elif isinstance(child, list | tuple):
            yield from child


def _names(target: cst.BaseExpression) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _names(element.value)


def _name(node: cst.For) -> str:
    return node.target.value if isinstance(node.target, cst.Name) else ""


__all__ = ["Object", "assigned_names", "execute_for", "execute_while", "widen"]
