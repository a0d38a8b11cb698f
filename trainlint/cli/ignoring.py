"""`trainlint check --add-ignore`: a comment behind each finding that keeps it from being shown, so that only new ones are."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from trainlint.cli.arguments import UsageError
from trainlint.cli.check import exit_code
from trainlint.cli.fixing import complain, show_diffs, write_all
from trainlint.cli.inputs import targets_of
from trainlint.core import Edit, Finding, Fix, Span
from trainlint.fixes.fixing import fix
from trainlint.report.plain import plural
from trainlint.result import CheckResult
from trainlint.source.read import Source, Unreadable
from trainlint.source.suppress import row_to_ignore, rows_inside_strings, to_ignore

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Workspace

_CODES = re.compile(r"(?:TRN\d{0,3}|ALL)\Z")
_OF_COMMENTS = ("TRN000", "TRN003")
"""Failures of trainlint, and comments in vain: a comment is no answer to either."""


def ignore_all(options: Namespace) -> int:
    """Add the comments, or with `--diff` show them; 0 if nothing is left that they were to ignore.

    Each is written only if the file then says what it said, less the finding: the machinery of fixes sees to that.

    Raises:
        UsageError: a path does not exist, or it is stdin.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    codes = options.add_ignore
    if not all(map(_CODES.match, codes)):  # argparse takes the first path for the codes
        options.paths, codes = [",".join(codes), *options.paths], ()
    targets = list(targets_of(options))
    if any(one.data is not None for one in targets):
        raise UsageError("--add-ignore writes comments into files, and stdin is none")
    fixed = fix([replace(one, check=partial(_with_comments, one.check, codes)) for one in targets], unsafe=True)
    refused = dict(fixed.refused)
    if options.diff:
        show_diffs(fixed)
    else:
        refused |= write_all(fixed, None)
    done = "Would add" if options.diff else "Added"
    files = plural(len(fixed.changed) - len(refused), "file")
    sys.stderr.write(f"{done} comments that ignore {plural(len(fixed.findings), 'finding')} in {files}\n")
    complain(replace(fixed, left=()), refused)
    for one in fixed.left:
        place = f"{one.finding.span.filename}:{one.finding.span.row}"
        sys.stderr.write(f"trainlint: {place}: no comment can stand here that ignores {one.finding.code}\n")
    return 2 if refused else max(int(bool(fixed.left)), exit_code(fixed.results, options) if fixed.left else 0)


def _with_comments(
    check: Callable[..., CheckResult], codes: Sequence[str], source: Source | Unreadable, workspace: Workspace | None
) -> CheckResult:
    """A check in which the fix of each finding is the comment that ignores it."""
    result = check(source, workspace)
    return replace(result, findings=tuple(commented(result, codes)))


def commented(result: CheckResult, codes: Sequence[str] = ()) -> list[Finding]:
    """The findings of a file; those with these codes, or beginnings of codes, have a comment as their fix, the others none."""
    wanted = [one for one in result.findings if _is_wanted(one.code, codes)]
    texts = {name: text for name, text in result.texts.items() if isinstance(text, Source)}
    inside = {name: rows_inside_strings(text.text) for name, text in texts.items()}
    spans = dict.fromkeys(one.span for one in wanted if one.span.filename in texts)
    rows = {one: row_to_ignore(texts[one.filename], one, inside[one.filename]) for one in spans}
    together: dict[tuple[str, int], list[str]] = {}
    for one in wanted:
        row = rows.get(one.span)
        if row is not None:
            together.setdefault((one.span.filename, row), []).append(one.code)
    found = []
    for one in result.findings:
        row = rows.get(one.span) if one in wanted else None
        where = (one.span.filename, row or 0)
        edits = () if row is None else (_comment(texts[one.span.filename], row, together[where]),)
        fix = Fix(f"ignore {one.code} here", edits, safe=True) if edits else None
        found.append(replace(one, fix=fix))
    return found


def _is_wanted(code: str, codes: Sequence[str]) -> bool:
    return code not in _OF_COMMENTS and (not codes or any(one == "ALL" or code.startswith(one) for one in codes))


def _comment(text: Source, row: int, codes: Sequence[str]) -> Edit:
    """Write at the end of a row, over the blanks there, the comment that ignores some codes."""
    before = text.lines[row - 1].rstrip()
    after = before
    for code in dict.fromkeys(codes):
        after += to_ignore(after, code)
    end = len(text.lines[row - 1]) + 1
    return Edit(Span(text.filename, row, len(before) + 1, row, end), after[len(before) :])
