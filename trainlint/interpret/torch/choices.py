"""A sample of one of several data sets: what is true of all of them."""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret.torch.common import items_of
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Shape, Statistics, Tuple, Unknown, Value

TRUST = ("exact", "declared", "typical", "unknown")


def any_of(samples: tuple[Value, ...], place: Place | None) -> Value:
    """What stands for whichever of the samples it is: extents, types and ranges that they have in common."""
    arrays = [one for one in samples if isinstance(one, Array)]
    if samples and len(arrays) == len(samples):
        dtype = arrays[0].dtype if len({one.dtype for one in arrays}) == 1 else None
        attributes = {"source": "one of several data sets"}
        statistics = _common(tuple(one.statistics for one in arrays))
        return Array("data", (), attributes, _shape([one.shape for one in arrays]), dtype, "torch", None, statistics, place=place)
    parts = [items_of(one) or () for one in samples]
    counts = {len(one) for one in parts}
    if len(counts) == 1 and counts != {0}:
        return Tuple(tuple(any_of(tuple(one), place) for one in zip(*parts, strict=True)), place)
    return Unknown("one of several data sets", place)


def _shape(shapes: list[Shape | None]) -> Shape | None:
    known = [one for one in shapes if one is not None]
    if len(known) < len(shapes) or len({len(one) for one in known}) != 1:
        return None
    return tuple(extents[0] if len(set(extents)) == 1 else None for extents in zip(*known, strict=True))


def _common(several: tuple[Statistics, ...]) -> Statistics:
    """The range that holds all of them; means and moments only where they agree."""
    lows = [one.low for one in several if one.low is not None]
    highs = [one.high for one in several if one.high is not None]
    if len(lows) < len(several) or len(highs) < len(several):
        return UNKNOWN_STATISTICS
    moments = {(one.mean, one.second_moment) for one in several}
    mean, square = moments.pop() if len(moments) == 1 else (None, None)
    known = max((one.known for one in several), key=TRUST.index)
    return Statistics(min(lows), max(highs), mean, square, known)
