"""One line a finding, and the line that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from trainlint.core import Finding, Severity, Span
from trainlint.report.plain import plural, printable
from trainlint.result import CheckResult

SHOWN_REASONS = 3


def lines(results: Sequence[CheckResult]) -> Iterator[str]:
    """`path:row:column: CODE message` for each finding, then the summary."""
    for result in results:
        for finding in result.findings:
            yield f"{location(result, finding.span)}: {finding.code} {printable(finding.message)}"
    yield summary(results)


def location(result: CheckResult, span: Span) -> str:
    """`train.py:7:15`, and for a notebook `train.ipynb:cell 2:3:15` with the row inside the cell."""
    cell, row = result.cell_position(span)
    place = f"{row}:{span.column}" if cell is None else f"cell {cell}:{row}:{span.column}"
    return f"{printable(span.filename)}:{place}"


def summary(results: Sequence[CheckResult]) -> str:
    """How many findings in how many files, how many training runs were found, and which could not be judged."""
    findings = [finding for result in results for finding in result.findings]
    files = len({finding.span.filename for finding in findings})
    counted = (
        f"Found {_severities(findings)} in {plural(files, 'file')}"
        if findings
        else f"No findings in {plural(len(results), 'file')}"
    )
    runs = sum(result.runs for result in results)
    return f"{counted}; {plural(runs, 'training run')}{_not_judged(results)}"


def _severities(findings: list[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "hint"}
    parts = [plural(counts[severity], word) for severity, word in words.items() if counts[severity]]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _not_judged(results: Sequence[CheckResult]) -> str:
    reasons = Counter(unknown.reason for result in results for unknown in result.not_judged)
    if not reasons:
        return ""
    shown = [printable(reason) + (f" (×{count})" if count > 1 else "") for reason, count in reasons.most_common(SHOWN_REASONS)]
    more = len(reasons) - len(shown)
    return f", {sum(reasons.values()):,} not judged: {'; '.join(shown)}" + (
        f"; and {plural(more, 'other reason')}" if more else ""
    )
