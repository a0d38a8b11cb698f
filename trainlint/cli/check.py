"""`trainlint check`: find what keeps training scripts from training, and mend it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TextIO

from trainlint.cli.arguments import Parser, add_fixing, add_inputs, add_selection, one_of
from trainlint.core import Finding, Severity
from trainlint.result import CheckResult

SUMMARY = "check training scripts"
PIPE_WIDTH = 140
"""What is written to a pipe or file without COLUMNS: lines of code are seldom longer."""

EXIT_CODES = """exit codes:
  0  no error and no warning (hints do not count), or --exit-zero; all were fixed; --fix-only; --diff that is empty
  1  at least one error or warning is left; --diff that is not empty
  2  trainlint could not do its work: a wrong option, path or setting, a rule that failed (TRN000), or a file that could
     not be written"""


def main(arguments: Sequence[str]) -> int:
    """Check the files, fix them if that is asked for, and report; the exit code.

    Raises:
        UsageError: the command line cannot be meant.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    parser = Parser("check", "Check training scripts without running them.", EXIT_CODES)
    add_inputs(parser)
    add_selection(parser)
    add_fixing(parser)
    parser.add_argument(
        "--output-format",
        metavar="FORMAT",
        default="full",
        type=one_of("full", "concise", "json"),
        help="full (default), concise, json",
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever is found")
    options = parser.parse(arguments)
    if options.fix or options.fix_only or options.diff:
        from trainlint.cli.fixing import fix_all

        return fix_all(options)

    from trainlint.cli.inputs import check_all

    results = check_all(options)
    report(results, options.output_format, sys.stdout)
    _say_what_is_fixable(results, options)
    return exit_code(results, options.exit_zero)


def exit_code(results: Sequence[CheckResult], exit_zero: bool) -> int:
    """2 if a rule failed; 1 for errors and warnings unless `exit_zero`; else 0."""
    if any(result.failed for result in results):
        return 2
    worst = any(finding.severity is not Severity.INFO for result in results for finding in result.findings)
    return int(worst and not exit_zero)


def findings_of(results: Sequence[CheckResult]) -> list[Finding]:
    """All findings of all files."""
    return [finding for result in results for finding in result.findings]


def report(results: Sequence[CheckResult], output_format: str, stream: TextIO) -> None:
    """Write the findings and, for people, what sums them up."""
    if output_format == "full":
        from rich.console import Console

        from trainlint.report.full import print_full

        width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
        print_full(results, Console(file=stream, width=width, highlight=False, emoji=False, markup=False))
    elif output_format == "concise":
        from trainlint.report.concise import lines

        stream.writelines(f"{line}\n" for line in lines(results))
    else:
        from trainlint.report.records import findings_json

        stream.write(findings_json(results) + "\n")


def _say_what_is_fixable(results: Sequence[CheckResult], options: Namespace) -> None:
    from trainlint.report.changes import fixable_summary

    summary = fixable_summary(findings_of(results), unsafe=options.unsafe_fixes)
    if summary and options.output_format != "json":
        sys.stdout.write(f"{summary}\n")
