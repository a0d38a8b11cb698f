"""What checking one file gives: findings, and what a report or an editor needs to show them. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trainlint.core import Finding, Span, Unknown

if TYPE_CHECKING:
    from trainlint.facts.run import Script


class Text(Protocol):
    """The text that spans refer to (`trainlint.source.read.Source` is one)."""

    @property
    def lines(self) -> Sequence[str]:
        """The rows, without line ends."""
        ...

    def cell_position(self, row: int) -> tuple[int | None, int]:
        """The number of the notebook cell that holds a row and the row in it; (None, row) for what is no notebook."""
        ...


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict on one file.

    `findings` are sorted by file, place and code. `text` is None for what could not be read. `runs` counts the training
    runs that were found; `not_judged` says for each run that could not be judged in full why not. `failed` is True when a rule
    or a stage of trainlint itself raised (TRN000): the exit code is then 2. `script` holds the facts, None for what was not
    parsed.
    """

    filename: str
    findings: tuple[Finding, ...] = ()
    text: Text | None = None
    runs: int = 0
    not_judged: tuple[Unknown, ...] = ()
    failed: bool = False
    script: Script | None = None

    def cell_position(self, span: Span) -> tuple[int | None, int]:
        """The notebook cell of the start of a span, or None, and its row there. Spans of other files stay as they are."""
        if self.text is None or span.filename != self.filename:
            return None, span.row
        return self.text.cell_position(span.row)

    def line(self, span: Span) -> str | None:
        """The row in which a span starts; None if the text is not at hand."""
        if self.text is None or span.filename != self.filename or not 0 < span.row <= len(self.text.lines):
            return None
        return self.text.lines[span.row - 1]
