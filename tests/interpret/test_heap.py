"""Branches are undone and joined cell by cell."""

from __future__ import annotations

from tests.interpret.helpers import plain
from trainlint.interpret.heap import Heap
from trainlint.interpret.values import Choice, Literal, Scope, Unknown


def scope(**cells: int) -> Scope:
    return Scope({name: Literal(value) for name, value in cells.items()})


def test_undo_restores_what_was_changed_added_and_deleted() -> None:
    heap, owner = Heap(), scope(a=1, b=2)
    mark = heap.mark()
    heap.write(owner, "a", Literal(10))
    heap.write(owner, "c", Literal(3))
    heap.delete(owner, "b")
    changes = heap.undo(mark)
    assert {name: plain(value) for name, value in owner.cells.items()} == {"a": 1, "b": 2}
    heap.apply(changes)
    assert {name: plain(value) for name, value in owner.cells.items()} == {"a": 10, "c": 3}


def test_join_keeps_what_one_side_left_alone() -> None:
    heap, owner = Heap(), scope(a=1, b=1)
    mark = heap.mark()
    heap.write(owner, "a", Literal(2))
    first = heap.undo(mark)
    mark = heap.mark()
    heap.write(owner, "b", Literal(1))
    heap.write(owner, "c", Literal(5))
    second = heap.undo(mark)
    heap.apply_joined([first, second])
    joined = owner.cells["a"]
    assert isinstance(joined, Choice)
    assert [plain(one) for one in joined.alternatives] == [2, 1]
    assert plain(owner.cells["b"]) == 1
    only_there = owner.cells["c"]
    assert isinstance(only_there, Choice)
    assert [type(one) for one in only_there.alternatives] == [Unknown, Literal]


def test_branches_nest() -> None:
    heap, owner = Heap(), scope(a=1)
    outer = heap.mark()
    heap.write(owner, "a", Literal(2))
    inner = heap.mark()
    heap.write(owner, "a", Literal(3))
    left = heap.undo(inner)
    assert plain(owner.cells["a"]) == 2
    heap.apply(left)
    assert plain(owner.cells["a"]) == 3
    heap.undo(outer)
    assert plain(owner.cells["a"]) == 1
