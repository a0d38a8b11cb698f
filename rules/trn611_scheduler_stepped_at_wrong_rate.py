"""Scheduler is stepped at another rate than it counts.

## Why

A total in epochs that every batch steps is used up within the first epoch: CosineAnnealingLR climbs back and swings on,
OneCycleLR raises. A total in batches that every epoch steps never leaves its beginning: the run ends within the warm-up.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    stairs = optim.lr_scheduler.StepLR(optimizer, step_size=4)
    for epoch in range(10):
        for x, y in DataLoader(dataset, 64, shuffle=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
            scheduler.step()  # warning: TRN611
            stairs.step()  # warning: TRN611
```

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, 0.1, epochs=10, steps_per_epoch=1000)
    for epoch in range(10):
        for x, y in DataLoader(dataset, 64, shuffle=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        scheduler.step()  # warning: TRN611
```

## When it is silent

Totals in the unit that is stepped, cyclic schedules, functions of the script.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    for epoch in range(10):
        for x, y in DataLoader(dataset, 64, shuffle=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        scheduler.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model, loader = nn.Linear(8, 1), DataLoader(dataset, 64, shuffle=True)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, 0.1, epochs=10, steps_per_epoch=len(loader))
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
            scheduler.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model, loader = nn.Linear(8, 1), DataLoader(dataset, 64, shuffle=True)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10 * len(loader))
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
            scheduler.step()
```

## References

- PyTorch, torch.optim.lr_scheduler.CosineAnnealingLR and OneCycleLR (stepped after every batch).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, figure, rule, site_cause, stepped_at_wrong_rate


@rule("TRN611", "scheduler-stepped-at-wrong-rate", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Compare what totals count with what steps."""
    for one in stepped_at_wrong_rate(script):
        steps = f" {figure(one.steps)} times" if one.steps is not None else ""
        if one.unit == "epoch":
            total = "all batches" if one.total is None else figure(one.total)
            effect = f"it is stepped once an epoch,{steps} of {total}: the run ends within its warm-up"
        elif one.name == "step_size":
            effect = f"every batch steps it{steps}: it lowers the rate every {one.total} batches, not every {one.total} epochs"
        else:
            effect = f"every batch steps it{steps}: {'raises' if one.raises else 'it is through'} after {one.total} batches"
        given = f"{one.schedule} with {one.name}={one.total}" if one.unit == "batch" else one.schedule
        yield Report(
            f"{given}: {effect}",
            at=one.place,
            severity=Severity.ERROR if one.raises else Severity.WARNING,
            related=(("the total", one.made),) if one.made else (),
            cause=site_cause("schedule", one.made or one.place),
        )
