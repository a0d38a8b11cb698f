"""`trainlint probe`: run a script up to its first training steps, and measure there what it will do."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from trainlint.cli.arguments import Parser, UsageError, add_selection, one_of
from trainlint.cli.probing import Probed, add_probe, probe_file

SUMMARY = "run a script to its first steps, and measure them"
HELP = """trainlint probe train.py -- --epochs 10     a script with its arguments
trainlint probe -m pkg.train -- --epochs 10  a module
trainlint probe -- torchrun --nproc-per-node 2 train.py

Runs the script, unmodified, in a process of its own until its first optimizer steps, measures the curvature of its loss and
what else is to be seen there, ends it, and judges it with what was measured."""
EXIT_CODES = """exit codes:
  0  measured, and nothing as severe as --fail-on says (hints do not count), or --exit-zero
  1  measured, and at least one such finding
  2  nothing was measured: the script failed before (its own traceback is shown), did not train, or took too much; or trainlint
     could not do its work"""


def main(arguments: Sequence[str]) -> int:
    """Probe a command and report; the exit code.

    Raises:
        UsageError: the command line cannot be meant.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    words = list(arguments)
    split = words.index("--") if "--" in words else len(words)
    options = parser().parse(words[:split])
    command, path = _command(options, words[split + 1 :])
    probed = _probed(command, path, options)
    _report(probed, command, options)
    if probed.check.failed or not probed.measured:
        return 2
    from trainlint.cli.check import exit_code

    return exit_code([probed.check], options)


def parser() -> Parser:
    """What the command line may say."""
    from trainlint.report.formats import FORMATS

    made = Parser("probe", HELP, EXIT_CODES)
    made.add_argument("script", nargs="?", metavar="SCRIPT", help="the script; its arguments stand behind --")
    made.add_argument("-m", dest="module", metavar="MODULE", help="a module instead, as `python -m` runs it")
    made.add_argument("--python", metavar="PROGRAM", help="the Python that runs it (default: the one that runs trainlint)")
    add_probe(made)
    add_selection(made)
    made.add_argument("--budget", metavar="MS", type=int, help="as in trainlint check")
    one = made.add_mutually_exclusive_group()
    one.add_argument("--config", metavar="FILE", help="take the settings from this file")
    one.add_argument("--isolated", action="store_true", help="ignore all settings files")
    add = made.add_argument_group("output").add_argument
    known = ", ".join(FORMATS)
    add("--output-format", metavar="FORMAT", default="full", type=one_of(*FORMATS), help=f"one of {known} (default: full)")
    add("--json", action="store_const", const="json", dest="output_format", help="the same as --output-format json")
    add("--html", metavar="FILE", help="also write the report as a page of its own")
    add("--fail-on", metavar="SEVERITY", default="warning", type=one_of("error", "warning", "info"), help="as in trainlint check")
    add("--exit-zero", action="store_true", help="exit with 0 whatever is found")
    return made


def _command(options: Namespace, rest: list[str]) -> tuple[list[str], Path]:
    """The command to run, and the file of it that is checked."""
    python = options.python or sys.executable
    if options.script is not None and options.module is not None:
        raise UsageError("trainlint probe takes a script or -m with a module, not both")
    if options.script is not None:
        return [python, options.script, *rest], _existing(Path(options.script))
    if options.module is not None:
        return [python, "-m", options.module, *rest], _module(options.module)
    if not rest:
        raise UsageError("trainlint probe needs a script: trainlint probe train.py -- ARGUMENTS")
    script = next((Path(word) for word in rest if word.endswith(".py")), None)
    if script is not None:
        return ([python, *rest] if rest[0].endswith(".py") else rest), _existing(script)
    if "-m" in rest[:-1]:
        return rest, _module(rest[rest.index("-m") + 1])
    raise UsageError(f"there is no script in the command {' '.join(rest)!r}")


def _existing(path: Path) -> Path:
    if path.suffix == ".ipynb":
        raise UsageError(f"a notebook cannot be probed; export it as a script: jupyter nbconvert --to script {path}")
    if not path.is_file():
        raise UsageError(f"there is no script {str(path)!r}")
    return path


def _module(name: str) -> Path:
    folder = Path(*name.split("."))
    found = next((one for one in (folder.with_name(f"{folder.name}.py"), folder / "__main__.py") if one.is_file()), None)
    if found is None:
        raise UsageError(f"there is no module {name!r} below the working folder")
    return found


def _probed(command: list[str], path: Path, options: Namespace) -> Probed:
    from trainlint.cli.inputs import Projects, sources, with_options
    from trainlint.selection import selected_rules

    asked = Namespace(**{**vars(options), "paths": [str(path)], "stdin_filename": None, "force_exclude": False})
    source, settings, _ = next(iter(sources(asked)))
    chosen = with_options(settings, asked)
    selected_rules(chosen)  # refuse settings that cannot be meant before anything is run
    return probe_file(command, source, chosen, Projects().of(source), options)


def _report(probed: Probed, command: list[str], options: Namespace) -> None:
    if options.html is not None:
        from trainlint.probe.page import page

        try:
            Path(options.html).write_text(page(probed.result, probed.check, probed.pairs, command), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{options.html!r} cannot be written: {error.strerror}") from None
    if options.output_format == "json":
        from trainlint.probe.record import probe_json

        sys.stdout.write(probe_json(probed.result, probed.check, probed.pairs, command))
        return
    from trainlint.report.formats import FOR_PEOPLE, write

    if options.output_format in FOR_PEOPLE:
        from rich.console import Console

        from trainlint.probe.text import print_probe

        print_probe(
            probed.result, probed.check, probed.pairs, Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
        )
    write([probed.check], options.output_format, sys.stdout)
