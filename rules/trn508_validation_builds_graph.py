"""Validation builds a graph.

## Why

Outside `no_grad` every output carries the graph that it was computed by, with all activations. Outputs kept in a list keep
those of the whole validation set in memory, for gradients that nobody asks for.

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

def run(train_set, test_set):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in DataLoader(train_set, 64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    model.eval()
    outputs = []
    for x, y in DataLoader(test_set, 64):
        outputs.append(model(x))  # info: TRN508
```

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run(train_set, test_set):
    losses = []
    for x, y in DataLoader(train_set, 64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    for x, y in DataLoader(test_set, 64):
        loss = nn.functional.mse_loss(model(x), y)
        losses.append(loss)  # info: TRN508
```

## When it is silent

Under `no_grad`, numbers by `.item()`, what a backward pass needs.

```python good
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

def run(train_set, test_set):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in DataLoader(train_set, 64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return [model(x) for x, y in DataLoader(test_set, 64)]
```

```python good
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

def run(train_set, test_set):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    losses = []
    for x, y in DataLoader(train_set, 64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    for x, y in DataLoader(test_set, 64):
        losses.append(nn.functional.mse_loss(model(x), y).item())
```

```python good
from torch import nn

model = nn.Linear(8, 1)

def predict(loader):
    outputs = []
    for x, _ in loader:
        outputs.append(model(x))
    return outputs
```

## References

- PyTorch, Autograd mechanics (Locally disabling gradient computation).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, kept_outputs, rule, site_cause


@rule("TRN508", "validation-builds-graph", Severity.INFO, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for outputs of evaluations that a list keeps with their graphs."""
    for kept, forward in kept_outputs(script):
        yield Report(
            "the list keeps the graph of every batch of this evaluation in memory: run it under `torch.no_grad()`",
            at=kept,
            related=(("the pass", forward),),
            cause=site_cause("graph", kept),
        )
