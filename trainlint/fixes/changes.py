"""Edits as changes of a text by offsets: applied together, and where a place stands afterwards. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainlint.core import Span
from trainlint.source.lines import NEWLINE, RowTable

Position = tuple[int, int]
"""A row and a column, both from 1."""


class Refused(Exception):  # noqa: N818 (a decision, not a fault)
    """A fix or a file that is left alone; the message says why, as a clause: "it would also change nets.py"."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Replace `text[start:end]` by `content`; `start == end` inserts. Offsets count code points."""

    start: int
    end: int
    content: str


def offsets(span: Span, table: RowTable, length: int) -> tuple[int, int]:
    """The offsets at which a span starts and ends in a text of this length.

    Raises:
        Refused: the span lies outside the text.
    """
    if not 1 <= span.row <= span.end_row <= len(table.starts) or min(span.column, span.end_column) < 1:
        raise Refused("its place is not in the text")
    start, end = table.offset(span.row, span.column), table.offset(span.end_row, span.end_column)
    if not start <= end <= length:
        raise Refused("its place is not in the text")
    return start, end


def newline_at(text: str, offset: int, usual: str) -> str:
    """The line end of the row at an offset, so that inserted rows end like their neighbours; `usual` for a last row."""
    match = NEWLINE.search(text, offset)
    return match[0] if match else usual


def overlap(one: Change, other: Change) -> bool:
    """Whether two changes cannot both be made: their ranges meet, or both insert at one place, in no certain order."""
    if one == other:
        return False
    if one.start == one.end and other.start == other.end:
        return one.start == other.start
    return one.start < other.end and other.start < one.end


def applied(text: str, changes: Iterable[Change]) -> str:
    """The text after changes that do not overlap; insertions at one place stand in the order in which they are given.

    Raises:
        Refused: two of the changes overlap.
    """
    pieces: list[str] = []
    position = 0
    for change in in_order(changes):
        if change.start < position:
            raise Refused("its edits overlap")
        pieces += [text[position : change.start], change.content]
        position = change.end
    return "".join((*pieces, text[position:]))


def in_order(changes: Iterable[Change]) -> list[Change]:
    """By place, an insertion in front of what is replaced there."""
    return sorted(changes, key=lambda change: (change.start, change.end))


def places_after(offset: int, changes: Sequence[Change]) -> tuple[int, int]:
    """The first and last offset, after the changes, of what stood at `offset`.

    They differ where text was inserted right there (what stood there may be said to begin with it) or was replaced around it.
    """
    shift = 0
    first: int | None = None
    for change in in_order(changes):
        size = len(change.content)
        if change.start > offset:
            break
        if change.start == change.end == offset:
            first = change.start + shift if first is None else first
        elif change.end > offset:
            start = change.start + shift
            return (start if first is None else first), start + max(size - 1, 0)
        shift += size - (change.end - change.start)
    return (offset + shift if first is None else first), offset + shift
