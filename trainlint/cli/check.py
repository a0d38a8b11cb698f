"""`trainlint check`: find what keeps training scripts from training, and mend it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from trainlint.cli.arguments import (
    Parser,
    UsageError,
    add_fixing,
    add_inputs,
    add_narrowing,
    add_output,
    add_probing,
    add_running,
    add_selection,
    add_showing,
)
from trainlint.core import Finding, Severity
from trainlint.result import CheckResult

SUMMARY = "check training scripts"
EXIT_CODES = """exit codes:
  0  nothing as severe as --fail-on says (hints do not count), or --exit-zero; all were fixed; --fix-only; --diff that is empty
  1  at least one such finding is left; --diff that is not empty
  2  trainlint could not do its work: a wrong option, path or setting, a rule that failed (TRN000), a file that could
     not be written, or with --probe a script whose training could not be measured"""


def parser() -> Parser:
    """What the command line may say."""
    made = Parser("check", "Check training scripts without running them.", EXIT_CODES)
    add_inputs(made)
    add_selection(made)
    add_fixing(made)
    add_narrowing(made)
    add_output(made)
    add_running(made)
    add_showing(made)
    add_probing(made)
    return made


def main(arguments: Sequence[str]) -> int:
    """Check the files, fix them if that is asked for, and report; the exit code.

    Raises:
        UsageError: the command line cannot be meant.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    options = parser().parse(arguments)
    if options.probe and (options.fix or options.fix_only or options.diff):
        raise UsageError("--probe measures scripts as they are; apply fixes in a command of its own")
    if options.show_files or options.show_settings:
        from trainlint.cli.showing import show

        return show(options)
    if options.watch:
        from trainlint.cli.watching import watch

        return watch(options)
    if options.add_ignore is not None:
        from trainlint.cli.ignoring import ignore_all

        return ignore_all(options)
    if options.fix or options.fix_only or options.diff:
        from trainlint.cli.fixing import fix_all

        return fix_all(options)

    from trainlint.cli.checking import Copied, Run, check_all

    complete = True
    if options.probe:
        from trainlint.cli.probing import probe_all

        results, complete = probe_all(options)
        run = Run(results, {}, set(), cached=False)
    else:
        run = check_all(options)
        results = run.results
    if options.since or options.baseline or options.write_baseline:
        from trainlint.cli.narrowing import narrowed

        results = narrowed(results, options)
    with Copied() as copy:
        report(results, options, sys.stdout)
        say_what_is_fixable(results, options)
        if options.explain_stability:
            from trainlint.cli.facts import explain

            explain(options)
    code = exit_code(results, options) if complete else 2
    if code < 2:
        run.remember(["check", *arguments], code, copy.getvalue())
    return code


def exit_code(results: Sequence[CheckResult], options: Namespace) -> int:
    """2 if a rule failed; 1 for findings as severe as `--fail-on` says, unless `--exit-zero`; else 0."""
    if any(result.failed for result in results):
        return 2
    order = [one.value for one in Severity]
    fails = {*order[: order.index(options.fail_on) + 1]}
    return int(not options.exit_zero and any(one.severity.value in fails for one in findings_of(results)))


def findings_of(results: Sequence[CheckResult]) -> list[Finding]:
    """All findings of all files."""
    return [finding for result in results for finding in result.findings]


def report(results: Sequence[CheckResult], options: Namespace, stream: TextIO) -> None:
    """Write the findings, or with `--statistics` their counts, to the stream or to `--output-file`.

    Raises:
        UsageError: the file cannot be written.
    """
    from trainlint.report.formats import write
    from trainlint.report.statistics import statistics

    if options.output_file is not None:
        try:
            with Path(options.output_file).open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                report(results, Namespace(**{**vars(options), "output_file": None}), file)
        except OSError as error:
            raise UsageError(f"{options.output_file!r} cannot be written: {error.strerror}") from None
    elif options.statistics:
        stream.write(statistics(results, options.output_format))
    else:
        write(results, options.output_format, stream)


def say_what_is_fixable(results: Sequence[CheckResult], options: Namespace) -> None:
    """Write for people what `--fix` would mend."""
    from trainlint.report.changes import fixable_summary
    from trainlint.report.formats import FOR_PEOPLE

    summary = fixable_summary(findings_of(results), unsafe=options.unsafe_fixes)
    if summary and options.output_format in FOR_PEOPLE and not options.statistics:
        sys.stdout.write(f"{summary}\n")
