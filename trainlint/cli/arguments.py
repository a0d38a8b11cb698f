"""Arguments as `argparse` reads them, with errors of one sentence that says what to write instead."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn

from trainlint.settings import nearest


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

    return read


def codes(text: str) -> tuple[str, ...]:
    """The type of an option that takes codes joined by commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def add_selection(parser: Parser) -> None:
    """The options that say which rules run."""
    add = parser.add_argument_group("rules").add_argument
    add("--select", metavar="CODES", type=codes, action="extend", help="run only these: TRN101, all that begin with TRN1, ALL")
    add("--ignore", metavar="CODES", type=codes, action="extend", help="run all but these; where both fit, the longer one counts")
    add("--preview", action="store_true", help="also run the rules that are not yet in the default set")
    add("--rules", metavar="FOLDER", action="append", help="also load the rules in this folder (this runs them)")


def add_inputs(parser: Parser) -> None:
    """The operands that say which files are read."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working folder); - reads stdin")
    parser.add_argument("--stdin-filename", metavar="NAME", help="how to call what is read from stdin")


def add_fixing(parser: Parser) -> None:
    """The options that say which fixes are applied."""
    add = parser.add_argument_group("fixes").add_argument
    add("--fix", action="store_true", help="apply the safe fixes: those that do not change what the script does")
    add("--unsafe-fixes", action="store_true", help="with --fix, --fix-only or --diff: also apply those that change it")
    add("--fix-only", action="store_true", help="apply fixes and do not speak of what is left")
    add("--diff", action="store_true", help="show what --fix-only would change, change nothing, exit with 1 if it would")
    add("--show-fixes", action="store_true", help="list what was fixed")
