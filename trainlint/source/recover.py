"""Broken code: the statements that do not parse are replaced by unknown ones (`holes`), until what is left parses.

A parser stops at its first error, so errors are found one by one. A text of which little would be left is no script with a
mistake in it: then nothing is recovered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from trainlint.source.holes import HOLE, header_in_place_of, in_place_of
from trainlint.source.layout import Layout
from trainlint.source.lines import split_rows
from trainlint.source.rewritten import Change, Rewritten

MAXIMUM_HOLES = 12
LARGEST_TEXT = 1_000_000
"""Characters of a text that is parsed again and again."""

_ON_LINE = re.compile(r"expected an indented block.* on line (\d+)")


class Failure(NamedTuple):
    """Where a parser stopped (row and column from 1), and what it says."""

    row: int
    column: int
    message: str


class Hole(NamedTuple):
    """The changes for one failure; `start` and `end` are what they touch, `offset` is where the parser stopped."""

    start: int
    end: int
    changes: tuple[Change, ...]
    offset: int
    message: str


def recover(text: str, limits: Sequence[tuple[int, int]], first: Callable[[str], Failure | None]) -> list[Hole] | None:
    """The holes with which `first` finds no failure any more, in the order of the text; None if that cannot be had.

    `limits` are the ranges that no hole goes beyond: the cells of a notebook, else the whole text.
    """
    holes: list[Hole] = []
    if len(text) > LARGEST_TEXT:
        return None
    for _ in range(MAXIMUM_HOLES + 1):
        written = Rewritten(text, [change for one in holes for change in one.changes])
        failure = first(written.text)
        if failure is None:
            return holes if _is_script(text, holes, limits) else None
        hole = _Search(text, written, failure, limits=limits, holes=holes, first=first).hole()
        if hole is None:
            return None
        inside = [one for one in holes if _meet(one, hole.start, hole.end)]
        if inside:
            hole = hole._replace(offset=inside[0].offset, message=inside[0].message)
        holes = sorted([*(one for one in holes if one not in inside), hole])
    return None


def _is_script(text: str, holes: list[Hole], limits: Sequence[tuple[int, int]]) -> bool:
    """Whether at most half of the rows are lost, or one statement. The cells of a notebook stand each for itself."""
    rows = sum(1 for row in split_rows(text) if row.strip())
    lost = sum(1 for one in holes for change in one.changes for row in split_rows(text[change.start : change.end]) if row.strip())
    return 2 * lost <= rows or (len(holes) == 1 and lost < rows) or len(limits) > 1


def _meet(hole: Hole, start: int, end: int) -> bool:
    return hole.start <= end and start <= hole.end


class _Search:
    """Looks for the statement to leave out for one failure. Offsets are those of the text as written so far, until `_made`."""

    def __init__(
        self,
        text: str,
        written: Rewritten,
        failure: Failure,
        *,
        limits: Sequence[tuple[int, int]],
        holes: list[Hole],
        first: Callable[[str], Failure | None],
    ) -> None:
        self.text, self.written, self.failure, self.holes, self.first = text, written, failure, holes, first
        layout = Layout(written.text, 0)
        self.row = min(max(failure.row, 1), len(layout.table.starts))
        self.offset = min(layout.table.offset(self.row, max(failure.column, 1)), len(written.text))
        self.layout = Layout(written.text, self.offset)
        origin = written.original(self.offset)
        self.low, self.high = next(((start, end) for start, end in limits if start <= origin <= end), limits[-1])
        self.several = len(limits) > 1

    def hole(self) -> Hole | None:
        """The hole, wider than those before that did not help; None if nothing is left to widen."""
        if not self.layout.lines:
            return None
        small = self._indented() or self._clause()
        if small:
            return small
        start, end = self.layout.broken()
        header = self._header(start, end)
        if header is not None and (made := self._made(start, end, header)) is not None:
            return made
        whole: tuple[int, int] | None = (start, self.layout.block_end(start, end, clauses=header is not None))
        while whole is not None:
            made = self._made(*whole, None)
            if made is not None:
                return made
            whole = self.layout.around(whole[0])
        return self._made_in_text(self.low, self.high, HOLE) if self.several else None

    def _made(self, start: int, end: int, content: str | None) -> Hole | None:
        """The hole for a statement; None if there is one already that holds all of it."""
        first, last = max(self.written.original(start), self.low), min(self.written.original(end), self.high)
        if content is None:
            content = in_place_of(self.text[first:last], self.layout.indentation(start))
        return self._made_in_text(first, last, content)

    def _made_in_text(self, first: int, last: int, content: str) -> Hole | None:
        if first > last:  # the statement begins in another cell
            return None
        met = [one for one in self.holes if _meet(one, first, last)]
        if any(one.start <= first and last <= one.end for one in met):
            return None
        if met:
            first, last = min([first, *(one.start for one in met)]), max([last, *(one.end for one in met)])
            content = in_place_of(self.text[first:last], self.layout.indentation(self.layout.broken()[0]))
        return self._with((Change(first, last, content),))

    def _with(self, changes: tuple[Change, ...]) -> Hole:
        origin = min(max(self.written.original(self.offset), self.low), self.high)
        return Hole(changes[0].start, changes[-1].end, changes, origin, self.failure.message)

    def _header(self, start: int, end: int) -> str | None:
        """The first line of a compound statement, so that its body is kept; as it is written if just its colon is missing."""
        text = self.written.text[start:end].rstrip()
        has_body = self.layout.has_body(start, end)
        header = header_in_place_of(text, has_body)
        if header is None or not has_body or text.endswith(":"):
            return header
        before = {"elif": "if 1: pass\n", "else": "if 1: pass\n", "except": "try: pass\n", "finally": "try: pass\n"}
        word = re.match(r"\w+", text)
        after = "\nfinally: pass" if word and word[0] == "try" else ""
        alone = f"{before.get(word[0] if word else '', '')}{text}: pass{after}\n"
        return f"{text}:" if self.first(alone) is None else header

    def _indented(self) -> Hole | None:
        """Indentation that fits nothing: a body that is missing, a header that is missing, rows between two levels."""
        message, layout, text = self.failure.message, self.layout, self.written.text
        if found := _ON_LINE.search(message):
            line = layout.line_at(int(found[1]))
            if line is None:
                return None
            is_function = re.match(r"(?:async\s+)?def\b", text[line.start : line.end])
            return self._small(layout.code_end(line), layout.code_end(line), f" return {HOLE}" if is_function else f" {HOLE}")
        row_start = layout.table.starts[self.row - 1]
        above = [line for line in layout.lines if line.start < row_start]
        if "unexpected indent" in message:
            indentation = layout.indentation(above[-1].start) if above else ""
            return self._small(row_start, row_start, f"{indentation}if {HOLE}:\n")
        if "unindent does not match" in message:
            own = layout.width(row_start)
            inner = [line.start for line in reversed(above) if layout.width(line.start) > own]
            return self._reindented(layout.indentation(inner[0])) if inner else None
        return None

    def _reindented(self, indentation: str) -> Hole | None:
        """The row, and those below it that are indented as it is, in the level of what stands above them."""
        changes = []
        own = self.layout.indentation(self.layout.table.starts[self.row - 1])
        for start in self.layout.table.starts[self.row - 1 :]:
            if self.layout.indentation(start) != own:
                break
            changes.append(Change(self.written.original(start), self.written.original(start + len(own)), indentation))
        first, last = changes[0].start, changes[-1].end
        return None if any(_meet(one, first, last) for one in self.holes) else self._with(tuple(changes))

    def _clause(self) -> Hole | None:
        """A `try` that has neither `except` nor `finally` gets one."""
        if not self.failure.message.startswith("expected 'except'"):
            return None
        layout = self.layout
        row_start = layout.table.starts[self.row - 1]
        above = [line for line in layout.lines if line.start < row_start or line.end == len(layout.text)]
        opening = next((line for line in reversed(above) if re.match(r"try\b", layout.text[line.start : line.end])), None)
        if opening is None:
            return None
        at = layout.block_end(opening.start, opening.end)
        indentation = layout.indentation(opening.start)
        return self._small(at, at, f"\n{indentation}except {HOLE}: {HOLE}")

    def _small(self, start: int, end: int, content: str) -> Hole | None:
        """A change between statements; None if it was made already."""
        first, last = self.written.original(start), self.written.original(end)
        if any(_meet(one, first, last) for one in self.holes):
            return None
        return self._with((Change(first, last, content),))
