"""Text from a script, made safe for a terminal and measured in its cells."""

from __future__ import annotations

import re
import unicodedata

TAB = 4

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What would move the cursor, colour the screen, or show text in another order than it stands in the file."""


def printable(text: str) -> str:
    """The text in one line, with control and bidirectional characters replaced by U+FFFD (tabs by spaces)."""
    return _CONTROL.sub("\ufffd", text.replace("\t", " " * TAB))


def cells(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(one) for one in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def plural(count: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
