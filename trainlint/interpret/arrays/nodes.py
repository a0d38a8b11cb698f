"""From the script's values to arrays and plain Python, and back: constants, shapes, truth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays import dtypes, limits
from trainlint.interpret.arrays.statistics import of_data
from trainlint.interpret.limits import MAXIMUM_INTEGER
from trainlint.interpret.values import (
    Array,
    Choice,
    List,
    Literal,
    Object,
    Shape,
    Slice,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)

Data: TypeAlias = "np.ndarray[Any, Any]"
MAXIMUM_DEPTH = 32
MAXIMUM_PLAIN_ITEMS = 10_000
MAXIMUM_COMBINATIONS = 16


def constant(data: Data, place: Place | None, library: str = "numpy") -> Array:
    """An array whose entries are known. `data` is numeric or boolean and not changed afterwards."""
    data = np.asarray(data).view()
    data.flags.writeable = False
    limits.spend(data.size)
    return Array("constant", (), {}, data.shape, str(data.dtype), library, data, of_data(data), place=place)


def as_array(value: Value, place: Place | None, library: str = "numpy") -> Array | None:
    """The array that a library makes of a value: a number, or a (nested) list or tuple of numbers; None of anything else.

    A Python number stays recognisable: `attributes["literal"]` is the Literal, and its element type is weak.
    """
    if isinstance(value, Array):
        return value
    if isinstance(value, Literal):
        return _number(value, place, library)
    if isinstance(value, List | Tuple):
        return _sequence(value, place, library)
    return _counted(value, place, library) if isinstance(value, Object) else None


def _counted(value: Object, place: Place | None, library: str) -> Array | None:
    """The numbers of `range(n)`."""
    from trainlint.interpret.builtins import known_range

    numbers = known_range(value)
    if numbers is None or not limits.affordable((len(numbers),)):
        return None
    counted = np.arange(numbers.start, numbers.stop, numbers.step)
    return constant(counted.astype(dtypes.default(1, library)), place, library)


def _number(value: Literal, place: Place | None, library: str) -> Array | None:
    number = value.value
    if not isinstance(number, bool | int | float | complex):
        return None
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        return None
    kind = 0 if isinstance(number, bool) else 1 if isinstance(number, int) else 2 if isinstance(number, float) else 3
    data = np.asarray(number, dtype=(np.bool_, np.int64, np.float64, np.complex128)[kind])
    array = constant(data, value.place or place, library)
    return replace(array, attributes={"literal": value}, dtype=str(data.dtype))


def _sequence(value: Value, place: Place | None, library: str) -> Array | None:
    leaves: list[object] = []

    def take(leaf: Value) -> Shape | None:
        if isinstance(leaf, Literal) and isinstance(leaf.value, bool | int | float | complex):
            leaves.append(leaf.value)
            return ()
        if isinstance(leaf, Array) and leaf.data is not None and len(leaves) + leaf.data.size <= limits.MAXIMUM_ELEMENTS:
            leaves.extend(leaf.data.ravel())
            return tuple(leaf.data.shape)
        return None

    shape = _nested_shape(value, take, [limits.MAXIMUM_ELEMENTS], 0)
    if shape is None or not limits.affordable(shape):
        return None
    try:
        data = np.array(leaves)
    except (TypeError, ValueError, OverflowError):
        return None
    if not leaves:
        data = data.astype(dtypes.default(2, library))
    if data.dtype.kind not in "biufc":
        return None
    if library != "numpy" and all(not isinstance(one, np.generic) for one in leaves):
        data = data.astype(dtypes.default(dtypes.category(str(data.dtype)), library))
    return constant(data.reshape([extent or 0 for extent in shape]), place, library)


def _nested_shape(value: Value, leaf: Callable[[Value], Shape | None], budget: list[int], depth: int) -> Shape | None:
    """The shape of nested sequences whose leaves have the shapes that `leaf` says; None if ragged, too deep or too large.

    `budget` counts the visits, since a script can nest one list in itself many times over.
    """
    items = known_items(value)
    budget[0] -= 1
    if items is None:
        return leaf(value)
    if depth > MAXIMUM_DEPTH or len(items) > budget[0]:
        return None
    inner: Shape | None = None
    for item in items:
        shape = _nested_shape(item, leaf, budget, depth + 1)
        if shape is None or (inner is not None and shape != inner):
            return None
        inner = shape
    return (len(items), *(inner or ()))


def known_items(value: Value | None) -> tuple[Value, ...] | None:
    """The items of a list or tuple, None if it is something else or further items may follow."""
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, List):
        items, is_open = value.cells.get("items"), value.cells.get("open")
        if isinstance(items, Tuple) and (is_open is None or (isinstance(is_open, Literal) and not is_open.value)):
            return items.items
    return None


def plain(value: Value | None) -> Any:
    """A value as plain Python for the attributes of a node: scalars, tuples, slices, dtype names.

    What is not known stays the value that it is (an `Unknown`, or an Array without data).
    """
    return _plain(value, [MAXIMUM_PLAIN_ITEMS])


def _plain(value: Value | None, budget: list[int]) -> Any:
    budget[0] -= 1
    if value is None:
        return None
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Array):
        return value if value.data is None else value.data.item() if value.data.size == 1 else value.data
    if isinstance(value, Slice):
        return slice(_plain(value.start, budget), _plain(value.stop, budget), _plain(value.step, budget))
    if isinstance(value, Symbol):
        if value.name.rpartition(".")[2] == "Ellipsis":
            return Ellipsis
        if value.name in ("numpy.newaxis", "tensorflow.newaxis"):
            return None
        return dtypes.of_value(value) or value.name
    items = known_items(value)
    if items is not None and len(items) <= budget[0]:
        return tuple(_plain(item, budget) for item in items)
    return value


def setting(value: Value | None) -> Any:
    """A value as `plain` gives it, with known arrays as nested tuples, which compare like any Python value."""
    return _without_arrays(plain(value))


def _without_arrays(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _tuples(value.tolist()) if value.size <= MAXIMUM_PLAIN_ITEMS else Unknown("a large array as a setting")
    return tuple(map(_without_arrays, value)) if isinstance(value, tuple) else value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def as_literal(value: Value) -> Literal | None:
    """The Python number that a Literal is, or an array of one known element holds."""
    if isinstance(value, Literal):
        return value
    if isinstance(value, Array) and value.data is not None and value.data.size == 1:
        held = value.attributes.get("literal")
        return held if isinstance(held, Literal) else Literal(value.data.item(), value.place)
    return None


def is_scalar(value: object) -> bool:
    """Whether a plain value is a real number."""
    return isinstance(value, bool | int | float)


def integer(value: object) -> int | None:
    """A plain value as an int; None if it is anything else, has a fraction, or is larger than any extent can be."""
    if not isinstance(value, bool | int | float) or not abs(value) < MAXIMUM_INTEGER:
        return None
    return int(value) if value == int(value) else None


def shape_of(value: Value) -> Shape | None:
    """The shape of an array, or of a (nested) list or tuple of numbers and arrays; None if it is not known."""
    return _nested_shape(value, _leaf_shape, [limits.MAXIMUM_ELEMENTS], 0)


def _leaf_shape(value: Value) -> Shape | None:
    if isinstance(value, Array):
        return value.shape
    return () if isinstance(value, Literal) and isinstance(value.value, bool | int | float | complex) else None


def truth(array: Array) -> bool | None:
    """`bool(array)`: None if it is not known, or an error at run time."""
    return bool(array.data.item()) if array.data is not None and array.data.size == 1 else None


def over_choices(make: Callable[[Sequence[Value]], Value], values: Sequence[Value], place: Place | None) -> Value:
    """Apply `make` for every combination of the alternatives of `values`, and join."""
    if not any(isinstance(value, Choice) for value in values):
        return make(values)
    if math.prod(len(alternatives(value)) for value in values) > MAXIMUM_COMBINATIONS:
        return make([Unknown("differs on too many branches", place) if isinstance(one, Choice) else one for one in values])
    return join(tuple(make(combination) for combination in itertools.product(*map(alternatives, values))))
