"""Gradient descent written out, trainers that step by themselves, and batches of several data sets: the facts by arithmetic."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.facts.idioms import IMPORTS, facts, runs

BY_HAND = (
    IMPORTS
    + """
x, y = torch.rand(64, 4), torch.rand(64, 1)
w, b = torch.zeros(4, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
for epoch in range(7):
    loss = F.mse_loss(x @ w + b, y)
    loss.backward()
    with torch.no_grad():
        {}
    {}
"""
)
CLEAR = "w.grad = b.grad = None"


@pytest.mark.parametrize(
    ("update", "rate", "name"),
    [
        ("w -= 0.1 * w.grad", 0.1, "sgd"),
        ("w.data -= 0.1 * w.grad.data", 0.1, "sgd"),
        ("w.data = w.data - 0.1 * w.grad", 0.1, "sgd"),
        ("w.data = w.data - w.grad * torch.tensor(0.125)", 0.125, "sgd"),
        ("w.data = w - 0.1 * w.grad / 2", 0.05, "sgd"),
        ("w.data = w - 1 * 0.1 * w.grad", 0.1, "sgd"),
        ("w.data = w - w.grad * 1 * 0.1", 0.1, "sgd"),
        ("w.data = w + -0.1 * w.grad", 0.1, "sgd"),
        ("w.data = w - -(-0.1 * w.grad)", 0.1, "sgd"),
        ("w.data = -0.1 * w.grad + w", 0.1, "sgd"),
        ("w.sub_(w.grad * 0.5 * 0.2)", 0.1, "sgd"),
        ("w.add_(w.grad, alpha=-0.1)", 0.1, "sgd"),
        ("w.data = w - float(input()) * w.grad", None, "custom"),
        ("w.data = w - 0.1 * w.grad * b.grad", None, "custom"),
        ("w.data = w - 0.1 * w.grad / (w.grad.norm() + 1)", None, "custom"),
        ("w -= 0.1 * w.grad; b -= 0.1 * b.grad", 0.1, "sgd"),
        ("w -= 0.1 * w.grad; b -= 0.2 * b.grad", None, "sgd"),
    ],
)
def test_the_rate_is_the_factor_of_the_gradient(update: str, rate: float | None, name: str) -> None:
    found = facts(runs(BY_HAND.format(update, CLEAR))[0])
    assert (found["rate"], found["optimizer"]) == (rate, name)


@pytest.mark.parametrize(
    "clear", [CLEAR, "w.grad.zero_()", "w.grad.fill_(0)", "w.grad *= 0", "w.grad.data.zero_()", "w.grad.mul_(0)"]
)
def test_gradients_that_are_cleared_are_seen(clear: str) -> None:
    events = runs(BY_HAND.format("w -= 0.1 * w.grad", clear))[0].events
    assert "zero_grad" in {one.kind for one in events}


@pytest.mark.parametrize("kept", ["pass", "w.grad.fill_(1)", "w.grad *= 0.5", "print(w.grad)"])
def test_gradients_that_are_kept_are_not_cleared(kept: str) -> None:
    events = runs(BY_HAND.format("w -= 0.1 * w.grad", kept))[0].events
    assert "zero_grad" not in {one.kind for one in events}


TAPE = """
import tensorflow as tf
x, y = tf.random.uniform((64, 4)), tf.random.uniform((64, 1))
w, b = tf.Variable(tf.zeros((4, 1))), tf.Variable(tf.zeros(1))
for epoch in range(7):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    g, h = tape.gradient(loss, [w, b])
    {}
"""


@pytest.mark.parametrize(
    ("update", "rate", "name"),
    [
        ("w.assign_sub(0.1 * g)", 0.1, "sgd"),
        ("w.assign_sub(2 * 0.05 * g)", 0.1, "sgd"),
        ("w.assign_add(-0.1 * g)", 0.1, "sgd"),
        ("w.assign(w - 0.1 * g)", 0.1, "sgd"),
        ("w.assign_sub(0.1 * g)\n    b.assign_sub(0.2 * h)", None, "sgd"),
        ("w.assign_sub(0.1 * g / (tf.norm(g) + 1e-8))", None, "custom"),
        ("w.assign_sub(0.1 * (g + w))", 0.1, "custom"),
    ],
)
def test_the_rate_beside_a_tape(update: str, rate: float | None, name: str) -> None:
    found = facts(runs(TAPE.format(update))[0])
    assert (found["rate"], found["optimizer"]) == (rate, name)


LIGHTNING = """
import torch
import pytorch_lightning as pl
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 1)
        {manual}
    def training_step(self, batch, index):
        x, y = batch
        return nn.functional.mse_loss(self.net(x), y)
    def configure_optimizers(self):
        opt = optim.SGD(self.parameters(), lr=0.1)
        sched = optim.lr_scheduler.StepLR(opt, 5)
        return {returned}
