"""Inputs and targets of a run: shape, numbers, scale, kind of labels, and the scalings on their way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trainlint.core import Place
from trainlint.facts.extract.scalars import whole
from trainlint.facts.graph import Node
from trainlint.facts.run import DataFacts
from trainlint.interpret import values as v

if TYPE_CHECKING:
    import numpy as np

STANDARD_MEAN = 0.25
"""Standardized data has a mean this near to zero ..."""
STANDARD_SECOND_MOMENT = (0.5, 2.0)
"""... and a mean square between these."""

MAXIMUM_LABELS = 2_000_000
COUNTED_FROM_ONE = 20
"""Random whole numbers from 1 to at most this are class labels; larger ones may be quantities."""
MAXIMUM_STEPS = 1_000
SCALINGS = frozenset({"multiply", "divide", "subtract", "add", "normalize", "scale", "scaler", "rescaling", "normalization"})
PASSING = frozenset(
    {
        "reshape",
        "flatten",
        "transpose",
        "squeeze",
        "expand_dims",
        "cast",
        "getitem",
        "batch",
        "concatenate",
        "stack",
        "copy",
        "shuffle",
        "expand",
        "detach",
        "split",
    }
)
"""Operations that leave the numbers alone."""

ONE_HOT = frozenset({"one_hot", "to_categorical"})
ORDERED = frozenset({"less", "less_equal", "greater", "greater_equal"})
UNKNOWN_DATA = DataFacts()


def data_facts(array: v.Value | None, node: Node | None = None) -> DataFacts:
    """The facts of the inputs or targets that a value holds; `node` is the leaf that it became in the graph."""
    if not isinstance(array, v.Array):
        return replace(UNKNOWN_DATA, place=getattr(array, "place", None), value=array)
    statistics = array.statistics
    shape = array.shape
    if node is not None:
        shape = node.shape
        held = node.attributes.get("statistics")
        statistics = held if isinstance(held, v.Statistics) else statistics
    whole_array = _rows_of(array)
    labels, classes = labels_of(whole_array, statistics, shape)
    return DataFacts(
        shape=shape,
        dtype=array.dtype,
        low=statistics.low,
        high=statistics.high,
        mean=statistics.mean,
        second_moment=statistics.second_moment,
        scale=scale_of(statistics, array.dtype),
        known=statistics.known,
        columns=statistics.columns,
        labels=labels,
        classes=classes,
        source=source_of(array),
        steps=tuple(reversed(list(_scalings(array)))),
        place=array.place,
        value=array,
    )


def target_facts(array: v.Array | None, leaf: tuple[Node, v.Array] | None) -> DataFacts:
    """The facts of the targets as the loss gets them; `leaf` is what they are made of, with all rows."""
    if array is None:
        return UNKNOWN_DATA if leaf is None else data_facts(leaf[1], leaf[0])
    if leaf is None or leaf[1] is array:
        return data_facts(array, None if leaf is None else leaf[0])
    facts, below = data_facts(array), data_facts(leaf[1], leaf[0])
    if leaf[0].attributes.get("batched") is True and facts.shape and below.shape:
        facts = replace(facts, shape=(below.shape[0], *facts.shape[1:]))
    if facts.known == "unknown" and array.op in PASSING:
        numbers = {name: getattr(below, name) for name in ("low", "high", "mean", "second_moment", "scale", "known")}
        facts = replace(facts, **numbers)
    return facts


def _rows_of(array: v.Array) -> v.Array:
    """The array that a mini-batch is drawn from."""
    while array.op == "batch" and array.inputs and isinstance(array.inputs[0], v.Array):
        array = array.inputs[0]
    return array


def scale_of(statistics: v.Statistics, dtype: str | None) -> str:
    """unit, standardized, byte or unnormalized; unknown where neither range nor moments are known.

    unit: all entries in [-1, 1]. standardized: mean near 0 and mean square near 1. byte: 0 to 255, or stored as bytes.
    """
    low, high, mean, square = statistics.low, statistics.high, statistics.mean, statistics.second_moment
    if mean is not None and square is not None and abs(mean) <= STANDARD_MEAN:
        centred = low is None or low < 0
        if centred and STANDARD_SECOND_MOMENT[0] <= square <= STANDARD_SECOND_MOMENT[1]:
            return "standardized"
    if low is not None and high is not None:
        if low >= -1 and high <= 1:
            return "unit"
        if low >= 0 and (high == 255 or (dtype == "uint8" and high <= 255)):
            return "byte"
        return "unnormalized"
    if square is not None:
        return "unnormalized" if square > 4 else "unknown"
    return "unknown"


def labels_of(array: v.Array, statistics: v.Statistics, shape: v.Shape | None) -> tuple[str, int | None]:
    """The kind of labels that an array holds, and the number of classes; unknown where only a guess could tell."""
    declared, classes = array.attributes.get("labels"), whole(array.attributes.get("classes"))
    if isinstance(declared, str):
        return declared, classes
    if array.op in ONE_HOT:
        return "onehot", classes or (shape[-1] if shape else None)
    if array.data is not None and 0 < array.data.size <= MAXIMUM_LABELS and array.data.dtype.kind in "biuf":
        return labels_of_data(array.data)
    if array.dtype == "bool" and (found := _labels_of_truths(array, shape)) is not None:
        return found
    if array.op == "sign":
        return "pm1", 2
    written = _written_labels(array)
    if written is not None:
        return written
    inner = array
    for _ in range(MAXIMUM_STEPS):
        above = inner.inputs[0] if _keeps_labels(inner) else None
        if not isinstance(above, v.Array):
            break
        inner = above
    return _labels_of_range(array, statistics) if inner is array else labels_of(inner, statistics, shape)


def _written_labels(array: v.Array) -> tuple[str, int | None] | None:
    """The classes of a column that is put together of single numbers: `concatenate((zeros((n, 1)), ones((m, 1))))`, `where`."""
    column = array.shape is not None and (len(array.shape) == 1 or (len(array.shape) == 2 and array.shape[-1] == 1))
    numbers: set[float] = set()
    waiting: list[v.Value] = [array]
    for _ in range(MAXIMUM_STEPS):
        if not waiting:
            break
        one = waiting.pop()
        if not isinstance(one, v.Array):
            return None
        if one.op in PASSING and one.inputs:
            waiting.extend(one.inputs[:1] if one.op not in ("concatenate", "stack") else one.inputs)
        elif one.op == "where" and len(one.inputs) == 3:
            waiting.extend(one.inputs[1:])
        elif one.op == "constant" and one.statistics.low is not None and one.statistics.low == one.statistics.high:
            numbers.add(one.statistics.low)
        else:
            return None
    if column and not waiting and numbers == {-1.0, 1.0}:
        return "pm1", 2
    if not column or waiting or len(numbers) < 2 or numbers != {float(one) for one in range(len(numbers))}:
        return None
    return ("binary", 2) if len(numbers) == 2 else ("int", len(numbers))


def _labels_of_truths(array: v.Array, shape: v.Shape | None) -> tuple[str, int | None] | None:
    """The labels that an array of truth values holds; None for a table whose rows could have one truth each.

    Which entries of a table are true is known to be free only where numbers are compared by size: `ids[:, None] == arange(n)`
    is a one-hot table, and so can be one that the script fills.
    """
    columns = shape[-1] if shape is not None and len(shape) > 1 else 1
    if columns == 1:
        return "binary", 2
    for _ in range(MAXIMUM_STEPS):
        above = array.inputs[0] if _keeps_labels(array) else None
        if not isinstance(above, v.Array):
            break
        array = above
    return ("multihot", columns) if array.op in ORDERED or array.op == "random" else None


def _keeps_labels(array: v.Array) -> bool:
    """Whether an operation only rearranges rows; a subscript with several parts, or of a data frame, may pick a column."""
    index = array.attributes.get("index")
    picks_rows = not isinstance(index, tuple) or (len(index) == 1 and array.library != "pandas")
    return array.op in PASSING and bool(array.inputs) and picks_rows and "some_classes" not in array.attributes


def _labels_of_range(array: v.Array, statistics: v.Statistics) -> tuple[str, int | None]:
    """Random integers over a known range are labels of so many classes; floats without known entries are not judged.

    Numbers in [-1, 1] whose mean square is 1 are all -1 or 1.
    """
    low, high = statistics.low, statistics.high
    if (low, high) == (-1, 1) and statistics.second_moment == 1 and statistics.mean is not None and abs(statistics.mean) < 1:
        return "pm1", 2
    integers = (array.dtype or "").startswith(("int", "uint", "bool"))
    if low is None or high is None or not integers or not 0 < high <= 10_000 or high != int(high):
        return "unknown", None
    if low != 0 and not (low == 1 and high <= COUNTED_FROM_ONE):
        return "unknown", None
    if array.op not in ("random", "argmax") and statistics.known != "typical":
        return "unknown", None
    columns = array.shape[1] if array.shape is not None and len(array.shape) == 2 else 1
    if high == 1 and columns is not None and columns > 1:
        return "multihot", columns
    return ("binary", 2) if high == 1 else ("int", int(high) + 1)


def labels_of_data(data: np.ndarray[Any, Any]) -> tuple[str, int | None]:
    """The kind of labels that known entries are.

    Integers count as class labels only if they are 0..C-1 and some class has several rows; a table of 0 and 1 whose rows have
    one 1 each is onehot. Everything else that is known is prob or continuous.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        numbers = data.astype(float)
    if not np.isfinite(numbers).all():
        return "unknown", None
    columns = data.shape[-1] if data.ndim > 1 else 1
    distinct = np.unique(numbers)
    if columns > 1:
        rows = numbers.reshape(-1, columns)
        sums_to_one = bool(np.allclose(rows.sum(axis=1), 1, atol=1e-5))
        if set(distinct.tolist()) <= {0.0, 1.0}:
            return ("onehot", columns) if sums_to_one else ("multihot", columns)
        return ("prob", columns) if sums_to_one and distinct[0] >= 0 else ("continuous", None)
    if set(distinct.tolist()) <= {0.0, 1.0}:
        return "binary", 2
    if distinct.tolist() == [-1.0, 1.0]:
        return "pm1", 2
    whole_numbers = bool((distinct == np.round(distinct)).all()) and distinct[0] >= 0
    classes = int(distinct[-1]) + 1 if whole_numbers and distinct[-1] < 1e6 else 0
    if data.dtype.kind in "iu" and classes and distinct.size == classes and numbers.size >= 2 * classes:
        return "int", classes
    return "continuous", None


