"""The rows of the table for small batches, each against training the same regression here with numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.stability.graphs import regression, run
from trainlint.core import Evidence
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

X = np.arange(1.0, 21.0)
SHARPNESS = ((X**2).mean() + 1) + math.sqrt(((X**2).mean() - 1) ** 2 + 4 * X.mean() ** 2)


def judged(rate: float, batch: int, momentum: float = 0.0) -> StabilityBound:
    from trainlint.core import Fact

    found = stability(run(regression(X, (X / 2)[:, None]), rate, batch=batch, epochs=200, momentum=Fact(momentum)))
    assert isinstance(found, StabilityBound)
    return found


def blown_up(rate: float, batch: int, seed: int, momentum: float = 0.0) -> bool:
    """Whether 200 epochs of Keras' rule end above 100 times the first loss."""
    rng = np.random.default_rng(seed)
    w, m = rng.uniform(-1.7, 1.7, 2) * (1, 0), np.zeros(2)
    features = np.stack([X, np.ones(20)])
    first = float(((w @ features - X / 2) ** 2).mean())
    with np.errstate(all="ignore"):
        for _ in range(200):
            order = rng.permutation(20)
            for begin in range(0, 20, batch):
                rows = order[begin : begin + batch]
                error = w @ features[:, rows] - X[rows] / 2
                m = momentum * m - rate * 2 * features[:, rows] @ error / len(rows)
                w = w + m
        last = float(((w @ features - X / 2) ** 2).mean())
    return not math.isfinite(last) or last > 100 * first


@pytest.mark.parametrize(
    ("share", "batch", "momentum"), [(1.6, 4, 0.0), (1.6, 16, 0.0), (0.3, 4, 0.0), (0.6, 16, 0.0), (1.0, 4, 0.9), (0.02, 4, 0.9)]
)
def test_the_verdict_is_what_happens(share: float, batch: int, momentum: float) -> None:
    rate = share * 2 / SHARPNESS
    found = judged(rate, batch, momentum)
    blown = sum(blown_up(rate, batch, seed, momentum) for seed in range(5))
    assert found.batch == f"batches of {batch}"
    assert blown in (0, 4, 5)
    assert found.verdict == ("diverges" if blown else "stable")
    assert found.evidence in (Evidence.SIMULATED, Evidence.PROVED)


def test_one_row_at_a_time_is_the_product_over_an_epoch() -> None:
    """One weight: an epoch multiplies the error by the product of 1 - lr * 2 * x**2, in whatever order."""
    x = np.arange(20.0)
    for rate, verdict in ((0.01, "diverges"), (0.003, "stable")):
        found = stability(run(regression(x, bias=False), rate, batch=1))
        assert isinstance(found, StabilityBound)
        product = float(np.prod(1 - rate * 2 * x**2))
        assert (found.verdict, found.evidence) == (verdict, Evidence.PROVED)
        assert found.growth_per_step == pytest.approx(abs(product) ** (2 / 20))
        assert (abs(product) > 1) == (verdict == "diverges")
        assert found.batch == "batches of 1"
