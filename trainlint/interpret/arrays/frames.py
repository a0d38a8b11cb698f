"""Data frames whose numbers the script spells out, and columns by name: attributes `names` and `entries` of the array."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays import limits, statistics as known
from trainlint.interpret.arrays.functions import Application, makes
from trainlint.interpret.arrays.indexing import getitem
from trainlint.interpret.arrays.nodes import Data, as_array, constant, known_items
from trainlint.interpret.dispatch import Call, attribute, method
from trainlint.interpret.subscripts import NOT_KNOWN
from trainlint.interpret.values import OPEN, Array, Dict, LibraryMethod, Literal, Object, Value
from trainlint.knowledge.rows import Row

OF_A_FRAME = frozenset(
    {"columns", "index", "dtypes", "axes", "plot", "str", "dt", "at", "iat", "empty", "attrs", "style", "sparse"}
)
"""Attributes of a frame or a column that are no column."""


def written_frame(x: Value, columns: Value | None, source: str, place: Place | None) -> Array | None:
    """The frame of a dict of columns, or of rows with names for their columns; None where some entry is not known."""
    if isinstance(x, Dict):
        names = [one for one in x.cells if isinstance(one, str)]
        if OPEN in x.cells or len(names) < len(x.cells):
            return None
        found = [as_array(x.cells[one], place) for one in names]
        entries = [one.data for one in found if one is not None and one.data is not None and one.data.ndim == 1]
    else:
        table = as_array(x, place)
        names = names_of(columns) or []
        data = None if table is None else table.data
        if data is None or data.ndim != 2 or data.shape[1] != len(names):
            return None
        entries = [data[:, number] for number in range(len(names))]
    if not names or len(entries) < len(names) or len({one.size for one in entries}) > 1:
        return None
    return _table(names, entries, source, place)


def names_of(value: Value | None) -> list[str] | None:
    """The names of columns that a list or tuple of texts, or one text, holds."""
    items = (value,) if isinstance(value, Literal) else known_items(value)
    names = [one.value for one in items or () if isinstance(one, Literal) and isinstance(one.value, str)]
    return names if items and len(names) == len(items) else None


def columns_of(frame: Array, names: Sequence[str]) -> list[Data] | None:
    """The entries of some columns; None if they are not known."""
    held, entries = frame.attributes.get("names"), frame.attributes.get("entries")
    if not isinstance(held, tuple) or not isinstance(entries, tuple) or any(one not in held for one in names):
        return None
    return [entries[held.index(one)] for one in names]


def without(frame: Array, dropped: Sequence[str], place: Place | None) -> Array | None:
    """A frame less some of its columns; None if its entries are not known."""
    held = frame.attributes.get("names")
    names = [one for one in held if one not in dropped] if isinstance(held, tuple) else []
    entries = columns_of(frame, names)
    if not names or entries is None:
        return None
    table = _table(names, entries, str(frame.attributes.get("source", "")), place)
    if table is None:
        return None
    return replace(table, op="getitem", inputs=(frame,), attributes={**table.attributes, "index": (NOT_KNOWN,)})


def _table(names: Sequence[str], entries: Sequence[Data], source: str, place: Place | None) -> Array | None:
    if not limits.affordable((entries[0].size, len(names))) or any(one.dtype.kind not in "biuf" for one in entries):
        return None
    made = constant(np.column_stack(entries), place, "pandas")
    return replace(made, attributes={"source": source, "names": tuple(names), "entries": tuple(entries)})


GROUPS = Row("pandas.core.window.rolling.Rolling", "object", "row_groups")
"""Rows of a table that are put together by time: `.resample("1h")`, `.rolling(7)`."""


@makes("frame_groups")
def groups(application: Application) -> Value:
    """The groups, whose `.mean()` and the like give a table of the same columns."""
    frame = application.arguments.get("x")
    cells: dict[Hashable, Value] = {"frame": frame} if isinstance(frame, Array) else {}
    return Object(GROUPS, {}, {}, cells, application.call.spelled, application.place)


@method("object:row_groups", "mean", "median", "min", "max", "first", "last", "sum", "std")
def of_groups(call: Call) -> Value:
    """One row for each group: op "aggregate"; means and the like stay within the range of what they are taken of."""
    frame = call.receiver.cells.get("frame") if isinstance(call.receiver, Object) else None
    if not isinstance(frame, Array):
        return call.unknown("groups of rows that are not known")
    shape, before = None if frame.shape is None else (None, *frame.shape[1:]), frame.statistics
    other = call.name.rpartition(".")[2] in ("sum", "std")
    bounds = known.between(None, None) if other else known.between(before.low, before.high, before.known)
    return Array("aggregate", (frame,), {}, shape, "float64", frame.library, None, bounds, place=call.place)


@attribute("array", "item", "type", "view", "norm", "t")
@attribute("array", "*")
def _column(call: Call) -> Value:
    """`frame.price`: a column of a data frame; of any other array a method.

    Tensors have methods by names that frames lack, `frame.item` among them.
    """
    frame = call.receiver
    table = isinstance(frame, Array) and frame.library == "pandas" and frame.shape is not None and len(frame.shape) == 2
    if not table or call.name in OF_A_FRAME or call.name.startswith("_") or frame is None:
        return LibraryMethod(frame or call.unknown("an attribute of nothing"), call.name, call.place)
    return getitem(frame, Literal(call.name, call.place), call.place)
