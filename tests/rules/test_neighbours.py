"""Healthy scripts beside their faulty neighbours: a rule is silent on the one and speaks of the other."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.rules.checking import findings

KERAS = "import numpy as np\nimport tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n"
TORCH = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nfrom torch.utils.data import DataLoader\n"
STEP = "    loss = F.cross_entropy(model(x), y)\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n"
APPLIED = """        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}

"""


class Pair(NamedTuple):
    """A healthy script, and what has to be exchanged in it for a rule to speak."""

    code: str
    healthy: str
    exchanged: str
    by: str


AGENT = (
    TORCH
    + """
class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 64)
        self.lstm = nn.LSTM(64, 32)
        self.head = nn.Linear(32, 1)

    def forward(self, x, state):
        out, state = self.lstm(torch.relu(self.body(x)), state)
        return self.head(out), state


agent = Agent()
optimizer = torch.optim.Adam(agent.parameters(), lr=1e-3)
state = (torch.zeros(1, 4, 32), torch.zeros(1, 4, 32))
for iteration in range(100):
    x = torch.randn(16, 4, 8)
    target = torch.randn(16, 4, 1)
    first = state
    with torch.no_grad():
        value, state = agent(x, state)
    predicted, _ = agent(x, first)
    loss = F.mse_loss(predicted, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
)

