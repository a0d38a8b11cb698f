"""Scripts of older days: the reference threads' against their formulas, one full of names that are gone, TensorFlow 1."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainlint.probe.host import Limits, ProbeResult

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]
FIXTURES = Path(__file__).parents[2] / "fixtures"


def line(n: int) -> float:
    """The sharpness of the mean squared error of a line through x = 1..n: the larger root, with the bias."""
    x = np.arange(1.0, n + 1)
    return float(np.linalg.eigvalsh(2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]]))[-1])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("keras_one_weight_explodes.py", (2 * 28.5, 2 * 123.5)),
        ("keras_twenty_points_explode.py", (line(20), line(17))),
    ],
)
def test_reference_threads_agree_with_the_static_sharpness(run_probe: Run, script: str, expected: tuple[float, ...]) -> None:
    words = [sys.executable, "-m", "trainlint", "facts", str(FIXTURES / script), "--output-format", "json"]
    runs = json.loads(subprocess.run(words, capture_output=True, text=True, check=False).stdout)
    static = [run["stability"]["sharpness"] for run in runs]
    result = run_probe(str(FIXTURES / script), runs=2)
    measured = [one.spectrum.largest for one in result.measurements if one.spectrum is not None]
    assert measured == pytest.approx(list(expected), rel=1e-5)
    assert measured == pytest.approx(static, rel=1e-3)
    for one, run in zip(result.measurements, runs, strict=True):
        assert one.spectrum is not None
        assert one.spectrum.confirmed is True
        assert one.places["fit"].line == run["location"]["row"]
        assert one.optimizer is not None
        assert one.losses[1] / one.losses[0] == pytest.approx((1 - 0.01 * one.spectrum.largest) ** 2, rel=0.1)


def test_names_and_arguments_of_keras_1(run_probe: Run) -> None:
    result = run_probe("keras_old.py", runs=3, batches=1, steps=2, limits=Limits(seconds=120))
    assert len(result.measurements) == 3, result.traceback or result.stderr[-2000:]
    found = json.loads(next(row for row in result.stdout.splitlines() if row.startswith('{"rates"')))
    assert found["rates"] == pytest.approx({"Adadelta": 1.0, "Adagrad": 0.01, "Nadam": 0.002, "RMSprop": 0.001})
    assert found["kernels"] == [[3, 3], [2, 2]]
    assert found["padding"] == "same"
    assert found["rate"] == 0.25
    assert found["shapes"] == [[None, 8, 8, 4], [None, 8, 8, 4], [None, 4, 4, 4], [None, 3, 3, 3]]
    assert found["recurrent"] == ["sigmoid", "hard_sigmoid"]
    assert found["recurrent_shape"] == [None, 5, 2]
    assert found["joined"] == [None, 4]
    assert found["ordering"] == "tf"
    assert found["mean"] == 2.0
    assert found["losses"] == ["mean_squared_error", "categorical_crossentropy"]
    convolution, recurrent, embedded = result.measurements
    assert convolution.failure is recurrent.failure is embedded.failure is None
    assert convolution.batch_size == 20
    assert convolution.optimizer is not None
    assert convolution.optimizer.settings["momentum"] == pytest.approx(0.9)
    assert convolution.optimizer.peak_learning_rate == pytest.approx(0.1)
    assert embedded.optimizer is not None
    assert embedded.optimizer.learning_rate == 1.0


def test_sessions_of_tensorflow_1(run_probe: Run) -> None:
    result = run_probe(
        "keras_graph.py", "pipeline", "placeholders", "line", runs=3, steps=3, batches=2, limits=Limits(seconds=120)
    )
    assert len(result.measurements) == 3, result.traceback or result.stderr[-2000:]
    pipeline, placeholders, straight = result.measurements
    for one in result.measurements:
        assert one.failure is None
        assert one.spectrum is not None
        assert one.spectrum.confirmed is True
    assert pipeline.loss_name == "sparse_categorical_crossentropy"
    assert pipeline.optimizer is not None
    assert (pipeline.optimizer.name, pipeline.optimizer.learning_rate) == ("SGD", pytest.approx(0.1))
    assert pipeline.gradient_norm is not None
    assert pipeline.gradient_norm > 0.04, "the gradient is the loss's own, not the clipped one"
    assert (placeholders.loss_name, placeholders.classes) == ("categorical_crossentropy", 3)
    assert [one.shape for one in placeholders.inputs] == [(64, 64)]
    assert [one.shape for one in placeholders.targets] == [(64, 3)]
    assert placeholders.spectrum is not None
    assert placeholders.spectrum.preconditioned is not None
    x = np.c_[np.linspace(0, 5, 20), np.ones(20)]
    assert straight.spectrum is not None
    assert straight.spectrum.largest == pytest.approx(np.linalg.eigvalsh(x.T @ x)[-1], rel=1e-4)
    assert straight.loss == pytest.approx(float(np.sum((1.9 * x[:, 0] + 0.8) ** 2) / 2), rel=1e-4)
    assert straight.losses[0] == pytest.approx(straight.loss, rel=1e-4)
