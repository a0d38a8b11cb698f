"""From a source to findings: the one entry for the command line, the editor, hooks and tests."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trainlint.core import At, Evidence, Finding, Fix, Place, Related, Severity, Span, Unknown
from trainlint.facts.run import Script, UnusedSuppression
from trainlint.judged import why_not_judged
from trainlint.precedence import one_per_cause
from trainlint.registry import Report, Rule
from trainlint.result import CheckResult
from trainlint.selection import adjusted, catalogue, selected_rules
from trainlint.settings import USUAL_BUDGET, Settings
from trainlint.source.read import Source, Unreadable
from trainlint.source.suppress import Suppressions, find_suppressions
from trainlint.stability import stability
from trainlint.workspace import Project

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Workspace

T = TypeVar("T")
_SEVERITIES = list(Severity)
_OURS = (Path(__file__).parent, Path(__file__).parents[1] / "rules")


def check_source(
    source: Source | Unreadable,
    settings: Settings,
    workspace: Workspace | None = None,
    measured: Callable[[Script], Script] | None = None,
) -> CheckResult:
    """Check one file. Nothing of the file is run, and nothing in it makes this raise.

    `workspace` gives the project's other files. `measured` puts what a probe has seen into the facts before they are judged.
    What trainlint itself fails at becomes a finding (TRN000).

    Raises:
        SettingsError: the settings name rules that do not exist.
        RuleError: a rule file is not well formed.
    """
    rules = selected_rules(settings)
    script = _facts_under(source, settings, workspace)
    raised = list(script.raised)
    if measured is not None:
        script = _guard("what was measured", partial(measured, script), script, raised) or script
    not_judged = [_guard("the verdict on a run", partial(why_not_judged, run), script, raised) for run in script.runs]
    unjudged = tuple(one for one in not_judged if one is not None)

    asked: list[list[Finding]] = []
    ran: set[str] = set()
    for one in rules:
        if one.absence and script.holes:
            continue  # what is missing may stand where nothing can be read
        failures = len(raised)
        if one.scope == "run":
            asked += [_ask(one, run, script, raised) for run in script.runs]
        elif one.scope == "script":
            asked.append(_ask(one, script, script, raised))
        judged = one.scope == "script" or (script.runs and not unjudged)
        if judged and len(raised) == failures:
            ran.add(one.code)

    found = _distinct(asked)
    texts = _texts(source, found, workspace)
    comments = {name: find_suppressions(text) for name, text in texts.items()}
    shown = _unsuppressed(found, comments)
    unused = _unused(source, script, comments, {one.code for one in catalogue(settings)}, ran)
    afterwards = replace(script, raised=tuple(raised), unused_suppressions=unused)
    for one in rules:
        if one.scope == "afterwards":
            shown += _ask(one, afterwards, script, raised)
    findings = tuple(sorted(adjusted(shown, settings), key=_order))
    return CheckResult(source.filename, findings, texts, len(script.runs), unjudged, bool(raised), script)


def prepare() -> None:
    """Load what the first check would load: before other processes are forked from this one."""
    from trainlint.facts import extract  # noqa: F401
    from trainlint.interpret import interpreter  # noqa: F401
    from trainlint.interpret.libraries import load

    load()


def facts_of(source: Source | Unreadable, workspace: Workspace | None = None, versions: tuple[str, ...] = ()) -> Script:
    """The facts of one file. What could not be read, parsed or followed is said in the Script; this never raises."""
    from trainlint.source.parse import SyntaxFailure, parse

    empty = Script(source.filename, (), ())
    if isinstance(source, Unreadable):
        return replace(empty, unreadable=Unknown(f"the file {source.reason}", At(source.span)))
    raised: list[Unknown] = []
    tree_of = workspace.tree_of if isinstance(workspace, Project) else parse
    tree = _guard("the parser", lambda: tree_of(source), empty, raised)
    if isinstance(tree, SyntaxFailure):
        failure = Unknown(f"the file {tree.message}", At(tree.span))
        return replace(empty, unreadable=failure) if tree.is_size else replace(empty, syntax_failure=failure)

    def follow() -> Script | None:
        from trainlint.facts.extract import extract
        from trainlint.interpret.interpreter import interpret

        if tree is None:
            return None
        holes = tuple(Unknown(f"the file {one.message}", At(one.span)) for one in tree.failures)
        return replace(extract(interpret(tree, workspace, versions)), holes=holes)

    script = _guard("the analysis", follow, empty, raised)
    return replace(script or empty, raised=tuple(raised))


def _facts_under(source: Source | Unreadable, settings: Settings, workspace: Workspace | None) -> Script:
    """The facts with what the settings add to them."""
    script = facts_of(source, workspace, settings.versions)
    runs = tuple(replace(run, effort=settings.budget / USUAL_BUDGET) for run in script.runs)
    return replace(script, policy=settings.policy, runs=script.runs if settings.budget == USUAL_BUDGET else runs)


def judged_facts_of(source: Source | Unreadable, settings: Settings, workspace: Workspace | None = None) -> Script:
    """The facts of one file, without the runs whose stability trainlint failed to compute: those are in `raised`."""
    script = _facts_under(source, settings, workspace)
    raised = list(script.raised)
    runs = []
    for run in script.runs:
        before = len(raised)
        _guard("the stability of a run", partial(stability, run), script, raised, run.place)
        if len(raised) == before:
            runs.append(run)
    return replace(script, runs=tuple(runs), raised=tuple(raised))


def _guard(what: str, action: Callable[[], T], script: Script, raised: list[Unknown], at: Place | None = None) -> T | None:
    """What `action` returns; if it raises, None, with the failure added to `raised`. A fault of ours must not end the run."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001 (the one place that answers for faults of rules and stages)
        detail = str(error).partition("\n")[0][:200]
        reason = f"{what} failed: {type(error).__name__} in {_blamed(error)}" + (f": {detail}" if detail else "")
        raised.append(Unknown(reason, at or script.start))
        return None


