"""What checking one file gives: findings, and what a report or an editor needs to show them. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

    `findings` are sorted by file, place and code; they may lie in modules that the file imports. `texts` are those of the file
    and of these modules by filename, without what could not be read. `runs` counts the training
    runs that were found; `not_judged` says for each run that could not be judged in full why not. `failed` is True when a rule
    or a stage of trainlint itself raised (TRN000): the exit code is then 2. `script` holds the facts, None for what was not
    parsed.
    """

    filename: str
    findings: tuple[Finding, ...] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)
    runs: int = 0
    not_judged: tuple[Unknown, ...] = ()
    failed: bool = False
    script: Script | None = None

    def cell_position(self, span: Span) -> tuple[int | None, int]:
        """The notebook cell of the start of a span, or None, and its row there."""
        text = self.texts.get(span.filename)
        return (None, span.row) if text is None else text.cell_position(span.row)

    def line(self, span: Span) -> str | None:
        """The row in which a span starts; None if the text is not at hand."""
        text = self.texts.get(span.filename)
        return text.lines[span.row - 1] if text is not None and 0 < span.row <= len(text.lines) else None
