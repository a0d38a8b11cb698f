"""`trainlint clean`: take away what was kept of former checks."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from trainlint.cache.folder import clean, default_folder
from trainlint.cli.arguments import Parser
from trainlint.report.plain import plural, printable

SUMMARY = "take away what was kept of former checks"


def parser() -> Parser:
    """What the command line may say."""
    made = Parser("clean", "Take away what was kept of former checks.")
    made.add_argument("--cache-dir", metavar="FOLDER", help="the folder that was used (default: the user's own)")
    return made


def main(arguments: Sequence[str]) -> int:
    """Empty the cache.

    Raises:
        UsageError: the command line cannot be meant.
    """
    folder = parser().parse(arguments).cache_dir or default_folder()
    count = clean(folder)
    sys.stdout.write(f"Took away {plural(count, 'file')} from {printable(folder)}\n")
    return 0
