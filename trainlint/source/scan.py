"""A scanner of Python text that knows strings from comments, in linear time, on broken files too.

The `tokenize` module stops at the first error and costs a third of LibCST's parser. This one yields only what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

Token = tuple[str, int, int]
"""Kind, start and end. The kinds: comment, string, text, open, close, newline, separator (`,` `;` `:`), operator, word.

Of an f-string the kind `string` covers the opening quote, `text` what stands before each replacement field and, with the closing
quote, after the last; the fields are scanned as brackets with code in them.
"""

_STRUCTURE = r"""(?P<quote>\"{3}|'{3}|["'])
    |(?P<comment>\#[^\r\n]*)
    |(?P<newline>\r\n?|\n)
    |(?P<skip>\\(?:\r\n?|\n))
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<walrus>:=)"""
STRUCTURE = re.compile(_STRUCTURE + r"|(?P<separator>:)", re.VERBOSE)
"""Strings, comments, brackets, line ends (and colons): what tells where a logical line ends."""
EVERYTHING = re.compile(_STRUCTURE + r"|(?P<separator>[,;:])|(?P<operator>[-+*/%@&|^~.!<>=]+)|(?P<word>\w+)", re.VERBOSE)

# An unclosed string of one line ends with its line.
_END = {"'": r"'|[\r\n]", '"': r'"|[\r\n]', "'''": "'''", '"""': '"""'}
_STRING_STOP = {quote: re.compile(r"\\(?:\r\n|[\s\S])|" + end) for quote, end in _END.items()}
_LITERAL_STOP = {quote: re.compile(r"\\N\{[\w -]*\}|\\(?:\r\n|[^{}])|\{\{?|\}\}?|" + end) for quote, end in _END.items()}
_FORMAT_STOP = {quote: re.compile("[{}]|" + end) for quote, end in _END.items()}
"""What may end, or must be stepped over in, a string, the literal text of an f-string, the format of a replacement field."""

_FORMAT = "format "
_FIELD_PREFIX = re.compile(r"(?<!\w)(?:[fFtT][rR]?|[rR][fFtT])\Z")


def tokens(text: str, start: int = 0, pattern: re.Pattern[str] = EVERYTHING) -> Iterator[Token]:
    """The tokens of `text` from `start`, which must lie outside strings."""
    position = start
    # One entry for each open bracket: "" for a bracket of code; for the field of an f-string what its closing brace leads back
    # to, the quote of the literal text around it, marked as a format where the field stands in another field's format.
    brackets: list[str] = []
    search = pattern.search
    while match := search(text, position):
        kind = str(match.lastgroup)
        begin, position = match.span()
        if kind == "quote":
            quote = match[0]
            if _FIELD_PREFIX.search(text, max(begin - 3, 0), begin):
                yield "string", begin, position
                position = yield from _literal(text, position, quote, brackets)
            else:
                position = _string_end(text, position, quote)
                yield "string", begin, position
        elif kind == "close":
            yield kind, begin, position
            if brackets and (inside := brackets.pop()):
                position = yield from _literal(text, position, inside, brackets)
        elif kind == "open":
            brackets.append("")
            yield kind, begin, position
        elif brackets and brackets[-1] and text[begin] == ":":
            yield "separator", begin, begin + 1
            position = yield from _literal(text, begin + 1, _FORMAT + brackets[-1].removeprefix(_FORMAT), brackets)
        elif kind not in ("skip", "walrus"):
            yield kind, begin, position


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
    """Step over the text of an f-string to its end or to where a field opens; `inside` is an entry of `brackets`."""
    begin = position
    while inside:
        quote = inside.removeprefix(_FORMAT)
        is_format = inside != quote
        match = (_FORMAT_STOP if is_format else _LITERAL_STOP)[quote].search(text, position)
        if match is None:
            yield "text", begin, len(text)
            return len(text)
        position = match.end()
        found = match[0]
        if found == "{":
            brackets.append(inside)
            yield "text", begin, match.start()
            yield "open", match.start(), position
            return position
        if found == "}" and is_format:
            yield "text", begin, match.start()
            yield "close", match.start(), position
            inside, begin = brackets.pop() if brackets else "", position
        elif found in (quote, "\r", "\n"):
            if is_format and brackets:  # a field that is never closed: its string is over all the same
                brackets.pop()
            position = position if found == quote else match.start()
            yield "text", begin, position
            return position
    return position
