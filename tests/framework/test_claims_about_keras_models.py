"""What the messages about models of Keras claim happens, for real."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.framework.lazily import Lazily

pytestmark = pytest.mark.framework
keras = Lazily("keras")
layers = Lazily("keras.layers")


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    keras.utils.set_random_seed(0)


def residual(**more: Any) -> tuple[Any, Any]:
    """A model with one residual block, and the last layer of its branch."""
    entry = keras.Input((6,))
    start = layers.Dense(8, activation="relu")(entry)
    last = layers.Dense(8, kernel_initializer="zeros", **more)
    joined = layers.add([last(layers.Dense(8, activation="relu")(start)), start])
    return keras.Model(entry, layers.Dense(2)(joined)), last


@pytest.mark.parametrize(("more", "dead"), [({"activation": "relu"}, True), ({}, False)])
def test_zeros_at_the_end_of_a_branch_never_move_where_relu_follows(more: dict[str, str], dead: bool) -> None:  # TRN402
    model, last = residual(**more)
    model.compile("adam", "mse")
    random = np.random.default_rng(0)
    model.fit(random.random((32, 6)), random.random((32, 2)), epochs=3, verbose=0)
    assert bool(abs(last.get_weights()[0]).max() == 0) is dead


@pytest.mark.parametrize("functional", [True, False])
def test_a_model_called_on_another_width_raises(functional: bool) -> None:  # TRN406
    model = keras.Sequential([keras.Input((9, 9, 3)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    if functional:
        model = keras.Model(model.inputs, model.outputs)
    with pytest.raises(ValueError, match="expected"):
        model(np.zeros((2, 9, 9, 1), "float32"))


def test_rows_of_another_number_of_classes_raise() -> None:  # TRN307
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match="same shape"):
        loss(np.eye(5, 10, dtype="float32"), np.zeros((5, 7), "float32"))


def test_what_a_callback_puts_into_the_logs_is_recorded_and_monitored() -> None:  # TRN604
    class Root(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            logs["val_rmse"] = 0.5

    model = keras.Sequential([keras.Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    stop = keras.callbacks.EarlyStopping("val_rmse", patience=1, mode="min")
    record = model.fit(np.ones((8, 6)), np.ones((8, 1)), epochs=9, verbose=0, callbacks=[Root(), stop])
    assert record.history["val_rmse"] == [0.5, 0.5]
