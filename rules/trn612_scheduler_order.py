"""Scheduler is stepped at the wrong moment.

## Why

Since PyTorch 1.1 a scheduler is stepped after the optimizer: stepped first it skips the first rate of its course.
ReduceLROnPlateau asks for the metric that it watches; `step()` without one raises.

```python bad
from torch import nn, optim
def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30)
    for epoch in range(90):
        scheduler.step()  # warning: TRN612
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from torch import nn, optim
def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    for epoch in range(90):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        scheduler.step()  # error: TRN612
```

## When it is silent

Stepped after the optimizer, the metric is passed, steps in several places.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader

def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(dataset, 64, shuffle=True)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=3)
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
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(dataset, 64, shuffle=True)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        scheduler.step(0.5)
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader

def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(dataset, 64, shuffle=True)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=3)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        if epoch > 3:
            scheduler.step()
```

## References

- PyTorch, torch.optim.lr_scheduler ("prior to PyTorch 1.1.0 ... before the optimizer").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, misstepped, move_to_end, rule, site_cause


@rule("TRN612", "scheduler-order", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look at the order of the steps, and at what they are told."""
    for one in misstepped(script):
        if one.what == "metric":
            text = "ReduceLROnPlateau is stepped without the metric that it watches: raises a TypeError"
            yield Report(text, at=one.place, severity=Severity.ERROR, cause=site_cause("schedule", one.place))
        else:
            yield Report(
                "the scheduler is stepped ahead of the optimizer: the first learning rate of its course is skipped",
                at=one.place,
                fix_message="step it at the end",
                edits=move_to_end(one.place, one.loop),
                related=(("the optimizer's step", one.step),) if one.step else (),
                cause=site_cause("schedule", one.place),
            )
