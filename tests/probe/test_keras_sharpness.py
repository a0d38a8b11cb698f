"""The measured sharpness of Keras models against dense Hessians, made by other means: two tapes in one traced graph, in float64."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from trainlint.probe.host import Limits, ProbeResult
from trainlint.probe.protocol import Measurement

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]
OPTIMIZERS = ("sgd", "momentum", "adam")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dense(model: Any, x: Any, y: Any) -> np.ndarray:
    """The Hessian of the compiled loss on the batch at the model's weights, a column for each unit vector."""
    import tensorflow as tf

    variables = [one.value for one in model.trainable_variables]
    sizes = [int(tf.size(one)) for one in variables]
    x, y = tf.constant(x), tf.constant(y)

    @tf.function
    def column(direction: Any) -> Any:
        parts = [tf.reshape(part, one.shape) for part, one in zip(tf.split(direction, sizes), variables, strict=True)]
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True), training=True)
            gradient = inner.gradient(loss, variables)
            along = tf.add_n([tf.reduce_sum(one * part) for one, part in zip(gradient, parts, strict=True)])
        image = outer.gradient(along, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return tf.concat([tf.reshape(tf.convert_to_tensor(one), [-1]) for one in image], 0)

    unit = np.eye(sum(sizes), dtype="float32")
    matrix = np.stack([column(tf.constant(row)).numpy() for row in unit]).astype("float64")
    return (matrix + matrix.T) / 2


@pytest.fixture(scope="module")
def references() -> dict[str, np.ndarray]:
    """The eigenvalues upwards, for each architecture."""
    setups = load("keras_setups")
    found = {}
    for architecture in setups.ARCHITECTURES:
        model, loss, x, y = setups.setup(architecture)
        model.compile(loss=loss)
        found[architecture] = np.linalg.eigvalsh(dense(model, x, y))
    return found


def test_sharpness_is_the_largest_eigenvalue(run_probe: Run, references: dict[str, np.ndarray]) -> None:
    result = run_probe("keras_setups.py", runs=18, batches=1, steps=1, limits=Limits(seconds=150))
    measured = iter(result.measurements)
    found: dict[tuple[str, str], Measurement] = {
        (architecture, optimizer): next(measured) for architecture in references for optimizer in OPTIMIZERS
    }
    assert next(measured, None) is None
    for (architecture, optimizer), one in found.items():
        assert one.failure is None, (architecture, optimizer)
        assert one.spectrum is not None
        assert one.spectrum.largest == pytest.approx(references[architecture][-1], rel=0.01), (architecture, optimizer)
        assert one.spectrum.confirmed is True, (architecture, optimizer, one.notes)
        assert one.parameters == len(references[architecture])
        assert (one.spectrum.preconditioned is not None) == (optimizer == "adam")
        if one.spectrum.smallest is not None:
            assert one.spectrum.smallest >= references[architecture][0] * 1.05 - 1e-4
