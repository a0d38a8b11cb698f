"""Checkpoint is incomplete.

## Why

A run that resumes from the weights alone starts with an empty optimizer: the moments of Adam and momentum begin anew, and the
loss jumps after each restart.

```python bad
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    saved = torch.load("last.pt")
    model.load_state_dict(saved)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        torch.save(model.state_dict(), "last.pt")  # info: TRN906
```

```python bad
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    saved = torch.load("last.pt")
    model.load_state_dict(saved["model"])
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        torch.save({"model": model.state_dict(), "epoch": epoch}, "last.pt")  # info: TRN906
```

## When it is silent

The state of the optimizer is saved too, weights that are not resumed from.

```python good
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    saved = torch.load("last.pt")
    model.load_state_dict(saved["model"])
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "last.pt")
```

```python good
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        torch.save(model.state_dict(), "last.pt")
```

```python good
import torch
from torch import nn

model = nn.Linear(8, 1)
model.load_state_dict(torch.load("last.pt"))
torch.save(model.state_dict(), "copy.pt")
```

## References

- PyTorch tutorials, Saving and loading models (Saving and loading a general checkpoint).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, incomplete_checkpoints, rule, site_cause


@rule("TRN906", "checkpoint-incomplete", Severity.INFO, scope="script", default="off")
def check(script: Script) -> Iterator[Report]:
    """Look at what a script saves that resumes."""
    for place in incomplete_checkpoints(script):
        text = "the script resumes from its checkpoint, which lacks the optimizer's state: its moments begin anew"
        yield Report(text, at=place, cause=site_cause("checkpoint", place))
