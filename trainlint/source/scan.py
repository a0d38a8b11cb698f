"""A scanner of Python text that knows strings from comments, in linear time, on broken files too.

The `tokenize` module stops at the first error and is slower than LibCST's whole parser. This one yields only what its users ask
about: comments, strings, brackets, separators, operators, keywords and line ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    """`text[start:end]`; kind is comment, string, open, close, separator (`,` `;` `:`), operator, word or newline."""

    kind: str
    start: int
    end: int


_CODE = re.compile(
    r"""(?P<string>[rRbBuUfFtT]{0,2}(?:\"{3}|'{3}|"|'))
    |(?P<word>\w+)
    |(?P<comment>\#[^\r\n]*)
    |(?P<newline>\r\n?|\n)
    |(?P<continuation>\\(?:\r\n|[\r\n]))
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<walrus>:=)
    |(?P<separator>[,;:])
    |(?P<operator>[-+*/%@&|^~.!<>=]+)""",
    re.VERBOSE,
)
_STRING_STOP = {
    quote: re.compile(r"\\(?:\r\n|[\s\S])|" + quote + (r"|[\r\n]" if len(quote) == 1 else "")) for quote in ('"', "'", '"""', "'''")
}
"""What may end a string or must be stepped over in it; an unclosed string of one line ends with its line."""

_FIELD_STOP = {
    quote: re.compile(r"\\N\{[\w -]*\}|\\(?:\r\n|[^{}])|\{\{?|\}\}?|" + quote + (r"|[\r\n]" if len(quote) == 1 else ""))
    for quote in _STRING_STOP
}
"""The same in the literal text of an f-string, where a brace begins or ends a replacement field."""


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of `text` from `start`, which must lie outside strings."""
    position = start
    # One entry for each open bracket; for the field of an f-string the quote that the literal text goes on to, else "".
    brackets: list[str] = []
    while match := _CODE.search(text, position):
        kind = str(match.lastgroup)
        begin, position = match.span()
        if kind == "string":
            prefix = match[0].rstrip("\"'")
            quote = match[0][len(prefix) :]
            if "f" in prefix.lower() or "t" in prefix.lower():
                yield Token("string", begin, position)
                position = yield from _literal_text(text, position, quote, brackets)
            else:
                position = _string_end(text, position, quote)
                yield Token("string", begin, position)
            continue
        if kind in ("continuation", "walrus"):
            continue
        yield Token(kind, begin, position)
        if kind == "open":
            brackets.append("")
        elif kind == "close" and brackets:
            quote = brackets.pop()
            if quote:
                position = yield from _literal_text(text, position, quote, brackets)
        elif kind == "separator" and match[0] == ":" and brackets and brackets[-1]:
            position = yield from _format_specification(text, position, brackets)


def comments(text: str) -> Iterator[Token]:
    """The comments alone."""
    return (token for token in tokens(text) if token.kind == "comment")


def _string_end(text: str, position: int, quote: str) -> int:
    stop = _STRING_STOP[quote]
    while match := stop.search(text, position):
        position = match.end()
        if match[0] == quote:
            return position
        if match[0] in "\r\n":
            return match.start()
    return len(text)


def _literal_text(text: str, position: int, quote: str, brackets: list[str]) -> Iterator[Token]:
    ...
