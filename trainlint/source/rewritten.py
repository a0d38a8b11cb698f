"""A text with some stretches replaced, and where each of its offsets stood before: so that positions stay true to the file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """Put `content` in the place of the code points from `start` to `end`; an empty range inserts."""

    start: int
    end: int
    content: str


class Rewritten:
    """A text after changes, none of which overlaps another."""

    __slots__ = ("_ends", "_origins", "_starts", "text")

    def __init__(self, original: str, changes: Iterable[Change]) -> None:
        pieces: list[str] = []
        self._starts: list[int] = []
        self._origins: list[int] = []
        self._ends: list[int] = []
        position = length = 0
        for change in sorted(changes):
            for piece, start, end in (
                (original[position : change.start], position, change.start),
                (change.content, change.start, change.end),
            ):
                pieces.append(piece)
                self._starts.append(length)
                self._origins.append(start)
                self._ends.append(end)
                length += len(piece)
            position = change.end
        pieces.append(original[position:])
        self._starts.append(length)
        self._origins.append(position)
        self._ends.append(len(original))
        self.text = "".join(pieces)

    def original(self, offset: int) -> int:
        """Where an offset of the new text stood; what was put in stands where it was put."""
        piece = bisect_right(self._starts, offset) - 1
        return min(self._origins[piece] + offset - self._starts[piece], self._ends[piece])
