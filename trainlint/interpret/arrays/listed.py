"""Arrays in a list that a loop goes over: what stands for all of them where one pass is followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Value

MAXIMUM_LISTED = 2_000


def rows_of(value: Value) -> int | None:
    """The rows of a mini-batch in a list: an array with two axes or more."""
    return value.shape[0] if isinstance(value, Array) and value.shape is not None and len(value.shape) > 1 else None


def any_of(items: Sequence[Value], rows: Sequence[int | None]) -> Value:
    """What stands for each of the arrays: mini-batches of so many `rows` are drawn from all of them together.

    Of others that differ no entries are known. Anything but arrays of data is its first item.
    """
    first, arrays = items[0], [one for one in items if isinstance(one, Array) and not one.symbolic and one.shape is not None]
    if not isinstance(first, Array) or len(arrays) < len(items) or all(one is first for one in items):
        return first
    shapes = [one.shape or () for one in arrays]
    parts, counts = {shape[1:] for shape in shapes}, [shape[0] if shape else None for shape in shapes]
    if len(parts) > 1 or None in counts or counts != list(rows) or len(items) > MAXIMUM_LISTED:
        shape = first.shape if len(set(shapes)) == 1 else None
        return replace(first, op="data", inputs=(), attributes={}, shape=shape, data=None, statistics=UNKNOWN_STATISTICS)
    whole = operate("concatenate", arrays, {"axis": 0}, first.place, first.library)
    extents = (max(one for one in counts if one is not None), *next(iter(parts)))
    made = Array("batch", (whole,), {"batch_size": extents[0]}, extents, first.dtype, first.library, place=first.place)
    return replace(made, statistics=whole.statistics)
