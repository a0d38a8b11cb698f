"""Runs from whole scripts, as people write them: the interpreter and the facts together."""

from __future__ import annotations

import pytest

from trainlint.core import Fact, Unknown
from trainlint.facts.extract import extract
from trainlint.facts.graph import walk
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.interpret.interpreter import interpret
from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text


def runs(script: str) -> tuple[TrainingRun, ...]:
    tree = parse(read_text(script, "train.py"))
    assert isinstance(tree, Tree)
    return extract(interpret(tree)).runs


def run(script: str) -> TrainingRun:
    (only,) = runs(script)
    return only


def row(place: object) -> int:
    return place.span.row


MULTIPLICATION = """\
from keras.engine.topology import Layer
from keras.layers import Input
from keras.models import Model
import numpy as np

class MultiplicationLayer(Layer):
    def __init__(self, **kwargs):
        super(MultiplicationLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(name="multiplicand", shape=(1,), initializer="glorot_uniform", trainable=True)
        self.built = True

    def call(self, x):
        return self.kernel * x

    def compute_output_shape(self, input_shape):
        return input_shape

inputs = Input(shape=(1,))
model = Model(inputs, MultiplicationLayer()(inputs))
model.compile(optimizer="sgd", loss="mse")
x = np.arange(20)
y = 2 * x
model.fit(x, y, epochs=10)
"""


def test_custom_layer_on_twenty_numbers() -> None:
    found = run(MULTIPLICATION)
    assert isinstance(found.optimizer, OptimizerFacts)
    assert (found.optimizer.name, found.optimizer.learning_rate.value) == ("sgd", 0.01)
    assert found.optimizer.learning_rate.origin.value == "default"
    assert (found.loss.name, found.loss.reduction) == ("mean_squared_error", "mean")
    assert isinstance(found.model, ModelFacts)
    assert (found.model.linear_in_parameters, found.model.parameters) == (True, 1)
    assert (found.inputs.low, found.inputs.high, found.inputs.mean, found.inputs.second_moment) == (0, 19, 9.5, 123.5)
    assert (found.inputs.scale, found.targets.high) == ("unnormalized", 38)
    assert (found.batch_size.value, found.steps_per_epoch.value, found.epochs.value) == (32, 1, 10)
    weight = next(node for node in walk(found.loss_graph) if node.op == "parameter").parameters[0]
    assert (weight.shape, weight.initializer.kind) == ((1,), "glorot_uniform")


DENSE = """\
import numpy as np
from tensorflow import keras
model = keras.Sequential([keras.layers.Dense(units=1, input_shape=[1])])
model.compile(optimizer="sgd", loss="mean_squared_error")
xs = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0], dtype=float)
ys = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5, 10.0], dtype=float)
model.fit(xs, ys, epochs=500)
"""


def test_one_dense_unit_on_twenty_numbers() -> None:
    found = run(DENSE)
    assert (found.optimizer.name, found.optimizer.learning_rate.value, row(found.optimizer.place)) == ("sgd", 0.01, 4)
    assert [(one.kind, one.units, one.activation, one.use_bias) for one in found.model.layers] == [("dense", 1, "linear", True)]
    assert (found.inputs.mean, found.inputs.second_moment, found.targets.high) == (10.5, 143.5, 10)
    assert (found.steps_per_epoch.value, found.epochs.value, found.full_batch) == (1, 500, True)
    output, target = found.loss_graph.inputs
    assert output.shape == target.shape == (20, 1)
    assert [node.data.shape for node in walk(output) if node.op == "data"] == [(20, 1)] or any(
        node.op == "expand_dims" for node in walk(output)
    )


