"""`x[index]`, `x[index] = value`, and what a loop over an array sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays import limits, statistics as known
from trainlint.interpret.arrays.nodes import Data, as_array, constant, known_items, over_choices, plain
from trainlint.interpret.arrays.operators import ERRORS, operate
from trainlint.interpret.arrays.shapes import broadcast
from trainlint.interpret.dispatch import Interpreter, Iteration, iterates
from trainlint.interpret.limits import COUNTER
from trainlint.interpret.operators import extent_of_slice
from trainlint.interpret.subscripts import NOT_KNOWN, takes_all
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, List, Literal, Shape, Slice, Statistics, Tuple, Unknown, Value

MAXIMUM_ROWS = 256
"""Rows of a known array that a loop sees one by one."""
MAXIMUM_CLASSES = 1_000
TEXT_READERS = frozenset({"numpy.loadtxt", "numpy.genfromtxt"})
"""Functions that give one axis or two."""
MAXIMUM_UNPACKED = 8
"""Rows of an unknown array that are told apart: enough for `a, b = array`."""


@dataclass(slots=True)
class _Index:
    """An index taken apart: `parts` for the attribute, `arrays` for the inputs, and the axes that are touched.

    `extents` holds how many rows a slice between unknown bounds takes, by the identity of the slice.
    """

    parts: list[Any] = field(default_factory=list)
    arrays: list[Value] = field(default_factory=list)
    extents: dict[int, int] = field(default_factory=dict)
    exact: bool = True


def getitem(array: Value, index: Value, place: Place | None) -> Value:
    """`array[index]`: op "getitem" with attribute `index`, a tuple of int, slice, None, Ellipsis, known arrays and "?"."""
    return over_choices(lambda pair: _getitem(pair[0], pair[1], place), (array, index), place)


def _getitem(array: Value, index: Value, place: Place | None) -> Value:
    if not isinstance(array, Array):
        return array
    if array.library == "pandas":
        return _of_frame(array, index, place)
    taken = _taken_apart(index, place)
    if _is_unit_matrix(array) and array.shape and isinstance(index, Array) and index.shape and index.dtype != "bool":
        return operate("one_hot", (index,), {"classes": array.shape[0], "dtype": array.dtype or "unknown"}, place, array.library)
    column = _collected_column(array, taken, place)
    if column is not None:
        return column
    shape = _shape(_of_two_axes(array, taken), taken)
    data = _pick(array, taken, shape)
    statistics = _statistics(array, taken, shape) if data is None else known.of_data(data)
    attributes: dict[str, Any] = {"index": tuple(taken.parts)}
    if data is None and _may_miss_classes(array, taken):
        statistics, attributes["some_classes"] = UNKNOWN_STATISTICS, True
    inputs = (array, *taken.arrays)
    return Array(
        "getitem", inputs, attributes, shape, array.dtype, array.library, data, statistics, array.symbolic, array.detached, place
    )


def _may_miss_classes(labels: Array, taken: _Index) -> bool:
    """Whether the labels of a public table are picked by a condition, or cut off where it has one class after the other."""
    one, first = labels, taken.parts[0] if taken.parts else None
    for _ in range(4):
        if "classes" in one.attributes or not one.inputs or not isinstance(one.inputs[0], Array):
            break
        one = one.inputs[0]
    if one.op != "data" or "classes" not in one.attributes:
        return False
    if isinstance(first, slice):
        return bool(one.attributes.get("sorted")) and not _is_whole(first)
    mask = taken.arrays[0] if isinstance(first, str) and taken.arrays else first
    return isinstance(mask, Array | np.ndarray) and mask.dtype == "bool"


def _of_two_axes(array: Array, taken: _Index) -> Shape | None:
    """The shape of an array; a text file of numbers that is indexed by row and column is a table."""
    table = array.shape is None and array.attributes.get("source") in TEXT_READERS and array.op == "data"
    return (None, None) if table and len(taken.parts) == 2 and not any(one is Ellipsis for one in taken.parts) else array.shape


def _collected_column(array: Array, taken: _Index, place: Place | None) -> Array | None:
    """`rows[:, 1]` of rows that a loop collected entry by entry: the entries at that place, which have a range of their own."""
    whole = len(taken.parts) == 2 and takes_all(taken.parts[0])
    rows = [one for one in array.inputs if isinstance(one, Array) and one.op == "stack"]
    if not whole or array.attributes.get("collected") is not True or len(rows) < len(array.inputs):
        return None
    from trainlint.interpret.arrays.creation import collected_rows

    met = [_entries(one, taken.parts[1], place) for one in rows]
    arrays = [one for one in met if one is not None]
    return collected_rows(arrays, array.library, place) if arrays and len(arrays) == len(met) else None


def _entries(row: Array, part: Any, place: Place | None) -> Array | None:
    """The entry or entries of a row that was put together of single ones."""
    if type(part) is int and -len(row.inputs) <= part < len(row.inputs):
        one = row.inputs[part]
        return one if isinstance(one, Array) else None
    if not isinstance(part, slice) or NOT_KNOWN in (part.start, part.stop, part.step) or part.step == 0:
        return None
    made = operate("stack", row.inputs[part], {"axis": 0}, place, row.library) if row.inputs[part] else None
    return made if isinstance(made, Array) else None


def _is_unit_matrix(array: Array) -> bool:
    """Whether the array is `np.eye(C)`, whose rows at labels are one-hot."""
    if array.op != "constant" or array.data is None or array.data.ndim != 2 or not 1 < array.data.shape[0] <= MAXIMUM_CLASSES:
        return False
    return array.data.shape[0] == array.data.shape[1] and np.array_equal(array.data, np.eye(array.data.shape[0]))


def _of_frame(array: Array, index: Value, place: Place | None) -> Array:
    """`frame["a"]`, `frame[["a", "b"]]`, `frame[mask]`: a column, some columns, some rows."""
    items = known_items(index)
    rows = array.shape[0] if array.shape else None
    shape: Shape | None = None
    if isinstance(index, Literal) and isinstance(index.value, str):
        shape = (rows,)
    elif items and all(isinstance(one, Literal) and isinstance(one.value, str) for one in items):
        shape = (rows, len(items))
    elif isinstance(index, Array) and array.shape is not None:
        shape = (None, *array.shape[1:])
    attributes = {"index": (NOT_KNOWN,)}
    picked = _named_columns(array, index, items)
    if picked is not None:
        return replace(picked, op="getitem", inputs=(array, index), attributes={**picked.attributes, **attributes}, place=place)
    bounds = known.between(array.statistics.low, array.statistics.high, array.statistics.known)
    return Array("getitem", (array, index), attributes, shape, array.dtype, "pandas", None, bounds, place=place)


def _named_columns(frame: Array, index: Value, items: Sequence[Value] | None) -> Array | None:
    """The column or columns of a frame whose entries are known."""
    from trainlint.interpret.arrays.frames import columns_of, names_of

    names = names_of(index)
    entries = columns_of(frame, names) if names else None
    if names is None or entries is None:
        return None
    if items is None:
        return constant(entries[0], None, "pandas")
    attributes = {"names": tuple(names), "entries": tuple(entries)}
    return replace(constant(np.column_stack(entries), None, "pandas"), attributes=attributes)


def _taken_apart(index: Value, place: Place | None) -> _Index:
    taken = _Index()
    for part in index.items if isinstance(index, Tuple) else (index,):
        one = as_array(part, place) or part if isinstance(part, List) else part
        value = plain(one)
        if isinstance(one, Array) and one.data is not None and (one.data.ndim or one.data.dtype.kind == "b"):
            taken.parts.append(np.asarray(one.data))
        elif isinstance(value, bool):
            taken.parts.append(np.asarray(value))
        elif isinstance(value, slice):
            bounds = [one if one is None or isinstance(one, int) else NOT_KNOWN for one in (value.start, value.stop, value.step)]
            taken.parts.append(slice(*bounds))
            rows = extent_of_slice(part) or _drawn_extent(part) if isinstance(part, Slice) else None
            if rows is not None:
                taken.extents[id(taken.parts[-1])] = rows
            taken.exact = taken.exact and NOT_KNOWN not in bounds and value.step != 0
        elif value is None or value is Ellipsis or isinstance(value, int):
            taken.parts.append(value)
        else:
            taken.parts.append(NOT_KNOWN)
            taken.arrays.append(counter(part, place) or part)
            taken.exact = False
    return taken


def counter(index: Value, place: Place | None) -> Array | None:
    """A counter of a loop, also shifted or scaled, as what it is: one whole number that is not known."""
    if not isinstance(index, Unknown):
        return None
    root = index.linear[0] if index.linear is not None else index
    return Array("counter", (), {}, (), "int64", "numpy", place=place) if root.why == COUNTER else None


def _drawn_extent(index: Slice) -> int | None:
    """How many rows `i : i + 16` takes where `i` was drawn."""
    start, stop, step = index.start, index.stop, index.step
    if not isinstance(start, Array) or not isinstance(stop, Array) or stop.op != "add" or len(stop.inputs) != 2:
        return None
    first, second = stop.inputs
    count = second if first is start else first if second is start else None
    number = count.data.item() if isinstance(count, Array) and count.data is not None and count.data.size == 1 else None
    whole_rows = isinstance(step, Literal) and step.value is None and isinstance(number, int) and number > 0
    return number if whole_rows and isinstance(number, int) else None


def _axes_used(parts: Sequence[Any], arrays: Sequence[Value]) -> int | None:
    """How many axes of the array the parts index; None if a mask of unknown rank is among them."""
    used, waiting = 0, list(arrays)
    for part in parts:
        if isinstance(part, np.ndarray):
            used += part.ndim if part.dtype == bool else 1
        elif isinstance(part, str):
            one = waiting.pop(0)
            if isinstance(one, Array) and one.dtype == "bool":
                if one.shape is None:
                    return None
                used += len(one.shape)
            else:
                used += 1
        elif part is not None and part is not Ellipsis:
            used += 1
    return used


def _shape(shape: Shape | None, taken: _Index) -> Shape | None:
    """The shape of the result, by NumPy's rules; None if it is not known or the index does not fit."""
    used = _axes_used(taken.parts, taken.arrays)
    ellipses = sum(part is Ellipsis for part in taken.parts)
    if shape is None or used is None or used > len(shape) or ellipses > 1:
        return None
    parts = list(taken.parts)
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[at : at + 1] = [slice(None)] * (len(shape) - used)
    return _walk_axes(shape, parts, list(taken.arrays), taken.extents)


