"""How deeply a text nests, before a recursive parser is let loose on it.

LibCST's native parser recurses: on a stack of 8 MB about 1,000 nested brackets kill the process (measured with LibCST 1.9), and
its time grows with the square of the length of a chain such as `x + x + ...`. So depth is bounded from above by one linear scan.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import NamedTuple

from trainlint.source.scan import STRUCTURE, tokens

MAX_BRACKETS = 200
"""Nested brackets that CPython itself takes (`too many nested parentheses`)."""

MAX_DEPTH = 250 if sys.version_info[:2] == (3, 12) else 1000
"""Nested expressions and chained operators, calls, `elif`s; CPython refuses a few thousand (recursion limit of its compiler).

Python 3.12 alone counts the calls that pass through C apart, up to a limit that nobody can raise: 3.12.1 writes 497 levels of a
tree and fails at 498 (measured), and 3.12.0 allows fewer such calls.
"""

MAX_TOKENS = 250_000
"""Tokens of a file. Each costs LibCST up to 2 KB and 20 microseconds (measured): so many half a gigabyte and 5 s."""

_DEEPENING_WORDS = frozenset({"and", "await", "else", "for", "if", "in", "is", "lambda", "not", "or", "yield"})


class TooDeep(NamedTuple):
    """Why a text must not be parsed (the end of a sentence that begins with the file's name), and at which offset that shows."""

    message: str
    offset: int
    is_size: bool = False
    """It is well formed as far as is known, but there is too much of it."""


@dataclass(slots=True)
class _Level:
    """An open bracket, or the statement: `chain` counts what deepens since the last separator, `inner` is its deepest bracket."""

    chain: int = 0
    inner: int = 0
    deepest: int = 0
    # Commas between `lambda` and its colon, or `for` and its `in`, end no nesting: `lambda a, b: lambda c, d: ...`.
    lambdas: int = 0
    fors: int = 0

    def take(self, kind: str, token: str) -> None:
        """Count anything but a bracket."""
        if kind == "operator":
            self.chain += len(token)
        elif kind == "string":
            self.chain += 1
        elif kind == "word":
            self.chain += token in _DEEPENING_WORDS
            self.lambdas += token == "lambda"
            self.fors += (token == "for") - (token == "in" and self.fors > 0)
        elif self.lambdas and token == ":":
            self.lambdas -= 1
        elif not self.lambdas and not self.fors:
            self.end()

    def end(self) -> None:
        """An expression ends."""
        self.deepest = max(self.deepest, self.chain + self.inner)
        self.chain = self.inner = 0


@dataclass(slots=True)
class _Elifs:
    """How many `elif`s stand above the present row at each indentation: each is nested in the one before."""

    counts: list[tuple[int, int]] = field(default_factory=list)

    def line(self, indentation: int, word: str) -> int:
        """Begin a logical line; returns the `elif`s it is nested in."""
        count = 0
        while self.counts and self.counts[-1][0] >= indentation:
            at, passed = self.counts.pop()
            count = passed if at == indentation else 0
        if word == "elif":
            count += 1
        elif word not in ("else", "except", "finally"):
            count = 0
        self.counts.append((indentation, count))
        return sum(count for _, count in self.counts)


def too_deep(text: str) -> TooDeep | None:
    """Why `text` must not be parsed, or None."""
    # A logical line of so many characters cannot nest deeper than that: nearly all of a file is done after the cheap scan.
    depth = skipped = line_start = 0
    long_lines: list[tuple[int, int]] = []
    for kind, start, end in tokens(text, pattern=STRUCTURE):
        if kind == "open":
            depth += 1
            if depth >= MAX_BRACKETS:
                return TooDeep(f"nests {MAX_BRACKETS} brackets, which Python refuses", start)
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "newline":
            if depth == 0:
                if end - line_start - skipped > MAX_DEPTH:
                    long_lines.append((line_start, end))
                line_start, skipped = end, 0
        elif kind in ("comment", "string"):
            skipped += end - start - 1
    if len(text) - line_start - skipped > MAX_DEPTH:
        long_lines.append((line_start, len(text)))
    if text.count("elif") > MAX_DEPTH // 2 or len(text) > MAX_TOKENS:
        return _too_deep_exactly(text)
    for start, end in long_lines:
        found = _too_deep_exactly(text[start:end])
        if found is not None:
            return found._replace(offset=start + found.offset)
    return None


def _too_deep_exactly(text: str) -> TooDeep | None:
    levels = [_Level()]
    elifs = _Elifs()
    around = 0  # the chains of all levels but the last, and the `elif`s
    line_start: int | None = 0
    for count, (kind, start, end) in enumerate(tokens(text)):
        if kind in ("comment", "text"):
            continue
        if kind == "newline":
            if len(levels) == 1:
                line_start = end
            continue
        if line_start is not None:
            indentation = len(text[line_start:start].replace("\f", "").expandtabs())
            around = elifs.line(indentation, text[start:end])
            levels, line_start = [_Level()], None
        level = levels[-1]
        if kind == "open":
            level.chain += 1
            around += level.chain
            levels.append(_Level())
        elif kind == "close":
            if len(levels) > 1:
                level.end()
                levels.pop()
                around -= levels[-1].chain
                levels[-1].inner = max(levels[-1].inner, level.deepest)
        else:
            level.take(kind, text[start:end])
        if around + levels[-1].chain + levels[-1].inner > MAX_DEPTH:
            return TooDeep(f"nests expressions more than {MAX_DEPTH:,} deep", start)
        if count > MAX_TOKENS:
            return TooDeep(f"has more than {MAX_TOKENS:,} words and signs: it is data, not a script", start, is_size=True)
    return None
