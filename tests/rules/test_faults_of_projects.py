"""Faults that are told only once what a project writes is followed: each script, and what makes it right."""

from __future__ import annotations

import pytest

from tests.rules.checking import found_and_repaired

IMPORTS = """import os
import cv2
import numpy as np
import tensorflow as tf
import torch
from tensorflow import keras
from tensorflow.keras.layers import Dense, Flatten
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms
"""

FAULTS = {
    "pictures that a loop gathered, put in another order than their labels": (
        """pictures, labels = [], []
for number, folder in enumerate(sorted(os.listdir("set"))):
    for name in os.listdir(os.path.join("set", folder)):
        pictures.append(cv2.resize(cv2.imread(os.path.join("set", folder, name)), (32, 32)))
        labels.append(number)
x, y = np.array(pictures, dtype="float32") / 255, keras.utils.to_categorical(labels, 4)
np.random.shuffle(x)  # error: TRN212
model = keras.Sequential([Flatten(), Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, epochs=20)
""",
        {"np.random.shuffle(x)": "order = np.random.permutation(len(x)); x, y = x[order], y[order]"},
    ),
    "windows of a series, whose targets a loop gathers one by one": (
        """series = np.sin(np.linspace(0, 100, 2000))
xs, ys = [], []
for i in range(len(series) - 20):
    xs.append(series[i : i + 20])
    ys.append(series[i + 20])
x, y = torch.tensor(np.array(xs), dtype=torch.float32), torch.tensor(ys, dtype=torch.float32)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(200):
    loss = nn.functional.mse_loss(model(x), y)  # error: TRN314
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        {"model(x)": "model(x).squeeze(1)"},
    ),
    "classes counted by their labels": (
        """(x, y), _ = keras.datasets.cifar10.load_data()
y = y.flatten()
model = keras.Sequential([Flatten(), Dense(64, activation="relu"), Dense(len(set(y)), activation="softmax")])
model.compile("adam", "categorical_crossentropy")  # error: TRN305
model.fit(x / 255.0, y, epochs=5)
""",
        {'"categorical': '"sparse_categorical'},
    ),
    "an activation that is handed on, used where it is not None": (
        """def layer(x, units, activation=None):
    z = tf.layers.dense(x, units)
    return activation(z) if activation is not None else z

x, y = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 3])
out = layer(layer(x, 16, tf.nn.relu), 3, tf.nn.softmax)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=out))  # error: TRN302
step = tf.train.AdamOptimizer(0.01).minimize(loss)
session = tf.Session()
session.run(tf.global_variables_initializer())
for i in range(500):
    session.run(step, {x: np.load("x.npy"), y: np.load("y.npy")})
""",
        {"3, tf.nn.softmax": "3"},
    ),
    "an activation and a shape, both wrong": (
        """class Rows(Dataset):
    def __init__(self):
        self.x, self.y = torch.rand(500, 8), torch.randint(0, 2, (500,)).float()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
criterion = nn.BCEWithLogitsLoss()  # error: TRN302
optimizer = torch.optim.Adam(model.parameters())
for x, y in DataLoader(Rows(), batch_size=16, shuffle=True):
    optimizer.zero_grad()
    criterion(model(x), y).backward()  # error: TRN314
    optimizer.step()
""",
        {", nn.Sigmoid()": "", "model(x), y": "model(x)[:, 0], y"},
    ),
    "softmax before the cross-entropy of a number of classes that is given": (
        """def train(loader, classes):
    model = nn.Sequential(nn.Linear(20, classes), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters())
    criterion = nn.CrossEntropyLoss()  # error: TRN302
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
""",
        {", nn.Softmax(dim=1)": ""},
    ),
    "softmax for labels of a table, each with a loss of its own": (
        """import pandas as pd

table = pd.read_csv("train.csv")
y = table[["a", "b", "c", "d"]].values
model = keras.Sequential([keras.layers.Embedding(5000, 32, input_length=50), Flatten(), Dense(4, activation="softmax")])
model.compile("adam", "binary_crossentropy")  # info: TRN308
model.fit(np.random.randint(0, 5000, (len(table), 50)), y, epochs=2)
""",
        {"softmax": "sigmoid"},
    ),
    "bytes of a test set against what ToTensor gives": (
        """trained = datasets.MNIST("data", train=True, transform=transforms.ToTensor(), download=True)
test = datasets.MNIST("data", train=False)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(trained, batch_size=64, shuffle=True):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
with torch.no_grad():
    guess = model(test.data.float())  # error: TRN208
    print((guess.argmax(1) == test.targets).float().mean())
