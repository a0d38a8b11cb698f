"""Comprehensions: followed pass by pass in a scope of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from trainlint.interpret import operators, targets
from trainlint.interpret.events import Frame
from trainlint.interpret.values import OPEN, Array, Dict, Literal, Scope, Tuple, Value
from trainlint.source.walk import walk

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Machine

MAXIMUM_COMPREHENSION = 4_096
MAXIMUM_DRAWN = 16
"""Passes of a comprehension over draws that differ in nothing: all later ones draw the like."""


def comprehension(machine: Machine, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> Value:
    """A list, a set, or the items of a generator."""
    from trainlint.interpret import expressions

    items, is_open = _passes(machine, node, lambda: expressions.evaluate(machine, node.elt))
    kind = "set" if isinstance(node, cst.SetComp) else "list"
    return expressions.list_of(tuple(items), machine.place(node), is_open=is_open, kind=kind)


def dict_comprehension(machine: Machine, node: cst.DictComp) -> Value:
    """A dict."""
    from trainlint.interpret import expressions

    def pair() -> Value:
        return Tuple((expressions.evaluate(machine, node.key), expressions.evaluate(machine, node.value)))

    items, is_open = _passes(machine, node, pair)
    made = Dict({}, machine.place(node))
    for item in items:
        if isinstance(item, Tuple):
            key = operators.key_of(item.items[0])
            made.cells[OPEN if key is None else key[0]] = item.items[1] if key is not None else Literal(True)
    if is_open:
        made.cells[OPEN] = Literal(True)
    return made


def _passes(machine: Machine, node: cst.BaseComp, element: Callable[[], Value]) -> tuple[list[Value], bool]:
    """What a comprehension makes, pass by pass, in a scope of its own; True if there may be more or fewer items."""
    scope = Scope(parent=machine.scope, kind="function", name="<comprehension>", tree=machine.scope.tree)
    made: list[Value] = []
    machine.activations.append(type(machine.activation)(scope, function=machine.activation.function))
    machine.activation.yields = machine.activations[-2].yields
    try:
        is_open = _clause(machine, node.for_in, element, made, may_repeat=_is_counter_unread(node))
    finally:
        machine.activations.pop()
    return made, is_open


def _is_counter_unread(node: cst.BaseComp) -> bool:
    """Whether it is `[... for name in ...]` and nothing reads the name."""
    clause = node.for_in
    if clause.inner_for_in is not None or clause.ifs or not isinstance(clause.target, cst.Name):
        return False
    return sum(isinstance(one, cst.Name) and one.value == clause.target.value for one in walk(node)) == 1


def _only_draws(value: Value) -> bool:
    """Whether random arrays are all that a value is made of."""
    if isinstance(value, Tuple):
        return all(map(_only_draws, value.items))
    return isinstance(value, Array) and value.op == "random"


def _clause(machine: Machine, clause: cst.CompFor, element: Callable[[], Value], made: list[Value], *, may_repeat: bool) -> bool:
    from trainlint.interpret import expressions

    place = machine.place(clause.iter)
    value = expressions.evaluate(machine, clause.iter)
    iteration = machine.iterate(value, place)
    is_open = not iteration.exhaustive
    frame = Frame("loop", place, "<comprehension>", iteration.trips, value)
    for item in iteration.items:
        if len(made) >= MAXIMUM_COMPREHENSION:
            return True
        targets.assign(machine, clause.target, item)
        tests = [operators.truth(expressions.evaluate(machine, one.test)) for one in clause.ifs]
        if False in tests:
            continue
        is_open = is_open or None in tests
        with machine.frame(frame):
            if clause.inner_for_in is not None:
                is_open = _clause(machine, clause.inner_for_in, element, made, may_repeat=False) or is_open
            else:
                mark = machine.heap.mark() if may_repeat and len(made) == MAXIMUM_DRAWN else None
                made.append(element())
                changes = None if mark is None else machine.heap.undo(mark)
                if changes is not None:
                    machine.heap.apply(changes)
                if changes == {} and all(map(_only_draws, made)):
                    made.extend(made[-1:] * (min(len(iteration.items), MAXIMUM_COMPREHENSION) - len(made)))
                    return is_open or len(iteration.items) > MAXIMUM_COMPREHENSION
    return is_open
