"""The parts of a subscript, as the attribute `index` of an array holds them: int, slice, None, Ellipsis, NumPy arrays, "?".

NumPy arrays compare entry by entry, so that `part == other` is no truth value: ask the functions here.
"""

from __future__ import annotations

NOT_KNOWN = "?"
"""Stands in the `index` attribute for a part that is an array (then the next input) or not known."""


def is_known(part: object) -> bool:
    """Whether a part of a subscript is known."""
    return not isinstance(part, str)


def takes_all(part: object) -> bool:
    """Whether a part of a subscript is a slice of the whole axis."""
    return isinstance(part, slice) and part == slice(None)
