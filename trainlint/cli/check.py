"""`trainlint check`: find what keeps training scripts from training."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from trainlint.cli.arguments import Parser, add_inputs, add_selection, one_of
from trainlint.core import Severity
from trainlint.result import CheckResult

SUMMARY = "check training scripts"
PIPE_WIDTH = 140
"""What is written to a pipe or file without COLUMNS: lines of code are seldom longer."""

EXIT_CODES = """exit codes:
  0  no error and no warning (hints do not count), or --exit-zero
  1  at least one error or warning
  2  trainlint could not do its work: a wrong option, path or setting, or a rule that failed (TRN000)"""


def main(arguments: Sequence[str]) -> int:
    """Check the files and report; the exit code.

    Raises:
        UsageError: the command line cannot be meant.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    parser = Parser("check", "Check training scripts without running them.", EXIT_CODES)
    add_inputs(parser)
    add_selection(parser)
    parser.add_argument(
        "--output-format",
        metavar="FORMAT",
        default="full",
        type=one_of("full", "concise", "json"),
        help="full (default), concise, json",
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever is found")
    options = parser.parse(arguments)

    from trainlint.cli.inputs import check_all

    results = check_all(options)
    _report(results, options.output_format)
    return exit_code(results, options.exit_zero)


def exit_code(results: Sequence[CheckResult], exit_zero: bool) -> int:
    """2 if a rule failed; 1 for errors and warnings unless `exit_zero`; else 0."""
    if any(result.failed for result in results):
        return 2
    worst = any(finding.severity is not Severity.INFO for result in results for finding in result.findings)
    return int(worst and not exit_zero)


def _report(results: Sequence[CheckResult], output_format: str) -> None:
    if output_format == "full":
        from rich.console import Console

        from trainlint.report.full import print_full

        width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
        print_full(results, Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False))
    elif output_format == "concise":
        from trainlint.report.concise import lines

        sys.stdout.writelines(f"{line}\n" for line in lines(results))
    else:
        from trainlint.report.records import findings_json

        sys.stdout.write(findings_json(results) + "\n")