def _walk_axes(shape: Shape, parts: list[Any], waiting: list[Value], extents: Mapping[int, int]) -> Shape | None:
    """The extents left, part by part.

    Beside index arrays whole numbers count as such; their axes stand where the first was, or in front if a slice comes between.
    """
    result: list[int | None] = []
    picked: list[Shape | None] = []
    mixed = any(isinstance(part, np.ndarray | str) for part in parts)
    start, last, axis = -1, -1, 0
    for position, part in enumerate(parts):
        if part is None:
            result.append(1)
            continue
        extent = shape[axis] if axis < len(shape) else None  # a single truth value takes up no axis
        axis += 1
        if isinstance(part, slice):
            known = extents.get(id(part))
            result.append(_sliced(extent, part) if known is None else known if extent is None else min(known, extent))
            continue
        if isinstance(part, int) and extent is not None and not -extent <= part < extent:
            return None
        if mixed:
            one, axes = ((), 1) if isinstance(part, int) else _picked(part, waiting)
            picked.append(one)
            axis += axes - 1
            start = len(result) if start < 0 else start if last == position - 1 else 0
            last = position
    if mixed:
        together = broadcast(picked)
        if together is None:
            return None
        result[start:start] = together
    return tuple(result)


def _picked(part: Any, waiting: list[Value]) -> tuple[Shape | None, int]:
    """The shape that an index array picks, and how many axes it takes up."""
    if isinstance(part, np.ndarray):
        if part.dtype == bool:
            return (int(part.sum()),), part.ndim
        return (part.shape if part.dtype.kind in "iu" else None), 1
    one = waiting.pop(0)
    if isinstance(one, Array):
        if one.dtype == "bool" and one.shape is not None:
            return (None,), len(one.shape)
        return one.shape, 1
    names = known_items(one)  # of columns
    if names is not None:
        return (len(names),), 1
    return ((), 1) if isinstance(one, Literal) else (None, 1)


