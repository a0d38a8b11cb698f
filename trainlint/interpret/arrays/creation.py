"""Arrays that a script makes: from its own numbers, of one value, in steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays import dtypes, limits, statistics as known
from trainlint.interpret.arrays.functions import Application, makes, operation
from trainlint.interpret.arrays.indexing import counter
from trainlint.interpret.arrays.nodes import (
    Data,
    as_array,
    constant,
    integer,
    is_scalar,
    known_items,
    over_choices,
    setting,
    shape_of,
)
from trainlint.interpret.arrays.operators import ERRORS, operate
from trainlint.interpret.values import (
    UNKNOWN_STATISTICS,
    Array,
    List,
    Literal,
    Shape,
    Statistics,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

MAXIMUM_MET = 64
"""Items of a list that a loop fills which are looked at."""


def finished(application: Application, made: Value) -> Value:
    """The array that was made: read out of the graph by `torch.tensor`, a parameter where the call says `requires_grad=True`."""
    wanted = application.arguments.get("requires_grad")
    if isinstance(made, Array) and made.symbolic and application.row.name == "torch.tensor":
        from trainlint.interpret.torch.parameters import read_out

        made = read_out(made, application.place)
    if isinstance(made, Array) and isinstance(wanted, Literal) and wanted.value is True:
        from trainlint.interpret.torch.parameters import as_parameter

        return as_parameter(made, application.place)
    return made


@makes("array")
def from_values(application: Application) -> Value:
    """`np.array`, `torch.tensor`, `tf.constant`, ... of numbers, sequences or other arrays."""
    given = application.arguments.get("values")
    if given is None:
        return application.unknown(f"`{application.call.name}` of nothing")
    made = over_choices(lambda one: _array_of(application, one[0]), (given,), application.place)
    if made is given and isinstance(made, Array) and application.row.name in ("numpy.array", "torch.tensor"):
        made = replace(made)  # a copy
    shape = shape_argument(application.arguments.get("shape"))
    if isinstance(made, Array) and shape is not None and made.shape != shape:
        made = operate("expand", (made,), {"shape": shape}, application.place, application.library)
    return finished(application, made)


def _array_of(application: Application, given: Value) -> Value:
    library, wanted = application.row.library, application.dtype()
    converted = as_array(given, application.place, library)
    if converted is None:
        items = known_items(given)
        if items and any(isinstance(one, Array) for one in items):
            converted = operate("stack", items, {"axis": 0}, application.place, library)
            return converted if wanted is None else operate("cast", (converted,), {"dtype": wanted}, application.place, library)
        return _opaque(application, given, wanted)
    if wanted is None:
        wanted = "unknown" if _names_unknown_type(application) else converted.dtype
    if "literal" in converted.attributes and converted.data is not None:
        kind = dtypes.category(converted.dtype)
        wanted = dtypes.default(kind, library) if application.dtype() is None else wanted
        converted = constant(converted.data, application.place, library)
    if converted.dtype == wanted and (converted.library == library or converted.op == "constant"):
        return replace(converted, library=library, place=application.place) if converted.op == "constant" else converted
    if converted.op == "constant" and converted.data is not None:
        cast = operate("cast", (converted,), {"dtype": wanted}, application.place, library)
        return cast if cast.data is None else constant(cast.data, application.place, library)
    return operate("cast", (converted,), {"dtype": wanted}, application.place, library)


def _names_unknown_type(application: Application) -> bool:
    given = application.arguments.get("dtype")
    return given is not None and application.dtype() is None and not (isinstance(given, Literal) and given.value is None)


def _opaque(application: Application, given: Value, dtype: str | None) -> Value:
    """An array of what is not known number by number: text, images, a list that grows."""
    if isinstance(given, Symbol | Literal):
        return application.unknown("an array of something that is no number")
    collected = collected_list(given, application.row.library, application.place)
    if collected is not None:
        return (
            collected if dtype is None else operate("cast", (collected,), {"dtype": dtype}, application.place, collected.library)
        )
    why = given.why if isinstance(given, Unknown) else "values that are not known one by one"
    items = known_items(given) if isinstance(given, List | Tuple) else None
    shape = shape_of(given)
    if shape is None and items is not None and items and all(isinstance(one, Literal) for one in items):
        shape, dtype = (len(items),), dtype or "str"
    return Array("data", (given,), {"source": why}, shape, dtype, application.row.library, place=application.place)


def collected_list(given: Value, library: str, place: Place | None) -> Array | None:
    """The array of a list that a loop filled with arrays of one kind: rows like those that were met, in unknown number."""
    held = given.cells.get("items") if isinstance(given, List) else None
    branches = [one for one in alternatives(held) if isinstance(one, Tuple)] if held is not None else []
    met = [one for items in branches for item in items.items[:MAXIMUM_MET] for one in alternatives(item)]
    rows = [one for one in (_row(one, library, place) for one in met) if one is not None]
    if not rows or len(rows) < len(met) or any(one.symbolic for one in rows) or _all_equal(rows):
        return None
    return collected_rows(rows, library, place)


@makes("stack")
def stack(application: Application) -> Value:
    """`np.stack(rows)`: of a list that a loop or a comprehension filled, rows like those that were met."""
    given, axis = application.arguments.get("xs"), application.arguments.get("axis")
    first = axis is None or (isinstance(axis, Literal) and axis.value == 0)
    filled = isinstance(given, List) and "open" in given.cells and first
    collected = collected_list(given, application.row.library, application.place) if filled and given is not None else None
    return operation(application, "stack") if collected is None else collected


def collected_rows(rows: list[Array], library: str, place: Place | None) -> Array:
    """Rows like these in unknown number: of the extents, element type and range that all of them share."""
    shape = rows[0].shape
    if any(one.shape is None or shape is None or len(one.shape) != len(shape) for one in rows):
        shape = None
    else:
        extents = [{one.shape[axis] for one in rows if one.shape is not None} for axis in range(len(shape or ()))]
        shape = (None, *(one.pop() if len(one) == 1 else None for one in extents))
    dtypes_met = {one.dtype for one in rows}
    dtype = dtypes_met.pop() if len(dtypes_met) == 1 else None
    parts = [replace(one.statistics, columns=()) for one in rows]
    statistics = known.hull(parts, (None,) * len(parts)) if len(parts) > 1 else known.part(parts[0])
    return Array("stack", tuple(rows), {"axis": 0, "collected": True}, shape, dtype, library, None, statistics, place=place)


def _row(value: Value, library: str, place: Place | None) -> Array | None:
    """An item of a collected list as an array: an array, a number, or a list of both (`[image]` for one channel)."""
    if isinstance(value, Array | Literal):
        return as_array(value, place)
    if isinstance(value, Unknown):
        return counter(value, place)
    items = known_items(value)
    if not items or len(items) > MAXIMUM_MET or not all(isinstance(one, Array | Literal) for one in items):
        return None
    arrays = [one for one in (as_array(item, place) for item in items) if one is not None]
    if len(arrays) < len(items):
        return None
    return operate("stack", tuple(arrays), {"axis": 0}, place, library)


def _all_equal(rows: list[Array]) -> bool:
    """Whether only one number was met: what a loop appends in other passes may be another."""
    return all(one.op == "constant" and one.shape == () for one in rows) and len({str(one.data) for one in rows}) == 1


@makes("tensor_class")
def tensor_class(application: Application) -> Value:
    """`torch.Tensor(2, 3)` of whatever was in memory, `torch.FloatTensor([1, 2])` of numbers."""
    dtype = dtypes.named(application.row.name.rpartition(".")[2]) or "float32"
    passed = application.call.arguments.positional
    if not passed:
        return constant(np.zeros(0, dtypes.as_numpy(dtype)), application.place, "torch")
    if all(isinstance(one, Literal) and isinstance(one.value, int) for one in passed):
        shape = shape_argument(Tuple(passed))
        return Array("data", (), {"source": "uninitialised memory"}, shape, dtype, "torch", place=application.place)
    value = passed[0]
    array = as_array(value, application.place, "torch")
    if array is None:
        return _opaque(application, value, dtype)
    cast = operate("cast", (array,), {"dtype": dtype}, application.place, "torch")
    if cast.symbolic:
        from trainlint.interpret.torch.parameters import read_out

        return read_out(array, application.place)
    return constant(cast.data, application.place, "torch") if array.op == "constant" and cast.data is not None else cast


def shape_argument(value: Value | None) -> Shape | None:
    """The shape that a `shape=` argument says; unknown extents are None, a shape that is not known at all is None."""
    if value is None:
        return None
    found = setting(value)
    if is_scalar(found):
        found = (found,)
    if not isinstance(found, tuple) or len(found) > 32:
        return None
    extents = tuple(integer(one) for one in found)
    return None if any(one is not None and one < 0 for one in extents) else extents


def filled(
    application: Application, shape: Shape | None, dtype: str | None, statistics: Statistics, make: Callable[[Any, Any], Data]
) -> Array:
    """An array whose entries follow from its shape: known where it is small enough."""
    target, library = dtypes.as_numpy(dtype), application.library
    if target is not None and shape is not None and limits.affordable(shape, target.itemsize):
        try:
            with np.errstate(all="ignore"):
                return constant(make(shape, target), application.place, library)
        except ERRORS:
            pass
    return Array("constant", (), {}, shape, dtype, library, None, statistics, place=application.place)


_FILLS = {"zeros": 0, "ones": 1, "zeros_like": 0, "ones_like": 1}


@makes("zeros", "ones")
def of_one_value(application: Application) -> Value:
    """Zeros or ones of a shape."""
    number = _FILLS[application.row.kind]
    shape = shape_argument(application.arguments.get("shape"))
    dtype = _dtype_or(application, dtypes.default(2, application.row.library))
    made = filled(application, shape, dtype, known.of_constant(number), lambda s, t: np.full(s, number, t))
    return finished(application, made)


@makes("zeros_like", "ones_like", "full_like", "empty_like")
def like_another(application: Application) -> Value:
    """An array of one value in the shape and type of another."""
    model, kind = application.arguments.get("x"), application.row.kind
    dtype = model.dtype if isinstance(model, Array) else None
    if isinstance(model, List | Tuple):
        converted = as_array(model, application.place, application.row.library)
        dtype = None if converted is None else converted.dtype
    shape = None if model is None else shape_of(model)
    dtype = _dtype_or(application, dtype)
    if kind == "empty_like":
        return Array("data", (), {"source": "uninitialised memory"}, shape, dtype, application.library, place=application.place)
    number = _FILLS[kind] if kind in _FILLS else application.number("value")
    if number is None:
        return Array("expand", (), {}, shape, dtype, application.library, place=application.place)
    return finished(application, filled(application, shape, dtype, known.of_constant(number), lambda s, t: np.full(s, number, t)))


@makes("full")
def full(application: Application) -> Value:
    """A shape filled with a value, which may be an array."""
    shape, value = shape_argument(application.arguments.get("shape")), application.arguments.get("value")
    number = None if value is None else as_array(value, application.place, application.row.library)
    if number is None:
        return application.unknown("an array filled with something that is not known")
    kind = dtypes.category(number.dtype)
    natural = dtypes.default(kind, application.row.library) if "literal" in number.attributes and kind >= 0 else number.dtype
    dtype = _dtype_or(application, natural)
    if number.data is None or number.data.size != 1:
        return operate("expand", (number,), {"shape": shape, "dtype": dtype}, application.place, application.library)
    entry = number.data.item()
    statistics = known.of_constant(float(entry)) if is_scalar(entry) else UNKNOWN_STATISTICS
    return finished(application, filled(application, shape, dtype, statistics, lambda s, t: np.full(s, entry, t)))


@makes("empty")
def empty(application: Application) -> Value:
    """A shape of whatever was in memory."""
    shape = shape_argument(application.arguments.get("shape"))
    dtype = _dtype_or(application, dtypes.default(2, application.row.library))
    attributes = {"source": "uninitialised memory"}
    return finished(application, Array("data", (), attributes, shape, dtype, application.row.library, place=application.place))


@makes("eye")
def eye(application: Application) -> Value:
    """Ones on a diagonal."""
    rows = integer(application.value("rows"))
    columns = rows if application.arguments.get("columns") is None else integer(application.value("columns"))
    offset = integer(application.value("offset") or 0)
    dtype = _dtype_or(application, dtypes.default(2, application.row.library))
    statistics = known.between(0.0, 1.0)
    if rows is not None and (rows < 0 or (columns or 0) < 0):
        return application.unknown("a matrix with a negative number of rows")
    if rows is None or columns is None or offset is None:
        return Array("constant", (), {}, (rows, columns), dtype, application.library, None, statistics, place=application.place)
    if rows == columns and rows and not offset:
        statistics = replace(statistics, mean=1 / rows, second_moment=1 / rows)
    return filled(application, (rows, columns), dtype, statistics, lambda s, t: np.eye(s[0], s[1], offset, t))


def _dtype_or(application: Application, natural: str | None) -> str | None:
    """The dtype that the call names, else the natural one; None if it names one that is not known."""
    return None if _names_unknown_type(application) else application.dtype() or natural


@makes("arange")
def arange(application: Application) -> Value:
    """`arange(stop)`, `arange(start, stop, step)`: ceil((stop - start)/step) numbers."""
    start, stop, step = (application.value(name) for name in ("start", "stop", "step"))
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    library = application.row.library
    numbers = [one for one in (start, stop, step) if isinstance(one, bool | int | float)]
    kind = 2 if any(isinstance(one, float) for one in numbers) else 1
    dtype = _dtype_or(application, dtypes.default(kind, library) if len(numbers) == 3 else None)
    if len(numbers) < 3 or not all(map(math.isfinite, numbers)) or step == 0:
        return Array("arange", (), {}, (None,), dtype, library, place=application.place)
    ratio = (stop - start) / step
    if abs(ratio) > 2**60:
        return application.unknown("a range too long to be followed")
    count = max(math.ceil(ratio), 0)
    last = start + step * max(count - 1, 0)
    statistics = _evenly_spaced(float(start), float(last), count)
    return finished(
        application, filled(application, (count,), dtype, statistics, lambda s, t: (start + np.arange(s[0]) * step).astype(t))
    )


def _evenly_spaced(first: float, last: float, count: int) -> Statistics:
    """The statistics of `count` evenly spaced numbers: variance (last - first)^2 (n + 1)/(12 (n - 1))."""
    if count < 1:
        return UNKNOWN_STATISTICS
    mean = (first + last) / 2
    variance = (last - first) ** 2 * (count + 1) / (12 * (count - 1)) if count > 1 else 0.0
    return known.settled(Statistics(min(first, last), max(first, last), mean, mean * mean + variance, "exact"))


@makes("linspace")
def linspace(application: Application) -> Value:
    """So many numbers at equal distances, both ends included (unless `endpoint=False`)."""
    start, stop, count = application.number("start"), application.number("stop"), integer(application.value("count"))
    library = application.row.library
    dtype = _dtype_or(application, dtypes.default(2, library))
    endpoint = application.value("endpoint")
    ends = [application.arguments.get(name) for name in ("start", "stop")]
    if application.value("retstep") not in (None, False) or any(
        isinstance(one, Array | Tuple | List) and shape_of(one) != () for one in ends
    ):
        return application.unknown("evenly spaced numbers of a kind that is not followed")
    if start is None or stop is None or count is None or count < 0 or endpoint not in (None, True, False):
        bounds = None if start is None or stop is None else known.between(min(start, stop), max(start, stop))
        shape = (count,) if count is None or count >= 0 else None
        return Array("linspace", (), {}, shape, dtype, library, None, bounds or UNKNOWN_STATISTICS, place=application.place)
    include = endpoint is not False
    last = stop if include or not count else start + (stop - start) * (count - 1) / count
    statistics = _evenly_spaced(start, last, count)
    made = filled(
        application, (count,), dtype, statistics, lambda s, t: np.linspace(start, stop, s[0], endpoint=include).astype(t)
    )
    return finished(application, made)


@makes("logspace", "geomspace")
def logspace(application: Application) -> Value:
    """Numbers at equal ratios: powers of `base`, or from one end to the other."""
    start, stop, count = application.number("start"), application.number("stop"), integer(application.value("count"))
    dtype = _dtype_or(application, dtypes.default(2, application.row.library))
    base = application.number("base") or 10.0
    if start is None or stop is None or count is None or count < 0:
        return Array("logspace", (), {}, None, dtype, application.row.library, place=application.place)
    if application.row.kind == "geomspace":
        return filled(
            application,
            (count,),
            dtype,
            known.between(min(start, stop), max(start, stop)),
            lambda s, t: np.geomspace(start, stop, s[0]).astype(t),
        )
    return filled(
        application, (count,), dtype, UNKNOWN_STATISTICS, lambda s, t: np.logspace(start, stop, s[0], base=base).astype(t)
    )


@makes("diag")
def diagonal(application: Application) -> Value:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    x = as_array(application.arguments.get("x") or application.unknown("nothing"), application.place)
    rank = None if x is None or x.shape is None else len(x.shape)
    if x is None or x.shape is None or rank not in (1, 2) or application.value("offset"):
        return application.unknown("the diagonal of an array that is not known")
    extent = x.shape[0]
    shape: Shape = (extent, extent) if rank == 1 else (None if None in x.shape else min(one or 0 for one in x.shape),)
    if x.data is not None and limits.affordable(shape):
        return constant(np.diag(x.data), application.place, x.library)
    return Array("diag", (x,), {}, shape, x.dtype, x.library, symbolic=x.symbolic, place=application.place)
