"""Rows and columns of a text, as Python counts them: a row ends at LF, CR LF or CR, and at nothing else."""

from __future__ import annotations

import re
from bisect import bisect_right

NEWLINE = re.compile(r"\r\n?|\n")


def split_rows(text: str) -> list[str]:
    """The rows without their line ends (`str.splitlines` would also split at form feeds and U+2028)."""
    return NEWLINE.split(text)


class RowTable:
    """The offsets at which rows start, to turn offsets into rows and columns. Offsets and columns count code points."""

    __slots__ = ("starts",)

    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in NEWLINE.finditer(text))]

    def position(self, offset: int) -> tuple[int, int]:
        """(row, column) of an offset, both from 1."""
        row = bisect_right(self.starts, offset)
        return row, offset - self.starts[row - 1] + 1

    def offset(self, row: int, column: int) -> int:
        """The offset of a row and column (both from 1); the inverse of `position`."""
        return self.starts[row - 1] + column - 1
