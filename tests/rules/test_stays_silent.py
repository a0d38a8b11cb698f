"""Healthy scripts that look like faulty ones: no rule that is on by default may say anything about them."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings

KERAS = "import numpy as np\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n\n"
TORCH = (
    "import math\nimport torch\nfrom torch import nn, optim\nimport torch.nn.functional as F\n"
    "from torch.utils.data import DataLoader, TensorDataset\n\n"
)
LOOP = "for x, y in loader:\n    optimizer.zero_grad()\n    loss = criterion(model(x), y)\n    loss.backward()\n    optimizer.step()\n"
LOADER = "loader = DataLoader(TensorDataset(torch.rand(1000, 8), torch.rand(1000, 1)), batch_size=64, shuffle=True)\n"

SCRIPTS: dict[str, str] = {
    # step size
    "adadelta at 1.0": KERAS
    + """
x, y = np.random.rand(500, 8), np.random.randn(500, 1)
model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
model.compile(keras.optimizers.Adadelta(learning_rate=1.0), "mse")
model.fit(x, y, epochs=100)
""",
    "momentum with batch normalisation": TORCH
    + LOADER
    + """
model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1))
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
"""
    + LOOP,
    "sgd of 20 that is clipped": TORCH
    + """
def train(model, loader, criterion):
    for x, y in loader:
        model.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-20)
""",
    "sgd 0.5 on a softmax regression of unit inputs": KERAS
    + """
x, y = np.random.rand(500, 784), np.random.randint(0, 10, size=500)
model = keras.Sequential([layers.Dense(10, activation="softmax", input_shape=(784,))])
model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, batch_size=100)
""",
    "lbfgs with lr 1": TORCH
    + """
x = torch.arange(20.0).reshape(-1, 1)
y = 2 * x
model = nn.Linear(1, 1)
optimizer = optim.LBFGS(model.parameters(), lr=1)


def closure():
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    return loss


for _ in range(20):
    optimizer.step(closure)
""",
    "adam 0.1 for a line": KERAS
    + """
x = np.arange(20.0)
model = keras.Sequential([layers.Dense(1, input_shape=[1])])
model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
model.fit(x, 3 * x + 1, epochs=500, verbose=False)
""",
    "small raw literals with one weight": KERAS
    + """
x = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
y = np.array([-3.0, -1.0, 1.0, 3.0, 5.0, 7.0])
model = keras.Sequential([layers.Dense(1, input_shape=[1])])
model.compile(optimizer="sgd", loss="mean_squared_error")
model.fit(x, y, epochs=500)
""",
    "raw values in front of an adapted normalisation": KERAS
    + """
x = np.random.randint(0, 1000, size=(500, 4)).astype("float32")
y = np.random.randn(500, 1)
scale = layers.Normalization()
scale.adapt(x)
model = keras.Sequential([scale, layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.01), "mse")
model.fit(x, y, epochs=50)
""",
    "sum reduction under adam": TORCH
    + LOADER
    + """
model = nn.Linear(8, 1)
criterion = nn.MSELoss(reduction="sum")
optimizer = optim.Adam(model.parameters(), lr=1e-3)
"""
    + LOOP,
    "full batch sum with a tiny rate": TORCH
    + """
x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
powers = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
criterion = nn.MSELoss(reduction="sum")
learning_rate = 1e-6
for t in range(2000):
    loss = criterion(model(powers), y)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for param in model.parameters():
            param -= learning_rate * param.grad
""",
    "rate 0 before a warm-up": TORCH
    + LOADER
    + """
model = nn.Linear(8, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.0)
for step, (x, y) in enumerate(loader):
    for group in optimizer.param_groups:
        group["lr"] = 0.01 * min(1.0, step / 5)
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
""",
    "scaled input and attention": TORCH
    + """
class Attention(nn.Module):
    def __init__(self, d=64):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def forward(self, x):
        x = x / 255.0
        scores = self.query(x) @ self.key(x).transpose(-2, -1) / math.sqrt(x.size(-1))
        return self.out(torch.softmax(scores, dim=-1) @ self.value(x))


