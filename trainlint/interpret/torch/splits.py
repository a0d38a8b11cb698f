"""Data sets split at random into parts."""

from __future__ import annotations

import math

from trainlint.interpret.dispatch import Call, function
from trainlint.interpret.torch.common import integer, items_of
from trainlint.interpret.torch.data import MAXIMUM_ROWS, length
from trainlint.interpret.values import List, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge import find


@function("torch.utils.data.random_split")
def _random_split(call: Call) -> Value:
    """`random_split(dataset, [0.8, 0.2])`: a Subset for each length; fractions are floored, the rest goes one by one."""
    dataset, lengths = call.argument(0, "dataset"), call.argument(1, "lengths")
    row = find("torch.utils.data.Subset")
    sizes = items_of(lengths)
    if dataset is None or sizes is None or row is None:
        return call.unknown("a split into parts that are not known")
    counts = _shares(sizes, integer(length(call.interpreter, dataset)))
    parts = []
    for size, count in zip(sizes, counts, strict=True):
        known: Value = Unknown("how large a part is", size.place) if count is None else Literal(count, size.place)
        parts.append(Object(row, {"dataset": dataset}, cells={"length": known}, spelled=call.spelled, place=call.place))
    return List({"items": Tuple(tuple(parts))}, call.place)


def _shares(sizes: tuple[Value, ...], total: int | None) -> list[int | None]:
    values = [one.value if isinstance(one, Literal) else None for one in sizes]
    fractions = [one for one in values if isinstance(one, int | float)]
    if len(fractions) != len(values) or not all(0 <= one <= 1 for one in fractions) or sum(fractions) > 1 + 1e-9:
        return [integer(one) for one in sizes]
    if total is None or total > MAXIMUM_ROWS:
        return [None] * len(values)
    counts = [math.floor(total * fraction) for fraction in fractions]
    for index in range(min(total - sum(counts), len(counts)) if abs(sum(fractions) - 1) < 1e-9 else 0):
        counts[index % len(counts)] += 1
    return list(counts)
