"""Habit of architecture.

## Why

Batch normalisation subtracts the mean, and with it the bias of the layer before. Dropout ahead of batch normalisation shifts
the variance between training and evaluation. L2 of Adam is divided by the second moment like the gradient: AdamW decays all
weights alike.

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))  # info: TRN905
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.001, weight_decay=1e-4)  # info: TRN905
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

## When it is silent

No bias, dropout behind the normalisation, AdamW.

```python good
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
    optimizer = optim.AdamW(model.parameters(), lr=0.001)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.001, weight_decay=1e-4)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

## References

- S. Ioffe, C. Szegedy, Batch normalization, ICML 2015; X. Li et al., Disharmony between dropout and batch normalization,
  CVPR 2019; I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, architecture_habits, rule, site_cause


@rule("TRN905", "architecture-habit", Severity.INFO, default="off")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look at neighbours of normalisers, and at the decay of Adam."""
    for text, place in architecture_habits(run):
        yield Report(text, at=place, cause=site_cause("habit", place))
