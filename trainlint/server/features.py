"""What an editor shows of a check: diagnostics, hovers, quick fixes and hints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types

from trainlint.core import Edit, Fact, Finding, Severity, Span
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.registry import all_rules
from trainlint.report.derivation import derivation
from trainlint.report.facts_table import rows_of
from trainlint.report.gauge import gauge
from trainlint.server.documents import Checked
from trainlint.source.read import Source
from trainlint.source.suppress import row_to_ignore, rows_inside_strings, to_ignore
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.wording import figure

SOURCE = "trainlint"
EXPLAIN = "trainlint.explain"
PROBE = "trainlint.probe"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_UNNECESSARY = ("TRN003", "TRN425")
"""Rules about what has no effect: editors draw it faded."""


def diagnostics(checked: Checked, uri: str) -> list[types.Diagnostic]:
    """The findings that stand in one document. What is found in another file is said at the import's place there, not here."""
    return [one for finding in checked.result.findings if (one := _diagnostic(checked, uri, finding)) is not None]


def _diagnostic(checked: Checked, uri: str, finding: Finding) -> types.Diagnostic | None:
    place = checked.range(finding.span)
    if place is None or place[0] != uri:
        return None
    return types.Diagnostic(
        range=place[1],
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=_description(finding),
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if finding.code in _UNNECESSARY else None,
        related_information=[
            types.DiagnosticRelatedInformation(types.Location(*_located(checked, one.span)), one.message)
            for one in finding.related
        ],
    )


def _description(finding: Finding) -> types.CodeDescription | None:
    """Where the rule is described: the file of the rule itself, which begins with its documentation."""
    if finding.url:
        return types.CodeDescription(finding.url)
    known = next((one for one in all_rules() if one.code == finding.code), None)
    return None if known is None else types.CodeDescription(Path(known.check.__code__.co_filename).absolute().as_uri())


def _located(checked: Checked, span: Span) -> tuple[str, types.Range]:
    """The place of a span; in a file that is not open columns count code points, which differ after rare characters only."""
    place = checked.range(span)
    if place is not None:
        return place
    start, end = types.Position(span.row - 1, span.column - 1), types.Position(span.end_row - 1, span.end_column - 1)
    return Path(span.filename).absolute().as_uri(), types.Range(start, end)


def hover(checked: Checked, uri: str, position: types.Position) -> types.Hover | None:
    """The rules of the findings in the row, and what was understood of the training run that the row is part of.

    What a finding says is not repeated: the editor shows that itself.
    """
    row = checked.row(uri, position)
    if row is None or checked.result.script is None:
        return None
    known = {one.code: one for one in all_rules()}
    parts = []
    for finding in checked.result.findings:
        if finding.span.filename == checked.result.filename and finding.span.row <= row <= finding.span.end_row:
            title = known[finding.code].title if finding.code in known else finding.name
            drawn = gauge(finding.numbers)
            parts.append(f"**{finding.code}** {title}" + (f"\n\n```text\n{drawn}\n```" if drawn else ""))
    parts += [_run(run) for run in checked.result.script.runs if row in _rows_of(run, checked.result.filename)]
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts))) if parts else None


def _rows_of(run: TrainingRun, filename: str) -> set[int]:
    """The rows of the calls that make a run: training, optimizer, loss."""
    places = [run.place, getattr(run.optimizer, "place", None), getattr(run.loss, "place", None)]
    spans = [one.span for one in places if one is not None]
    return {row for one in spans if one.filename == filename for row in range(one.row, one.end_row + 1)}


def _run(run: TrainingRun) -> str:
    facts = [f"- **{name}** {_escaped(value)}" for name, value in rows_of(run)]
    steps = [f"- {_escaped(name)}: {_escaped(value)}" for name, value in derivation(run)]
    return "\n".join(["**Training run**", "", *facts, "", "**Step size**", "", *steps])


