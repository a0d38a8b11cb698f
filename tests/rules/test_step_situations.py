"""Situations of step size that people meet, each with numbers from a formula or from training the same thing with numpy here."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tests.rules.checking import findings, line_by_hand
from trainlint.core import Evidence, Finding, Severity

KERAS = "import numpy as np\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n\n"
TORCH = "import torch\nfrom torch import nn, optim\n\n"
LOOP = """
for epoch in range(100):
    optimizer.zero_grad()
    {loss}
    loss.backward()
    {clip}
    optimizer.step()
"""


def only(text: str, code: str) -> Finding:
    found = [one for one in findings(text, code) if one.code.startswith("TRN1")]
    assert [one.code for one in found] == [code], [one.message for one in found]
    return found[0]


def losses_by_hand(rate: float, steps: int) -> list[float]:
    x = np.linspace(0, 10, 50)
    y, w, b, losses = 3 * x + 1, 0.0, 0.0, []
    for _ in range(steps):
        error = w * x + b - y
        losses.append(float((error**2).sum()))
        w, b = w - rate * 2 * (error * x).sum(), b - rate * 2 * error.sum()
    return losses


def test_hand_written_updates_of_a_summed_loss() -> None:
    found, losses = only(line_by_hand(1e-3), "TRN101"), losses_by_hand(1e-3, 30)
    assert (found.severity, found.evidence) == (Severity.ERROR, Evidence.PROVED)
    assert found.numbers["growth_per_step"] == pytest.approx(losses[-1] / losses[-2], rel=1e-6)
    assert "full batch" in found.message
    assert losses_by_hand(1e-4, 200)[-1] < losses_by_hand(1e-4, 1)[0]
    assert findings(line_by_hand(1e-4), "TRN101") == ()


@pytest.mark.parametrize(("rate", "diverges"), [(0.1, True), (0.01, False)])
def test_summed_loss_of_a_tensorflow_1_session(rate: float, diverges: bool) -> None:
    text = f"""import tensorflow as tf

W = tf.Variable([.3], dtype=tf.float32)
b = tf.Variable([-.3], dtype=tf.float32)
x = tf.placeholder(tf.float32)
y = tf.placeholder(tf.float32)
loss = tf.reduce_sum(tf.square(W * x + b - y))
train = tf.train.GradientDescentOptimizer({rate}).minimize(loss)
sess = tf.Session()
sess.run(tf.global_variables_initializer())
for i in range(1000):
    sess.run(train, {{x: [1, 2, 3, 4], y: [0, -1, -2, -3]}})
"""
    found = findings(text, "TRN101", "TRN113")
    sharpness = 2 * np.linalg.eigvalsh(np.array([[30.0, 10.0], [10.0, 4.0]]))[-1]
    if not diverges:
        assert rate < 2 / sharpness
        assert found == ()
    else:
        assert [one.code for one in found] == ["TRN101"]
        assert found[0].numbers["sharpness"] == pytest.approx(sharpness)


def test_deep_linear_network_on_unit_images_with_a_rate_above_one() -> None:
    text = (
        KERAS
        + """
x = np.random.randint(0, 256, size=(2000, 8, 8)).reshape(-1, 64) / 255.0
y = keras.utils.to_categorical(np.random.randint(0, 10, size=2000), 10)
model = keras.Sequential([layers.Dense(32, input_shape=(64,)), layers.Dense(16), layers.Dense(10)])
model.compile(keras.optimizers.SGD(learning_rate=2.0), "mse")
model.fit(x, y, batch_size=64, epochs=5)
"""
    )
    found = only(text, "TRN101")
    assert (found.severity, found.evidence) == (Severity.WARNING, Evidence.ESTIMATED)
    assert "batches of 64" in found.message
    losses = deep_linear_losses(2.0)
    assert not math.isfinite(losses[-1]) or losses[-1] > 100 * losses[0]
    slower = deep_linear_losses(found.numbers["suggested_learning_rate"])
    assert slower[-1] < slower[0]


def deep_linear_losses(rate: float, steps: int = 60) -> list[float]:
    """64-32-16-10 without activations, Glorot start, squared error, on numbers from 0 to 1."""
    rng = np.random.default_rng(0)
    sizes = (64, 32, 16, 10)
    weights = [rng.uniform(-1, 1, pair) * math.sqrt(6 / sum(pair)) for pair in itertools.pairwise(sizes)]
    x = rng.random((256, 64))
    y, losses = np.eye(10)[rng.integers(0, 10, 256)], []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            rows = rng.permutation(256)[:64]
            hidden = [x[rows]]
            for one in weights:
                hidden.append(hidden[-1] @ one)
            back = 2 * (hidden[-1] - y[rows]) / hidden[-1].size
            losses.append(float(((hidden[-1] - y[rows]) ** 2).mean()))
            for index in reversed(range(len(weights))):
                slope = hidden[index].T @ back
                back = back @ weights[index].T
                weights[index] = weights[index] - rate * slope
    return losses


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_raw_bytes_are_said_once(optimizer: str) -> None:
    text = (
        KERAS
        + f"""
