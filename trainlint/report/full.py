"""Findings for people: each with its line of code, its numbers and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from trainlint.core import Finding, Severity, Span
from trainlint.report.concise import location, summary
from trainlint.report.gauge import gauge
from trainlint.report.plain import cells, printable
from trainlint.result import CheckResult
from trainlint.wording import figure

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
NARROWEST = 40
SYMBOLS = {
    "learning_rate": "lr",
    "sharpness": "λ",
    "max_learning_rate": "bound",
    "best_learning_rate": "fastest lr",
    "unit_scale_max_learning_rate": "bound at unit scale",
    "ratio": "lr/bound",
    "growth_per_step": "growth per step",
    "first_non_finite_step": "overflow at step",
}
"""How the numbers of a step size are called in the note; other numbers go by their names."""


def print_full(results: Sequence[CheckResult], console: Console) -> None:
    """Print all findings and the summary. Lines with a location are never wrapped, so that other programs can read them."""
    for result in results:
        for finding in result.findings:
            for line in _finding(result, finding, console.width):
                console.print(line, soft_wrap=True)
            console.print()
    console.print(summary(results), soft_wrap=True, style="bold")


def _finding(result: CheckResult, finding: Finding, width: int) -> Iterator[Text]:
    from rich.text import Text

    colour = COLOURS[finding.severity]
    head = f"{location(result, finding.span)}: "
    yield Text.assemble(head, (finding.code, colour), f" {printable(finding.message)}")
    gutter = len(str(result.cell_position(finding.span)[1])) + 1
    yield from _frame(result, finding, max(width, NARROWEST), gutter)
    for note in _notes(result, finding, max(width, NARROWEST) - gutter - 2):
        first, *others = note
        yield Text.assemble(" " * gutter, ("= ", "bold blue"), first)
        yield from (Text(" " * (gutter + 2) + other) for other in others)


def _frame(result: CheckResult, finding: Finding, width: int, gutter: int) -> Iterator[Text]:
    from rich.text import Text

    line = result.line(finding.span)
    if line is None or not line.strip():
        return
    row = result.cell_position(finding.span)[1]
    code, before, marked = _window(line, finding.span, width - gutter - 3)
    bar = (" " * gutter + "|", "bold blue")
    yield Text.assemble(bar)
    yield Text.assemble((f"{row:<{gutter}}| ", "bold blue"), code)
    yield Text.assemble(bar, " " + " " * before, ("^" * marked, COLOURS[finding.severity]))


def _window(line: str, span: Span, room: int) -> tuple[str, int, int]:
    """The part of a line that fits the room, around the span; then the cells before the span in it, and those that it takes."""
    start = min(span.column - 1, len(line))
    end = len(line.rstrip()) if span.end_row > span.row else min(span.end_column - 1, len(line))
    first = 0
    if cells(printable(line)) > room:
        first = max(0, min(start - room // 3, len(line) - room + 1))
    shown = ("…" if first else "") + printable(line[first : first + room])
    while cells(shown) > room:
        shown = shown[:-1]
    if first + room < len(line) or cells(printable(line[first:])) > room:
        shown = shown[:-1] + "…"
    before = cells(printable(line[first:start])) + (1 if first else 0)
    marked = cells(printable(line[start : max(end, start + 1)]))
    return shown, before, max(1, min(marked, room - before))


def _notes(result: CheckResult, finding: Finding, room: int) -> Iterator[list[str]]:
    """The rows of each note; what has a location or a scale stays in one."""
    if finding.numbers:
        numbers = ", ".join(_number(*item).replace(" ", "\xa0") for item in finding.numbers.items())
        yield [row.replace("\xa0", " ") for row in wrap(f"{finding.evidence.value}: {numbers}", room, break_long_words=False)]
    drawn = gauge(finding.numbers)
    if drawn is not None:
        yield [drawn]
    for related in finding.related:
        yield [f"{location(result, related.span)}: {printable(related.message)}"]
    if finding.fix is not None:
        yield [f"fix ({'safe' if finding.fix.safe else 'unsafe'}): {printable(finding.fix.message)}"]


def _number(name: str, value: float) -> str:
    shown = f"×{figure(value, 4)}" if name == "growth_per_step" else figure(value, 4)
    return f"{SYMBOLS.get(name, name.replace('_', ' '))} {shown}"