def _escaped(text: str) -> str:
    """Text of a script as Markdown shows it: no markup of its own."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|!" else one for one in text).replace("\n", " ")


def hints(checked: Checked, uri: str, within: types.Range) -> list[types.InlayHint]:
    """`lr 0.01 · bound 0.0081` behind each optimizer whose bound is known."""
    found = []
    for run in () if checked.result.script is None else checked.result.script.runs:
        bound, optimizer = stability(run), run.optimizer
        if not isinstance(bound, StabilityBound) or not isinstance(optimizer, OptimizerFacts) or optimizer.place is None:
            continue
        place = checked.range(optimizer.place.span)
        rate = optimizer.learning_rate
        if place is None or place[0] != uri or not isinstance(rate, Fact):
            continue
        end = place[1].end
        if within.start.line <= end.line <= within.end.line:
            label = f"lr {figure(rate.value)} · bound {figure(bound.max_learning_rate)}"
            tooltip = types.MarkupContent(types.MarkupKind.Markdown, _run(run))
            found.append(types.InlayHint(end, label, tooltip=tooltip, padding_left=True))
    return found


def lenses(checked: Checked, uri: str) -> list[types.CodeLens]:
    """Above each place where training happens: what is known of the step size there, and the offer to measure it."""
    found = []
    runs = () if checked.result.script is None or checked.taken.is_notebook else checked.result.script.runs
    for number, run in enumerate(runs, 1):
        place = checked.range(run.place.span)
        if place is None or place[0] != uri:
            continue
        bound = stability(run)
        known = f"λ {figure(bound.sharpness)}, {bound.evidence.value}" if isinstance(bound, StabilityBound) else "λ not known"
        command = types.Command(f"{known} · measure it by a probe", PROBE, arguments=[uri, number])
        found.append(types.CodeLens(types.Range(place[1].start, place[1].start), command))
    return found


def actions(checked: Checked, uri: str, within: types.Range) -> Iterator[types.CodeAction]:
    """For each finding in a range: its fix, a comment that ignores it, and its explanation."""
    for finding in checked.result.findings:
        shown = _diagnostic(checked, uri, finding)
        if shown is None or shown.range.end.line < within.start.line or shown.range.start.line > within.end.line:
            continue
        if finding.fix is not None and (edit := _workspace_edit(checked, finding.fix.edits)) is not None:
            title = finding.fix.message[:1].upper() + finding.fix.message[1:]
            yield types.CodeAction(title, types.CodeActionKind.QuickFix, [shown], is_preferred=finding.fix.safe, edit=edit)
        if (ignoring := _ignoring(checked, finding)) is not None:
            yield types.CodeAction(f"Ignore {finding.code} here", types.CodeActionKind.QuickFix, [shown], edit=ignoring)
        command = types.Command(f"Explain {finding.code}", EXPLAIN, arguments=[finding.code])
        yield types.CodeAction(command.title, types.CodeActionKind.QuickFix, [shown], command=command)


def _workspace_edit(checked: Checked, edits: tuple[Edit, ...]) -> types.WorkspaceEdit | None:
    """The edits by document; None if one lies in a file that the editor did not give us."""
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        place = checked.range(edit.span)
        if place is None:
            return None
        changes.setdefault(place[0], []).append(types.TextEdit(place[1], edit.content))
    return types.WorkspaceEdit(changes={uri: list(listed) for uri, listed in changes.items()})


def _ignoring(checked: Checked, finding: Finding) -> types.WorkspaceEdit | None:
    """Add a comment at the end of a row of the finding, or the code to the one that stands there."""
    source = checked.result.texts.get(finding.span.filename)
    if not isinstance(source, Source):
        return None
    row = row_to_ignore(source, finding.span, rows_inside_strings(source.text))
    place = None if row is None else checked.line_end(row)
    if place is None:
        return None
    uri, end, text = place
    return types.WorkspaceEdit(changes={uri: [types.TextEdit(types.Range(end, end), to_ignore(text, finding.code))]})