BROKEN_LINES = """\
import random
import numpy
import keras
from keras import layers, engine
keras.backend.set_image_data_format("channels_first")
images = engine.Input((1, 32, 32))
hidden = layers.Activation("relu")(images)
hidden = layers.Conv2D(64, (16, 16))(hidden)
hidden = layers.Conv2D(128, (16, 16))(hidden)
hidden = layers.MaxPooling2D()(hidden)
hidden = layers.Reshape((128,))(hidden)
out = layers.Activation("softmax")(layers.Dense(2)(hidden))
model = engine.Model(images, out)
solid, broken = numpy.load("solid.npy"), numpy.load("broken.npy")

def batches(solid, broken, batch_size=128):
    pairs = [([chunk], [1, 0]) for chunk in solid] + [([chunk], [0, 1]) for chunk in broken]
    random.shuffle(pairs)
    xbatch, ybatch = [], []
    while True:
        for x, y in pairs:
            xbatch.append(x)
            ybatch.append(y)
            if len(xbatch) == batch_size:
                yield numpy.array(xbatch), numpy.array(ybatch)
                xbatch, ybatch = [], []

optimizer = keras.optimizers.Adam(0.00001)
loss = keras.losses.binary_crossentropy
model.compile(model, optimizer, loss_function=loss)
model.fit_generator(generator=batches(solid, broken, 256), steps_per_epoch=1000, epochs=4680)
"""


def test_model_as_its_own_optimizer() -> None:
    found = run(BROKEN_LINES)
    assert isinstance(found.optimizer, Unknown)
    assert found.optimizer.reason == "the first argument of compile is the model"
    assert isinstance(found.loss, Unknown)
    adam = found.misplaced_optimizer
    assert (adam.name, adam.learning_rate.value, adam.epsilon.value) == ("adam", 1e-5, 1e-7)
    assert row(adam.learning_rate.place) == 28
    assert [one.kind for one in found.model.layers] == ["relu", "conv", "conv", "max_pool", "reshape", "dense"]
    assert found.model.parameters == (16 * 16 * 64 + 64) + (16 * 16 * 64 * 128 + 128) + (128 * 2 + 2)
    assert found.model.output_activation == "softmax"
    assert (found.steps_per_epoch.value, found.epochs.value) == (1000, 4680)


RESCALED = """\
import numpy as np
from keras.layers import Activation, Conv2D, Input, Lambda
from keras.models import Model
X = np.random.rand(5088, 64, 96, 3)
Y = np.random.randint(0, 2, (5088, 64, 96, 1))
a = Input((64, 96, 3))
b = Conv2D(200, 3, activation="tanh", use_bias=False, padding="same", name="conv1")(a)
b = Conv2D(1, 3, activation="sigmoid", use_bias=False, padding="same", name="conv2")(b)
model1 = Model(a, b)
c = Input((64, 96, 3))
d = Conv2D(200, 3, activation="linear", use_bias=False, padding="same", name="conv1a")(c)
d = Lambda(lambda x: x / 3.0)(d)
d = Activation("tanh")(d)
d = Conv2D(1, 3, activation="linear", use_bias=False, padding="same", name="conv2a")(d)
d = Lambda(lambda x: x / 200.0)(d)
d = Activation("sigmoid")(d)
model2 = Model(c, d)
model1.compile(optimizer="adam", loss="binary_crossentropy")
model2.compile(optimizer="adam", loss="binary_crossentropy")
for epoch in range(20):
    model1.fit(X, Y, epochs=2)
    model2.fit(X, Y, epochs=2)
"""


def test_two_models_one_of_them_rescaled() -> None:
    plain, rescaled = runs(RESCALED)
    assert [(one.kind, one.name, one.activation) for one in plain.model.layers] == [
        ("conv", "conv1", "tanh"),
        ("conv", "conv2", "sigmoid"),
    ]
    assert plain.model.parameters == rescaled.model.parameters == 3 * 3 * 3 * 200 + 3 * 3 * 200
    assert (plain.optimizer.name, plain.optimizer.learning_rate.value) == ("adam", 0.001)
    factors = [node.inputs[1].data.item() for node in walk(rescaled.model.output) if node.op == "divide"]
    assert factors == [3.0, 200.0]
    assert rescaled.model.output_activation == "sigmoid"
    assert (plain.inputs.shape, plain.inputs.scale, plain.targets.labels) == ((5088, 64, 96, 3), "unit", "binary")
    assert (plain.loss.name, plain.loss.from_logits) == ("binary_crossentropy", False)
    assert (plain.batch_size.value, plain.steps_per_epoch.value) == (32, 159)


