"""Running loss keeps the graph.

## Why

A loss tensor holds on to the graph it was computed by. Added to a total, or put into a list, the graphs of all batches stay:
memory grows with every step until it is used up.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run(loader):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss  # warning: TRN509
    return total
```

```python bad
from torch import nn, optim

def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    losses = []
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss)  # warning: TRN509
```

## When it is silent

`.item()`, `.detach()`, `float()`, a sum that goes backward, a total that every pass begins anew.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run(loader):
    total, losses = 0.0, []
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
        total += float(loss)
        losses.append(loss.detach())
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run(loader):
    for x, y in loader:
        loss = 0
        for start in range(3):
            loss += nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run(loader):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            total += loss
```

## References

- PyTorch, Frequently asked questions ("Don't accumulate history across your training loop").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, kept_graphs, rule, site_cause, take_the_number


@rule("TRN509", "running-loss-keeps-graph", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for totals and lists that take up the losses of a training loop as they are."""
    for one in kept_graphs(script):
        where = "the list" if one.listed else "the total"
        yield Report(
            f"{where} keeps the graph of every step's loss: memory grows with each step. Take the number, `.item()`",
            at=one.place,
            fix_message="take the number" if one.scalar else "cut it from its graph",
            edits=take_the_number(one.place, "item" if one.scalar else "detach"),
            cause=site_cause("graph", one.place),
        )
