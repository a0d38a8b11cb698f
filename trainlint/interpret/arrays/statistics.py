"""What is known of the entries of an array: intervals and first two moments, and how they pass through arithmetic.

`mean` and `second_moment` are averages over all entries. Bounds of a result enclose its entries; a moment is given only where
it follows: through affine maps, for averages of equal groups, and for products of independent random arrays.
`known` of a result is that of the least known input.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Statistics, Value

TRUST = ("exact", "declared", "typical", "unknown")
MAXIMUM_COLUMNS = 256
STANDARD = Statistics(mean=0.0, second_moment=1.0, known="declared")
"""What a standardization gives: mean 0 and variance 1 in every column."""


def of_data(data: np.ndarray[Any, Any]) -> Statistics:
    """The exact statistics of known entries; unknown if there are none, or one is not a finite real number."""
    if data.size == 0 or data.dtype.kind not in "biuf":
        return UNKNOWN_STATISTICS
    with np.errstate(all="ignore"):
        entries = data.astype(np.float64)
        squares = entries * entries
        low, high, mean, moment = (float(one) for one in (entries.min(), entries.max(), entries.mean(), squares.mean()))
        if not all(map(math.isfinite, (low, high, mean, moment))):
            return UNKNOWN_STATISTICS
        columns: tuple[tuple[float, float, float, float], ...] = ()
        if data.ndim >= 2 and data.shape[-1] <= MAXIMUM_COLUMNS:
            flat, flat_squares = entries.reshape(-1, data.shape[-1]), squares.reshape(-1, data.shape[-1])
            parts = (flat.min(0), flat.max(0), flat.mean(0), flat_squares.mean(0))
            columns = tuple(zip(*(part.tolist() for part in parts), strict=True))
    return Statistics(low, high, mean, moment, "exact", columns)


def of_constant(value: float, known: str = "exact") -> Statistics:
    """Every entry is `value`."""
    value = float(value)
    return Statistics(value, value, value, _finite(value * value), known) if math.isfinite(value) else UNKNOWN_STATISTICS


def between(low: float | None, high: float | None, known: str = "declared") -> Statistics:
    """Entries lie in [low, high]; nothing else is known."""
    return settled(Statistics(low, high, known=known))


def uniform(low: float, high: float) -> Statistics:
    """Entries drawn evenly from [low, high): mean (low + high)/2, mean square (low^2 + low*high + high^2)/3."""
    moment = (low * low + low * high + high * high) / 3
    return settled(Statistics(low, high, (low + high) / 2, moment, "declared"))


def normal(mean: float, deviation: float) -> Statistics:
    """Entries drawn from a normal distribution: mean square mean^2 + deviation^2."""
    return settled(Statistics(None, None, mean, mean * mean + deviation * deviation, "declared"))


def integers(low: int, high: int) -> Statistics:
    """Whole numbers drawn evenly from low..high, both included: variance (n^2 - 1)/12 of n values."""
    count, mean = high - low + 1, (low + high) / 2
    return settled(Statistics(float(low), float(high), mean, mean * mean + (count * count - 1) / 12, "declared"))


def settled(statistics: Statistics) -> Statistics:
    """The same with numbers that are not finite left out, and nothing known if none is left."""
    low, high, mean, moment = (
        _finite(one) for one in (statistics.low, statistics.high, statistics.mean, statistics.second_moment)
    )
    if low is None and high is None and mean is None and moment is None:
        return UNKNOWN_STATISTICS
    columns = statistics.columns if all(math.isfinite(one) for column in statistics.columns for one in column) else ()
    return Statistics(low, high, mean, moment, statistics.known, columns)


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None


def weakest(*known: str) -> str:
    """The least trustworthy of several."""
    return max(known, key=TRUST.index, default="unknown")


def _derived(*inputs: Statistics) -> str:
    """How well an enclosure computed from inputs is known: exact numbers only enclose, so they count as declared."""
    known = weakest(*(one.known for one in inputs))
    return "declared" if known == "exact" else known


def is_constant(statistics: Statistics) -> bool:
    """Whether every entry is one and the same known number."""
    return statistics.low is not None and statistics.low == statistics.high


def affine(statistics: Statistics, factor: float, offset: float) -> Statistics:
    """The statistics of factor*x + offset."""
    if not (math.isfinite(factor) and math.isfinite(offset)):
        return UNKNOWN_STATISTICS
    s = statistics
    ends = [None if one is None else factor * one + offset for one in (s.low, s.high)]
    if factor < 0:
        ends.reverse()
    mean = None if s.mean is None else factor * s.mean + offset
    moment = None
    if s.second_moment is not None and (s.mean is not None or offset == 0 or factor == 0):
        moment = factor * factor * s.second_moment + 2 * factor * offset * (s.mean or 0.0) + offset * offset
    columns = tuple(_affine_column(column, factor, offset) for column in s.columns)
    return settled(Statistics(ends[0], ends[1], mean, moment, s.known, columns))


def _affine_column(column: tuple[float, float, float, float], factor: float, offset: float) -> tuple[float, float, float, float]:
    low, high, mean, moment = column
    ends = sorted((factor * low + offset, factor * high + offset))
    return (ends[0], ends[1], factor * mean + offset, factor * factor * moment + 2 * factor * offset * mean + offset * offset)


def add(left: Statistics, right: Statistics, *, independent: bool = False) -> Statistics:
    """The statistics of x + y."""
    for one, other in ((left, right), (right, left)):
        if other.low is not None and other.low == other.high:
            return replace(affine(one, 1.0, other.low), known=weakest(one.known, other.known))
    mean = None if left.mean is None or right.mean is None else left.mean + right.mean
    moment = None
    if independent and mean is not None and left.second_moment is not None and right.second_moment is not None:
        moment = left.second_moment + 2 * (left.mean or 0.0) * (right.mean or 0.0) + right.second_moment
    return settled(Statistics(_sum(left.low, right.low), _sum(left.high, right.high), mean, moment, _derived(left, right)))


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def multiply(left: Statistics, right: Statistics, *, independent: bool = False) -> Statistics:
    """The statistics of x * y, entry by entry."""
    for one, other in ((left, right), (right, left)):
        if other.low is not None and other.low == other.high:
            return replace(affine(one, other.low, 0.0), known=weakest(one.known, other.known))
    mean = moment = None
    if independent and left.mean is not None and right.mean is not None:
        mean = left.mean * right.mean
    if independent and left.second_moment is not None and right.second_moment is not None:
        moment = left.second_moment * right.second_moment
    low, high = _product(left, right)
    return settled(Statistics(low, high, mean, moment, _derived(left, right)))


def _product(left: Statistics, right: Statistics) -> tuple[float | None, float | None]:
    if left.low is None or left.high is None or right.low is None or right.high is None:
        positive = left.low is not None and right.low is not None and left.low >= 0 and right.low >= 0
        return (left.low * right.low if positive and left.low is not None and right.low is not None else None), None
    ends = [one * other for one in (left.low, left.high) for other in (right.low, right.high)]
    return min(ends), max(ends)


def reciprocal(statistics: Statistics) -> Statistics:
    """The statistics of 1/x; only bounds, and only where zero is excluded."""
    s = statistics
    if s.low is None or s.high is None or s.low <= 0 <= s.high:
        return UNKNOWN_STATISTICS
    if s.low == s.high:
        return replace(of_constant(1 / s.low), known=s.known)
    return between(1 / s.high, 1 / s.low, _derived(s))


def square(statistics: Statistics) -> Statistics:
    """The statistics of x^2: its mean is the second moment."""
    s = statistics
    if s.low is None or s.high is None:
        return settled(Statistics(0.0, None, s.second_moment, None, _derived(s))) if s.known != "unknown" else between(0.0, None)
    ends = (s.low * s.low, s.high * s.high)
    low = 0.0 if s.low <= 0 <= s.high else min(ends)
    return settled(Statistics(low, max(ends), s.second_moment, None, _derived(s)))


def absolute(statistics: Statistics) -> Statistics:
    """The statistics of |x|: the second moment stays."""
    s = statistics
    if s.low is not None and s.low >= 0:
        return s
    if s.low is None or s.high is None:
        return replace(between(0.0, None, "declared" if s.known == "unknown" else _derived(s)), second_moment=s.second_moment)
    low = 0.0 if s.high >= 0 else -s.high
    return settled(Statistics(low, max(-s.low, s.high), None, s.second_moment, _derived(s)))


def monotone(
    statistics: Statistics, function: Callable[[float], float], low: float | None, high: float | None, *, rising: bool = True
) -> Statistics:
    """The bounds of f(x) for a rising (or falling) f whose own range is [low, high]."""
    s = statistics
    ends = [_apply(function, s.low), _apply(function, s.high)]
    if is_constant(s) and ends[0] is not None:
        return of_constant(ends[0], s.known)
    if not rising:
        ends.reverse()
    known = "declared" if s.known in ("exact", "unknown") else s.known
    return between(low if ends[0] is None else ends[0], high if ends[1] is None else ends[1], known)


def _apply(function: Callable[[float], float], number: float | None) -> float | None:
    if number is None:
        return None
    with np.errstate(all="ignore"):
        try:
            return _finite(float(function(number)))
        except (ArithmeticError, ValueError):
            return None


def clip(statistics: Statistics, low: float | None, high: float | None) -> Statistics:
    """The bounds of x limited to [low, high]; if no entry lies outside, everything is as before."""
    s = statistics
    if s.low is not None and s.high is not None and (low is None or low <= s.low) and (high is None or s.high <= high):
        return s
    ends = []
    for one in (s.low, s.high):
        number = one
        if number is not None:
            number = number if low is None else max(number, low)
            number = number if high is None else min(number, high)
        ends.append(number)
    known = "declared" if s.known in ("exact", "unknown") else s.known
    return between(low if ends[0] is None else ends[0], high if ends[1] is None else ends[1], known)


def extreme(left: Statistics, right: Statistics, *, largest: bool) -> Statistics:
    """The bounds of the larger (or smaller) of x and y."""
    pick: Callable[..., float] = max if largest else min
    ends = []
    for one, other, decides in ((left.low, right.low, largest), (left.high, right.high, not largest)):
        known = [number for number in (one, other) if number is not None]
        # The larger of two is at least either low end, but at most their high ends only if both are known.
        ends.append(pick(known) if len(known) == 2 or (known and decides) else None)
    known_as = "declared" if "unknown" in (left.known, right.known) else _derived(left, right)
    return between(ends[0], ends[1], known_as)


def hull(parts: Sequence[Statistics], weights: Sequence[int | None]) -> Statistics:
    """The statistics of several arrays put together, of so many entries each (None: not known)."""
    if not parts or any(one.known == "unknown" for one in parts):
        return UNKNOWN_STATISTICS
    lows, highs = [one.low for one in parts], [one.high for one in parts]
    low = None if None in lows else min(one for one in lows if one is not None)
    high = None if None in highs else max(one for one in highs if one is not None)
    mean, moment = (_average([getattr(one, name) for one in parts], weights) for name in ("mean", "second_moment"))
    return settled(Statistics(low, high, mean, moment, weakest(*(one.known for one in parts))))


def _average(numbers: Sequence[float | None], weights: Sequence[int | None]) -> float | None:
    if None in numbers:
        return None
    known = [one for one in numbers if one is not None]
    if len(set(known)) == 1:
        return known[0]
    counts = [one for one in weights if one is not None]
    if len(counts) < len(known) or not sum(counts):
        return None
    return sum(one * count for one, count in zip(known, counts, strict=True)) / sum(counts)


def part(statistics: Statistics) -> Statistics:
    """What is still known of some of the entries: bounds; the moments of data drawn alike (declared, typical) are kept."""
    if statistics.known in ("declared", "typical") or is_constant(statistics):
        return replace(statistics, columns=())
    return between(statistics.low, statistics.high) if statistics.known == "exact" else statistics


def without_columns(statistics: Statistics) -> Statistics:
    """The same after the entries moved: columns are no longer told apart."""
    return replace(statistics, columns=()) if statistics.columns else statistics


_ELEMENTWISE = {"add", "subtract", "multiply", "divide", "negative", "cast", "power", "square", "abs", "exp", "reshape", "clip"}
MAXIMUM_WALK = 64


def _random_leaves(array: Array) -> set[int] | None:
    """The identities of the random arrays that an array is computed from; None if the graph below is too large to look at."""
    leaves: set[int] = set()
    seen: set[int] = set()
    stack: list[Value] = [array]
    while stack:
        one = stack.pop()
        if id(one) in seen or not isinstance(one, Array):
            continue
        seen.add(id(one))
        if len(seen) > MAXIMUM_WALK:
            return None
        if one.op == "random":
            leaves.add(id(one))
        stack.extend(one.inputs)
    return leaves


def is_drawn_alike(array: Array, depth: int = 0) -> bool:
    """Whether the entries are independent draws of one distribution: a random array, or a function of each entry of one."""
    if array.op == "random":
        return array.attributes.get("distribution") != "permutation"
    if array.op not in _ELEMENTWISE or depth > 8:
        return False
    arrays = [one for one in array.inputs if isinstance(one, Array)]
    varying = [one for one in arrays if not is_constant(one.statistics)]
    return len(varying) == 1 and len(arrays) == len(array.inputs) and is_drawn_alike(varying[0], depth + 1)


def independent(left: Array, right: Array) -> bool:
    """Whether the averages of products of entries are products of averages: one side random, nothing random in common."""
    if not (is_drawn_alike(left) or is_drawn_alike(right)):
        return False
    first, second = _random_leaves(left), _random_leaves(right)
    return first is not None and second is not None and not first & second
