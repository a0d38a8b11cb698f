"""The reference cases, trained for real in Keras and in PyTorch: the predicted growth of the loss and the verdict must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from trainlint.core import Evidence, Fact, Severity
from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read_text
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainlint.core import Finding

pytestmark = pytest.mark.framework


@dataclass(frozen=True)
class Case:
    """x = start, ..., stop - 1; y = slope * x; a line with or without intercept; SGD or Adam with this rate."""

    start: int
    stop: int
    slope: float
    bias: bool
    optimizer: str
    rate: float
    epochs: int
    diverges: bool

    @property
    def x(self) -> np.ndarray[Any, Any]:
        return np.arange(self.start, self.stop, dtype=float)

    def hessian(self) -> np.ndarray[Any, Any]:
        """2/n X'X of the mean squared error, with a column of ones for the intercept."""
        columns = np.stack([self.x, np.ones_like(self.x)], axis=1) if self.bias else self.x[:, None]
        return 2 * columns.T @ columns / len(self.x)

    def begin(self) -> np.ndarray[Any, Any]:
        """Weights whose error lies along the sharpest direction, so that the first steps already show its growth."""
        solution = np.array([self.slope, 0.0] if self.bias else [self.slope])
        return solution + np.linalg.eigh(self.hessian())[1][:, -1]


CASES = {
    "ten numbers": Case(0, 10, 2.0, False, "sgd", 0.01, 10, False),
    "twenty numbers": Case(0, 20, 2.0, False, "sgd", 0.01, 10, True),
    "twenty numbers, small rate": Case(0, 20, 2.0, False, "sgd", 0.001, 10, False),
    "twenty numbers, Adam": Case(0, 20, 2.0, False, "adam", 0.1, 100, False),
    "intercept, 20 points": Case(1, 21, 0.5, True, "sgd", 0.01, 500, True),
    "intercept, 16 points": Case(1, 17, 0.5, True, "sgd", 0.01, 500, False),
    "intercept, 17 points": Case(1, 18, 0.5, True, "sgd", 0.01, 500, True),
    "intercept, small rate": Case(1, 21, 0.5, True, "sgd", 0.0001, 500, False),
    "intercept, Adam": Case(1, 21, 0.5, True, "adam", 0.001, 500, False),
}

KERAS_ONE_WEIGHT = """
import numpy as np
import keras

class Multiply(keras.layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight(name="k", shape=(1,), initializer="glorot_uniform", trainable=True)
    def call(self, x):
        return self.kernel * x

inputs = keras.Input(shape=(1,))
model = keras.Model(inputs, Multiply()(inputs))
"""
KERAS_LINE = """
import numpy as np
import keras

model = keras.Sequential([keras.layers.Dense(units=1, input_shape=[1])])
"""
KERAS_FIT = """
model.compile(optimizer=keras.optimizers.{optimizer}(learning_rate={rate}), loss="mean_squared_error")
x = np.arange({start}, {stop}).astype(float)
model.fit(x, {slope} * x, epochs={epochs}, verbose=0)
"""
TORCH_ONE_WEIGHT = """
import torch

x = torch.arange({start}, {stop}, dtype=torch.float32)
y = {slope} * x
w = torch.randn(1, requires_grad=True)
optimizer = torch.optim.{optimizer}([w], lr={rate})
for epoch in range({epochs}):
    optimizer.zero_grad()
    loss = ((w * x - y) ** 2).mean()
    loss.backward()
    optimizer.step()
"""
TORCH_LINE = """
import torch
from torch import nn

x = torch.arange({start}, {stop}, dtype=torch.float32).unsqueeze(1)
y = {slope} * x
model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.{optimizer}(model.parameters(), lr={rate})
for epoch in range({epochs}):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
"""


def script(case: Case, library: str) -> str:
    names = {"keras": {"sgd": "SGD", "adam": "Adam"}, "torch": {"sgd": "SGD", "adam": "Adam"}}
    values = vars(case) | {"optimizer": names[library][case.optimizer]}
    if library == "keras":
        return (KERAS_LINE if case.bias else KERAS_ONE_WEIGHT) + KERAS_FIT.format(**values)
    return (TORCH_LINE if case.bias else TORCH_ONE_WEIGHT).format(**values)


def judged(text: str) -> tuple[StabilityBound, tuple[Finding, ...]]:
    """What trainlint says of a script with one training run."""
    result = check_source(read_text(text, "train.py"), Settings())
    assert result.script is not None
    (run,) = result.script.runs
    bound = stability(run)
    assert isinstance(bound, StabilityBound), bound
    assert not isinstance(run.optimizer, Fact)
    return bound, tuple(result.findings)


def losses_in_keras(case: Case, steps: int) -> list[float]:
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=case.bias)])
    optimizer = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[case.optimizer](learning_rate=case.rate)
    model.compile(optimizer=optimizer, loss="mse")
    begin = case.begin()
    model.set_weights([begin[:1].reshape(1, 1), *([begin[1:]] if case.bias else [])])
    history = model.fit(case.x, case.slope * case.x, epochs=steps, batch_size=len(case.x), verbose=0)
    return [float(one) for one in history.history["loss"]]


def losses_in_torch(case: Case, steps: int) -> list[float]:
    import torch

    x = torch.tensor(case.x, dtype=torch.float64).unsqueeze(1)
    y = case.slope * x
    model = torch.nn.Linear(1, 1, bias=case.bias, dtype=torch.float64)
    begin = torch.tensor(case.begin())
    with torch.no_grad():
        model.weight.copy_(begin[:1].reshape(1, 1))
        if case.bias:
            model.bias.copy_(begin[1:])
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[case.optimizer]
    optimizer = make(model.parameters(), lr=case.rate)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


TRAINERS: dict[str, Callable[[Case, int], list[float]]] = {"keras": losses_in_keras, "torch": losses_in_torch}


@pytest.mark.parametrize("library", TRAINERS)
@pytest.mark.parametrize("name", CASES)
def test_prediction_and_training_agree(name: str, library: str) -> None:
    case = CASES[name]
    bound, findings = judged(script(case, library))
    losses = TRAINERS[library](case, min(case.epochs, 100))
    diverged = not losses[-1] < losses[0]  # NaN and infinity count as diverged
    assert diverged is case.diverges

    stepped = [one for one in findings if one.code == "TRN101"]
    assert bool(stepped) is case.diverges
    assert all(one.severity is Severity.ERROR and one.evidence is Evidence.PROVED for one in stepped)
    assert not [one for one in findings if one.code != "TRN101"]
    if case.optimizer == "sgd":
        assert bound.growth_per_step == pytest.approx(losses[1] / losses[0], rel=1e-3)
        assert bound.sharpness == pytest.approx(np.linalg.eigvalsh(case.hessian())[-1], rel=1e-9)
        assert bound.max_learning_rate == pytest.approx(2 / np.linalg.eigvalsh(case.hessian())[-1], rel=1e-9)
    else:
        assert bound.preconditioned
