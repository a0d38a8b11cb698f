"""Batch means divided by the number of samples.

## Why

A loss of PyTorch is the mean over its batch already. Added up batch by batch and divided by the number of samples it is divided
by the batch size twice: with batches of 64 the loss that is shown is a 64th of what it is, and cannot be compared with another.

```python bad
import torch
from torch import nn


def score(model, loader):
    criterion, total = nn.CrossEntropyLoss(), 0.0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item()
    return total / len(loader.dataset)  # finding: TRN715
```

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(640, 8), torch.randn(640, 1)), batch_size=32, shuffle=True)
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(20):
    total, seen = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
        seen += x.size(0)
    total /= seen  # finding: TRN715
    print(total)
```

## When it is silent

Sums of sums, means that are multiplied by the size of their batch, batches of one, numbers of batches.

```python good
import torch
from torch import nn


def score(model, loader):
    criterion, total = nn.CrossEntropyLoss(), 0.0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item()
    return total / len(loader)
```

```python good
import torch
from torch import nn


def score(model, loader):
    criterion, total = nn.CrossEntropyLoss(), 0.0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item() * x.size(0)
    return total / len(loader.dataset)
```

```python good
import torch
from torch import nn


def score(model, loader):
    criterion, total = nn.CrossEntropyLoss(reduction="sum"), 0.0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item()
    return total / len(loader.dataset)
```

## References

- PyTorch documentation, torch.nn.CrossEntropyLoss (`reduction`, default "mean").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, divided_twice, rule, site_cause


@rule("TRN715", "batch-means-over-samples", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for totals of batch means that a number of samples divides."""
    for one in divided_twice(script):
        small = f"{one.batch:,} times too small" if one.batch is not None else "too small by the batch size"
        yield Report(
            f"`{one.name}` adds up the mean loss of each batch, and `{one.by}` counts samples: what is shown is {small}."
            " Divide by the number of batches, or multiply each mean by the size of its batch",
            at=one.place,
            related=(("added up here", one.added),),
            cause=site_cause("average", one.place),
        )
