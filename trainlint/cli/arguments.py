"""Arguments as `argparse` reads them, with errors of one sentence that says what to write instead."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn

from trainlint.settings import MAXIMUM_BUDGET, USUAL_BUDGET, nearest


class UsageError(Exception):
    """A command line that cannot be meant; the message is one sentence."""


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` where argparse would print its usage and exit. Options are never abbreviated."""

    def __init__(self, command: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=f"trainlint {command}",
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The options and operands.

        Raises:
            UsageError: an unknown option, a missing or bad value.
        """
        known, unknown = self.parse_known_args(list(arguments))
        for one in unknown:
            if not one.startswith("-"):
                raise UsageError(f"{self.prog} takes one operand, not also {one!r}")
            spelled = one.partition("=")[0]
            raise UsageError(f"{self.prog} has no option {spelled!r}{nearest(spelled, self._option_string_actions)}")
        return known

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found wrong, in its words."""
        raise UsageError(f"{self.prog}: {message.removeprefix('argument ')}")


def one_of(*choices: str) -> Callable[[str], str]:
    """The type of an option that takes one of a few words."""

    def read(word: str) -> str:
        if word in choices:
            return word
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(choices)}{nearest(word, choices)}")

    read.choices = choices  # type: ignore[attr-defined]
    return read


def codes(text: str) -> tuple[str, ...]:
    """The type of an option that takes codes joined by commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def add_selection(parser: Parser) -> None:
    """The options that say which rules run."""
    add = parser.add_argument_group("rules").add_argument
    add("--select", metavar="CODES", type=codes, action="extend", help="run only these: TRN101, all that begin with TRN1, ALL")
    add("--extend-select", metavar="CODES", type=codes, action="extend", help="run these besides the chosen or the default ones")
    add("--ignore", metavar="CODES", type=codes, action="extend", help="run all but these; where both fit, the longer one counts")
    add("--preview", action="store_true", help="also run the rules that are not yet in the default set")
    add("--rules", metavar="FOLDER", action="append", help="also load the rules in this folder (this runs them)")
    add("--trust-project", action="store_true", help="also load the rules that the project's settings name (this runs them)")


def add_inputs(parser: Parser) -> None:
    """The operands and options that say which files are read, and with which settings."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working folder); - reads stdin")
    parser.add_argument("--stdin-filename", metavar="NAME", help="how to call what is read from stdin")
    parser.add_argument("--force-exclude", action="store_true", help="leave out excluded files even if they are named")
    parser.add_argument(
        "--budget",
        metavar="MS",
        type=_milliseconds,
        help=f"what the stability of one script is allowed to cost, in milliseconds of a usual core (default: {USUAL_BUDGET})",
    )
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--config", metavar="FILE", help="take the settings from this file")
    one.add_argument("--isolated", action="store_true", help="ignore all settings files")


def add_showing(parser: Parser) -> None:
    """The options that show what would be done."""
    parser.add_argument("--show-files", action="store_true", help="list the files that are checked, and check nothing")
    parser.add_argument(
        "--show-settings", action="store_true", help="show the settings and the rules that hold, and check nothing"
    )


def add_fixing(parser: Parser) -> None:
    """The options that say which fixes are applied."""
    add = parser.add_argument_group("fixes").add_argument
    add("--fix", action="store_true", help="apply the safe fixes: those that do not change what the script does")
    add("--unsafe-fixes", action="store_true", help="with --fix, --fix-only or --diff: also apply those that change it")
    add("--fix-only", action="store_true", help="apply fixes and do not speak of what is left")
    add("--diff", action="store_true", help="show what --fix-only would change, change nothing, exit with 1 if it would")
    add("--show-fixes", action="store_true", help="list what was fixed")
    add(
        "--add-ignore",
        metavar="CODES",
        type=codes,
        nargs="?",
        const=(),
        help="put a comment that ignores it behind each finding (of these codes), mend nothing; with --diff only show it",
    )


def add_running(parser: Parser) -> None:
    """The options that say how the work is done, which changes no result."""
    add = parser.add_argument_group("speed").add_argument
    add("--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C")
    add("--jobs", metavar="N", type=_count, help="processes that share the files (default: one for each core, if many are new)")
    add("--no-cache", action="store_true", help="do not use, or keep, what was found in former checks")
    add("--cache-dir", metavar="FOLDER", help="where that is kept (default: TRAINLINT_CACHE_DIR or the user's folder for caches)")


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:9]) <= MAXIMUM_BUDGET:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAXIMUM_BUDGET:,}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:6]) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 256")
    return int(text)


def add_output(parser: Parser) -> None:
    """The options that say how findings are reported, and which of them make the check fail."""
    from trainlint.report.formats import FORMATS

    add = parser.add_argument_group("output").add_argument
    known = ", ".join(FORMATS)
    add("--output-format", metavar="FORMAT", default="full", type=one_of(*FORMATS), help=f"one of {known} (default: full)")
    add("--output-file", metavar="FILE", help="write the report to this file")
    add("--statistics", action="store_true", help="count the findings of each rule instead of showing them")
    add(
        "--fail-on",
        metavar="SEVERITY",
        default="warning",
        type=one_of("error", "warning", "info"),
        help="exit with 1 for error, warning (default) or info and what is worse",
    )
    add("--exit-zero", action="store_true", help="exit with 0 whatever is found")
    add("--explain-stability", action="store_true", help="also show how the verdict on each step size comes about, with numbers")


def add_narrowing(parser: Parser) -> None:
    """The options that leave out findings that are not new."""
    add = parser.add_argument_group("only what is new").add_argument
    add("--since", metavar="REVISION", help="show only findings that touch rows changed since this revision of git")
    add("--baseline", metavar="FILE", help="do not show the findings that this file lists")
    add("--write-baseline", metavar="FILE", help="list all findings in this file and show none")


def add_probing(parser: Parser) -> None:
    """The options that have scripts run."""
    add = parser.add_argument_group("measuring (this runs the scripts)").add_argument
    add("--probe", action="store_true", help="run each named script to its first training steps and judge it by what it does")
    add("--python", metavar="PROGRAM", help="with --probe: the Python that runs them (default: the one that runs trainlint)")