""",
        {"data.float()": "data.float() / 255"},
    ),
    "a divergence with the wrong sign": (
        """class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.log = nn.Linear(784, 8), nn.Linear(784, 8)
        self.out = nn.Linear(8, 784)

    def forward(self, x):
        mean, log = self.mean(x), self.log(x)
        return torch.sigmoid(self.out(mean + torch.randn_like(mean) * torch.exp(0.5 * log))), mean, log

model = VAE()
optimizer = torch.optim.Adam(model.parameters())
for x, _ in DataLoader(datasets.MNIST("data", transform=transforms.ToTensor()), batch_size=64, shuffle=True):
    x = x.flatten(1)
    back, mean, log = model(x)
    divergence = 0.5 * torch.sum(1 + log - mean.pow(2) - log.exp())  # error: TRN317
    loss = nn.functional.binary_cross_entropy(back, x, reduction="sum") + divergence
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        {"0.5 * torch.sum": "-0.5 * torch.sum"},
    ),
    "a generator that learns from pictures cut off from it": (
        """generator = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 784), nn.Sigmoid())
judge = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())
mine, its = torch.optim.Adam(generator.parameters(), lr=2e-4), torch.optim.Adam(judge.parameters(), lr=2e-4)
criterion = nn.BCELoss()
for real, _ in DataLoader(datasets.MNIST("data", transform=transforms.ToTensor()), batch_size=64, shuffle=True):
    real, ones, zeros = real.flatten(1), torch.ones(64, 1), torch.zeros(64, 1)
    made = generator(torch.randn(64, 16))
    its.zero_grad()
    (criterion(judge(real), ones) + criterion(judge(made), zeros)).backward(retain_graph=True)
    its.step()
    mine.zero_grad()
    criterion(judge(made.detach()), ones).backward()  # warning: TRN316
    mine.step()
""",
        {"judge(made), zeros": "judge(made.detach()), zeros", "judge(made.detach()), ones": "judge(made), ones"},
    ),
    "a state that starts as None and keeps its graph": (
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.out = nn.GRU(8, 8, batch_first=True), nn.Linear(8, 8)

    def forward(self, x, state=None):
        x, state = self.gru(x, state)
        return self.out(x), state

net = Net()
optimizer = torch.optim.Adam(net.parameters())
state = None
for i in range(1000):
    guess, state = net(torch.randn(4, 10, 8), state)  # warning: TRN509
    loss = nn.functional.mse_loss(guess, torch.randn(4, 10, 8))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        {"loss.backward()": "loss.backward()\n    state = state.detach()"},
    ),
    "an optimizer of the first half alone": (
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(30, 4), nn.Linear(4, 30)

    def forward(self, x):
        return self.decoder(torch.relu(self.encoder(x)))

net = Net()
optimizer = torch.optim.Adam(net.encoder.parameters())  # error: TRN607
for i in range(1000):
    x = torch.rand(16, 30)
    optimizer.zero_grad()
    nn.functional.mse_loss(net(x), x).backward()
    optimizer.step()
""",
        {"net.encoder.par": "net.par"},
    ),
    "an optimizer that is cleared and never steps": (
        """one, two = nn.Linear(30, 4), nn.Linear(4, 30)
first, second = torch.optim.Adam(one.parameters()), torch.optim.Adam(two.parameters())  # error: TRN607
for i in range(1000):
    x = torch.rand(16, 30)
    first.zero_grad()
    second.zero_grad()
    nn.functional.mse_loss(two(torch.relu(one(x))), x).backward()
    first.step()
""",
        {"    first.step()": "    first.step()\n    second.step()"},
    ),
    "a cross-entropy inside a loss of the script's own": (
        """inputs = keras.Input((784,))
code = Dense(32, activation="relu")(inputs)
outputs = Dense(784, activation="relu")(code)  # error: TRN304
model = keras.Model(inputs, outputs)

def loss(x, back):
    return 784 * keras.losses.binary_crossentropy(x, back) + 0.01

model.compile("adam", loss)
(x, _), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model.fit(x, x, epochs=10)
""",
        {'Dense(784, activation="relu")': 'Dense(784, activation="sigmoid")'},
    ),
    "samples of the script's own data set in one order": (
        """class Pictures(Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return torch.from_numpy(cv2.resize(cv2.imread(self.files[i]), (32, 32)) / 255).float(), int(self.files[i][0])

model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loader = DataLoader(Pictures(os.listdir("faces")), batch_size=32, shuffle=False)  # info: TRN213
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
        {"shuffle=False": "shuffle=True"},
    ),
}


@pytest.mark.parametrize(("script", "repairs"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_and_repair(script: str, repairs: dict[str, str]) -> None:
    found_and_repaired(IMPORTS + script, repairs)
