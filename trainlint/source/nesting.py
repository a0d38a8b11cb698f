"""How deeply a text nests, before a recursive parser is let loose on it.

LibCST's native parser recurses: on a stack of 8 MB about 1,000 nested brackets kill the process (measured with LibCST 1.9), and its
time grows with the square of the depth of a chain such as `x + x + ...`. So depth is bounded from above by one linear scan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from trainlint.source.scan import Token, tokens

MAX_BRACKETS = 200
"""Nested brackets that CPython itself takes (`too many nested parentheses`)."""

MAX_DEPTH = 1500
"""Nested expressions and chained operators, calls, `elif`s; CPython refuses a few thousand (recursion limit of its compiler)."""

MAX_TOKENS = 1_500_000
"""Tokens of a file; a token costs LibCST about 1 KB of memory while the tree is alive."""

_DEEPENING_WORDS = frozenset({"and", "await", "else", "for", "if", "in", "is", "lambda", "not", "or", "yield"})


class TooDeep(NamedTuple):
    """Why a text must not be parsed (the end of a sentence that begins with the file's name), and at which offset that shows."""

    message: str
    offset: int


@dataclass(slots=True)
class _Level:
    """One open bracket, or the statement. `chain` counts what deepens since the last separator, `inner` is the deepest bracket in it."""

    chain: int = 0
    inner: int = 0
    deepest: int = 0
    # Commas between `lambda` and its colon, or `for` and its `in`, end no nesting: `lambda a, b: lambda c, d: ...`.
    lambdas: int = 0
    fors: int = 0

    def take(self, token: Token, text: str) -> None:
        """Count anything but a bracket."""
        if token.kind == "operator":
            self.chain += token.end - token.start
        elif token.kind == "string":
            self.chain += 1
        elif token.kind == "word":
            word = text[token.start : token.end]
            self.chain += word in _DEEPENING_WORDS
            self.lambdas += word == "lambda"
            self.fors += (word == "for") - (word == "in" and self.fors > 0)
        elif token.kind == "separator":
            if self.lambdas and text[token.start] == ":":
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
    levels = [_Level()]
    elifs = _Elifs()
    around = 0  # the chains of all levels but the last, and the `elif`s
    line_start: int | None = 0
    for count, token in enumerate(tokens(text)):
        kind = token.kind
        if kind == "comment":
            continue
        if kind == "newline":
            if len(levels) == 1:
                line_start = token.end
            continue
        if line_start is not None:
            indentation = len(text[line_start : token.start].replace("\f", "").expandtabs())
            around = elifs.line(indentation, text[token.start : token.end])
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
            level.take(token, text)
        if len(levels) > MAX_BRACKETS:
            return TooDeep(f"nests {MAX_BRACKETS} brackets or more, which Python refuses", token.start)
        if around + levels[-1].chain + levels[-1].inner > MAX_DEPTH:
            return TooDeep(f"nests expressions more than {MAX_DEPTH:,} deep", token.start)
        if count > MAX_TOKENS:
            return TooDeep(f"has more than {MAX_TOKENS:,} words and signs: it is data, not a script", token.start)
    return None
