"""Faulty scripts as people post them, each beside a twin that is right: what must be said, at which line, and of which nothing."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings

TF1 = """import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
mnist = input_data.read_data_sets("MNIST_data/", one_hot=True)
x = tf.placeholder(tf.float32, [None, 784])
t = tf.placeholder(tf.float32, [None, 10])
share = tf.placeholder(tf.float32)
h = tf.nn.dropout(tf.layers.dense(x, 500, activation=tf.nn.relu), {share})
z = tf.layers.dense(h, 10)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=z))
step = tf.train.AdamOptimizer(1e-4).minimize(loss)
score = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(t, 1)), tf.float32))
session = tf.InteractiveSession()
tf.global_variables_initializer().run()
for i in range(2000):
    a, b = mnist.train.next_batch(100)
    step.run(feed_dict={{x: a, t: b, share: {train}}})
    if i % 100 == 0:
        print(session.run([loss, score], feed_dict={{x: a, t: b, share: {train}}}))
print({shown})
"""
TEST = "{x: mnist.test.images, t: mnist.test.labels, share: %s}"

PIPELINE = """import tensorflow as tf
from tensorflow.keras.datasets import mnist
(images, labels), _ = mnist.load_data()
data = tf.data.Dataset.from_tensor_slices((images / 255.0, labels)).shuffle(60000).repeat().batch(32)
iterator = {iterator}
x, y = iterator.get_next()
loss = tf.losses.sparse_softmax_cross_entropy(y, tf.layers.dense(tf.layers.flatten(x), 10))
step = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as session:
    session.run({initialize})
    for _ in range(5000):
        session.run(step)
"""
LATER = "data.make_initializable_iterator()"

DEVICES = """import torch
from torch import nn
from torchvision import datasets, transforms
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
digits = datasets.MNIST(".", download=True, transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(digits, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)){moved}
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    {batch}
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
"""

FROZEN = """from tensorflow.keras.applications import VGG16
from tensorflow.keras import layers, Model
base = VGG16(weights="imagenet", include_top=False, input_shape=(224, 224, 3))
out = layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(base.output))
model = Model(base.input, out)
for layer in {which}:
    layer.trainable = False
model.compile("adam", "categorical_crossentropy")
def train(data):
    model.fit(data, epochs=5)
