"""The program: finds the command, and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

from trainlint import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code. 2: the command line or the settings cannot be meant, and stderr says why in one sentence."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = _run(words)
        if not sys.stdout.closed:  # the editor server closes it
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    return code


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"trainlint {__version__}\n")
        return 0
    if words[0] == "check":
        from trainlint.cache.memo import replay

        code = replay(words)
        if code is not None:
            return code
    from trainlint.cli import COMMANDS

    if words[0] not in COMMANDS:
        return _refuse(_unknown(words[0]))

    from trainlint.cli.arguments import UsageError
    from trainlint.cli.thrift import be_thrifty
    from trainlint.registry import RuleError
    from trainlint.settings import SettingsError

    be_thrifty()
    try:
        return int(importlib.import_module(f"trainlint.cli.{words[0]}").main(words[1:]))
    except (UsageError, SettingsError, RuleError) as error:
        return _refuse(str(error))
    except ImportError as error:
        return _refuse(f"a library is missing or too old: {error}; `pip install --upgrade trainlint` brings what is needed")


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"trainlint: {sentence}\n")
    return 2


def _unknown(word: str) -> str:
    from trainlint.cli import COMMANDS
    from trainlint.settings import nearest

    if word.startswith("-"):
        return f"options stand after the command: trainlint check {word}"
    if os.path.lexists(word) or word.endswith((".py", ".ipynb")):
        return f"to check {word!r} write: trainlint check {word}"
    return f"there is no command {word!r} among {', '.join(COMMANDS)}{nearest(word, COMMANDS)}"


def _help() -> str:
    from trainlint.cli import COMMANDS

    lines = [
        "trainlint finds what keeps training scripts from training, without running them.",
        "",
        "usage: trainlint COMMAND [OPTIONS]",
        "",
    ]
    lines += [f"  {name:<11}{importlib.import_module(f'trainlint.cli.{name}').SUMMARY}" for name in COMMANDS]
    return "\n".join([*lines, "", "`trainlint COMMAND --help` explains a command; `trainlint --version` prints the version.", ""])


def _forget_the_working_folder() -> None:
    """`python -m trainlint` looks for modules in the working folder first, where the checked tree may have a `numpy`."""
    here = os.getcwd()  # noqa: PTH109 (pathlib costs start-up time)
    if sys.path and sys.path[0] in ("", here) and os.path.dirname(os.path.dirname(os.path.abspath(__file__))) != here:  # noqa: PTH100, PTH120
        del sys.path[0]


if __name__ == "__main__":
    _forget_the_working_folder()
    sys.exit(main())
