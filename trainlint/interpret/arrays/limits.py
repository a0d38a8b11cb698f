"""How much an array may cost. Checked before anything is allocated, so that no script can exhaust memory or time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAXIMUM_ELEMENTS = 2_000_000
MAXIMUM_BYTES = 50_000_000
MAXIMUM_WORK = 100_000_000
"""Multiplications of one matrix product."""
MAXIMUM_TOTAL_ELEMENTS = 60_000_000
"""Elements of all known arrays of one interpretation together: about half a gigabyte if all of them stay alive."""


@dataclass(slots=True)
class _Spent:
    elements: int = 0


_SPENT = _Spent()


def reset() -> None:
    """Begin a new interpretation: what earlier ones spent is forgotten."""
    _SPENT.elements = 0


def size(shape: Sequence[int | None] | None) -> int | None:
    """The number of elements of a shape, or None if some axis is not known."""
    if shape is None:
        return None
    total = 1
    for extent in shape:
        if extent is None:
            return None
        total *= extent
    return total


def affordable(shape: Sequence[int | None] | None, itemsize: int = 8) -> bool:
    """Whether an array of this shape may be held, within the bounds of one array and of the whole interpretation."""
    elements = size(shape)
    if elements is None or elements > MAXIMUM_ELEMENTS or elements * itemsize > MAXIMUM_BYTES:
        return False
    return _SPENT.elements + elements <= MAXIMUM_TOTAL_ELEMENTS


def spend(elements: int) -> None:
    """Count the elements of an array that was made."""
    _SPENT.elements += elements