def source_of(array: v.Array) -> str:
    """Where the numbers come from: what the leaf upstream says of itself ("mnist", "numpy.load", ...)."""
    for one in _path(array):
        source = one.attributes.get("source")
        if isinstance(source, str):
            return source
        if isinstance(source, v.Object):
            return source.row.name
    return ""


def _path(array: v.Array) -> Iterator[v.Array]:
    """The array and what it was made of, along the first array input, up to the leaf."""
    for _ in range(MAXIMUM_STEPS):
        yield array
        above = next((one for one in array.inputs if isinstance(one, v.Array) and one.shape != ()), None)
        above = above or next((one for one in array.inputs if isinstance(one, v.Array)), None)
        if above is None:
            return
        array = above


def _scalings(array: v.Array) -> Iterator[tuple[str, float | None, Place | None]]:
    """The scalings on the way from the raw numbers, the last one first: (operation, its factor if it has one, place)."""
    for one in _path(array):
        if one.op in SCALINGS and len(one.inputs) >= 1:
            yield one.op, _factor(one), one.place
        elif one.op not in PASSING and one.op not in ("constant", "data", "random"):
            return


def _factor(array: v.Array) -> float | None:
    if array.op not in ("multiply", "divide") or len(array.inputs) != 2:
        factor = array.attributes.get("scale", array.attributes.get("factor"))
        return float(factor) if isinstance(factor, int | float) and abs(factor) < 1e300 else None
    for one in reversed(array.inputs):
        if isinstance(one, v.Literal) and isinstance(one.value, int | float):
            return float(one.value) if abs(one.value) < 1e300 else None
        if isinstance(one, v.Array) and one.data is not None and one.data.size == 1 and one.data.dtype.kind in "biuf":
            return float(one.data.item())
    return None
