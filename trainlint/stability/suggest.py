"""The learning rate to write instead."""

from __future__ import annotations

import math


def round_down_125(value: float) -> float | None:
    """The largest of {1, 2, 5} * 10^k that is not above `value`; None for what is not positive and finite."""
    if not 0 < value < math.inf or value < 1e-300:
        return None
    exponent = math.floor(math.log10(value))
    candidates = (float(f"{digit}e{power}") for power in (exponent + 1, exponent, exponent - 1) for digit in (5, 2, 1))
    return next((one for one in candidates if one <= value), None)


def suggested_learning_rate(bound: float) -> float | None:
    """Half the bound, rounded down to a number that people write: 0.0080972 gives 0.002, 0.02 gives 0.01."""
    return round_down_125(bound / 2)
