"""Optimizer is created anew in the loop.

## Why

Momentum and the moments of Adam live in the optimizer. One that is built inside the loop forgets them each time: Adam is always
at its first steps, which move every weight by the full rate whatever the gradient, and schedules start again.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)

def run(loader):
    for epoch in range(10):
        optimizer = optim.Adam(model.parameters(), lr=0.001)  # error: TRN608
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)

def run(loader):
    for epoch in range(10):
        for x, y in loader:
            optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)  # error: TRN608
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

## When it is silent

Folds and trials with a model of their own, phases under a condition, loops that are named as restarts.

```python good
from torch import nn, optim

def run(loaders):
    for fold, loader in enumerate(loaders):
        model = nn.Linear(8, 1)
        optimizer = optim.Adam(model.parameters(), lr=0.001)
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)

def run(loader):
    for phase in range(3):
        optimizer = optim.SGD(model.parameters(), lr=0.1 / 10**phase)
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)

def run(loader, switch):
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        if epoch == switch:
            optimizer = optim.SGD(model.parameters(), lr=0.001)
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

## References

- D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015 (bias correction of the first steps).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, move_before, rebuilt, rule, site_cause


@rule("TRN608", "optimizer-recreated-in-loop", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for optimizers that the training loop builds for a model from outside."""
    for one in rebuilt(script):
        if one.what == "optimizer":
            yield Report(
                f"{one.name} is created anew for every {one.unit}: its moments and momentum start from nothing each time",
                at=one.place,
                fix_message="build it once, ahead of the loop",
                edits=move_before(one.place, one.loops[0].place) if one.loops else (),
                cause=site_cause("rebuilt", one.place),
            )