x = np.random.randint(0, 256, size=(2000, 64)).astype("float32")
y = (x[:, 0] > 128).astype("float32")
model = keras.Sequential([layers.Dense(32, activation="relu", input_shape=(64,)), layers.Dense(1, "sigmoid")])
model.compile("{optimizer}", "binary_crossentropy")
model.fit(x, y, epochs=5)
"""
    )
    (found,) = findings(text, "TRN101", "TRN102", "TRN130")
    assert found.code == ("TRN102" if optimizer == "sgd" else "TRN201")
    assert "255" in found.message


def test_adam_with_a_tiny_epsilon_long_after_the_problem_is_solved() -> None:
    """λ = 2 for x in -1..1 with a bias: the bias's curvature. The ε that is named prevents the spikes, a tiny one does not."""
    text = (
        KERAS
        + """
x = np.linspace(-1, 1, 32).reshape(-1, 1)
model = keras.Sequential([layers.Dense(1, input_shape=(1,))])
model.compile(keras.optimizers.Adam(0.01, beta_2=0.99), "mse")
model.fit(x, 3 * x + 1, epochs=6000, batch_size=32)
"""
    )
    found = only(text, "TRN105")
    assert found.severity is Severity.INFO
    assert found.numbers["safe_epsilon"] == pytest.approx(0.01 * 2 / 38)
    assert highest_after_solved(1e-16) > 1e-6
    assert highest_after_solved(found.numbers["safe_epsilon"]) < 1e-9


def highest_after_solved(epsilon: float) -> float:
    """The highest loss of that run once it has been below 1e-10 (Keras' Adam, float64)."""
    x = np.linspace(-1, 1, 32)
    features = np.stack([x, np.ones(32)])
    w, m, v, losses = np.zeros(2), np.zeros(2), np.zeros(2), []
    for step in range(1, 6000):
        error = w @ features - (3 * x + 1)
        losses.append(float((error**2).mean()))
        g = 2 * features @ error / 32
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        w = w - 0.01 * m / (1 - 0.9**step) / (np.sqrt(v) + epsilon) * math.sqrt(1 - 0.99**step)
    return max(losses[next(step for step, loss in enumerate(losses) if loss < 1e-10) :])


@pytest.mark.parametrize(("epsilon", "severity"), [(1e-8, Severity.ERROR), (1e-7, Severity.ERROR), (1e-4, Severity.WARNING)])
def test_half_precision_weights(epsilon: float, severity: Severity) -> None:
    text = (
        TORCH
        + f"""
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1)).half()
optimizer = optim.Adam(model.parameters(), lr=1e-3, eps={epsilon})

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.half()), y.half()).backward()
        optimizer.step()
"""
    )
    assert only(text, "TRN105").severity is severity
    g, one = np.float16(0.005), np.float16(1)
    with np.errstate(all="ignore"):
        v = np.float16(0.001) * g * g
        step = np.float16(1e-3) * g / (np.sqrt(v / np.float16(0.001)) + np.float16(epsilon) * one)
    assert v == 0
    assert (step >= 1) == (severity is Severity.ERROR)


def test_float32_loses_a_tiny_epsilon() -> None:
    text = (
        TORCH
        + """
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = optim.Adam(model.parameters(), lr=1e-3, eps={})

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
"""
    )
    usual = np.float32(0.005)
    for epsilon in (1e-16, 1e-10, 1e-9, 1e-8):
        assert bool(findings(text.format(epsilon), "TRN105")) == (usual + np.float32(epsilon) == usual)


def test_a_rate_that_decays_to_nothing() -> None:
    text = (
        KERAS
        + """
(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=10, decay_rate=0.9)
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=16)
"""
    )
    found = only(text, "TRN117")
    first = math.ceil(10 * math.log(0.01) / math.log(0.9))
    assert found.numbers["updates_before"] == first
    assert found.numbers["updates"] == 938 * 16


def one_weight(rate: float, loss: str = "nn.functional.mse_loss(model(x), y)", clip: str = "pass") -> str:
    start = f"""
x = torch.arange(20.0).reshape(-1, 1)
y = 2 * x
model = nn.Linear(1, 1, bias=False)
optimizer = optim.SGD(model.parameters(), lr={rate})
"""
    return TORCH + start + LOOP.format(loss=f"loss = {loss}", clip=clip)


