"""What decay, penalties and clipped steps do to the weights, against the formulas and numbers drawn by numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainlint.engine import facts_of
from trainlint.facts.pace import reach_of_clipped, relative_step
from trainlint.facts.penalties import initial_penalty, shrinking
from trainlint.facts.pretrained import pretrained_in_training
from trainlint.facts.run import TrainingRun
from trainlint.source.read import read_text

HEAD = """
from tensorflow import keras
from tensorflow.keras import layers, regularizers
(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
"""
NET = """
model = keras.Sequential([layers.Dense(512, "relu", kernel_regularizer=REGULARIZER), layers.Dense(10, "softmax")])
model.compile(OPTIMIZER, "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
"""


def the_run(text: str) -> TrainingRun:
    (run,) = facts_of(read_text(text, "train.py")).runs
    return run


def net(regularizer: str = "None", optimizer: str = '"adam"') -> TrainingRun:
    return the_run(HEAD + NET.replace("REGULARIZER", regularizer).replace("OPTIMIZER", optimizer))


def test_penalty_at_the_start_is_that_of_drawn_weights() -> None:
    found = initial_penalty(net("regularizers.l2(0.1)"))
    limit = math.sqrt(6 / (784 + 512))
    drawn = np.random.default_rng(0).uniform(-limit, limit, (784, 512))
    assert found is not None
    assert found.value == pytest.approx(0.1 * (drawn**2).sum(), rel=0.01)
    assert found.data_loss == pytest.approx(math.log(10))
    assert not found.from_optimizer
    assert initial_penalty(net()) is None


def test_penalty_of_a_loop_that_leaves_it_out() -> None:
    text = """
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
hidden = tf.layers.dense(x, 512, kernel_regularizer=tf.contrib.layers.l2_regularizer(0.1))
loss = tf.losses.softmax_cross_entropy(y, tf.layers.dense(tf.nn.relu(hidden), 10))
train = tf.train.AdamOptimizer(0.001).minimize(loss)
sess = tf.Session()
for i in range(100):
    sess.run(train)
"""
    assert initial_penalty(the_run(text)) is None


@pytest.mark.parametrize(("rate", "decay"), [(1e-3, 0.004), (0.01, 0.5), (0.5, 2.0)])
def test_decay_shrinks_weights_as_a_loop_does(rate: float, decay: float) -> None:
    found = shrinking(net(optimizer=f"keras.optimizers.AdamW({rate}, weight_decay={decay})"))
    assert found is not None
    assert found.step == pytest.approx(rate * decay)
    if found.step < 1:
        weight = 1.0
        for _ in range(math.ceil(60000 / 128)):
            weight -= rate * decay * weight
        assert found.share == pytest.approx(weight, rel=1e-9)


def test_clipped_steps_reach_no_further_than_their_sum() -> None:
    found = reach_of_clipped(net(optimizer="keras.optimizers.SGD(0.01, momentum=0.5, global_clipnorm=0.1)"))
    updates = 5 * math.ceil(60000 / 128)
    assert found is not None
    assert found.moved == pytest.approx(0.01 * 0.1 * updates / 0.5)
    squares = 784 * 512 * 2 / (784 + 512) + 512 * 10 * 2 / (512 + 10)
    assert found.start == pytest.approx(math.sqrt(squares))
    gradient, buffer, moved = 0.1, 0.0, 0.0
    for _ in range(updates):
        buffer = 0.5 * buffer + gradient
        moved += 0.01 * buffer
    assert moved <= found.moved


def test_relative_step_of_adam() -> None:
    found = relative_step(net(optimizer="keras.optimizers.Adam(0.01)"))
    assert found is not None
    assert found[0] == pytest.approx(0.01 / math.sqrt(2 / (784 + 512)))


@pytest.mark.parametrize(("weights", "found"), [("'imagenet'", True), ("None", False), ("weights", False), ("'model.h5'", False)])
def test_pretrained_weights(weights: str, found: bool) -> None:
    text = f"""
from tensorflow import keras
from settings import weights
base = keras.applications.ResNet50(weights={weights}, include_top=False, input_shape=(224, 224, 3), pooling="avg")
model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")

def train(x, y):
    model.fit(x, y, epochs=5)
"""
    assert (pretrained_in_training(the_run(text)) is not None) == found