def _blamed(error: Exception) -> str:
    """`file:line` of the innermost call that a rule or stage made itself, rather than one deep inside a library."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    if not frames:
        return Path(__file__).name
    first = frames[0].filename
    ours = [one for one in frames if one.filename == first or any(map(Path(one.filename).is_relative_to, _OURS))]
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"


def _ask(one: Rule, target: Any, script: Script, raised: list[Unknown]) -> list[Finding]:
    """The findings of one rule on one run, or on the script."""
    place = None if target.__class__ is Script else target.place
    findings = _guard(
        f"the rule {one.code} ({one.name})",
        lambda: [_finding(one, report) for report in one.check(target)],
        script,
        raised,
        place,
    )
    return findings or []


def _finding(one: Rule, report: Report) -> Finding:
    severity = report.severity or one.severity
    if severity is Severity.ERROR and report.evidence is Evidence.ESTIMATED:
        severity = Severity.WARNING  # a guess is never an error
    fix = Fix(report.fix_message, report.edits, report.fix_is_safe) if report.edits else None
    related = tuple(Related(message, place.span) for message, place in report.related)
    return Finding(
        one.code,
        one.name,
        severity,
        report.message,
        report.at.span,
        report.evidence,
        dict(report.numbers),
        related,
        fix,
        report.cause,
    )


def _distinct(asked: Iterable[list[Finding]]) -> list[Finding]:
    """One finding a code and place: several runs may pass the same line. The most severe stays, the first of equals.

    What one rule says of one run at one place is all kept, if it says different things.
    """
    best: dict[tuple[str, Span], list[Finding]] = {}
    for batch in asked:
        groups: dict[tuple[str, Span], list[Finding]] = {}
        for finding in batch:
            group = groups.setdefault((finding.code, finding.span), [])
            if all(finding.message != other.message for other in group):
                group.append(finding)
        for key, group in groups.items():
            if key not in best or _severity(group) < _severity(best[key]):
                best[key] = group
    return [finding for group in best.values() for finding in group]


def _severity(group: list[Finding]) -> int:
    return min(_SEVERITIES.index(finding.severity) for finding in group)


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    return finding.span.filename, finding.span.row, finding.span.column, finding.code, finding.message


def _texts(source: Source | Unreadable, findings: list[Finding], workspace: Workspace | None) -> dict[str, Source]:
    """The texts by filename: of the file itself, and of the modules in which something was found."""
    texts = {source.filename: source} if isinstance(source, Source) else {}
    for name in {finding.span.filename for finding in findings} - {source.filename}:
        text = None if workspace is None else workspace.source(name)
        if text is not None:
            texts[name] = text
    return texts


def _unsuppressed(findings: list[Finding], comments: Mapping[str, Suppressions]) -> list[Finding]:
    """One finding a cause, without those that a comment suppresses: with the shown finding its whole cause is silent."""

    def is_suppressed(finding: Finding) -> bool:
        text = comments.get(finding.span.filename)
        return text is not None and text.covers(finding.code, finding.span.row, finding.span.end_row) is not None

    used = [finding for finding in findings if is_suppressed(finding)]  # a comment counts as used by what is not shown, too
    return [finding for finding in one_per_cause(findings) if not (used and is_suppressed(finding))]


def _unused(
    source: Source | Unreadable, script: Script, comments: Mapping[str, Suppressions], known: set[str], ran: set[str]
) -> tuple[UnusedSuppression, ...]:
    """The comments of the file that suppress nothing. What was not followed to its end may hold what they are meant for."""
    complete = not (script.raised or script.limits or script.syntax_failure or script.holes)
    own = comments.get(source.filename)
    if own is None:
        return ()
    return tuple(
        UnusedSuppression(one.code, one.reason, At(one.span), one.edits) for one in own.unused(known, ran if complete else ())
    )
