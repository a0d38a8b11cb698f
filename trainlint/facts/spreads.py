"""How far the numbers of inputs or targets spread, by what is known of them: their extremes, else their moments."""

from __future__ import annotations

from trainlint.facts.run import DataFacts

TOLERANCE = 1e-6


def beyond(data: DataFacts, low: float, high: float) -> bool:
    """Whether some numbers surely lie outside of a range: by their extremes, else by their mean and variance.

    Numbers within [low, high] have a variance of at most (high - mean)(mean - low) (Bhatia and Davis 2000).
    """
    if (data.low is not None and data.low < low - TOLERANCE) or (data.high is not None and data.high > high + TOLERANCE):
        return True
    if data.low is not None or data.second_moment is None or data.mean is None:
        return data.low is None and data.second_moment is not None and data.second_moment > max(low**2, high**2) + TOLERANCE
    above, below = high - data.mean, data.mean - low
    if below <= TOLERANCE or above <= TOLERANCE:
        return min(above, below) < -TOLERANCE or variance(data) > TOLERANCE
    return variance(data) > above * below + TOLERANCE


def variance(data: DataFacts) -> float:
    """The variance, where mean and second moment are known."""
    return (data.second_moment or 0.0) - (data.mean or 0.0) ** 2


def two_valued(data: DataFacts) -> bool:
    """Whether all numbers are one of two whole numbers, the extremes: the variance is the largest that the range allows."""
    low, high, mean = data.low, data.high, data.mean
    if low is None or high is None or mean is None or data.second_moment is None or low >= high or low % 1 or high % 1:
        return False
    return abs(variance(data) - (high - mean) * (mean - low)) < TOLERANCE
