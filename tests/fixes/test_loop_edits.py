"""How loops and calls are mended where they are spelled in other ways than the documentation of the rules spells them."""

from __future__ import annotations

import pytest

from tests.rules.checking import apply, catalogue, examples, findings

[*_, SCALED] = [one.text for one in examples(catalogue(), "bad") if one.rule.code == "TRN802"]
SCALED = SCALED.replace("optimizer.step()  # error: TRN802", "{step}")
HALF = """\
{imports}
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)


def train(loader):
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        {step}
"""
ASCENDING = """\
import torch

x, y = torch.rand(100, 3), torch.rand(100)
w = torch.zeros(3, requires_grad=True)
for step in range(1000):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        {update}
        w.grad.zero_()
"""
STOPPED = """\
import numpy as np
from tensorflow import keras

KEY = "val_loss"
x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse", metrics=["mae"])
stop = keras.callbacks.EarlyStopping({})
model.fit(x, y, epochs=20, callbacks=[stop])
"""
LOADED = """\
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
is_sorted = True
x, y = torch.rand(64, 8), torch.rand(64, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, {})
for epoch in range(20):
    for a, b in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(a), b).backward()
        optimizer.step()
"""


@pytest.mark.parametrize(
    ("code", "template", "old", "new"),
    [
        ("TRN802", SCALED, "optimizer.step()", "scaler.step(optimizer)\n        scaler.update()"),
        ("TRN802", SCALED, "scaler.step(optimizer)", "scaler.step(optimizer)\n        scaler.update()"),
        ("TRN514", ASCENDING, "w += 0.01 * w.grad", "w -= 0.01 * w.grad"),
        ("TRN514", ASCENDING, "w.add_(0.01 * w.grad)", "w.sub_(0.01 * w.grad)"),
        ("TRN514", ASCENDING, "w.add_(w.grad, alpha=0.01)", "w.sub_(w.grad, alpha=0.01)"),
        ("TRN604", STOPPED, "patience=3", 'patience=3, monitor="loss"'),
        ("TRN604", STOPPED, "'val_loss'", "'loss'"),
        ("TRN604", STOPPED, "", 'monitor="loss"'),
    ],
)  # fmt: skip
def test_the_row_is_mended(code: str, template: str, old: str, new: str) -> None:
    script = template.replace("{step}", "{}").replace("{update}", "{}")
    before, after = script.format(old), script.format(new)
    [found] = [one for one in findings(before, code) if one.code == code]
    assert found.fix is not None
    assert apply(before, found.fix.edits) == after


@pytest.mark.parametrize(
    ("code", "script"),
    [
        # `scaler.update()` in the next row would run where no step was made
        pytest.param(
            "TRN801", HALF.format(imports="import torch", step="if i % 4 == 3: optimizer.step()"), id="half behind its condition"
        ),
        # no library is named by which a scaler could be made
        pytest.param("TRN801", HALF.format(imports="import torch, sys", step="optimizer.step()"), id="torch among others"),
        pytest.param("TRN514", ASCENDING.format(update="w.copy_(w + 0.01 * w.grad)"), id="an update in another spelling"),
        # an argument that is there already is not given twice
        pytest.param("TRN604", STOPPED.format("monitor=KEY"), id="a monitor by another name"),
        pytest.param("TRN604", STOPPED.format("KEY"), id="a monitor by place"),
    ],
)
def test_what_no_edit_of_the_row_mends_is_left(code: str, script: str) -> None:
    [found] = [one for one in findings(script, code) if one.code == code]
    assert found.fix is None