"""

GENERATORS = """from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
train = ImageDataGenerator(rescale=1.0 / 255).flow_from_directory("train", target_size=(64, 64), class_mode="binary")
held = ImageDataGenerator({options}).flow_from_directory("held", target_size=(64, 64), class_mode="binary")
model = Sequential([Conv2D(32, (3, 3), activation="relu", input_shape=(64, 64, 3)), MaxPooling2D(), Flatten()])
model.add(Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy")
model.fit_generator(train, steps_per_epoch=100, epochs=10, validation_data=held, validation_steps=10)
"""

METRIC = """import keras.backend as K
import pandas as pd
from keras.models import Sequential
from keras.layers import Dense
def agreement(y_true, y_pred):
    return K.mean(K.equal({agreement}))
frame = pd.read_csv("points.csv")
x, y = frame.iloc[:, 30:].values / 255.0, {targets}
model = Sequential([Dense(100, activation="relu", input_shape=(96,)), Dense({units})])
model.compile("adam", "mse", metrics=[{metric}])
model.fit(x, y, epochs=100)
"""
COORDINATES, LARGEST = "(frame.iloc[:, :30].values - 48) / 48", "K.argmax(y_true, axis=1), K.argmax(y_pred, axis=1)"

EXIT = """{imported}
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dense(1)])
model.compile("adam", "mse")
model.fit(np.load("x.npy"), np.load("y.npy"))
{last}
print(history)
"""

EPOCHS = """import torch
from torch import nn
def train(model, loader, held, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    {once}
    for epoch in range(epochs):
        {each}
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for x, y in held:
                model(x)
net = nn.Sequential(nn.Linear(10, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Linear(10, 2))
def main(loader, held):
    train(net, loader, held, 10)
"""

STACK = """from torch import nn, optim
model = nn.Sequential({layers})
def train(loader):
    optimizer = optim.Adam(model.parameters(), lr={rate})
    for x, _ in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x).backward()
        optimizer.step()
"""

TWICE = """from keras.models import Sequential
from keras.layers import Activation, Dense
from keras.datasets import mnist
from keras.utils import to_categorical
(x, y), _ = mnist.load_data()
model = Sequential([Dense(256, input_shape=(784,), activation="relu"), Dense(10, activation={first}), Activation("softmax")])
model.compile("adam", loss={loss})
model.fit(x.reshape(60000, 784) / 255.0, to_categorical(y), batch_size=128, epochs=20)
"""

RECURRENT = """import numpy as np
from keras.models import Sequential
from keras.layers import LSTM, Dense
from keras.optimizers import Adam
x, y = np.random.rand(500, 20, 8), np.random.rand(500, 1)
model = Sequential([LSTM(50, input_shape=(20, 8)), Dense(1)])
model.compile(optimizer=Adam(lr={rate}), loss="mse")
model.fit(x, y, epochs=20)
"""

SUMMED = """import tensorflow.compat.v1 as tf
x, y = tf.placeholder(tf.float32, [None, 9]), tf.placeholder(tf.float32, [None, 1])
z = tf.layers.dense(tf.layers.dense(x, 64, tf.nn.relu), 1, kernel_regularizer=tf.keras.regularizers.l2(1e-5))
loss = tf.{reduction}(tf.square(y - z)) + tf.losses.get_regularization_loss()
step = tf.train.GradientDescentOptimizer({rate}).minimize(loss)
"""

SIGNS = """import numpy as np
from keras.models import Sequential
from keras.layers import Dense
x = np.random.randn(200, 5)
y = {labels}
model = Sequential([Dense(16, input_dim=5, activation="relu"), Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="sgd")
model.fit(x, y, epochs=50)
"""

CASES: list[tuple[str, str, str, int | None]] = [
    ("dropout kept in the score", TF1.format(share="share", train=0.5, shown=f"score.eval(feed_dict={TEST % 0.5})"), "TRN530", 19),
    ("a rate kept", TF1.format(share="rate=share", train=0.4, shown=f"session.run(score, {TEST % 0.4})"), "TRN530", 19),
    ("dropout off in the score", TF1.format(share="share", train=0.5, shown=f"session.run(score, {TEST % 1.0})"), "TRN530", None),
    ("a rate of 0", TF1.format(share="rate=share", train=0.4, shown=f"session.run(score, {TEST % 0.0})"), "TRN530", None),
    ("an iterator never started", PIPELINE.format(iterator=LATER, initialize="tf.global_variables_initializer()"), "TRN530", 12),
    (
        "an iterator started",
        PIPELINE.format(iterator=LATER, initialize="[tf.global_variables_initializer(), iterator.initializer]"),
        "TRN530",
        None,
    ),
    (
        "an iterator that needs no start",
        PIPELINE.format(iterator="data.make_one_shot_iterator()", initialize="tf.global_variables_initializer()"),
        "TRN530",
        None,
    ),
    ("the model stays behind", DEVICES.format(moved="", batch="x, y = x.to(device), y.to(device)"), "TRN517", 12),
    ("the model surely stays behind", DEVICES.format(moved="", batch="x, y = x.cuda(), y.cuda()"), "TRN517", 12),
    ("both moved", DEVICES.format(moved=".to(device)", batch="x, y = x.to(device), y.to(device)"), "TRN517", None),
    ("neither moved", DEVICES.format(moved="", batch="pass"), "TRN517", None),
    ("all layers frozen", FROZEN.format(which="model.layers"), "TRN424", 10),
    ("the backbone frozen", FROZEN.format(which="base.layers"), "TRN424", None),
    ("held-back pictures as bytes", GENERATORS.format(options="horizontal_flip=True"), "TRN208", 9),
    ("both generators scale", GENERATORS.format(options="rescale=1.0 / 255"), "TRN208", None),
    ("argmax of coordinates", METRIC.format(agreement=LARGEST, targets=COORDINATES, units=30, metric="agreement"), "TRN707", 10),
    ("accuracy of coordinates", METRIC.format(agreement=LARGEST, targets=COORDINATES, units=30, metric="'acc'"), "TRN707", 10),
    (
        "rounded prices",
        METRIC.format(agreement="y_true, K.round(y_pred)", targets="frame['price'] * 2.5", units=1, metric="agreement"),
        "TRN707",
        10,
    ),
    (
        "argmax of class rows",
        METRIC.format(agreement=LARGEST, targets="pd.get_dummies(frame['c'])", units=30, metric="agreement"),
        "TRN707",
        None,
    ),
    (
        "rows that may be classes",
        METRIC.format(agreement=LARGEST, targets="frame.iloc[:, :30].values", units=30, metric="'accuracy'"),
        "TRN707",
        None,
    ),
    ("a name behind the exit", EXIT.format(imported="import sys", last="sys.exit(1)"), "TRN516", None),
    ("an exit that is not imported", EXIT.format(imported="", last="sys.exit(1)"), "TRN516", None),
    ("a name that is read", EXIT.format(imported="import sys", last="print(1)"), "TRN516", 9),
    ("evaluation mode kept, called by an uncalled function", EPOCHS.format(once="model.train()", each="pass"), "TRN505", 12),
    ("training mode in each epoch", EPOCHS.format(once="pass", each="model.train()"), "TRN505", None),
    (
        "linear layers in front of a bottleneck",
        STACK.format(layers="nn.Linear(784, 256), nn.Linear(256, 64), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 784)", rate=1e-3),
        "TRN401",
        2,
    ),
    ("a bottleneck", STACK.format(layers="nn.Linear(784, 64), nn.Linear(64, 784)", rate=1e-3), "TRN401", None),
    (
        "convolutions with max pooling alone",
        STACK.format(layers="nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.Conv2d(8, 8, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 9)", rate=1e-3),
        "TRN401",
        2,
    ),
    (
        "relu behind the pooling",
        STACK.format(layers="nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 8, 5), nn.ReLU(), nn.MaxPool2d(2)", rate=1e-3),
        "TRN401",
        None,
    ),
    (
        "one convolution with max pooling alone",
        STACK.format(layers="nn.Conv2d(1, 8, 5), nn.ReLU(), nn.Conv2d(8, 8, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 9)", rate=1e-3),
        "TRN401",
        None,
    ),
    ("softmax twice", TWICE.format(first="'softmax'", loss="'binary_crossentropy'"), "TRN302", 7),
    ("softmax twice, categorical", TWICE.format(first="'softmax'", loss="'categorical_crossentropy'"), "TRN302", 7),
    ("softmax once", TWICE.format(first="None", loss="'categorical_crossentropy'"), "TRN302", None),
    ("Adam at 1 on drawn data", RECURRENT.format(rate=1.0), "TRN112", 7),
    ("Adam at 0.05 on drawn data", RECURRENT.format(rate=0.05), "TRN112", None),
    ("a sum beside a penalty", SUMMED.format(reduction="reduce_sum", rate=0.1), "TRN113", 4),
    ("a small rate", SUMMED.format(reduction="reduce_sum", rate=0.001), "TRN113", None),
    ("a mean beside a penalty", SUMMED.format(reduction="reduce_mean", rate=0.1), "TRN113", None),
    ("signs as labels", SIGNS.format(labels="np.sign(x[:, 0])"), "TRN313", 7),
    ("1 and -1 as labels", SIGNS.format(labels="np.where(x[:, 0] > 0, 1, -1)"), "TRN313", 7),
    ("1 and 0 as labels", SIGNS.format(labels="np.where(x[:, 0] > 0, 1, 0)"), "TRN313", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "row"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_the_fault_and_its_twin(text: str, code: str, row: int | None) -> None:
    found = [one.span.row for one in findings(text, code) if one.code == code]
    assert found == ([] if row is None else [row])


DROPPED = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)

    def forward(self, x):
        return F.dropout(self.first(x), 0.5)


model = Net()
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(100, 8), torch.rand(100, 16)), 10)
with torch.no_grad():
    for {loop}:
        print(F.mse_loss(model({x}), torch.ones(10, 16)))
"""


@pytest.mark.parametrize(("loop", "x", "rows"), [("x, y in data", "x", [12]), ("_ in range(20)", "torch.rand(10, 8)", [])])
def test_dropout_in_a_score_over_a_loader_and_in_samples_of_it(loop: str, x: str, rows: list[int]) -> None:
    """Without `eval()`: a score over a data set is no Monte-Carlo sample."""
    assert [one.span.row for one in findings(DROPPED.format(loop=loop, x=x)) if one.code == "TRN412"] == rows


TWO_HEADS = """import keras, numpy as np
a, b = keras.Input((4,)), keras.Input((4,))
h = keras.layers.concatenate([a, b])
model = keras.Model([a, b], [keras.layers.Dense(1)(h), keras.layers.Dense(5)(h)])
model.compile("rmsprop", loss=["mse", "mse"])
x, y, z = np.random.rand(100, 4), np.random.rand(100, 1), np.random.rand(100, 5)
model.fit([x, x], [y, z])
model.layers[-1].trainable = False
{again}
model.fit([x, x], [y, z])
"""


@pytest.mark.parametrize(("again", "rows"), [("", [8]), ('model.compile("rmsprop", loss=["mse", "mse"])', [])])
def test_a_head_of_two_is_frozen_between_fits(again: str, rows: list[int]) -> None:
    assert [one.span.row for one in findings(TWO_HEADS.format(again=again), "TRN606") if one.code == "TRN606"] == rows
