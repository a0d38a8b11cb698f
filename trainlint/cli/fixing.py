"""`trainlint check` with `--fix`, `--fix-only` or `--diff`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from trainlint.cli.arguments import UsageError
from trainlint.cli.check import exit_code, findings_of, report
from trainlint.cli.inputs import once, targets_of
from trainlint.fixes.changes import Refused
from trainlint.fixes.files import write
from trainlint.fixes.fixing import PASSES, Fixed, fix
from trainlint.fixes.target import Target
from trainlint.fixes.view import key_of
from trainlint.report.changes import diff, fixed_lines, fixed_summary
from trainlint.report.concise import location
from trainlint.report.formats import FOR_PEOPLE
from trainlint.report.plain import printable
from trainlint.result import CheckResult
from trainlint.source.read import Unreadable

DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def fix_all(options: Namespace) -> int:
    """Fix the files, or show how, and report what is left; the exit code.

    What was read from stdin goes to stdout, mended; the report then goes to stderr.

    Raises:
        UsageError: a path does not exist, or stdin holds nothing that can be fixed.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    targets = list(targets_of(options))
    stdin = next((one for one in targets if one.data is not None), None)
    if stdin is not None and isinstance(stdin.source, Unreadable):
        raise UsageError(f"what stdin gives cannot be fixed: it {stdin.source.reason}")
    fixed = fix(targets, unsafe=options.unsafe_fixes)
    refused = dict(fixed.refused)
    if options.diff:
        show_diffs(fixed)
    elif not_written := write_all(fixed, stdin):
        refused |= not_written
        fixed = _without(fixed, not_written, targets)

    results = once(fixed.results)
    stream = sys.stdout if stdin is None and not options.diff else sys.stderr
    silent = options.diff or options.fix_only
    if not silent:
        report(results, options, stream)
    _sum_up(fixed, results, options, stream if options.output_format in FOR_PEOPLE else sys.stderr)
    complain(fixed, refused)
    if refused:
        return 2
    if not silent or any(result.failed for result in results):
        return exit_code(results, options)
    return int(bool(options.diff and fixed.changed and not options.exit_zero))


def show_diffs(fixed: Fixed) -> None:
    """Write the diffs: to a terminal readable ones, else exact ones, which `patch` takes."""
    rows = [row for before, after in fixed.changed for row in diff(before.source.filename, before.data, after.data)]
    if not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.writelines(rows)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, emoji=False, markup=False)
    for row in rows:
        style = DIFF_COLOURS.get(row[:1].decode("latin-1"), "")
        console.print(Text(printable(row.decode(errors="replace").rstrip("\r\n")), style), soft_wrap=True)


def write_all(fixed: Fixed, stdin: Target | None) -> dict[str, str]:
    """Write the changed files; those that could not be written, and why."""
    refused = {}
    text = None if stdin is None else stdin.data
    for before, after in fixed.changed:
        if stdin is not None and before.source is stdin.source:
            text = after.data
            continue
        try:
            write(Path(before.source.filename), before.data, after.data)
        except Refused as refusal:
            refused[before.source.filename] = str(refusal)
    if text is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
    return refused


def _without(fixed: Fixed, refused: Mapping[str, str], targets: Sequence[Target]) -> Fixed:
    """What was fixed in the files that could be written; the others are as they were."""
    names = {key_of(name) for name in refused}
    by_name = {one.source.filename: one for one in reversed(targets)}
    results = [by_name[one.filename].checked() if key_of(one.filename) in names else one for one in fixed.results]
    findings = tuple(one for one in fixed.findings if key_of(one.span.filename) not in names)
    return replace(fixed, results=tuple(results), findings=findings)


def _sum_up(fixed: Fixed, results: Sequence[CheckResult], options: Namespace, stream: TextIO) -> None:
    summary = fixed_summary(len(fixed.findings), findings_of(results), unsafe=options.unsafe_fixes, would=options.diff)
    if summary:
        stream.write(f"{summary}\n")
    if options.show_fixes:
        stream.writelines(f"{line}\n" for line in fixed_lines(fixed.findings))


def complain(fixed: Fixed, refused: Mapping[str, str]) -> None:
    """Say in one sentence each what was not fixed although it was asked for."""
    for filename, reason in refused.items():
        sys.stderr.write(f"trainlint: nothing was fixed in {printable(filename)}: it {printable(reason)}\n")
    for left in fixed.left:
        place = location(left.result, left.finding.span)
        sys.stderr.write(f"trainlint: {place}: the fix of {left.finding.code} was not applied: {printable(left.reason)}\n")
    if not fixed.stable:
        sys.stderr.write(f"trainlint: after {PASSES} passes there is still something to fix: run it again\n")
