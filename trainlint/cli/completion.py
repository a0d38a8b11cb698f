"""`trainlint completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from trainlint.cli import COMMANDS
from trainlint.cli.arguments import Parser, UsageError, one_of

SUMMARY = "write completions for bash, zsh or fish"
SHELLS = ("bash", "zsh", "fish")
HELP = """Write what the shell needs to complete commands, options and their values. For example:

  trainlint completion bash > ~/.local/share/bash-completion/completions/trainlint
  trainlint completion zsh > ~/.zfunc/_trainlint
  trainlint completion fish > ~/.config/fish/completions/trainlint.fish"""
_FILES = ("paths", "script", "config", "output_file", "baseline", "write_baseline", "html")
_FOLDERS = ("rules", "cache_dir", "write")


def parser() -> Parser:
    """What the command line may say."""
    made = Parser("completion", HELP)
    made.add_argument("shell", metavar="SHELL", type=one_of(*SHELLS), help=f"one of {', '.join(SHELLS)}")
    return made


def main(arguments: Sequence[str]) -> int:
    """Write the completions to stdout.

    Raises:
        UsageError: the command line cannot be meant, or the extra `completion` is not installed.
    """
    shell = parser().parse(arguments).shell
    try:
        import shtab
    except ModuleNotFoundError:
        raise UsageError("completions need an extra: pip install 'trainlint[completion]'") from None
    sys.stdout.write(shtab.complete(_whole(shtab), shell))
    sys.stdout.write("\n")
    return 0


def _whole(shtab: Any) -> argparse.ArgumentParser:
    """All commands in one parser."""
    whole = argparse.ArgumentParser(prog="trainlint")
    whole.add_argument("-V", "--version", action="store_true", help="print the version")
    commands = whole.add_subparsers(dest="command")
    for name in COMMANDS:
        module = importlib.import_module(f"trainlint.cli.{name}")
        one = commands.add_parser(name, help=module.SUMMARY, parents=[module.parser()], add_help=False)
        for action in one._actions:
            action.choices = action.choices or getattr(action.type, "choices", None)
            if action.dest in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.dest in _FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return whole
