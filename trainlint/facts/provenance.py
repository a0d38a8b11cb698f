"""How data came about: which scalings, orders of rows and parts lie between the raw numbers and what a run is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.interpret.values import Array, Literal, Object, Unknown, Value

MAXIMUM_ARRAYS = 2_000
"""Arrays that are looked at upstream of one."""

KEEPS_NUMBERS = frozenset(
    {
        *("reshape", "flatten", "transpose", "squeeze", "expand_dims", "cast", "getitem", "batch", "copy", "shuffle", "expand"),
        *("detach", "split", "stack", "flip", "identity", "resample", "resize", "interpolate"),
    }
)
"""Operations that leave every number as it is (resizing: its range)."""

FITTED_KINDS = frozenset({"standard", "range", "largest", "robust", "power", "quantile", "components", "imputed", "selected"})
"""Scalers that remember what they were fitted on (not `Normalizer`, which scales each row by itself)."""


class Scaling(NamedTuple):
    """One scaling on the way: by a constant `factor` (what the numbers are multiplied by), or by a fitted `scaler`."""

    array: Array
    factor: float | None = None
    fitted: Value | None = None
    kind: str = ""

    @property
    def place(self) -> Place | None:
        """Where the script scales."""
        return self.array.place


class Course(NamedTuple):
    """The way of some data from where they are read: `leaf`, the scalings in order, and whether all of it was followed."""

    leaf: Array
    scalings: tuple[Scaling, ...]
    followed: bool

    @property
    def factor(self) -> float:
        """What constant scalings multiply the numbers by."""
        product = 1.0
        for one in self.scalings:
            product *= one.factor if one.factor is not None else 1.0
        return product

    @property
    def fitted(self) -> tuple[Scaling, ...]:
        """The scalings by something fitted."""
        return tuple(one for one in self.scalings if one.factor is None)


def lineage(value: Value | None) -> Iterator[Array]:
    """An array and every array it was made of, each once, nearest first."""
    seen: set[int] = set()
    waiting: list[Value | None] = [value]
    while waiting and len(seen) < MAXIMUM_ARRAYS:
        one = waiting.pop(0)
        if isinstance(one, Array) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting.extend(one.inputs)


def main_path(value: Value | None) -> Iterator[Array]:
    """An array and what it was made of along its first array, up to the leaf."""
    for _ in range(MAXIMUM_ARRAYS):
        if not isinstance(value, Array):
            return
        yield value
        held = [one for one in value.inputs if isinstance(one, Array)]
        value = next((one for one in held if one.shape != ()), held[0] if held else None)


def course_of(value: Value | None, since: Array | None = None) -> Course | None:
    """The course of an array from its leaf, or from the array `since` that it was made of; None of what is no array."""
    scalings: list[Scaling] = []
    last: Array | None = None
    followed = True
    for one in main_path(value):
        last = one
        scaling = scaling_of(one)
        if one is since:
            return Course(one, tuple(reversed(scalings)), followed)
        if scaling is not None:
            scalings.append(scaling)
        elif one.op not in KEEPS_NUMBERS and one.op not in ("data", "constant", "random", "resample"):
            followed = False
    if last is None:
        return None
    source = last.attributes.get("source")
    followed = followed and last.op in ("data", "constant") and not isinstance(source, Unknown)
    return Course(last, tuple(reversed(scalings)), followed)


def factor_of_bytes(value: Value | None) -> float | None:
    """What bytes were multiplied by in all, shifted or not, also by computed numbers (`x.std()`); None if not followed."""
    path, product = list(main_path(value)), 1.0
    if not path or not holds_bytes(path[-1]):
        return None
    for one in path[:-1]:
        factor = _factor_of(one)
        if factor is None:
            return None
        product *= factor
    return product


def _factor_of(array: Array) -> float | None:
    """What a shift or a scaling by one number multiplies by; 1 for what keeps the numbers."""
    if array.op in KEEPS_NUMBERS:
        return 1.0
    if array.op == "rescaling":
        scaling = scaling_of(array)
        return None if scaling is None else scaling.factor
    variance = array.attributes.get("variance") if array.op == "normalization" else None
    if isinstance(variance, tuple) and variance:
        return float((sum(variance) / len(variance)) ** -0.5)
    if array.op not in ("add", "subtract", "multiply", "divide") or len(array.inputs) != 2:
        return None
    number = computed_number(array.inputs[1])
    if number is None or (array.op == "divide" and not number):
        return None
    return {"multiply": number, "divide": 1 / number if number else None}.get(array.op, 1.0)


def computed_number(value: Value) -> float | None:
    """The number that a value is, computed from typical data or written: one that has no range."""
    if not isinstance(value, Array):
        return constant_number(value)
    bounds, single = value.statistics, value.shape is not None and all(side == 1 for side in value.shape)
    return bounds.low if single and bounds.low is not None and bounds.low == bounds.high else None


def scaling_of(array: Array) -> Scaling | None:
    """The scaling that an operation is: by a constant number, or by a fitted scaler."""
    if array.op == "scale":
        kind = str(array.attributes.get("kind", ""))
        return Scaling(array, None, array.inputs[-1] if array.inputs else None, kind) if kind in FITTED_KINDS else None
    if array.op == "rescaling":
        factor = array.attributes.get("scale")
        return Scaling(array, float(factor)) if isinstance(factor, int | float) and factor else None
    if array.op not in ("multiply", "divide") or len(array.inputs) != 2:
        return None
    number = constant_number(array.inputs[1])
    if number is None and array.op == "multiply":
        number = constant_number(array.inputs[0])
    if not number:
        return None
    return Scaling(array, 1 / number if array.op == "divide" else number)


def fitted_on_itself(scaled: Array) -> bool:
    """Whether a scaler scaled the very data that it was fitted on. What is fitted out of sight is not."""
    return len(scaled.inputs) == 1 and not scaled.attributes.get("fitted_elsewhere")


def constant_number(value: Value | None) -> float | None:
    """The number that a value is, if it is one known number."""
    if isinstance(value, Literal) and isinstance(value.value, int | float):
        return float(value.value) if abs(value.value) < 1e300 else None
    if isinstance(value, Array) and value.op == "constant" and value.data is not None and value.data.size == 1:
        return float(value.data.item()) if value.data.dtype.kind in "biuf" else None
    return None


def holds_bytes(array: Array) -> bool:
    """Whether an array surely holds numbers of 0 to 255."""
    statistics = array.statistics
    return statistics.low is not None and statistics.low >= 0 and statistics.high == 255


def made_at_random(value: Value | None) -> bool:
    """Whether an array is a random order or choice of rows."""
    return any(one.op == "random" and one.attributes.get("distribution") in ("permutation", "choice") for one in main_path(value))


def source_object(value: Value | None) -> Object | None:
    """The library object (generator, loader) that a batch of data comes from."""
    for one in main_path(value):
        for name in ("loader", "generator", "source"):
            held = one.attributes.get(name)
            if isinstance(held, Object):
                return held
    return None


def is_positions(value: Value | None) -> bool:
    """Whether an array holds positions by construction: an order of sorting, what is not zero, a range."""
    names = ("argsort", "nonzero", "where", "arange", "argmax", "argmin", "argpartition", "unique")
    if any(one.op in names for one in lineage(value)) or made_at_random(value):
        return True
    whole = value.data if isinstance(value, Array) else None
    return whole is not None and whole.ndim == 1 and sorted(whole.tolist()) == list(range(whole.size))
