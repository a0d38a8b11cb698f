"""What is Python 2 only by its spelling, written as Python 3: `print x`, `except X, e`, backquotes, `<>`, `0777`, `10L`, ...

The changes keep every offset traceable (`rewritten.Rewritten`), so that findings stand where they stand in the file. Names that
are gone (`xrange`, `unicode`) are the interpreter's matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainlint.source.rewritten import Change
from trainlint.source.scan import STRUCTURE, tokens

OLD_ARGUMENT = "async_"
"""What `async` is called as the name of an argument."""
_STRING = "\x01"
"""Stands for every character of a string in a masked text."""

_PYTHON_3 = re.compile(
    r"(?<![\w\x01])[fF][rR]?(?=\x01)|->|:=|\b(?:nonlocal|async(?![ \t]*=(?!=))|await|yield\s+from)\b"
    r"|\braise\b[^\n]*\bfrom\b"
)
"""A file with one of these is Python 3 with a mistake in it."""
_STATEMENT = re.compile(r"(?:(?<=\n)|(?<=[;:])|\A)[ \t\f]*(print|exec|raise|except)\b", re.MULTILINE)
_PRINTED = re.compile(r"[ \t]*(?:[\w\x01\[{`~+-]|>>)(?!=)")
_OCTAL = re.compile(r"(?<![\w.])0+[1-7][0-7]*(?=[lL]?(?![\w.]))")
_LONG = re.compile(r"(?<![\w.])(?:0[xX][0-9a-fA-F]+|[0-9]+)([lL])(?!\w)")
_RAW_UNICODE = re.compile(r"(?<![\w\x01])[uU](?=[rR]\x01)")
_LAMBDA = re.compile(r"\blambda[ \t]*(\()[\w ,]*(\))[ \t]*:")
_INDENTATION = re.compile(r"(?:(?<=\n)|\A)[ ]*\t[ \t]*(?=[^\s])")
_ASYNC = re.compile(r"(?<=[(,])(\s*)async(?=[ \t]*=(?!=))")
"""`x.cuda(async=True)`: an argument up to Python 3.6, a keyword since."""
_SPACES = re.compile(r"(?:(?<=\n)|\A) +[^\s]")


def as_python_3(text: str) -> list[Change] | None:
    """The changes that make Python 3 of a text; None if there is nothing of Python 2 in it, or something of Python 3."""
    masked = _masked(text)
    if _PYTHON_3.search(masked):
        return None
    found = [*_statements(masked), *_literals(masked)]
    found += [Change(one.start(), one.end(), "!=") for one in re.finditer("<>", masked)]
    found += _backquotes(masked)
    found += [Change(one.end(1), one.end(), OLD_ARGUMENT) for one in _ASYNC.finditer(masked)]
    found += [Change(*one.span(group), " ") for one in _LAMBDA.finditer(masked) for group in (1, 2)]
    if _SPACES.search(masked):
        found += [Change(*one.span(), one[0].expandtabs(8)) for one in _INDENTATION.finditer(masked)]
    return sorted(found) or None


def _masked(text: str) -> str:
    """The text with each logical line in one row: what is a string is `_STRING`, comments and inner line ends are blanks."""
    pieces: list[str] = []
    position = depth = 0
    for kind, start, end in tokens(text, pattern=STRUCTURE):
        depth = max(depth + (kind == "open") - (kind == "close"), 0)
        filler = {"string": _STRING, "comment": " "}.get(kind, "\n" if depth == 0 else " ")
        if kind in ("string", "comment", "newline"):
            pieces += [text[position:start], filler * (end - start)]
            position = end
    pieces.append(text[position:])
    return re.sub(r"\\[ \t]*(?:\r\n?|\n)", lambda one: " " * len(one[0]), "".join(pieces)).replace("\r", "\n")


def _statements(masked: str) -> Iterator[Change]:
    for found in _STATEMENT.finditer(masked):
        word, after = found[1], found.end()
        end = _end_of_statement(masked, after)
        if word == "except":
            yield from _except(masked, after)
        elif word == "raise":
            comma = _top_level(masked, after, end, ",")
            if comma is not None:
                yield Change(comma, comma + 1, "(")
                yield Change(end, end, ")")
        elif _PRINTED.match(masked, after, end) and (word == "print" or masked[after:end].strip()[:1] != "="):
            yield from _called(masked, after, end)


def _called(masked: str, after: int, end: int) -> Iterator[Change]:
    """`print x` as `print(x)`; `print >>f, x` as `print(f, x)`."""
    redirected = re.compile(r"[ \t]*>>").match(masked, after, end)
    opening = redirected.end() if redirected else after + masked.startswith((" ", "\t"), after)
    yield Change(after, opening, "(")
    yield Change(end, end, ")")


def _except(masked: str, after: int) -> Iterator[Change]:
    colon = _top_level(masked, after, _end_of_row(masked, after), ":")
    comma = None if colon is None else _top_level(masked, after, colon, ",")
    if comma is not None and re.fullmatch(r"\s*[A-Za-z_]\w*\s*", masked[comma + 1 : colon]):
        yield Change(comma, comma + 1, " as ")


def _end_of_statement(masked: str, start: int) -> int:
    """Where a simple statement ends, without the blanks behind it."""
    end = _end_of_row(masked, start)
    semicolon = masked.find(";", start, end)
    end = end if semicolon < 0 else semicolon
    return start + len(masked[start:end].rstrip())


def _end_of_row(masked: str, start: int) -> int:
    end = masked.find("\n", start)
    return len(masked) if end < 0 else end


def _top_level(masked: str, start: int, end: int, sign: str) -> int | None:
    """The first place of a sign outside brackets."""
    depth = 0
    for offset in range(start, end):
        character = masked[offset]
        depth += (character in "([{") - (character in ")]}")
        if character == sign and depth == 0:
            return offset
    return None


def _literals(masked: str) -> Iterator[Change]:
    for octal in _OCTAL.finditer(masked):
        yield Change(*octal.span(), "0o" + octal[0].lstrip("0"))
    for long in _LONG.finditer(masked):
        yield Change(*long.span(1), "")
    for prefix in _RAW_UNICODE.finditer(masked):
        yield Change(*prefix.span(), "")


def _backquotes(masked: str) -> Iterator[Change]:
    for row in re.finditer(r"[^\n]*`[^\n]*", masked):
        marks = [row.start() + offset for offset, character in enumerate(row[0]) if character == "`"]
        if len(marks) % 2 == 0:
            for number, mark in enumerate(marks):
                yield Change(mark, mark + 1, "()"[number % 2])
