"""`trainlint facts`: show what was extracted from each training run."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from trainlint.cli.arguments import Parser, UsageError, add_inputs, one_of

SUMMARY = "show the training runs that were found"


def parser() -> Parser:
    """What the command line may say."""
    made = Parser("facts", "Show optimizer, loss, model, data and stability of every training run, and how each is known.")
    add_inputs(made)
    made.add_argument(
        "--output-format", metavar="FORMAT", default="table", type=one_of("table", "json"), help="table (default) or json"
    )
    return made


def main(arguments: Sequence[str]) -> int:
    """Print the facts of all runs, and on stderr what could not be read, parsed or followed; 2 if trainlint itself failed.

    Raises:
        UsageError: the command line cannot be meant.
        SettingsError: the settings cannot be meant.
    """
    options = parser().parse(arguments)

    from trainlint.cli.inputs import facts_of_all
    from trainlint.report.plain import printable

    results = facts_of_all(options)
    if options.output_format == "json":
        from trainlint.report.records import facts_json

        sys.stdout.write(facts_json(results))
    else:
        from rich.console import Console

        from trainlint.report.facts_table import print_facts

        print_facts(results, Console(file=sys.stdout, highlight=False, emoji=False, markup=False))
    for result in results:
        script = result.script
        for failure in () if script is None else (script.unreadable, script.syntax_failure, *script.holes, *script.raised):
            if failure is not None:
                sys.stderr.write(f"{printable(result.filename)}: {printable(failure.reason)}\n")
    return 2 if any(result.failed for result in results) else 0


def explain(options: Namespace) -> None:
    """Print how the verdict on the step size of each run comes about, for `check --explain-stability`.

    Raises:
        UsageError: stdin was asked for, which has been read by then, or a path does not exist.
    """
    from rich.console import Console

    from trainlint.cli.inputs import STDIN, facts_of_all
    from trainlint.report.facts_table import print_derivations

    if STDIN in options.paths:
        raise UsageError("--explain-stability reads files; `trainlint facts -` explains what stands on stdin")
    print_derivations(facts_of_all(options), Console(file=sys.stdout, highlight=False, emoji=False, markup=False))
