"""The parts that scripts of one small PyTorch network have in common."""

from __future__ import annotations

from collections.abc import Mapping

IMPORTS = """import copy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset
x, y = torch.randn(320, 6), torch.randn(320, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
"""
SMALL = """model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
PASS = """for epoch in range(20):
    for rows, targets in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(rows), targets)
        loss.backward()
        optimizer.step()
"""


def by_batches(loss: str, batch: str = "rows, kinds", loader: str = "loader", *, epochs: int = 20, rate: float = 0.001) -> str:
    """Adam on the loss of each mini-batch."""
    return f"""optimizer = torch.optim.Adam(model.parameters(), lr={rate})
for epoch in range({epochs}):
    for {batch} in {loader}:
        optimizer.zero_grad()
        {loss}.backward()
        optimizer.step()
"""


def at_once(loss: str, *, epochs: int = 500, rate: float = 0.001) -> str:
    """Adam on the loss of all rows."""
    return f"""optimizer = torch.optim.Adam(model.parameters(), lr={rate})
for epoch in range({epochs}):
    optimizer.zero_grad()
    {loss}.backward()
    optimizer.step()
"""


def in_turns(batch: str, losses: Mapping[str, str]) -> str:
    """One optimizer after the other, each on a loss of its own."""
    turns = (f"        {one}.zero_grad()\n        {loss}.backward()\n        {one}.step()\n" for one, loss in losses.items())
    return f"for epoch in range(20):\n    for {batch} in loader:\n{''.join(turns)}"
