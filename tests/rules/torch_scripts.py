"""The parts that scripts of one small PyTorch network have in common."""

from __future__ import annotations

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
