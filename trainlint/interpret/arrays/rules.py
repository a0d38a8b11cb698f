"""The statistics rules of operations: from the arrays that go in to what is known of the entries that come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from trainlint.interpret.arrays import dtypes, limits, statistics as known
from trainlint.interpret.arrays.nodes import integer, is_scalar
from trainlint.interpret.arrays.shapes import axes_of
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Shape, Statistics

StatisticsRule: TypeAlias = "Callable[[Sequence[Array], Mapping[str, Any], Shape | None], Statistics]"

RESIZED = ("resize", "interpolate")
RANGE_DIVISORS = {255.0: 255.0, 256.0: 255.0, 127.5: 255.0, 128.0: 255.0, 65535.0: 65535.0}
"""Divisors by which scripts say that their data are bytes (or 16-bit numbers), and the largest of those."""


def unknown(_inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Nothing can be said."""
    return UNKNOWN_STATISTICS


def kept(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The same entries in another arrangement."""
    return known.without_columns(inputs[0].statistics)


def some(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Some of the entries."""
    return known.part(inputs[0].statistics)


def repeated(inputs: Sequence[Array], attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """The same entries, each as often as the others or not."""
    return (kept if isinstance(attributes.get("repeats"), int) else some)(inputs, attributes, shape)


def rounded(inputs: Sequence[Array], attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Bounds with so many decimals."""
    decimals = attributes.get("decimals") or 0
    if not isinstance(decimals, int):
        return known.between(None, None)
    return known.monotone(inputs[0].statistics, lambda one: np.round(one, decimals), None, None, rising=True)


def enclosed(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Only the bounds of the input."""
    return known.extreme(inputs[0].statistics, inputs[0].statistics, largest=True)


def always(low: float | None, high: float | None) -> StatisticsRule:
    """Bounds that hold for any input."""
    result = known.between(low, high)
    return lambda _inputs, _attributes, _shape: result


def monotone(
    function: Callable[[Any], Any], low: float | None = None, high: float | None = None, *, rising: bool = True
) -> StatisticsRule:
    """The bounds of a rising (or falling) function with the range [low, high]."""
    return lambda inputs, _attributes, _shape: known.monotone(inputs[0].statistics, function, low, high, rising=rising)


def cast(inputs: Sequence[Array], attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Another element type: integers cut off fractions, booleans are 0 and 1."""
    s, target, source = inputs[0].statistics, attributes.get("dtype"), inputs[0].dtype
    kind = dtypes.category(target if isinstance(target, str) else None)
    if kind == 0 and dtypes.category(source) != 0:
        return known.between(0.0, 1.0)
    if kind == 1 and dtypes.category(source) not in (0, 1):
        return known.monotone(s, math.trunc, None, None) if s.low is not None and s.high is not None else UNKNOWN_STATISTICS
    return s


def negative(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """-x."""
    return known.affine(inputs[0].statistics, -1.0, 0.0)


def absolute(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """|x|."""
    return known.absolute(inputs[0].statistics)


def square(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """x^2."""
    return known.square(inputs[0].statistics)


def reciprocal(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """1/x."""
    return known.reciprocal(inputs[0].statistics)


def power(inputs: Sequence[Array], attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The entries x ** exponent."""
    s, exponent = inputs[0].statistics, attributes.get("exponent")
    if not isinstance(exponent, bool | int | float):
        return UNKNOWN_STATISTICS
    if exponent == 1:
        return s
    if exponent == 2:
        return known.square(s)
    if exponent == 0.5:
        return known.monotone(s, math.sqrt, 0.0, None)
    if exponent > 0 and s.low is not None and s.low >= 0:
        return known.monotone(s, lambda number: number**exponent, 0.0, None)
    return UNKNOWN_STATISTICS


def _same_everywhere(left: Array, right: Array) -> tuple[Statistics, Statistics]:
    """Both without columns, unless the other is a single number."""
    one, other = left.statistics, right.statistics
    return (
        one if known.is_constant(other) else known.without_columns(one),
        other if known.is_constant(one) else known.without_columns(other),
    )


def add(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The entries x + y."""
    left, right = _same_everywhere(inputs[0], inputs[1])
    return known.add(left, right, independent=known.independent(inputs[0], inputs[1]))


def subtract(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The entries x - y."""
    left, right = _same_everywhere(inputs[0], inputs[1])
    return known.add(left, known.affine(right, -1.0, 0.0), independent=known.independent(inputs[0], inputs[1]))


def multiply(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The entries x * y; a product of an array with itself is its square."""
    x, y = inputs[0], inputs[1]
    if x is y:
        return known.square(x.statistics)
    for one, other in ((x, y), (y, x)):
        factor = other.statistics.low
        if factor and known.is_constant(other.statistics) and one.statistics == UNKNOWN_STATISTICS:
            return declared_range(one, 1 / factor)
    left, right = _same_everywhere(x, y)
    return known.multiply(left, right, independent=known.independent(x, y))


def divide(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The entries x / y, and the scalings that scripts write as a division: by 255, by the deviation, by the range."""
    x, y = inputs[0], inputs[1]
    divisor = y.statistics.low
    if divisor and known.is_constant(y.statistics):
        if x.statistics == UNKNOWN_STATISTICS:
            return declared_range(x, divisor)
        return replace(known.affine(x.statistics, 1 / divisor, 0.0), known=known.weakest(x.statistics.known, y.statistics.known))
    scaled = _standardized(x, y) or _ranged(x, y)
    if scaled is not None:
        return scaled
    left, right = _same_everywhere(x, y)
    return known.multiply(left, known.reciprocal(right), independent=known.independent(x, y))


def declared_range(x: Array, divisor: float) -> Statistics:
    """What dividing an unknown array by 255 (127.5, 65535, ...) declares: whole numbers from 0, after any shift before."""
    top = next((top for number, top in RANGE_DIVISORS.items() if math.isclose(number, divisor, rel_tol=1e-6)), None)
    if top is None or x.symbolic:
        return UNKNOWN_STATISTICS
    offset = 0.0
    while x.op == "cast" and isinstance(x.inputs[0], Array):
        x = x.inputs[0]
    if x.op in ("add", "subtract"):
        moved = x.inputs[1]
        if not isinstance(moved, Array) or not known.is_constant(moved.statistics) or moved.statistics.low is None:
            return UNKNOWN_STATISTICS
        offset = moved.statistics.low if x.op == "add" else -moved.statistics.low
    elif x.op not in ("data", "getitem", "reshape", "expand_dims", "transpose", "squeeze", "concatenate", "stack", *RESIZED):
        return UNKNOWN_STATISTICS
    return known.affine(known.between(0.0, top), 1 / divisor, offset / divisor)


def _peeled(array: Array) -> Array:
    """Without what keeps a divisor from being zero: `std + 1e-8`, `maximum(std, 1e-8)`, casts and reshapes."""
    while array.op in ("add", "maximum", "clip", "cast", "reshape", "expand_dims", "where") and array.inputs:
        varying = [one for one in array.inputs if isinstance(one, Array) and not known.is_constant(one.statistics)]
        if len(varying) != 1:
            return array
        array = varying[0]
    return array


def _subtracted(x: Array, op: str) -> Array | None:
    """The array of which `op` was subtracted: a in a - op(b)."""
    if x.op != "subtract" or len(x.inputs) != 2:
        return None
    left, right = x.inputs
    return left if isinstance(left, Array) and isinstance(right, Array) and _peeled(right).op == op else None


def _standardized(x: Array, y: Array) -> Statistics | None:
    """(a - mean(b)) / std(b)."""
    divisor = _peeled(y)
    if divisor.op == "sqrt" and isinstance(divisor.inputs[0], Array):
        divisor = _peeled(divisor.inputs[0])
    whole = _subtracted(x, "mean")
    return known.STANDARD if whole is not None and not whole.symbolic and divisor.op in ("std", "var") else None


def _ranged(x: Array, y: Array) -> Statistics | None:
    """(a - min(b)) / (max(b) - min(b)), and a / max(b)."""
    divisor = _peeled(y)
    top = _subtracted(divisor, "min")
    whole = _subtracted(x, "min")
    if whole is not None and not whole.symbolic and (divisor.op == "ptp" or (top is not None and _peeled(top).op == "max")):
        return known.between(0.0, 1.0)
    if divisor.op == "max" and not x.symbolic:
        below = _peeled(divisor.inputs[0]) if isinstance(divisor.inputs[0], Array) else divisor
        low = -1.0 if below.op == "abs" else None
        return known.between(0.0 if x.statistics.low is not None and x.statistics.low >= 0 else low, 1.0)
    return None


def maximum(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The larger of two."""
    return known.extreme(inputs[0].statistics, inputs[1].statistics, largest=True)


def minimum(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The smaller of two."""
    return known.extreme(inputs[0].statistics, inputs[1].statistics, largest=False)


def clip(inputs: Sequence[Array], attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """The entries x limited to [low, high]."""
    low, high = attributes.get("low"), attributes.get("high")
    if not all(one is None or is_scalar(one) for one in (low, high)):
        return UNKNOWN_STATISTICS
    return known.clip(inputs[0].statistics, low, high)


def where(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Entries of the one or the other."""
    parts = [known.between(one.statistics.low, one.statistics.high, one.statistics.known) for one in inputs[1:3]]
    return known.hull(parts, (None, None)) if len(parts) == 2 else UNKNOWN_STATISTICS


def joined(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """All entries of all inputs."""
    return known.hull([one.statistics for one in inputs], [limits.size(one.shape) for one in inputs])


def _group(x: Array, attributes: Mapping[str, Any]) -> int | None:
    """How many entries of the input go into each one of a reduction's result."""
    if x.shape is None:
        return None
    axes = axes_of(attributes.get("axis"), len(x.shape))
    return None if axes is None else limits.size([x.shape[one] for one in axes])


def mean(inputs: Sequence[Array], _attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """Averages of groups of equal size: their average is that of all."""
    s = inputs[0].statistics
    if shape == () and s.mean is not None and s.known != "declared":
        return known.of_constant(s.mean, s.known)
    result = known.extreme(s, s, largest=True)
    return known.settled(replace(result, mean=s.mean)) if s.known != "unknown" else UNKNOWN_STATISTICS


def total(inputs: Sequence[Array], attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """Sums of n entries: n times their averages."""
    count = _group(inputs[0], attributes)
    return UNKNOWN_STATISTICS if count is None else known.affine(mean(inputs, attributes, shape), float(count), 0.0)


def largest(inputs: Sequence[Array], _attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """The largest entries of groups."""
    s = inputs[0].statistics
    if shape == () and s.high is not None and s.known in ("typical", "exact"):
        return known.of_constant(s.high, s.known)
    return known.extreme(s, s, largest=True)


def smallest(inputs: Sequence[Array], _attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """The smallest entries of groups."""
    s = inputs[0].statistics
    if shape == () and s.low is not None and s.known in ("typical", "exact"):
        return known.of_constant(s.low, s.known)
    return known.extreme(s, s, largest=False)


def deviation(inputs: Sequence[Array], _attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """Standard deviations: never negative, sqrt(E[x^2] - E[x]^2) over all entries."""
    s = inputs[0].statistics
    if shape == () and s.known == "typical" and s.mean is not None and s.second_moment is not None:
        return known.of_constant(math.sqrt(max(s.second_moment - s.mean**2, 0.0)), s.known)
    return known.between(0.0, None)


def variance(inputs: Sequence[Array], attributes: Mapping[str, Any], shape: Shape | None) -> Statistics:
    """The squares of `deviation`."""
    s = deviation(inputs, attributes, shape)
    return known.of_constant(s.low**2, s.known) if s.low is not None and known.is_constant(s) else s


def position(inputs: Sequence[Array], attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Indices 0..n-1 along an axis of n."""
    count = _group(inputs[0], attributes)
    return known.between(0.0, None if count is None else float(max(count - 1, 0)))


def one_hot(_inputs: Sequence[Array], attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """One 1 among `classes` entries."""
    classes = integer(attributes.get("classes"))
    if not classes or classes < 0:
        return known.between(0.0, 1.0)
    return Statistics(0.0, 1.0, 1 / classes, 1 / classes, "declared")


def matmul(inputs: Sequence[Array], _attributes: Mapping[str, Any], _shape: Shape | None) -> Statistics:
    """Independent draws x (mean m, mean square s) by known weights w: mean m*S1 and variance (s - m^2)*S2 of each column.

    S1 is the column's sum and S2 its sum of squares. Bounds are those of the sum of products of the bounds.
    """
    x, w = inputs[0], inputs[1]
    s = x.statistics
    if w.data is None or w.data.dtype.kind not in "biuf" or w.data.ndim not in (1, 2) or w.data.size == 0 or s.known == "unknown":
        return UNKNOWN_STATISTICS
    with np.errstate(all="ignore"):
        weights = w.data.astype(np.float64)
        low = high = None
        if s.low is not None and s.high is not None:
            ends = np.stack([s.low * weights, s.high * weights])
            low, high = float(ends.min(0).sum(0).min()), float(ends.max(0).sum(0).max())
        average = moment = None
        if s.mean is not None and s.second_moment is not None and known.is_drawn_alike(x):
            sums, squares = weights.sum(0), (weights * weights).sum(0)
            average = float(np.mean(s.mean * sums))
            moment = float(np.mean((s.second_moment - s.mean**2) * squares + (s.mean * sums) ** 2))
    return known.settled(Statistics(low, high, average, moment, known.weakest("declared", s.known)))
