"""Keras 2, which lives on as tf_keras: both of its families of optimizers, on a model whose curvature is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trainlint.probe.host import Ending, Limits, ProbeResult

SQUARES = 123.5
"""The mean of x² over 0, 1, ..., 19: the loss (w - 2)² x² has the curvature 2 mean(x²)."""


@pytest.mark.framework
def test_curvature_and_steps(run_probe: Callable[..., ProbeResult]) -> None:
    result = run_probe("keras_2.py", limits=Limits(seconds=240), runs=4, steps=2, batches=1)
    assert (result.ending, result.faults) == (Ending.MEASURED, ()), result.stderr
    assert len(result.measurements) == 4
    after_sgd, after_adam = (1 - 0.001 * 2 * SQUARES) ** 2, (1 - 0.01) ** 2  # the first step of Adam is its rate
    for one, (name, rate, left) in zip(
        result.measurements,
        [("SGD", 0.001, after_sgd), ("SGD", 0.001, after_sgd), ("Adam", 0.01, after_adam), ("Adam", 0.01, after_adam)],
        strict=True,
    ):
        assert "tf_keras" in one.libraries
        assert one.optimizer is not None
        assert one.spectrum is not None
        assert (one.optimizer.name, one.optimizer.learning_rate) == (name, pytest.approx(rate))
        assert one.spectrum.largest == pytest.approx(2 * SQUARES, rel=1e-4)
        assert one.losses[:2] == pytest.approx([SQUARES, SQUARES * left], rel=1e-4)