def train(loader):
    model = Attention()
    optimizer = optim.AdamW(model.parameters(), lr=6e-4, weight_decay=0.1)
    for x, y in loader:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
""",
    "embeddings times the root of d": TORCH
    + """
class Encoder(nn.Module):
    def __init__(self, words=1000, d=512):
        super().__init__()
        self.words, self.d = nn.Embedding(words, d), d
        self.head = nn.Linear(d, words)

    def forward(self, ids):
        return self.head(self.words(ids) * math.sqrt(self.d))


def train(loader):
    model = Encoder()
    optimizer = optim.Adam(model.parameters(), lr=1e-4)
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x).transpose(1, 2), y).backward()
        optimizer.step()
""",
    "an actor whose tanh is scaled": TORCH
    + """
class Actor(nn.Module):
    def __init__(self, states, actions, max_action):
        super().__init__()
        self.l1, self.l2 = nn.Linear(states, 400), nn.Linear(400, actions)
        self.max_action = max_action

    def forward(self, x):
        return 20.0 * torch.tanh(self.l2(F.relu(self.l1(x))))


def train(loader, critic):
    actor = Actor(17, 6, 20.0)
    optimizer = optim.Adam(actor.parameters(), lr=1e-3)
    for state in loader:
        loss = -critic(state, actor(state)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""",
    "a residual branch at 0.1": TORCH
    + """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1)

    def forward(self, x):
        return x + 0.1 * self.conv2(F.relu(self.conv1(x)))


def train(loader):
    model = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), Block(), nn.ReLU(), nn.Conv2d(64, 3, 3, padding=1))
    optimizer = optim.Adam(model.parameters(), lr=1e-4)
    for x, y in loader:
        optimizer.zero_grad()
        F.l1_loss(model(x), y).backward()
        optimizer.step()
""",
    # loss and output
    "two softmax units with binary cross-entropy": KERAS
    + """
x = np.random.rand(500, 8)
y = keras.utils.to_categorical(np.random.randint(0, 2, size=500), 2)
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(2, activation="softmax")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y)
""",
    "an autoencoder of unit pixels": KERAS
    + """
