"""Patterns as in .gitignore: which files they leave out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

MAXIMUM_BYTES = 200_000
MAXIMUM_PATTERNS = 1_000
"""Of one file: more are not honoured, so that a hostile file costs little."""

_STARS = re.compile(r"\*{2,}")


class Patterns:
    """The patterns of one file or setting; they hold for what lies below `base`. One that is not well formed is left out."""

    __slots__ = ("_base", "_lines", "_spec")

    def __init__(self, lines: Iterable[str], base: Path) -> None:
        written = [line for line in map(str.rstrip, lines) if line and not line.startswith("#")]
        self._base = os.path.join(os.path.abspath(base), "")  # noqa: PTH100, PTH118 (`..` must go, the last slash stay)
        self._lines = written[:MAXIMUM_PATTERNS]
        self._spec: GitIgnoreSpec | None = None

    @classmethod
    def of_file(cls, file: Path, base: Path) -> Patterns | None:
        """The patterns of a file, or None if there are none."""
        try:
            if not file.is_file():
                return None
            with file.open("rb") as stream:
                content = stream.read(MAXIMUM_BYTES)
        except (OSError, ValueError):
            return None
        patterns = cls(content.decode("utf-8-sig", "replace").split("\n"), base)
        return patterns if patterns._lines else None

    def verdict(self, path: Path, *, is_folder: bool) -> bool | None:
        """True: left out; False: asked for by a `!` pattern; None: nothing is said of it (its folders are not looked at)."""
        absolute = os.path.abspath(path)  # noqa: PTH100 (Path.absolute leaves `..` in)
        if not self._lines or not absolute.startswith(self._base):
            return None
        if self._spec is None:
            self._spec = _specification(self._lines)
        relative = absolute[len(self._base) :].replace(os.sep, "/")
        return self._spec.check_file(f"{relative}/" if is_folder else relative).include


def _specification(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # 35 ms: only where there are patterns

    patterns: list[GitIgnoreSpecPattern] = []
    for line in lines:
        harmless = _harmless(line)
        if harmless is not None:
            try:
                patterns.extend(GitIgnoreSpec.from_lines([harmless]).patterns)
            except (ValueError, re.error):
                continue
    return GitIgnoreSpec(patterns)


def _harmless(pattern: str) -> str | None:
    """The pattern, if it cannot take long: matching takes the length of a name to the power of the stars."""
    segments = [segment if segment == "**" else _STARS.sub("*", segment) for segment in pattern.split("/")]
    crossing = segments.count("**")
    is_harmless = len(pattern) <= 300 and crossing <= 2 and all(one.count("*") <= 3 or one == "**" for one in segments)
    return "/".join(segments) if is_harmless else None
