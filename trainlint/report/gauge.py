"""A learning rate against its bound, in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trainlint.wording import figure

WIDTH = 28


def gauge(numbers: Mapping[str, float]) -> str | None:
    """`0.001 ├─────────┃──●────┤ 0.1  ● lr 0.01 is 1.23 × ┃ bound 0.0081` on a logarithmic scale; None without rate and bound.

    The scale runs over whole powers of ten, with at least half a power of room on either side of both marks.
    """
    rate, bound = numbers.get("learning_rate"), numbers.get("max_learning_rate")
    if rate is None or bound is None or not (0 < rate < math.inf and 0 < bound < math.inf):
        return None
    low = math.floor(math.log10(min(rate, bound)) - 0.5)
    high = math.ceil(math.log10(max(rate, bound)) + 0.5)
    axis = ["─"] * WIDTH
    bound_at, rate_at = (round((math.log10(one) - low) / (high - low) * (WIDTH - 1)) for one in (bound, rate))
    if bound_at == rate_at:  # both marks must be seen, on the side where they belong
        rate_at += 1 if rate > bound else -1
    axis[bound_at], axis[rate_at] = "┃", "●"
    ratio = figure(rate / bound, 3)
    return f"{_power(low)} ├{''.join(axis)}┤ {_power(high)}  ● lr {figure(rate, 3)} is {ratio} × ┃ bound {figure(bound, 3)}"


def _power(exponent: int) -> str:
    return figure(10.0**exponent) if -4 <= exponent <= 3 else f"1e{exponent}"