PAIRS: dict[str, Pair] = {
    "a state that a call without gradients hands on": Pair(
        "TRN509",
        AGENT,
        "    with torch.no_grad():\n        value, state = agent(x, state)\n",
        "    value, state = agent(x, state)\n",
    ),
    "a value of the old policy beside the new one": Pair(
        "TRN507",
        TORCH
        + """
from policies import Policy

actor = Policy()
critic = nn.Linear(8, 1)
optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=1e-3)
for step in range(1000):
    x = torch.randn(64, 8)
    with torch.no_grad():
        advantage = 1 - critic(x)
    loss = advantage.mean() + actor(x).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        "advantage.mean() + actor(x).mean()",
        "advantage.mean()",
    ),
    "a batch whose own method moves it": Pair(
        "TRN517",
        TORCH
        + """
from corpus import sentences, pad

device = torch.device("cuda")
model = nn.Linear(8, 2).to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in DataLoader(sentences(), batch_size=32, collate_fn=pad):
    batch.to(device)
    loss = F.cross_entropy(model(batch["x"]), batch["y"])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        "batch.to(device)\n",
        'batch["x"].to(device)\n',
    ),
    "batches that DataParallel scatters": Pair(
        "TRN517",
        TORCH
        + """
from torchvision import datasets, transforms

model = nn.DataParallel(nn.Sequential(nn.Flatten(), nn.Linear(784, 10))).cuda()
data = datasets.MNIST("data", transform=transforms.ToTensor())
for x, y in DataLoader(data, batch_size=64):
    print(model(x))
""",
        "nn.DataParallel(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))",
        "nn.Sequential(nn.Flatten(), nn.Linear(784, 10))",
    ),
    "a linear probe on a network in evaluation mode": Pair(
        "TRN505",
        TORCH
        + """
from torchvision import models

model = models.resnet18()
for name, p in model.named_parameters():
    if name not in ("fc.weight", "fc.bias"):
        p.requires_grad = False
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
loader = DataLoader(torch.utils.data.TensorDataset(torch.rand(64, 3, 224, 224), torch.randint(0, 1000, (64,))), batch_size=8)
for epoch in range(10):
    model.eval()
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""",
        "        p.requires_grad = False\n",
        "        print(p.shape)\n",
    ),
    "gradients that a helper clears one by one": Pair(
        "TRN501",
        TORCH
        + """
class Trainer:
    def __init__(self, model, losses, lr):
        self.model = model
        self.losses = losses
        self.weights = list(model.parameters())
        self.optimizer = torch.optim.AdamW(self.weights, lr=lr)

    def clear(self):
        for weight in self.weights:
            if weight.grad is not None:
                weight.grad.detach_()
                weight.grad.zero_()

    def run(self, batches):
        for batch in batches:
            self.clear()
            self.losses(self.model, batch).mean().backward()
            self.optimizer.step()
""",
        "                weight.grad.zero_()\n",
        "",
    ),
    "a module that asks another for what it lacks": Pair(
        "TRN501",
        TORCH
        + """
from encoders import load


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = load("small")
        self.head = nn.Linear(64, 1)

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.inner, name)

    def forward(self, x):
        return self.head(self.inner(x))


model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
for step in range(1000):
    loss = model(torch.randn(8, 16)).pow(2).mean()
    loss.backward()
    optimizer.step()
    model.zero_grad()
""",
        "    model.zero_grad()\n",
        "",
    ),
    "few epochs over every batch that is played": Pair(
        "TRN110",
        TORCH
        + """
from games import play

model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
seen, wanted = torch.zeros(128, 4), torch.zeros(128, 2)
for iteration in range(500):
    for index in range(128):
        seen[index] = play(index)
    for epoch in range(4):
        for start in range(0, 128, 32):
            loss = F.mse_loss(model(seen[start : start + 32]), wanted[start : start + 32])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
""",
        "for iteration in range(500):",
        "for iteration in range(1):",
    ),
    "a buffer that a method fills with noise": Pair(
        "TRN217",
        TORCH
        + """
class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Parameter(torch.rand(2, 8))
        self.register_buffer("noise", torch.FloatTensor(16, 8))
        self.draw()

    def draw(self):
        self.noise.normal_()

    def forward(self):
        return F.linear(self.noise, self.mean)


model = Noisy()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(1000):
    loss = F.mse_loss(model(), torch.ones(16, 2))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        "        self.noise.normal_()\n",
        "        print(self.noise.shape)\n",
    ),
    "three arrays in a batch of a model's own step": Pair(
        "TRN516",
        KERAS
        + """
class Ranker(keras.Model):
    def __init__(self):
        super().__init__()
        self.query = layers.Dense(16)
        self.item = layers.Dense(16)

    def train_step(self, data):
        query, item, clicked = data
        with tf.GradientTape() as tape:
            score = tf.reduce_sum(self.query(query) * self.item(item), axis=1)
            loss = tf.reduce_mean((score - clicked) ** 2)
"""
        + APPLIED
        + """
parts = np.random.normal(size=(64, 3)), np.random.normal(size=(64, 3)), np.random.rand(64)
model = Ranker()
model.compile("adam")
model.fit(tf.data.Dataset.from_tensor_slices(parts).batch(8), epochs=20)
""",
        "query, item, clicked = data",
        "query, item, clicked, weight = data",
    ),
    "pairs of a batch as the classes of a model's own step": Pair(
        "TRN311",
        KERAS
        + """
class Retrieval(keras.Model):
    def __init__(self):
        super().__init__()
        self.query = layers.Dense(16)
        self.item = layers.Dense(16)
        self.measure = keras.losses.CategoricalCrossentropy(from_logits=True)

    def train_step(self, data):
        query, item = data
        with tf.GradientTape() as tape:
            scores = tf.matmul(self.query(query), self.item(item), transpose_b=True)
            loss = self.measure(tf.eye(tf.shape(scores)[0]), scores)
"""
        + APPLIED
        + """
parts = np.random.normal(size=(64, 16)), np.random.normal(size=(64, 16))
model = Retrieval()
model.compile("adam")
model.fit(tf.data.Dataset.from_tensor_slices(parts).batch(8), epochs=20)
""",
        "self.measure(tf.eye(tf.shape(scores)[0]), scores)",
        "self.measure(item, self.query(query))",
    ),
    "a model of another library with a compile of its own": Pair(
        "TRN601",
        KERAS
        + """
from zoo import build, Index

model = build("small")
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse", index=Index(3))
""",
        'build("small")',
        "keras.Sequential([layers.Dense(1)])",
    ),
    "a graph that a model and its loss both read": Pair(
        "TRN706",
        TORCH
        + """
from graphs import Sampler

loader = DataLoader(Sampler(), batch_size=1, shuffle=True, collate_fn=Sampler.merge)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for graph in loader:
    loss = F.cross_entropy(model(graph), graph.ndata["label"])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        "",
        "",
    ),
    "records of a data set of which nothing is known": Pair(
        "TRN706",
        KERAS
        + """
import tensorflow_datasets as tfds

records = tfds.load("penguins/processed", split="train", as_supervised=True).batch(32)
model = keras.Sequential([layers.Dense(10, activation="relu"), layers.Dense(3)])
measure = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.SGD(0.01)
for epoch in range(200):
    for x, y in records:
        with tf.GradientTape() as tape:
            loss = measure(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
        "",
        "",
    ),
    "Dropout that Keras tells the mode of the call": Pair(
        "TRN411",
        KERAS
        + """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(64, activation="relu")
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(layers.Dropout(0.1)(self.first(x)))


model = Net()
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.random.rand(640, 4), np.random.randint(0, 2, 640), epochs=20)
""",
        "layers.Dropout(0.1)(self.first(x))",
        "layers.Dense(64)(self.first(x))",
    ),
    "a convolution over space and one over time": Pair(
        "TRN401",
        KERAS
        + """
model = keras.Sequential([
    layers.Input((10, 32, 32, 3)),
    layers.Conv3D(16, (1, 7, 7), padding="same"),
    layers.Conv3D(16, (3, 1, 1), padding="same"),
    layers.ReLU(),
    layers.GlobalAveragePooling3D(),
    layers.Dense(10),
])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.random.rand(64, 10, 32, 32, 3), np.random.randint(0, 10, 64), epochs=50)
""",
        "(3, 1, 1)",
        "(3, 3, 3)",
    ),
    "a head that is thawed by a name that is not known": Pair(
        "TRN424",
        TORCH
        + """
