"""Situations of step size that people meet, trained for real as the script has it: what is said before must hold."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.rules.checking import findings, line_by_hand

pytestmark = pytest.mark.framework

KERAS = "import numpy as np\nimport keras\nfrom keras import layers\n\nkeras.utils.set_random_seed(0)\n"
CHANCE = math.log(2)


def codes(text: str) -> list[str]:
    """The findings about the size of steps, and about unscaled inputs."""
    return [one.code for one in findings(text) if one.code.startswith("TRN1") or one.code == "TRN201"]


def ran(text: str) -> dict[str, Any]:
    """The names of a script that has run."""
    names: dict[str, Any] = {}
    exec(compile(text, "train.py", "exec"), names)
    return names


def losses(text: str) -> list[float]:
    """The loss of each epoch."""
    return [float(one) for one in ran(text)["history"].history["loss"]]


TARGETS = (
    KERAS
    + """
x = np.random.randn(500, 3)
y = np.random.uniform({low}, {high}, size=500)
model = keras.Sequential([keras.Input((3,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
history = model.fit(x, y, epochs=12, verbose=0)
"""
)


def test_targets_in_the_thousands_under_default_sgd() -> None:
    wide, narrow = TARGETS.format(low=1000, high=5000), TARGETS.format(low=-2, high=2)
    assert codes(wide) == ["TRN103"]
    assert codes(narrow) == []
    assert not math.isfinite(losses(wide)[-1])
    reached = losses(narrow)
    assert reached[-1] < reached[0]


@pytest.mark.parametrize(("rate", "diverges"), [(1e-3, True), (1e-4, False)])
def test_hand_written_updates_of_a_summed_loss(rate: float, diverges: bool) -> None:
    text = "import torch\n\ntorch.manual_seed(0)\n" + line_by_hand(rate)
    assert codes(text) == ["TRN101"] * diverges
    last = ran(text)["loss"].item()
    assert (not math.isfinite(last)) if diverges else last < 100  # it begins above 10,000


LINEAR = (
    KERAS
    + """
x = np.random.randint(0, 256, size=(2000, 8, 8)).reshape(-1, 64) / 255.0
y = keras.utils.to_categorical(np.random.randint(0, 10, size=2000), 10)
model = keras.Sequential([keras.Input((64,)), layers.Dense(32), layers.Dense(16), layers.Dense(10)])
model.compile(keras.optimizers.SGD(learning_rate={rate}), "mse")
history = model.fit(x, y, batch_size=64, epochs=3, verbose=0)
"""
)


def test_a_deep_linear_network_on_unit_images_with_a_rate_above_one() -> None:
    (found,) = (one for one in findings(LINEAR.format(rate=2.0)) if one.code == "TRN101")
    assert not math.isfinite(losses(LINEAR.format(rate=2.0))[-1])
    slower = LINEAR.format(rate=found.numbers["suggested_learning_rate"])
    assert "TRN101" not in codes(slower)
    reached = losses(slower)
    assert reached[-1] < reached[0] < 1


BYTES = (
    KERAS
    + """
x = np.random.randint(0, 256, size=(2000, 64)).astype("float32"){scaled}
y = (x[:, 0] > {half}).astype("float32")
model = keras.Sequential([keras.Input((64,)), layers.Dense(32, activation="relu"), layers.Dense(1, "sigmoid")])
model.compile("{optimizer}", "binary_crossentropy")
history = model.fit(x, y, epochs=2, verbose=0)
"""
)


@pytest.mark.parametrize(("optimizer", "code"), [("sgd", "TRN102"), ("adam", "TRN201")])
def test_raw_bytes(optimizer: str, code: str) -> None:
    """Raw, the loss of the first epoch is far above chance; divided by 255 it is never far from chance."""
    raw = BYTES.format(scaled="", half=128, optimizer=optimizer)
    unit = BYTES.format(scaled=" / 255", half=0.5, optimizer=optimizer)
    assert codes(raw) == [code]
    assert codes(unit) == []
    assert losses(raw)[0] > 2 * CHANCE
    assert max(losses(unit)) < 1.1 * CHANCE


SOLVED = """import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)
x = torch.linspace(-1, 1, 32, dtype=torch.float64).reshape(-1, 1)
y = 0.37 * x + 0.11 + 0.1 * torch.sin(9 * x)
model = nn.Linear(1, 1, dtype=torch.float64)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.99){epsilon})
losses = []
for step in range(6000):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
"""


def test_adam_with_a_tiny_epsilon_long_after_the_problem_is_solved() -> None:
    tiny = SOLVED.format(epsilon="")
    (found,) = (one for one in findings(tiny) if one.code == "TRN105")
    enough = SOLVED.format(epsilon=f", eps={found.numbers['safe_epsilon']}")
    assert "TRN105" not in codes(enough)
    late, calm = (once_solved(ran(text)["losses"]) for text in (tiny, enough))
    assert late > 1e-6
    assert calm < 1e-8


def once_solved(found: list[float]) -> float:
    """How far the loss rises above its lowest after it has come within 1e-10 of that."""
    lowest = min(found)
    return max(found[next(step for step, loss in enumerate(found) if loss < lowest + 1e-10) :]) - lowest