LOADER = """\
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(width * 14 * 14, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.norm(self.conv(x))))
        return self.head(x.view(x.size(0), -1))

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.05)
args = parser.parse_args()
X = torch.rand(1000, 1, 28, 28)
Y = torch.randint(0, 10, (1000,))
loader = DataLoader(TensorDataset(X, Y), batch_size=64, shuffle=True)
model = Net(16)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
criterion = nn.CrossEntropyLoss()

def train_one_epoch(model, loader):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

for epoch in range(20):
    train_one_epoch(model, loader)
    scheduler.step()
"""


def test_class_of_the_script_with_loader_and_schedule() -> None:
    found = run(LOADER)
    rate = found.optimizer.learning_rate
    assert isinstance(rate, Fact)
    assert (rate.value, rate.origin.value) == (0.05, "argument-default")
    assert (found.optimizer.momentum.value, found.optimizer.weight_decay.value, found.optimizer.decoupled) == (0.9, 5e-4, False)
    assert found.optimizer.clip == ("global_norm", 1.0)
    assert found.schedule.name == "step"
    assert isinstance(found.loss, LossFacts)
    assert (found.loss.name, found.loss.from_logits) == ("cross_entropy", True)
    assert [(one.kind, one.activation) for one in found.model.layers] == [
        ("conv", "linear"),
        ("batch_norm", None),
        ("relu", None),
        ("max_pool", None),
        ("reshape", None),
        ("dense", "linear"),
    ]
    assert found.model.parameters == (9 * 16 + 16) + 2 * 16 + (16 * 14 * 14 * 10 + 10)
    assert (found.inputs.shape, found.inputs.scale) == ((1000, 1, 28, 28), "unit")
    assert (found.targets.labels, found.targets.classes) == ("int", 10)
    assert (found.batch_size.value, found.steps_per_epoch.value, found.epochs.value) == (64, 16, 20)


def test_full_batch_of_torch() -> None:
    found = run("""\
import torch
from torch import nn, optim
x = torch.arange(1.0, 21.0).reshape(-1, 1)
y = x / 2
model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(500):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
""")
    assert (found.inputs.shape, found.inputs.high, found.targets.high) == ((20, 1), 20, 10)
    assert (found.batch_size.value, found.steps_per_epoch.value, found.epochs.value) == (20, 1, 500)
    assert (found.model.parameters, found.model.linear_in_parameters) == (2, True)


BY_HAND = """\
import torch
x = torch.arange(20.0)
y = 2 * x
w = torch.tensor(0.5, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr = 0.01
for step in range(100):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
"""


def test_update_by_hand() -> None:
    found = run(BY_HAND)
    assert (found.optimizer.name, found.optimizer.written_by_hand) == ("sgd", True)
    assert (found.optimizer.learning_rate.value, row(found.optimizer.learning_rate.place)) == (0.01, 6)
    assert (found.loss.name, found.loss.reduction) == ("mean_squared_error", "mean")
    assert (found.inputs.second_moment, found.epochs.value, found.steps_per_epoch.value) == (123.5, 100, 1)
    assert (found.model.linear_in_parameters, found.model.parameters) == (True, 2)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("model.optimizer.lr = 0.5", 0.5),
        ("keras.backend.set_value(model.optimizer.learning_rate, 0.5)", 0.5),
        ("pass", 0.01),
    ],
)
def test_rate_assigned_between_two_fits(line: str, expected: float) -> None:
    first, second = runs(DENSE.replace("model.fit(xs", f"model.fit(xs, ys)\n{line}\nmodel.fit(xs"))
    assert (first.optimizer.learning_rate.value, second.optimizer.learning_rate.value) == (0.01, expected)


def test_gradient_tape() -> None:
    found = run("""\
import numpy as np
import tensorflow as tf
x = tf.constant(np.arange(1.0, 21.0).reshape(20, 1))
y = x / 2
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.05)
for step in range(50):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - y))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""")
    assert (found.framework, found.optimizer.name, found.optimizer.learning_rate.value) == ("keras", "sgd", 0.05)
    assert (found.loss.name, found.loss.reduction) == ("mean_squared_error", "mean")
    assert (found.epochs.value, found.inputs.high) == (50, 20)