import timm

model = timm.create_model("resnet50d", pretrained=True, num_classes=10)
for p in model.parameters():
    p.requires_grad = False
for p in model.get_classifier().parameters():
    p.requires_grad = True
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader([(torch.rand(3, 64, 64), 1)] * 64, batch_size=8):
"""
        + STEP,
        "    p.requires_grad = True\n",
        "    print(p.shape)\n",
    ),
    "weights of another width in a layer": Pair(
        "TRN406",
        TORCH
        + """
layer = nn.Linear(2, 3, bias=False)
layer.weight = nn.Parameter(torch.tensor([[4.0, 3.0, 5.0], [10.0, 11.0, 13.0]]))
print(layer(torch.rand(4, 3)))
""",
        "layer.weight = nn.Parameter(torch.tensor([[4.0, 3.0, 5.0], [10.0, 11.0, 13.0]]))\n",
        "",
    ),
    "layers and norms side by side in a module nobody calls": Pair(
        "TRN406",
        TORCH
        + """
class Points(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.maps = nn.ModuleList([nn.Linear(width * 4, width * 2), nn.Linear(width * 2, width)])
        self.norms = nn.ModuleList([nn.LayerNorm(width * 2), nn.LayerNorm(width)])
        self.out = nn.Linear(width, 10)

    def forward(self, x):
        x = x.reshape(-1, 32)
        for layer, norm in zip(self.maps, self.norms):
            x = torch.relu(norm(layer(x)))
        return self.out(x)
""",
        "self.out = nn.Linear(width, 10)",
        "self.out = nn.Linear(width * 2, 10)",
    ),
    "a model and an optimizer for each fold": Pair(
        "TRN702",
        TORCH
        + """
from sklearn.model_selection import KFold
from torch.utils.data import SubsetRandomSampler, TensorDataset

data = TensorDataset(torch.rand(500, 8), torch.randint(0, 2, (500,)))
folds = KFold(5)
models = [nn.Linear(8, 2) for _ in range(folds.n_splits)]
optimizers = [torch.optim.Adam(one.parameters(), lr=1e-3) for one in models]
for fold, (train, held) in enumerate(folds.split(data)):
    model, optimizer = models[fold], optimizers[fold]
    for x, y in DataLoader(data, batch_size=32, sampler=SubsetRandomSampler(train)):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        for x, y in DataLoader(data, batch_size=32, sampler=SubsetRandomSampler(held)):
            print((model(x).argmax(1) == y).sum())
""",
        "models = [nn.Linear(8, 2) for _ in range(folds.n_splits)]\n"
        "optimizers = [torch.optim.Adam(one.parameters(), lr=1e-3) for one in models]\n",
        "one = nn.Linear(8, 2)\nmodels = [one] * 5\noptimizers = [torch.optim.Adam(one.parameters(), lr=1e-3)] * 5\n",
    ),
    "plain SGD, which keeps nothing from step to step": Pair(
        "TRN608",
        TORCH
        + """
model = nn.Linear(16, 3)
x, y = torch.rand(64, 16), torch.randint(0, 3, (64,))
for epoch in range(200):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
        + STEP,
        "lr=0.1)",
        "lr=0.1, momentum=0.9)",
    ),
    "a layer mixed with what it is given": Pair(
        "TRN104",
        TORCH
        + """
class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(16, 32)
        self.mix = nn.Linear(32, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        h = torch.relu(self.inp(x))
        h = torch.relu(0.97 * h + 0.03 * self.mix(h))
        return self.out(h)


model = Mixed()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.rand(64, 16), torch.randint(0, 4, (64,))
for epoch in range(200):
"""
        + STEP,
        "0.97 * h + 0.03",
        "0.03",
    ),
    "a wrapper of the module itself in a dict": Pair(
        "TRN410",
        TORCH
        + """
class Wrapper(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 2)
        self.kept = {"wrapped": Wrapper(self.layer)}

    def forward(self, x):
        return self.kept["wrapped"](x)


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader([(torch.rand(8), 1)] * 64, batch_size=8):
"""
        + STEP,
        "Wrapper(self.layer)",
        "Wrapper(nn.Linear(8, 2))",
    ),
    "a list of layers that is called where it may have been replaced": Pair(
        "TRN413",
        TORCH
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.middle = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])

    def forward(self, x):
        if getattr(self, "converted", False):
            return self.middle(x)
        for layer in self.middle:
            x = torch.relu(layer(x))
        return x