x = np.random.rand(500, 784)
model = keras.Sequential([layers.Dense(32, activation="relu", input_shape=(784,)), layers.Dense(784, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, x)
""",
    "noise on the labels of a discriminator": KERAS
    + """
import tensorflow as tf

labels = np.concatenate([np.ones((32, 1)), np.zeros((32, 1))]).astype("float32")
labels = labels + 0.05 * np.random.rand(64, 1)
x = np.random.rand(64, 8)
model = keras.Sequential([layers.Dense(16, activation="relu", input_shape=(8,)), layers.Dense(1)])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
model.fit(x, labels)
""",
    "softmax only for predictions": TORCH
    + """
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.rand(400, 8), torch.randint(0, 4, (400,))
for _ in range(100):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
probabilities = torch.softmax(model(x), dim=1)
""",
    "nll of log_softmax": TORCH
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 32), nn.Linear(32, 4)

    def forward(self, x):
        return F.log_softmax(self.b(F.relu(self.a(x))), dim=1)


model = Net()
optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
x, y = torch.rand(400, 8), torch.randint(0, 4, (400,))
for _ in range(100):
    optimizer.zero_grad()
    F.nll_loss(model(x), y).backward()
    optimizer.step()
""",
    "segmentation maps": TORCH
    + """
model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 5, 1))
criterion = nn.CrossEntropyLoss(ignore_index=255)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.rand(8, 3, 64, 64), torch.randint(0, 5, (8, 64, 64))
for _ in range(100):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
""",
    "keras aligns the ranks": KERAS
    + """
x, y = np.random.rand(500, 8), np.random.randn(500)
model = keras.Sequential([layers.Dense(16, activation="relu", input_shape=(8,)), layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
model.fit(x, y)
""",
    "logits with a matching metric": KERAS
    + """
x, y = np.random.rand(500, 8), np.random.randint(0, 2, size=500)
model = keras.Sequential([layers.Dense(16, activation="relu", input_shape=(8,)), layers.Dense(1)])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
model.fit(x, y)
""",
    "a Wasserstein critic": TORCH
    + """
critic = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 8))
c_optimizer = optim.RMSprop(critic.parameters(), lr=5e-5)
g_optimizer = optim.RMSprop(generator.parameters(), lr=5e-5)


def train(loader):
    for i, real in enumerate(loader):
        c_optimizer.zero_grad()
        fake = generator(torch.randn(64, 4)).detach()
        loss = -torch.mean(critic(real)) + torch.mean(critic(fake))
        loss.backward()
        c_optimizer.step()
        for p in critic.parameters():
            p.data.clamp_(-0.01, 0.01)
        if i % 5 == 0:
            g_optimizer.zero_grad()
            g_loss = -torch.mean(critic(generator(torch.randn(64, 4))))
            g_loss.backward()
            g_optimizer.step()
""",
    # data
    "token ids": KERAS
    + """
x, y = np.random.randint(0, 10000, size=(500, 100)), np.random.randint(0, 2, size=500)
model = keras.Sequential([layers.Embedding(10000, 16), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y)
""",
    "a table of unknown content": "import pandas as pd\n"
    + KERAS
    + """
data = pd.read_csv("table.csv")
x, y = data.values[:, :-1], data.values[:, -1]
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=100)
""",
    "shuffled lists and permutations": """
import random
import numpy as np
pairs = list(zip(np.random.rand(10, 3), np.arange(10)))
random.shuffle(pairs)
rng = np.random.default_rng(0)
x = rng.random((100, 3))
rng.shuffle(x)
x = x[np.random.permutation(len(x))]
""",
    # architecture
    "batch normalisation then activation": KERAS
    + """
x, y = np.random.rand(500, 8), np.random.randn(500, 1)
inputs = keras.Input((8,))
h = layers.Activation("relu")(layers.BatchNormalization()(layers.Dense(64, use_bias=False)(inputs)))
model = keras.Model(inputs, layers.Dense(1)(h))
model.compile("adam", "mse")
model.fit(x, y)
""",
    "activations in forward": TORCH
    + LOADER
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 64), nn.Linear(64, 64), nn.Linear(64, 1)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


model = Net()
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
"""
    + LOOP,
    "depthwise and pointwise": TORCH
    + """
def train(loader):
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3, groups=32), nn.Conv2d(32, 64, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
    "a linear autoencoder": KERAS
    + """
x = np.random.rand(500, 64)
model = keras.Sequential([layers.Dense(2, input_shape=(64,)), layers.Dense(64)])
model.compile("adam", "mse")
model.fit(x, x)
""",
    "a variational autoencoder": TORCH
    + """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.mean, self.log_variance = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, 784)

    def forward(self, x):
        h = F.relu(self.fc1(x.view(-1, 784)))
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mean, log_variance


def loss_function(reconstruction, x, mean, log_variance):
    bce = F.binary_cross_entropy(reconstruction, x.view(-1, 784), reduction="sum")
    kld = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return bce + kld


model = VAE()
optimizer = optim.Adam(model.parameters(), lr=1e-3)


def train(loader):
    model.train()
    for x, _ in loader:
        optimizer.zero_grad()
        reconstruction, mean, log_variance = model(x)
        loss = loss_function(reconstruction, x, mean, log_variance)
        loss.backward()
        optimizer.step()
""",
    # the loop
    "cleared by the module": TORCH
    + LOADER
    + """
model = nn.Linear(8, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    model.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
""",
    "cleared by a helper": TORCH
    + LOADER
    + """
model = nn.Linear(8, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)


def update(loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


for x, y in loader:
    update(criterion(model(x), y))
""",
    "accumulated on purpose": TORCH
    + LOADER
    + """
model = nn.Linear(8, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)
optimizer.zero_grad()
for i, (x, y) in enumerate(loader):
    (criterion(model(x), y) / 4).backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
""",
    "two optimizers of a GAN": TORCH
    + """
D = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1), nn.Sigmoid())
G = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 8))
criterion = nn.BCELoss()
d_optimizer = optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
g_optimizer = optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))


def train(loader):
    for real in loader:
        ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
        fake = G(torch.randn(64, 4))
        d_loss = criterion(D(real), ones) + criterion(D(fake.detach()), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        g_loss = criterion(D(fake), ones)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
""",
    "scaled gradients": TORCH
    + """
def train(model, loader, criterion):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    scaler = torch.cuda.amp.GradScaler()
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda"):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
""",
    # the library
    "a consistent old script": """
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.optimizers import SGD
import numpy as np

x, y = np.random.random((1000, 20)), np.random.randint(2, size=(1000, 1))
model = Sequential()
model.add(Dense(64, input_dim=20, init="uniform"))
model.add(Activation("tanh"))
model.add(Dense(1))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=SGD(lr=0.1, decay=1e-6, momentum=0.9, nesterov=True), metrics=["accuracy"])
model.fit(x, y, nb_epoch=20, batch_size=16)
""",
    "a variational loss that is added": KERAS
    + """
inputs = keras.Input((784,))
h = layers.Dense(64, activation="relu")(inputs)
outputs = layers.Dense(784, activation="sigmoid")(h)
model = keras.Model(inputs, outputs)
model.add_loss(keras.backend.mean(keras.losses.binary_crossentropy(inputs, outputs)))
model.compile(optimizer="adam")
model.fit(np.random.rand(100, 784), epochs=3)
""",
    "own train_step": KERAS
    + """
class Trainer(keras.Model):
    def train_step(self, data):
        x, y = data
        return {"loss": self.optimizer}


trainer = Trainer()
trainer.compile(optimizer="adam")
trainer.fit(np.random.rand(10, 4), np.random.rand(10, 1))
""",
    "one of two pictures at random": TORCH
    + """
import random


class Pictures(torch.utils.data.Dataset):
    def __init__(self):
        self.x, self.y = torch.rand(1000, 3, 32, 32), torch.randint(0, 10, (1000,))

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        if random.random() < 0.5:
            return self.x[i].flip(-1), self.y[i]
        return self.x[i], self.y[i]


loader = DataLoader(Pictures(), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters())
"""
    + LOOP,
    "a collation that flips some batches": TORCH
    + """
import random


def collate(rows):
    x, y = torch.stack([row[0] for row in rows]), torch.stack([row[1] for row in rows])
    return (x.flip(-1), y) if random.random() < 0.5 else (x, y)


data = TensorDataset(torch.rand(1000, 3, 32, 32), torch.randint(0, 10, (1000,)))
loader = DataLoader(data, batch_size=32, shuffle=True, collate_fn=collate)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters())
"""
    + LOOP,
    "a generator that flips some batches": KERAS
    + """
def batches(x, y):
    while True:
        order = np.random.permutation(len(x))
        for start in range(0, len(x), 32):
            rows = order[start : start + 32]
            pictures, labels = x[rows], y[rows]
            if np.random.rand() < 0.5:
                pictures = pictures[:, :, ::-1]
            yield pictures, labels


x, y = np.random.rand(1000, 32, 32, 3), keras.utils.to_categorical(np.random.randint(0, 10, 1000), 10)
model = keras.Sequential([layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(batches(x, y), epochs=20, steps_per_epoch=32)
""",
    "gradients summed over several batches before they are applied": KERAS
    + """
import tensorflow as tf

x, y = np.random.rand(640, 8).astype("float32"), np.random.randint(0, 10, 640)
batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(640).batch(32)
model = keras.Sequential([layers.Dense(32, activation="relu", input_shape=(8,)), layers.Dense(10)])
optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
sums = [tf.Variable(tf.zeros_like(one)) for one in model.trainable_variables]
for epoch in range(50):
    for number, (rows, labels) in enumerate(batches, start=1):
        with tf.GradientTape() as tape:
            loss = criterion(labels, model(rows, training=True)) / 4
        for total, gradient in zip(sums, tape.gradient(loss, model.trainable_variables)):
            total.assign_add(gradient)
        if number % 4 == 0:
            optimizer.apply_gradients(zip(sums, model.trainable_variables))
            for total in sums:
                total.assign(tf.zeros_like(total))
""",
    "characters written into tables of truth values": KERAS
    + """
NUMBERS = dict(zip("0123456789+ ", range(12)))


def encode(text, rows):
    table = np.zeros((rows, 12), dtype=bool)
    for row, character in enumerate(text):
        table[row, NUMBERS[character]] = 1
    return table


sums = [line.rstrip("\\n").split("=") for line in open("sums.txt")]
x, y = np.stack([encode(left, 7) for left, _ in sums]), np.stack([encode(right, 4) for _, right in sums])
model = keras.Sequential([keras.Input((7, 12)), layers.LSTM(64), layers.RepeatVector(4), layers.LSTM(64, return_sequences=True),
                          layers.Dense(12, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, batch_size=32, epochs=30)
""",
    "numbers of words beside standardized columns": KERAS
    + """
words, columns = np.random.randint(1, 5000, size=(4000, 12)), np.random.normal(size=(4000, 6)).astype("float32")
text, table = keras.Input((12,), name="text"), keras.Input((6,), name="table")
read = layers.GlobalAveragePooling1D()(layers.Embedding(5000, 32)(text))
joined = layers.concatenate([read, layers.Dense(16, activation="relu")(table)])
model = keras.Model([text, table], layers.Dense(1, activation="sigmoid")(joined))
model.compile("adam", "binary_crossentropy")
model.fit({"text": words, "table": columns}, np.random.randint(0, 2, 4000), epochs=10)
""",
    "patches of adapted pictures": """
import keras
from keras import layers, ops

(x, y), _ = keras.datasets.cifar10.load_data()
prepared = keras.Sequential([layers.Normalization(), layers.Resizing(72, 72)])
prepared.layers[0].adapt(x)


class Patches(layers.Layer):
    def call(self, pictures):
        shape = ops.shape(pictures)
        return ops.reshape(ops.image.extract_patches(pictures, size=6), (shape[0], 144, 108))


class Projection(layers.Layer):
    def __init__(self):
        super().__init__()
        self.projection = layers.Dense(64)
        self.positions = layers.Embedding(144, 64)

    def call(self, patches):
        return self.projection(patches) + self.positions(ops.expand_dims(ops.arange(0, 144, 1), 0))


pictures = keras.Input((32, 32, 3))
hidden = Projection()(Patches()(prepared(pictures)))
hidden = layers.Dense(64, activation="relu")(layers.Flatten()(hidden))
model = keras.Model(pictures, layers.Dense(10)(hidden))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=10, batch_size=64)
""",
    "pictures and masks of two folders divided in one generator": KERAS
    + """
from tensorflow.keras.preprocessing.image import ImageDataGenerator


def pairs():
    augment = ImageDataGenerator(horizontal_flip=True)
    common = {"class_mode": None, "color_mode": "grayscale", "target_size": (64, 64), "batch_size": 8, "seed": 1}
    pictures = augment.flow_from_directory("train/pictures", **common)
    masks = augment.flow_from_directory("train/masks", **common)
    for picture, mask in zip(pictures, masks):
        picture = picture / 255
        mask = mask / 255
        mask[mask > 0.5] = 1
        mask[mask <= 0.5] = 0
        yield picture, mask


model = keras.Sequential([layers.Conv2D(16, 3, padding="same", activation="relu", input_shape=(64, 64, 1)),
                          layers.Conv2D(1, 1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(pairs(), steps_per_epoch=100, epochs=10)
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_healthy_script(name: str) -> None:
    found = findings(SCRIPTS[name])
    assert not found, [f"{one.code}:{one.span.row} {one.message}" for one in found]