loader = DataLoader(TensorDataset(torch.rand(96, 4), torch.rand(96, 1)), batch_size=16)
pl.Trainer(max_epochs=7{more}).fit(Net(), loader)
"""


@pytest.mark.parametrize(
    ("returned", "more", "expected"),
    [
        ("opt", "", {"rate": 0.1, "schedule": None}),
        ("[opt]", "", {"rate": 0.1, "schedule": None}),
        ("[opt], [sched]", "", {"rate": 0.1, "schedule": "step"}),
        ("[opt], [{'scheduler': sched, 'interval': 'epoch'}]", "", {"rate": 0.1, "schedule": "step"}),
        ("{'optimizer': opt, 'lr_scheduler': {'scheduler': sched}}", "", {"rate": 0.1, "schedule": "step"}),
        ("{'optimizer': opt, 'lr_scheduler': sched}", "", {"rate": 0.1, "schedule": "step"}),
        ("opt", ", gradient_clip_val=0.5", {"rate": 0.1, "clip": ("global_norm", 0.5)}),
        ("opt", ", gradient_clip_val=0.5, gradient_clip_algorithm='value'", {"rate": 0.1, "clip": ("value", 0.5)}),
        ("opt", ", gradient_clip_val=0.0", {"rate": 0.1, "clip": None}),
    ],
)
def test_what_lightning_is_told(returned: str, more: str, expected: dict[str, Any]) -> None:
    found = facts(runs(LIGHTNING.format(returned=returned, more=more, manual=""))[0])
    assert {**found, **expected, "batch": 16, "epochs": 7, "optimizer": "sgd"} == found


def test_lightning_does_not_step_where_the_script_says_that_it_does() -> None:
    script = LIGHTNING.format(returned="opt", more="", manual="self.automatic_optimization = False")
    assert not any(event.kind == "step" for run in runs(script) for event in run.events)


SETS = (
    IMPORTS
    + """
{}
loader = DataLoader(data, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for images, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
"""
)
SHADES = "TensorDataset(torch.{}(300, 4), torch.randint(0, 10, (300,)))"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # SVHN has 73,257 pictures to train on and 26,032 to test on
        ('data = datasets.SVHN("data", split="train", transform=transforms.ToTensor())', {"steps": math.ceil(73_257 / 64), "scale": "unit"}),
        ('data = datasets.SVHN("data", split="test", transform=transforms.ToTensor())', {"steps": math.ceil(26_032 / 64)}),
        (f"data = torch.utils.data.ConcatDataset([{SHADES.format('rand')}, {SHADES.format('rand')}])", {"batch": 64, "scale": "unit"}),
        (f"data = torch.utils.data.ConcatDataset([{SHADES.format('rand')}, {SHADES.format('randn')}])", {"batch": 64}),
        (f"data = torch.utils.data.ConcatDataset([{SHADES.format('rand')}, pick()])", {"batch": 64}),
        # of one of two, what is true of both
        (f"data = {SHADES.format('rand')} if input() else {SHADES.format('rand')}", {"batch": 64, "scale": "unit"}),
        (f"data = {SHADES.format('rand')} if input() else {SHADES.format('randn')}", {"batch": 64, "scale": "unknown"}),
        (f"data = {SHADES.format('rand')} if input() else {SHADES.format('rand').replace('300, 4', '300, 4, 1')}", {"batch": 64, "scale": "unit"}),
        (f"data = {SHADES.format('rand')} if input() else {SHADES.format('rand').replace('300, 4', '300, 5')}", {"batch": 64, "scale": "unit"}),
        (f"data = {SHADES.format('rand')} if input() else pick()", {"batch": 64}),
        (f"data = {SHADES.format('rand')} if input() else TensorDataset(torch.rand(300, 4))", {"batch": 64}),
        ("data = datasets.MNIST('data', transform=transforms.ToTensor()) if input() else datasets.CIFAR10('data', transform=transforms.ToTensor())", {"batch": 64, "scale": "unit"}),
    ],
)  # fmt: skip
def test_data_sets_of_which_a_part_or_several_are_taken(data: str, expected: dict[str, Any]) -> None:
    found = facts(runs(SETS.format(data))[0])
    assert {**found, **expected} == found