""",
        '        if getattr(self, "converted", False):\n            return self.middle(x)\n',
        "        x = self.middle(x)\n",
    ),
    "what packs a sequence for the layer behind it": Pair(
        "TRN415",
        TORCH
        + """
from torch.nn.utils.rnn import pack_padded_sequence

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 12)
        self.rnn = nn.LSTM(12, 16, batch_first=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x, counts):
        x = self.first(x)
        packed = pack_padded_sequence(x, counts, batch_first=True)
        out, (state, _) = self.rnn(packed)
        return self.head(state[-1])


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(10, 4, 6), torch.randint(0, 2, (10,))
for epoch in range(200):
    loss = F.cross_entropy(model(x, torch.full((10,), 4)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        "        x = self.first(x)\n",
        "        h = self.first(x)\n        x = torch.cat([x, x], -1)\n",
    ),
    "a penalty on every weight of a model that is not followed": Pair(
        "TRN424",
        TORCH
        + """
from graphs import batches


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 8)

    def forward(self, graph, x):
        return graph.run(self.layer, x)


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for graph, x, y in batches():
    penalty = 0
    for p in model.parameters():
        penalty = penalty + F.mse_loss(p, torch.zeros_like(p))
    loss = F.mse_loss(model(graph, x), y) + 0.001 * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
        "optimizer = torch.optim",
        "model.requires_grad_(False)\noptimizer = torch.optim",
    ),
    "rows that are scattered into a table of zeros": Pair(
        "TRN308",
        TORCH
        + """
classes = torch.randint(0, 3, (500,))
table = torch.zeros(500, 3)
table.scatter_(1, classes[:, None], 1.0)
x, y = torch.randn(500, 12), table
model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(200):
"""
        + STEP,
        "table.scatter_(1, classes[:, None], 1.0)\n",
        "table[:, 0] = 1\ntable[:, 1] = 1\n",
    ),
    "one step of each sequence, by two arrays of indices": Pair(
        "TRN421",
        TORCH
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(6, 16)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[torch.tensor([3, 4]), torch.tensor([0, 1])])


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(10, 2, 6), torch.randint(0, 2, (2,))
for epoch in range(200):
"""
        + STEP,
        "out[torch.tensor([3, 4]), torch.tensor([0, 1])]",
        "out[:, -1]",
    ),
    "a trainer that is run for training and for validation": Pair(
        "TRN502",
        TORCH
        + """
class Trainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer

    def run(self, loader, train):
        for x, y in loader:
            loss = F.cross_entropy(self.model(x), y)
            if train:
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()

    def fit(self, train, held, epochs):
        for epoch in range(epochs):
            self.run(train, True)
            self.run(held, False)


rows = [(torch.rand(8), 1)] * 64
model = nn.Linear(8, 2)
trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-3))
trainer.fit(DataLoader(rows, batch_size=8), DataLoader(rows, batch_size=8), 20)
""",
        "                self.optimizer.zero_grad()\n                loss.backward()\n",
        "                loss.backward()\n                self.optimizer.zero_grad()\n",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_silent_on_the_one_and_heard_of_the_other(name):
    pair = PAIRS[name]
    assert pair.code not in {one.code for one in findings(pair.healthy, pair.code)}
    if pair.exchanged:
        assert pair.exchanged in pair.healthy
        faulty = pair.healthy.replace(pair.exchanged, pair.by)
        assert pair.code in {one.code for one in findings(faulty, pair.code)}
