"""Every way of training that Keras and TensorFlow offer reaches the probe, and the products are confirmed by gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from trainlint.probe.host import Limits, ProbeResult
from trainlint.probe.protocol import Measurement

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]
LONG = Limits(seconds=150)
FITS = ("arrays_with_weights", "class_weights", "dataset", "generator", "sequence", "compiled_by_xla", "several_losses")
SPECIAL = ("half_precision", "accumulated", "warmed_up", "without_second_derivative", "wrong_second_derivative", "unused_layer")
ODD = ("dead_units", "never_steps")
LOOPS = ("on_batches", "adversaries", "tape_in_a_loop", "tape_in_a_function", "accumulated_by_hand", "by_hand")


def measured(run_probe: Run, *kinds: str, runs: int | None = None, **asked: int) -> list[Measurement]:
    result = run_probe("keras_kinds.py", *kinds, limits=LONG, runs=runs or len(kinds), **{"steps": 3, "batches": 2, **asked})
    assert len(result.measurements) == (runs or len(kinds)), result.stderr[-2000:]
    return list(result.measurements)


def test_whatever_fit_takes_is_measured(run_probe: Run) -> None:
    for kind, one in zip(FITS, measured(run_probe, *FITS), strict=True):
        assert one.failure is None, kind
        assert one.spectrum is not None
        assert one.spectrum.confirmed is True, (kind, one.notes)
        assert one.spectrum.method == "outer tape"
        assert len(one.spectrum.batches) == 1, kind
        assert len(one.losses) == 3
        assert one.batch_size == 32
        assert one.losses[0] == pytest.approx(one.loss, rel=1e-4), kind
        assert {"compile", "fit"} <= set(one.places), kind
        assert one.loss_name.startswith("sparse_categorical_crossentropy")
        assert one.classes == 3


def test_special_trainings(run_probe: Run) -> None:
    found = dict(zip((*SPECIAL, *ODD), measured(run_probe, *SPECIAL, *ODD), strict=True))
    half, warm = found["half_precision"], found["warmed_up"]
    assert half.spectrum is not None
    assert half.spectrum.largest < 10, "the loss scale of 32768 is taken out"
    assert half.spectrum.confirmed is True
    assert half.dtype == "mixed_float16"
    assert half.loss is not None
    assert half.loss < 3
    assert warm.optimizer is not None
    assert (warm.optimizer.learning_rate, warm.optimizer.peak_learning_rate) == (0.0, pytest.approx(0.25))
    assert warm.layers[0].update_ratio is not None, "the first step is tried at the peak of the warm-up"
    assert "the mean of 2 batches" in " ".join(found["accumulated"].notes)
    opaque = found["without_second_derivative"]
    assert opaque.spectrum is not None
    assert opaque.spectrum.method == "finite differences"
    wrong = found["wrong_second_derivative"]
    assert wrong.spectrum is not None
    assert wrong.spectrum.confirmed is False
    assert "differences of the gradient give" in " ".join(wrong.notes)
    assert [name.split("/")[-2] for name in found["unused_layer"].without_gradient] == ["unused", "unused"]
    units = {one.name: one for one in found["dead_units"].units}
    assert (units["dead"].units, units["dead"].dead) == (16, 16)
    assert (units["saturated"].units, units["saturated"].saturated) == (4, 4)
    assert found["dead_units"].inputs[0].constant_columns == 1
    assert "calls no optimizer" in str(found["never_steps"].failure)


def test_loops_and_several_optimizers(run_probe: Run) -> None:
    batches, judge, maker, loop, function, summed, hand = measured(run_probe, *LOOPS, runs=7)
    for one in (batches, judge, maker, loop, function, summed, hand):
        assert one.failure is None
        assert one.spectrum is not None
        assert one.spectrum.confirmed is True, one.notes
    assert judge.optimizer is not None
    assert maker.optimizer is not None
    assert (judge.optimizer.name, maker.optimizer.name) == ("Adam", "RMSprop")
    assert (judge.parameters, maker.parameters) == (97, 130)
    assert {"backward", "step", "optimizer"} <= set(loop.places)
    x = np.c_[kinds_inputs(), np.ones(96)]
    for whole in (summed, hand):
        assert whole.spectrum is not None
        assert whole.spectrum.largest == pytest.approx(np.linalg.eigvalsh(2 * x.T @ x / 96)[-1], rel=1e-3)
        assert whole.spectrum.batches == (), "every batch is the same"
    assert summed.losses[0] == pytest.approx(summed.loss, rel=1e-4)
    assert hand.optimizer is not None
    assert hand.optimizer.learning_rate == pytest.approx(0.1, rel=1e-4)


def kinds_inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(96, 10)).astype("float32")


def test_sweep_and_overfitting_start_from_the_captured_state(run_probe: Run) -> None:
    (one,) = measured(run_probe, "line", sweep=(0.5, 1.2), overfit=5, steps=2)
    assert one.spectrum is not None
    below, above = one.sweep
    assert below.learning_rate == pytest.approx(1 / one.spectrum.largest, rel=1e-5)
    assert (below.diverged, above.diverged) == (False, True)
    assert below.losses[0] == above.losses[0] == one.overfit[0] == pytest.approx(one.loss)
    assert list(one.overfit) == sorted(one.overfit, reverse=True)
    assert set(one.seconds) >= {"gradient", "product", "all"}
