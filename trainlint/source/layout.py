"""The logical lines of a text that need not parse, down to where a parser stopped: where statements begin and end."""

from __future__ import annotations

import re
from typing import NamedTuple

from trainlint.source.holes import CONTINUING, is_header
from trainlint.source.lines import NEWLINE, RowTable
from trainlint.source.scan import STRUCTURE, tokens

_CONTINUES = re.compile(rf"(?:{'|'.join(CONTINUING)})\b")
_BLANKS = re.compile(r"[ \t\f]*")


class Line(NamedTuple):
    """A logical line: the offsets of its first character and of its line end; `closed` unless a bracket or string stays open."""

    start: int
    end: int
    closed: bool


class Layout:
    """The logical lines down to `offset`, all of which parse but the last."""

    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.table = RowTable(text)
        self.lines: list[Line] = []
        self._scan(0, offset)
        row = self.table.starts[self.table.position(offset)[0] - 1]
        last = self.lines[-1] if self.lines else None
        # A tokenizer's error may come before that of a bracket further up, which then seems to hold everything below it.
        if last is not None and not last.closed and row > self.block_end(*self.broken(), brackets=True):
            self._scan(row, offset)

    def _scan(self, begin: int, offset: int) -> None:
        """Note the logical lines from an offset at which one begins to the one that holds another offset."""
        depth = 0
        for kind, start, end in tokens(self.text, begin, STRUCTURE):
            depth = max(depth + (kind == "open") - (kind == "close"), 0)
            if kind == "newline" and not depth:
                self._add(begin, start, closed=True)
                begin = end
                if start >= offset:
                    return
        self._add(begin, len(self.text), closed=not depth)

    def _add(self, begin: int, end: int, closed: bool) -> None:
        first = begin + len(self.text[begin:end]) - len(self.text[begin:end].lstrip())
        if first < end and self.text[first] != "#":
            self.lines.append(Line(first, end, closed and not self._in_string(first, end)))

    def _in_string(self, start: int, end: int) -> bool:
        """Whether a line ends the text in a string of several rows that is never closed."""
        return end == len(self.text) and any(
            kind == "string"
            and last == end
            and (quote := self.text[first : first + 3]) in ('"""', "'''")
            and not (last - first >= 6 and self.text.endswith(quote))
            for kind, first, last in tokens(self.text, start, STRUCTURE)
        )

    def indentation(self, start: int) -> str:
        """The blanks before a statement."""
        row_start = self.table.starts[self.table.position(start)[0] - 1]
        blanks = _BLANKS.match(self.text, row_start)
        return "" if blanks is None else blanks[0]

    def width(self, start: int) -> int:
        """The columns of a statement's indentation."""
        return len(self.indentation(start).expandtabs(8))

    def broken(self) -> tuple[int, int]:
        """The first and last offset of the statement in which the parser stopped, without what is indented under it."""
        line = self.lines[-1]
        if line.closed:
            return line.start, line.end
        rows = self._rows_from(line.start)
        if is_header(self.text[line.start : line.end]):
            return line.start, self._header_end(rows[:10])
        return line.start, self.block_end(line.start, rows[0][1], brackets=True)

    def _header_end(self, rows: list[tuple[int, int]]) -> int:
        """Where a header with an open bracket ends: with the row that has its colon, which no other header comes before."""
        for number, (start, end) in enumerate(rows):
            row = self.text[start:end].strip()
            if number and is_header(row):
                break
            if row.endswith(":"):
                return end
        return rows[0][1]

    def has_body(self, start: int, end: int) -> bool:
        """Whether the next row that is not blank is indented under a statement."""
        following = next((row for row in self._rows_from(end)[1:] if self.text[row[0] : row[1]].strip()), None)
        return following is not None and self.width(following[0]) > self.width(start)

    def block_end(self, start: int, end: int, brackets: bool = False, clauses: bool = False) -> int:
        """Where ends what is indented under a statement; with `brackets` rows that begin by closing one, too.

        With `clauses` also the clauses that go with the statement.
        """
        width, last = self.width(start), end
        for row_start, row_end in self._rows_from(end)[1:]:
            text = self.text[row_start:row_end].strip()
            if not text:
                continue
            goes_on = (brackets and text[0] in ")]}") or (clauses and _CONTINUES.match(text))
            if self.width(row_start) <= width and not goes_on:
                break
            last = row_end
        return last

    def around(self, start: int) -> tuple[int, int] | None:
        """The compound statement around a statement."""
        width = self.width(start)
        outer = next((line for line in reversed(self.lines) if line.start < start and self.width(line.start) < width), None)
        return None if outer is None else (outer.start, self.block_end(outer.start, outer.end, clauses=True))

    def line_at(self, row: int) -> Line | None:
        """The logical line that begins in a row."""
        return next((line for line in self.lines if self.table.position(line.start)[0] == row), None)

    def code_end(self, line: Line) -> int:
        """Where a logical line ends, without a comment and the blanks before it."""
        end = next((start for kind, start, _ in tokens(self.text, line.start, STRUCTURE) if kind == "comment"), line.end)
        return line.start + len(self.text[line.start : min(end, line.end)].rstrip())

    def _rows_from(self, offset: int) -> list[tuple[int, int]]:
        """Start and end of the rows from the one that holds an offset, at most 5,000 of them."""
        first = self.table.position(offset)[0] - 1
        starts = self.table.starts[first : first + 5_001]
        ends = [NEWLINE.search(self.text, start) for start in starts[:5_000]]
        return [(start, end.start() if end else len(self.text)) for start, end in zip(starts, ends, strict=False)]