def _sliced(extent: int | None, part: slice) -> int | None:
    bounds = (part.start, part.stop, part.step)
    if extent is None or extent < 0 or NOT_KNOWN in bounds or part.step == 0:
        return None
    return len(range(*part.indices(extent)))


def _pick(array: Array, taken: _Index, shape: Shape | None) -> Data | None:
    """The entries that a known index picks from known entries."""
    if array.data is None or not taken.exact or shape is None or not limits.affordable(shape, array.data.itemsize):
        return None
    try:
        picked = np.asarray(array.data[tuple(taken.parts)])
    except ERRORS:
        return None
    if picked.shape != shape:
        return None
    held: Data = picked.view()
    held.flags.writeable = False
    return held


def _is_whole(part: Any) -> bool:
    return part is None or part is Ellipsis or takes_all(part)


def _statistics(array: Array, taken: _Index, shape: Shape | None) -> Statistics:
    """Some rows are like all of them where the data were declared or typical; one column only where columns are known."""
    if all(map(_is_whole, taken.parts)):
        return known.without_columns(array.statistics)
    s, rank = array.statistics, len(array.shape) if array.shape is not None else None
    last = taken.parts[-1]
    reaches_last = rank is not None and rank > 1 and len(taken.parts) == rank
    if reaches_last and s.columns and isinstance(last, int) and -len(s.columns) <= last < len(s.columns):
        low, high, mean, moment = s.columns[last]
        return Statistics(low, high, mean, moment, s.known)
    if all(map(_is_whole, taken.parts[1:])):
        s = replace(s, known="declared") if s.known == "exact" and _in_random_order(taken) else s
        keeps_columns = s.known in ("declared", "typical") and shape is not None and rank == len(shape)
        return replace(known.part(s), columns=s.columns if keeps_columns else ())
    if known.is_drawn_alike(array) or known.is_constant(s) or s == known.STANDARD:
        return known.without_columns(s)
    return known.between(s.low, s.high, "declared" if s.known == "exact" else s.known)


