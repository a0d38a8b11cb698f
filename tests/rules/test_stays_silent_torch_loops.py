"""Healthy PyTorch scripts with turns in how values flow: gradients that are asked for, pictures that are trained, rows that are cut."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings

TORCH = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"
SLICED = """
import numpy as np
import pandas as pd
import torch
from sklearn.preprocessing import StandardScaler

frame = pd.read_csv("a.csv")
table, n = frame[["a", "b"]].values, int(0.8 * len(frame))
first = np.arange(n)
scaler = StandardScaler().fit({rows})
x = torch.tensor(scaler.transform({given}), dtype=torch.float32)
y = torch.tensor(frame.y.values)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(200):
    optimizer.zero_grad()
    loss = ((model(x[:n]).squeeze(1) - y[:n]) ** 2).mean()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    print(((model(x[n:]).squeeze(1) - y[n:]) ** 2).mean())
"""

SCRIPTS: dict[str, str] = {
    "gradient penalty": TORCH
    + """
critic = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
optimizer = torch.optim.Adam(critic.parameters(), lr=1e-4, betas=(0.0, 0.9))

def train(loader):
    for real, fake in loader:
        mixed = (0.5 * real + 0.5 * fake).requires_grad_(True)
        out = critic(mixed)
        (slope,) = torch.autograd.grad(out, mixed, torch.ones_like(out), create_graph=True)
        loss = critic(fake).mean() - critic(real).mean() + 10 * ((slope.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""",
    "differential equation": TORCH
    + """
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
start, t = torch.zeros(1, 1).requires_grad_(True), torch.linspace(0, 1, 30).view(-1, 1).requires_grad_(True)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(5000):
    optimizer.zero_grad()
    u = net(start)
    du = torch.autograd.grad(u, start, torch.ones_like(u), create_graph=True)[0]
    begin = (torch.squeeze(u) - 1) ** 2 + 0.1 * torch.squeeze(du) ** 2
    u = net(t)
    du = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]
    loss = begin + 1e-4 * torch.mean((du + 400 * u) ** 2)
    loss.backward()
    optimizer.step()
""",
    "attack that moves the input by gradients it asks for": TORCH
    + """
def attack(model, x, y):
    delta = torch.zeros_like(x).uniform_(-0.3, 0.3).requires_grad_(True)
    for _ in range(10):
        loss = F.cross_entropy(model(x + delta), y)
        (slope,) = torch.autograd.grad(loss, delta)
        delta.data = (delta + 0.01 * slope.sign()).clamp(-0.3, 0.3)
    return (x + delta).detach()

model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

def train(loader):
    for x, y in loader:
        moved = attack(model, x, y)
        optimizer.zero_grad()
        F.cross_entropy(model(moved), y).backward()
        optimizer.step()
""",
    "what a frozen model is shown is trained": TORCH
    + """
net = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 3))
net.load_state_dict(torch.load("x.pt"))
net.eval()
for p in net.parameters():
    p.requires_grad_(False)
delta = nn.Parameter(torch.zeros(8))
optimizer = torch.optim.Adam([delta], lr=0.02)

