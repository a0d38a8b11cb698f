"""From the tree of a text to that of the text after an edit: only the top-level statements that the edit touches are parsed.

A file is a row of statements, and each that stands at the left edge and is parsed by itself is parsed as it is in the file, if
what stands before it ends where it begins. So what lies before the last statement that begins ahead of the edit, and what lies
from the first statement behind it on, is kept: nodes and positions.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import libcst as cst

from trainlint.source.nesting import MAX_TOKENS, too_deep
from trainlint.source.positions import Offsets, common_prefix


class Parsed(NamedTuple):
    """A text with its tree, and where the nodes stand in it."""

    text: str
    module: cst.Module
    offsets: Offsets


def reparse(before: Parsed, text: str) -> Parsed | None:
    """An edited text with its tree; None where the whole text must be parsed: its tree would be the same."""
    old, offsets, statements = before.text, before.offsets, before.module.body
    if not offsets.is_exact or len(text) > MAX_TOKENS:
        return None
    starts = [offsets.of(_first(one))[0] for one in statements]
    if any(start and old[start - 1] not in "\r\n" for start in starts):
        return None
    same = common_prefix(old, 0, text, 0)
    after = min(common_prefix(old[::-1], 0, text[::-1], 0), len(old) - same, len(text) - same)
    kept = max(bisect_left(starts, same) - 1, 0)  # where the first character is as it was, a statement begins still
    behind = bisect_left(starts, len(old) - after)
    moved = len(text) - len(old)
    begin = starts[kept] if kept else 0
    end = starts[behind] + moved if behind < len(starts) else len(text)
    parsed = _statements(text[begin:end], is_last=end == len(text))
    if parsed is None:
        return None
    module = before.module.with_changes(body=(*statements[:kept], *parsed.module.body, *statements[behind:]))
    parts = [
        *(offsets.part(one, 0) for one in statements[:kept]),
        *(parsed.offsets.part(one, begin) for one in parsed.module.body),
        *(offsets.part(one, moved) for one in statements[behind:]),
    ]
    return Parsed(text, module, Offsets.joined(module, text, parts))


def _first(statement: cst.CSTNode) -> cst.CSTNode:
    """The node that a statement begins with: a definition's own range begins behind its decorators."""
    decorators = getattr(statement, "decorators", ())
    return decorators[0] if decorators else statement


def _statements(text: str, is_last: bool) -> Parsed | None:
    """The statements of a stretch of rows; None if they do not parse alone, or go on in the row behind them."""
    rows = text.rstrip("\r\n")
    goes_on = not is_last and (rows == text or rows.endswith("\\"))
    if goes_on or too_deep(text) is not None:
        return None
    try:
        module = cst.parse_module(text)
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, MemoryError, ValueError):
        return None
    offsets = Offsets(module, text)
    return Parsed(text, module, offsets) if offsets.is_exact else None
