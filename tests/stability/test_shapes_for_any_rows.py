"""A script writes the shapes of its whole batch; its network is evaluated on fewer rows, or on more."""

from __future__ import annotations

import pytest

from trainlint.core import Unknown
from trainlint.engine import facts_of
from trainlint.source.read import read_text
from trainlint.stability import stability

SCRIPT = """
import torch
from torch import nn
import torch.nn.functional as F

x = torch.rand(512, 2, 6, 6)
y = torch.randint(0, 5, (512, 4))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(2, 4, 3)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = F.relu(self.body(x))
        x = {flat}
        return self.head({rows})

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=64)
for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy({outputs}, {labels})
        loss.backward()
        optimizer.step()
"""


def sharpness(flat: str, rows: str, outputs: str, labels: str) -> float:
    script = facts_of(read_text(SCRIPT.format(flat=flat, rows=rows, outputs=outputs, labels=labels), "train.py"))
    [run] = script.runs
    found = stability(run)
    assert not isinstance(found, Unknown), found
    assert isinstance(found.sharpness, float)
    return found.sharpness


@pytest.mark.parametrize(
    "flat",
    [
        "x.view(x.size(0), -1)",
        "x.view(x.shape[0], 64)",
        "x.reshape(len(x), -1)",
        "x.view(-1, 64)",
        "x.view(64, -1)",
    ],
)
def test_one_row_for_each_of_the_batch(flat: str) -> None:
    """`torch.flatten(x, 1)` names no number of rows at all."""
    rest = ("x[:, :16]", "model(xb)", "yb[:, 0]")
    assert sharpness(flat, *rest) == pytest.approx(sharpness("torch.flatten(x, 1)", *rest))


@pytest.mark.parametrize(
    ("flat", "outputs", "labels"),
    [
        ("x.permute(0, 2, 3, 1).reshape(x.size(0), 4, 16)", "model(xb).view(-1, 5)", "yb.view(-1)"),
        ("x.permute(0, 2, 3, 1).reshape(-1, 4, 16)", "model(xb).view(64 * 4, 5)", "yb.reshape(256)"),
        ("x.permute(0, 2, 3, 1).reshape(-1, 16)", "model(xb)", "yb.flatten()"),
        ("x.permute(0, 2, 3, 1).flatten(1).view(x.size(0) * 4, -1)", "model(xb)", "yb.flatten()"),
    ],
)
def test_several_rows_for_each_of_the_batch(flat: str, outputs: str, labels: str) -> None:
    usual = ("x.permute(0, 2, 3, 1).reshape(-1, 4, 16)", "x", "model(xb).transpose(1, 2)", "yb")
    # With labels as they are, each class has the same share; in another shape they are drawn: so they agree but for noise.
    assert sharpness(flat, "x", outputs, labels) == pytest.approx(sharpness(*usual), rel=0.25)