@pytest.mark.parametrize(
    ("rate", "loss", "sharpness"),
    [
        (0.01, "nn.functional.mse_loss(model(x), y) / 2", None),
        (0.004, "nn.functional.mse_loss(model(x), y) * 4", 988.0),
        (0.004, "nn.functional.mse_loss(model(x), y)", None),
        (0.0005, "nn.functional.mse_loss(model(x), y, reduction='sum')", 4940.0),
        (0.0004, "nn.functional.mse_loss(model(x), y, reduction='sum')", None),
    ],
)
def test_factors_and_sums_enter_the_bound(rate: float, loss: str, sharpness: float | None) -> None:
    found = findings(one_weight(rate, loss), "TRN101", "TRN113")
    assert [one.code for one in found] == (["TRN101"] if sharpness else [])
    if sharpness:
        assert found[0].numbers["sharpness"] == pytest.approx(sharpness)
        assert found[0].numbers["max_learning_rate"] == pytest.approx(2 / sharpness)


@pytest.mark.parametrize("threshold", [1.0, 10.0, 100.0])
def test_clipping_leaves_a_floor(threshold: float) -> None:
    clip = f"nn.utils.clip_grad_norm_(model.parameters(), {threshold})"
    found = only(one_weight(0.01, clip=clip), "TRN120")
    w, losses = 0.1234, []
    for _ in range(3000):
        losses.append(123.5 * (w - 2) ** 2)
        slope = 247 * (w - 2)
        w -= 0.01 * slope * min(1.0, threshold / abs(slope))
    assert found.numbers["loss_floor"] == pytest.approx(247 * (0.01 * threshold) ** 2 / 8)
    assert np.mean(losses[-200:]) >= 0.99 * found.numbers["loss_floor"]
    assert np.mean(losses[-200:]) <= 4 * found.numbers["loss_floor"]


def test_targets_in_the_thousands_under_default_sgd() -> None:
    text = (
        KERAS
        + """
from sklearn.preprocessing import StandardScaler
x = StandardScaler().fit_transform(np.random.rand(500, 3))
y = np.random.uniform(LOW, HIGH, size=500)
model = keras.Sequential([layers.Dense(16, activation="relu", input_shape=(3,)), layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
model.fit(x, y, epochs=50)
"""
    )
    found = only(text.replace("LOW", "1000").replace("HIGH", "5000"), "TRN103")
    assert "batches of 32" in found.message
    assert found.numbers["standard_targets_max_learning_rate"] > 0.01 > found.numbers["max_learning_rate"]
    assert findings(text.replace("LOW", "-2").replace("HIGH", "2"), "TRN103") == ()
    assert all(not math.isfinite(small_net_loss(3000, 1155, seed)) for seed in range(3))
    assert all(small_net_loss(0, 1, seed) < 3 for seed in range(3))


def small_net_loss(mean: float, deviation: float, seed: int) -> float:
    """The loss of 3-16-1 with relu and Glorot's start after 200 steps of 0.01 in batches of 32."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((500, 3)), mean + deviation * rng.uniform(-1.73, 1.73, (500, 1))
    first, second = rng.uniform(-1, 1, (3, 16)) * math.sqrt(6 / 19), rng.uniform(-1, 1, (16, 1)) * math.sqrt(6 / 17)
    b, c, loss = np.zeros(16), np.zeros(1), 0.0
    with np.errstate(all="ignore"):
        for _ in range(200):
            rows = rng.permutation(500)[:32]
            before = x[rows] @ first + b
            hidden = np.maximum(before, 0)
            error = hidden @ second + c - y[rows]
            loss, back = float((error**2).mean()), 2 * error / 32
            through = back @ second.T * (before > 0)
            second, c = second - 0.01 * hidden.T @ back, c - 0.01 * back.sum(0)
            first, b = first - 0.01 * x[rows].T @ through, b - 0.01 * through.sum(0)
    return loss


def test_momentum_rises_first_by_the_factor_of_its_first_step() -> None:
    text = one_weight(0.012).replace("lr=0.012", "lr=0.012, momentum=0.9")
    found = only(text, "TRN130")
    w, m, losses = 0.5, 0.0, []
    for _ in range(400):
        losses.append(123.5 * (w - 2) ** 2)
        m = 0.9 * m + 247 * (w - 2)
        w -= 0.012 * m
    assert f"by {losses[1] / losses[0]:.3g}" in found.message
    assert losses[-1] < 1e-6 * losses[0]


def test_adam_that_moves_weights_by_more_than_they_are() -> None:
    text = (
        KERAS
        + """
(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
"""
    )
    found = only(text.replace("RATE", "0.06"), "TRN101")
    assert found.numbers["initial_rms"] == pytest.approx(math.sqrt(2 / (784 + 512)))
    assert findings(text.replace("RATE", "0.01"), "TRN101") == ()
