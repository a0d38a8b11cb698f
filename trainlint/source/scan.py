"""A scanner of Python text that knows strings from comments, in linear time, on broken files too.

The `tokenize` module stops at the first error and is slower than LibCST's whole parser. This one yields only what its users ask
about: comments, strings, brackets, separators, operators, keywords and line ends.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
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
    quote: re.compile(r"\\(?:\r\n|[\s\S])|" + quote + (r"|[\r\n]" if len(quote) == 1 else ""))
    for quote in ('"', "'", '"""', "'''")
}
"""What may end a string or must be stepped over in it; an unclosed string of one line ends with its line."""

_LITERAL_STOP = {
    quote: re.compile(r"\\N\{[\w -]*\}|\\(?:\r\n|[^{}])|\{\{?|\}\}?|" + quote + (r"|[\r\n]" if len(quote) == 1 else ""))
    for quote in _STRING_STOP
}
_FORMAT_STOP = {quote: re.compile(r"[{}]|" + quote + (r"|[\r\n]" if len(quote) == 1 else "")) for quote in _STRING_STOP}
"""The same in the literal text of an f-string and in the format of a replacement field, where braces count."""

_FORMAT = "format "
_FIELD_PREFIXES = frozenset({"f", "t", "fr", "rf", "tr", "rt"})


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of `text` from `start`, which must lie outside strings."""
    position = start
    # One entry for each open bracket: "" for a bracket of code; for the field of an f-string what its closing brace leads back to,
    # the quote of the literal text around it, marked as a format where the field stands in another field's format.
    brackets: list[str] = []
    while match := _CODE.search(text, position):
        kind = str(match.lastgroup)
        begin, position = match.span()
        if kind == "string":
            prefix = match[0].rstrip("\"'")
            quote = match[0][len(prefix) :]
            if prefix.lower() in _FIELD_PREFIXES:
                yield Token("string", begin, position)
                position = yield from _literal(text, position, quote, brackets)
            else:
                position = _string_end(text, position, quote)
                yield Token("string", begin, position)
        elif kind == "close":
            yield Token(kind, begin, position)
            if brackets:
                position = yield from _literal(text, position, brackets.pop(), brackets)
        elif kind in ("walrus", "separator") and brackets and brackets[-1] and text[begin] == ":":
            yield Token("separator", begin, begin + 1)
            position = yield from _literal(text, begin + 1, _FORMAT + brackets[-1].removeprefix(_FORMAT), brackets)
        elif kind not in ("continuation", "walrus"):
            yield Token(kind, begin, position)
            if kind == "open":
                brackets.append("")


def comments(text: str) -> Iterator[Token]:
    """The comments alone."""
    return (token for token in tokens(text) if token.kind == "comment")


def _string_end(text: str, position: int, quote: str) -> int:
    stop = _STRING_STOP[quote]
    while match := stop.search(text, position):
        position = match.end()
        if match[0] == quote:
            return position
        if match[0] in ("\r", "\n"):
            return match.start()
    return len(text)


def _literal(text: str, position: int, inside: str, brackets: list[str]) -> Generator[Token, None, int]:
    """Step over the text of an f-string up to its end or to where a field opens; `inside` is an entry of `brackets`."""
    while inside:
        quote = inside.removeprefix(_FORMAT)
        is_format = inside != quote
        match = (_FORMAT_STOP if is_format else _LITERAL_STOP)[quote].search(text, position)
        if match is None:
            return len(text)
        position = match.end()
        found = match[0]
        if found == "{":
            yield Token("open", match.start(), position)
            brackets.append(inside)
            return position
        if found == "}" and is_format:
            yield Token("close", match.start(), position)
            inside = brackets.pop() if brackets else ""
        elif found == quote or found in ("\r", "\n"):
            if is_format and brackets:  # a field that is never closed: its string is over all the same
                brackets.pop()
            return match.start() if found != quote else position
    return position