def train(loader):
    for x, y in loader:
        loss = F.cross_entropy(net(x + delta), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""",
    "one row for each pixel": TORCH
    + """
class Codes(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.book, self.decoder = nn.Conv2d(3, 32, 4, 4), nn.Embedding(64, 32), nn.ConvTranspose2d(32, 3, 4, 4)

    def forward(self, x):
        z = self.encoder(x)
        flat = z.permute(0, 2, 3, 1).reshape(-1, 32)
        nearest = (flat @ self.book.weight.t()).argmax(1)
        q = self.book(nearest).view(len(x), 8, 8, 32).permute(0, 3, 1, 2)
        return self.decoder(z + (q - z).detach()), F.mse_loss(q, z.detach()) + 0.25 * F.mse_loss(q.detach(), z)

model = Codes()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
for step in range(1000):
    x = torch.rand(32, 3, 32, 32)
    out, extra = model(x)
    optimizer.zero_grad()
    (F.mse_loss(out, x) + extra).backward()
    optimizer.step()
""",
    "a name that held what the targets were made of": TORCH
    + """
class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Linear(4, 1)

    def value(self, x):
        return self.critic(x)

agent = Agent()
optimizer = torch.optim.Adam(agent.parameters(), lr=2.5e-4)
states = torch.rand(128, 4)
with torch.no_grad():
    v = agent.value(torch.rand(1, 4)).reshape(-1)
    returns = torch.rand(128) + 0.99 * v
for start in range(0, 128, 32):
    v = agent.value(states[start : start + 32]).reshape(-1)
    loss = ((v - returns[start : start + 32]) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
    "rows by a list of their numbers": TORCH
    + """
x, y = torch.randn(100, 8), torch.randn(100, 1)
model = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    loss = F.mse_loss(model(x[[0, 1, 2]]), y[[0, 1, 2]])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
    "sequences by a list of their numbers": TORCH
    + """
from texts import x, y

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 16, batch_first=True)
        self.out = nn.Linear(16, 3)

    def forward(self, x):
        steps, _ = self.rnn(x)
        return self.out(steps[[0, 1], -1])

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
    "rows in an order that is written out": """
import numpy as np
from tensorflow import keras

x, y = np.load("x.npy"), np.load("y.npy")
x = x[np.array([3, 1, 2, 0])]
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=10)
""",
    "a plateau that Lightning watches": """
import torch
import pytorch_lightning as pl
from torch import nn


class Lit(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(8, 1)

    def training_step(self, batch, index):
        x, y = batch
        return nn.functional.mse_loss(self.net(x), y)

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val_loss"}}


def main(loader):
    pl.Trainer(max_epochs=10).fit(Lit(), loader)
""",
}

BY_ONE = (
    TORCH
    + """
class Trainer:
    def __init__(self, model, losses):
        self.model, self.losses, self.weights = model, losses, list(model.parameters())
        self.optimizer = torch.optim.AdamW(self.weights, lr=1e-3)

    def run(self, batches):
        for batch in batches:
            for weight in self.weights:
                {clear}
            self.losses(self.model, batch).mean().backward()
            self.optimizer.step()
"""
)
CLEARS = {
    "weight.grad.zero_()": True,
    "weight.grad.detach_().zero_()": True,
    "gradient = weight.grad; gradient.zero_()": True,
    "weight.gradual.zero_()": False,
    "weight.zero_()": False,
}

SOME_ROWS = (
    'frame[["a", "b"]][:n]',
    'frame.head(n)[["a", "b"]]',
    'frame[frame.t < 100][["a", "b"]]',
    'frame.query("t < 100")[["a", "b"]]',
    "table[first]",
    "np.split(table, [n])[0]",
)
ALL_ROWS = ('frame[["a", "b"]]', 'frame.drop("y", axis=1)', 'frame[["a", "b"]].values')


@pytest.mark.parametrize("name", SCRIPTS)
def test_stays_silent(name: str) -> None:
    assert not findings(SCRIPTS[name])


@pytest.mark.parametrize("rows", SOME_ROWS)
def test_a_scaler_fitted_on_the_rows_that_train_does_not_leak(rows: str) -> None:
    assert not findings(SLICED.format(rows=rows, given="table"))


@pytest.mark.parametrize("rows", ALL_ROWS)
def test_a_scaler_fitted_on_all_rows_leaks_however_these_are_spelled(rows: str) -> None:
    assert [one.code for one in findings(SLICED.format(rows=rows, given=rows))] == ["TRN703"]


@pytest.mark.parametrize(("clear", "clears"), CLEARS.items())
def test_gradients_of_unknown_weights_that_are_cleared_one_by_one(clear: str, clears: bool) -> None:
    assert [one.code for one in findings(BY_ONE.format(clear=clear), "TRN501")] == ([] if clears else ["TRN501"])
