"""Arrays that are changed in place: whatever holds such an array holds what it has become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from trainlint.interpret.values import Array, Dict, Instance, Scope

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Machine

CHANGEABLE = frozenset({"numpy", "torch"})
"""Libraries whose arrays can be changed; TensorFlow's cannot."""
VIEWS = frozenset({"reshape", "transpose", "squeeze", "expand_dims"})
"""Operations whose result shares its entries with the array that it is of; so do slices."""
MAXIMUM_VIEWS = 8


def changed(machine: Machine, before: Array, after: Array, depth: int = 0) -> None:
    """Put what an array has become where the array was: `b = a`, the argument of a call, `self.x`, and what it is a part of."""
    if before is after or before.symbolic or after.symbolic or before.library not in CHANGEABLE:
        return
    for owner in _in_reach(machine):
        for key in [key for key, value in owner.cells.items() if value is before]:
            machine.heap.write(owner, key, after)
    whole = before.inputs[0] if before.inputs else None
    if isinstance(whole, Array) and depth < MAXIMUM_VIEWS and _is_view(before):
        from trainlint.interpret.arrays.indexing import mixed

        statistics = replace(mixed(whole.statistics, after.statistics), known="declared")
        inputs = (whole, after)
        changed(machine, whole, replace(whole, op="setitem", inputs=inputs, data=None, statistics=statistics), depth + 1)


def _is_view(array: Array) -> bool:
    index = array.attributes.get("index")
    if array.op == "getitem" and isinstance(index, tuple):
        return all(one is None or one is Ellipsis or isinstance(one, int | slice) for one in index)
    return array.op in VIEWS


def _in_reach(machine: Machine) -> Iterator[Scope | Instance | Dict]:
    """The names of all functions that run and of the modules around them, and the objects and dicts that they hold."""
    seen: set[int] = set()
    for activation in machine.activations:
        scope: Scope | None = activation.scope
        while scope is not None and id(scope) not in seen:
            seen.add(id(scope))
            yield scope
            for value in tuple(scope.cells.values()):
                if isinstance(value, Instance | Dict) and id(value) not in seen:
                    seen.add(id(value))
                    yield value
            scope = scope.parent