def _in_random_order(taken: _Index) -> bool:
    """Whether rows are picked by (a part of) a random order: what they are like is what all are like."""
    one = taken.arrays[0] if taken.arrays else None
    for _ in range(4):
        if not isinstance(one, Array) or one.op not in ("getitem", "cast", "random"):
            return False
        if one.op == "random":
            return one.attributes.get("distribution") == "permutation"
        one = one.inputs[0]
    return False


def setitem(array: Array, index: Value, value: Value, place: Place | None) -> Array:
    """The array after `array[index] = value`: op "setitem" with the array and the value as inputs."""
    taken = _taken_apart(index, place)
    new = as_array(value, place, array.library)
    symbolic = array.symbolic or (new is not None and new.symbolic)
    data = None if symbolic or new is None else _changed(array, taken, new)
    if data is not None:
        statistics = known.of_data(data)
    elif all(map(_is_whole, taken.parts)) and new is not None:
        statistics = known.without_columns(new.statistics)
    else:
        statistics = UNKNOWN_STATISTICS if new is None else mixed(array.statistics, new.statistics)
    inputs = (array, value if new is None else new, *taken.arrays)
    attributes = {"index": tuple(taken.parts)}
    return Array("setitem", inputs, attributes, array.shape, array.dtype, array.library, data, statistics, symbolic, False, place)


def mixed(before: Statistics, new: Statistics) -> Statistics:
    """What is known of entries some of which were replaced."""
    parts = [known.between(one.low, one.high, one.known) for one in (before, new)]
    return known.hull(parts, (None, None))


def _changed(array: Array, taken: _Index, new: Array) -> Data | None:
    if array.data is None or new.data is None or not taken.exact or new.data.dtype.kind == "c":
        return None
    if not limits.affordable(array.shape, array.data.itemsize):
        return None
    data: Data = array.data.copy()
    try:
        with np.errstate(all="ignore"):
            data[tuple(taken.parts)] = new.data
    except ERRORS:
        return None
    limits.spend(data.size)
    data.flags.writeable = False
    return data


@iterates("array")
def rows(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:  # noqa: ARG001
    """A loop over an array: its rows one by one where they are known and few, else one row that stands for all."""
    if not isinstance(value, Array):
        return Iteration((value,), False, None)
    count = value.shape[0] if value.shape else None
    if value.shape is not None and count is not None and count <= MAXIMUM_ROWS and value.data is not None:
        return Iteration([getitem(value, Literal(number, place), place) for number in range(count)], True, count)
    if count is not None and count <= MAXIMUM_UNPACKED:
        return Iteration([getitem(value, Literal(number, place), place) for number in range(count)], True, count)
    one = Array("dimension", (value,), {"axis": 0, "row": True}, (), "int64", place=place)
    return Iteration((getitem(value, one, place),), False, count)
