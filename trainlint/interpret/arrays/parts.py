"""Functions that give several arrays: pieces of one, grids of several, what is different in one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays import dtypes, limits, statistics as known
from trainlint.interpret.arrays.functions import MAXIMUM_PARTS, Application, makes, operation
from trainlint.interpret.arrays.indexing import getitem
from trainlint.interpret.arrays.nodes import as_array, constant, integer, known_items
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.values import Array, List, Literal, Slice, Tuple, Value


def _pieces(x: Array, axis: int, bounds: list[tuple[int | None, int | None]], place: Place | None) -> Value:
    """The pieces of an array between bounds along an axis, as a tuple."""
    full = Slice(Literal(None), Literal(None), Literal(None))
    items = []
    for start, stop in bounds:
        index = Tuple((*(full for _ in range(axis)), Slice(Literal(start), Literal(stop), Literal(None))))
        items.append(getitem(x, index, place))
    return Tuple(tuple(items), place)


def _axis_and_extent(application: Application, x: Array) -> tuple[int, int] | None:
    axis = integer(application.value("axis") or 0)
    if x.shape is None or axis is None or not -len(x.shape) <= axis < len(x.shape):
        return None
    extent = x.shape[axis]
    return None if extent is None else (axis % len(x.shape), extent)


@makes("chunk", "array_split", "split_pieces")
def pieces(application: Application) -> Value:
    """`chunk(x, n)`, `numpy.split(x, n | positions)`, `tf.split(x, n | sizes)`, `torch.split(x, size | sizes)`."""
    x = as_array(application.arguments.get("x") or application.unknown("nothing"), application.place)
    found = None if x is None else _axis_and_extent(application, x)
    wanted = application.value("sections")
    if x is None or found is None or not isinstance(wanted, int | tuple):
        return application.unknown("the pieces of an array whose size is not known")
    axis, extent = found
    edges = _edges(application, extent, wanted)
    if edges is None or len(edges) > MAXIMUM_PARTS:
        return application.unknown("the pieces of an array are not followed")
    return _pieces(x, axis, list(itertools.pairwise(edges)), application.place)


def _edges(application: Application, extent: int, wanted: int | tuple[object, ...]) -> list[int | None] | None:
    library, kind = application.row.library, application.row.kind
    if isinstance(wanted, tuple):
        numbers = [integer(one) for one in wanted]
        if None in numbers:
            return None
        known_numbers = [one for one in numbers if one is not None]
        if library == "numpy":
            return [0, *known_numbers, extent]
        return [0, *(sum(known_numbers[: index + 1]) for index in range(len(known_numbers)))]
    if wanted < 1:
        return None
    if library == "torch" and kind == "chunk":
        wanted = -(-extent // wanted)
    if library == "torch":
        return [*range(0, extent, wanted), extent] if extent // wanted < MAXIMUM_PARTS else None
    if wanted > MAXIMUM_PARTS or (kind != "array_split" and extent % wanted):
        return None
    size, more = divmod(extent, wanted)
    return [0, *(size * (index + 1) + min(index + 1, more) for index in range(wanted))]


@makes("unbind")
def rows(application: Application) -> Value:
    """`torch.unbind`, `tf.unstack`: the slices along an axis."""
    x = application.arguments.get("x")
    found = _axis_and_extent(application, x) if isinstance(x, Array) else None
    if not isinstance(x, Array) or found is None or found[1] > MAXIMUM_PARTS:
        return application.unknown("the slices of an array whose size is not known")
    full = Slice(Literal(None), Literal(None), Literal(None))
    prefix = tuple(full for _ in range(found[0]))
    picks = (getitem(x, Tuple((*prefix, Literal(number))), application.place) for number in range(found[1]))
    return Tuple(tuple(picks), application.place)


@makes("meshgrid")
def meshgrid(application: Application) -> Value:
    """Coordinates over a grid, one array for each input."""
    given = known_items(application.arguments.get("xs")) or ()
    arrays = [as_array(one, application.place, application.library) for one in given]
    indexing = application.value("indexing")
    if not arrays or any(one is None for one in arrays) or indexing not in ("xy", "ij"):
        return application.unknown("a grid over arrays that are not known")
    axes = [one for one in arrays if one is not None]
    extents = [limits.size(one.shape) for one in axes]
    shape = (extents[1], extents[0], *extents[2:]) if indexing == "xy" and len(extents) > 1 else tuple(extents)
    data = [one.data for one in axes if one.data is not None]
    if len(data) == len(axes) and limits.affordable((len(axes), *shape)):
        grids = np.meshgrid(*data, indexing=indexing)
        items = tuple(constant(grid, application.place, application.library) for grid in grids)
    else:
        items = tuple(
            Array(
                "meshgrid", (one,), {}, shape, one.dtype, one.library, None, known.without_columns(one.statistics), one.symbolic
            )
            for one in axes
        )
    return List({"items": Tuple(items)}, application.place)


@makes("unique")
def unique(application: Application) -> Value:
    """The different entries, in order."""
    x = as_array(application.arguments.get("x") or application.unknown("nothing"), application.place)
    asked = [application.value(name) for name in ("return_index", "return_inverse", "return_counts", "axis")]
    if x is None or any(one is not None and one is not False for one in asked):
        return application.unknown("the different entries of an array")
    if x.data is not None and x.data.dtype.kind in "biuf":
        return constant(np.unique(x.data), application.place, x.library)
    labels = every_label(x)
    if labels is not None:
        return constant(labels, application.place, x.library)
    made = operate("sort", (x,), {}, application.place, x.library)
    bounds = known.between(x.statistics.low, x.statistics.high)
    return replace(made, op="unique", shape=(None,), data=None, statistics=bounds)


def every_label(array: Array) -> np.ndarray[Any, Any] | None:
    """The different labels of a public data set, 0 to C - 1; None of any other array, and where some may have been left out."""
    from trainlint.interpret.arrays.preparation import label_classes

    classes, s = label_classes(array), array.statistics
    if classes is None or array.data is not None or s.known != "typical" or (s.low, s.high) != (0.0, classes - 1.0):
        return None
    return np.arange(classes, dtype=dtypes.as_numpy(array.dtype or "int64"))


@makes("max")
def largest(application: Application) -> Value:
    """The largest entries; of the labels of a public data set their last class."""
    made, x = operation(application), application.arguments.get("x")
    if not isinstance(x, Array) or not isinstance(made, Array) or made.shape != ():
        return made
    labels = every_label(x)
    return made if labels is None else constant(labels[-1], application.place, made.library)


@makes("nonzero")
def nonzero(application: Application) -> Value:
    """Indices of what is not zero: unknown in number."""
    x = application.arguments.get("x")
    if application.row.library == "numpy" and isinstance(x, Array) and x.shape is not None:
        one = Array("nonzero", (x,), {}, (None,), "int64", "numpy", statistics=known.between(0.0, None), place=application.place)
        return Tuple((one,) * len(x.shape), application.place)
    return application.unknown("the indices of what is not zero")
