"""One Keras model on TensorFlow, PyTorch and JAX: the same sharpness, and that of a dense Hessian in double precision."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from trainlint.probe.host import Limits, ProbeResult

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]
METHODS = {"tensorflow": "outer tape", "torch": "double backward", "jax": "forward over reverse"}


def script() -> ModuleType:
    import sys

    path = Path(__file__).parent / "scripts" / "keras_backends.py"
    spec = importlib.util.spec_from_file_location("keras_backends", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    words, sys.argv = sys.argv, ["", "tensorflow"]
    try:
        spec.loader.exec_module(module)
    finally:
        sys.argv = words
    return module


def gradient(flat: np.ndarray, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gradient of the crossentropy of tanh(xA + a)B + b, and 0.01 |A|^2, by its formula."""
    a, b = flat[:120].reshape(10, 12), flat[132:168].reshape(12, 3)
    hidden = np.tanh(x @ a + flat[120:132])
    logits = hidden @ b + flat[168:]
    shares = np.exp(logits - logits.max(1, keepdims=True))
    delta = (shares / shares.sum(1, keepdims=True) - np.eye(3)[labels]) / len(x)
    back = (delta @ b.T) * (1 - hidden**2)
    parts = (x.T @ back + 0.02 * a, back.sum(0), hidden.T @ delta, delta.sum(0))
    return np.concatenate([part.reshape(-1) for part in parts])


def reference() -> float:
    """The largest eigenvalue of the Hessian by central differences of that gradient on the first batch."""
    module = script()
    start = np.concatenate([one.reshape(-1) for one in module.WEIGHTS]).astype("float64")
    x, labels = module.X[:16].astype("float64"), module.LABELS[:16]
    moves = np.eye(len(start)) * 1e-5
    rows = [(gradient(start + move, x, labels) - gradient(start - move, x, labels)) / 2e-5 for move in moves]
    matrix = np.stack(rows)
    return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])


@pytest.mark.parametrize("backend", list(METHODS))
def test_every_backend_gives_the_same_sharpness(run_probe: Run, backend: str) -> None:
    plain = backend == "jax"
    words = (backend, "plain") if plain else (backend,)
    result = run_probe(
        "keras_backends.py", *words, runs=2 + plain, steps=3, batches=2, tolerance=0.003, limits=Limits(seconds=120)
    )
    assert len(result.measurements) == 2 + plain, result.traceback or result.stderr[-2000:]
    sgd, adam, *rest = result.measurements
    for one in (sgd, adam):
        assert one.failure is None
        assert one.framework == "keras"
        assert one.spectrum is not None
        assert one.spectrum.method == METHODS[backend]
        assert one.spectrum.largest == pytest.approx(reference(), rel=1e-3)
        assert one.spectrum.confirmed is True
        assert one.spectrum.first_step_ratio is not None
        assert len(one.spectrum.batches) == 1
        assert len(one.losses) == 3
        assert one.losses[0] == pytest.approx(one.loss, rel=1e-4)
        assert (one.parameters, one.batch_size) == (171, 16)
    assert sgd.optimizer is not None
    assert adam.optimizer is not None
    assert (sgd.optimizer.name, sgd.optimizer.learning_rate) == ("SGD", pytest.approx(0.1))
    assert (adam.optimizer.name, adam.optimizer.learning_rate) == ("Adam", pytest.approx(0.01))
    assert adam.spectrum is not None
    assert adam.spectrum.preconditioned is not None
    for one in rest:
        x = np.c_[script().X, np.ones(128)].astype("float64")
        assert one.spectrum is not None
        assert one.spectrum.largest == pytest.approx(np.linalg.eigvalsh(2 * x.T @ x / 128)[-1], rel=1e-3)
        assert one.optimizer is not None
        assert one.optimizer.learning_rate == pytest.approx(0.1, rel=1e-4)
