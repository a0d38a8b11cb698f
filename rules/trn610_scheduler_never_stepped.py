"""Scheduler is never stepped.

## Why

A scheduler of PyTorch moves the rate when its `step` is called, and at no other time. One that is only built leaves the rate at
its first value for the whole run (a warm-up: at its lowest).

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30)  # error: TRN610

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    decay = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)  # error: TRN610
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        print(decay.get_last_lr())
```

## When it is silent

Stepped anywhere, passed on, returned, kept in a list or part of another schedule.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30)

def train(loader):
    for epoch in range(90):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        scheduler.step()
```

```python good
from engine import fit
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30)
fit(model, optimizer, scheduler)
optimizer.step()
```

```python good
from torch import nn, optim

def configure(model):
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    return [optimizer], [optim.lr_scheduler.StepLR(optimizer, step_size=30)]
```

## References

- PyTorch, torch.optim.lr_scheduler (How to adjust learning rate).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    every_event,
    idle_schedules,
    rule,
    site_cause,
    step_scheduler,
    uncounted_schedule,
)


@rule("TRN610", "scheduler-never-stepped", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for schedules of optimizers that step while the schedule does not."""
    uncounted = uncounted_schedule(every_event(script))
    if uncounted is not None and uncounted.place is not None:
        text = "no step adds to this schedule's counter, for `minimize` is not given it: the rate stays at its first value"
        yield Report(f"{text}. Pass `global_step=`", at=uncounted.place, cause=site_cause("schedule", uncounted.place))
    for name, place, loops in idle_schedules(script):
        yield Report(
            f"{name} is never stepped: the learning rate stays at its first value for the whole run",
            at=place,
            fix_message="step it after every epoch",
            edits=step_scheduler(place, loops),
            cause=site_cause("schedule", place),
        )
