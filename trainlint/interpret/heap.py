"""The one way to change a mutable value, so that branches can be undone and joined."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

from trainlint.interpret.values import Mutable, Unknown, Value, join, serial

NOT_BOUND = Unknown("not bound on this branch")
"""What a name or attribute is on a branch that does not bind it: reading it there ends the script."""


@dataclass(slots=True)
class _Write:
    owner: Mutable
    key: Hashable
    before: Value | None


Changes: TypeAlias = "dict[tuple[int, Hashable], tuple[Mutable, Value | None]]"


@dataclass(slots=True)
class Heap:
    """A trail of writes: `mark` before a branch, `undo` after it, `apply_joined` with what the branches left."""

    trail: list[_Write] = field(default_factory=list)
    open_marks: int = 0
    births: list[int] = field(default_factory=list)

    def write(self, owner: Mutable, key: Hashable, value: Value) -> None:
        """Set one cell; inside a branch the old content is remembered."""
        if self.open_marks:
            self.trail.append(_Write(owner, key, owner.cells.get(key)))
        owner.cells[key] = value

    def delete(self, owner: Mutable, key: Hashable) -> None:
        """Remove one cell if it is there."""
        if key in owner.cells:
            if self.open_marks:
                self.trail.append(_Write(owner, key, owner.cells[key]))
            del owner.cells[key]

    def mark(self) -> int:
        """Begin a branch; pass the result to `undo`."""
        self.open_marks += 1
        self.births.append(serial())
        return len(self.trail)

    def undo(self, mark: int) -> Changes:
        """End a branch: put every cell back as it was at `mark` and return what the branch had left in each.

        What was made within the branch is left alone: elsewhere it is not there, so that there is nothing to join it with.
        """
        changes: Changes = {}
        since = self.births.pop()
        older = [write for write in self.trail[mark:] if write.owner.born < since]
        for write in older:
            changes[id(write.owner), write.key] = (write.owner, write.owner.cells.get(write.key))
        for write in reversed(older):
            if write.before is None:
                write.owner.cells.pop(write.key, None)
            else:
                write.owner.cells[write.key] = write.before
        del self.trail[mark:]
        self.open_marks -= 1
        return changes

    def apply(self, changes: Changes) -> None:
        """Make one branch's result the state (the other branch ended in return, raise, break or continue)."""
        for (_, key), (owner, value) in changes.items():
            if value is None:
                self.delete(owner, key)
            else:
                self.write(owner, key, value)

    def apply_joined(self, branches: list[Changes]) -> None:
        """Make the join of several branches the state: a cell that one of them left alone keeps its old value there."""
        touched = {cell: owner for changes in branches for cell, (owner, _) in changes.items()}
        for (identity, key), owner in touched.items():
            before = owner.cells.get(key)
            left = [changes.get((identity, key), (owner, before))[1] for changes in branches]
            self.write(owner, key, join(tuple(NOT_BOUND if value is None else value for value in left)))
