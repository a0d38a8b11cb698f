"""Accumulated gradients are not averaged.

## Why

Gradients of several backward passes add up. Unless each loss is divided by their number k, one gradient step is k times
as large as the learning rate says, and so is its distance to the stability bound.

```python bad
from torch import nn, optim

def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for step, (x, y) in enumerate(loader):
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()  # warning: TRN513
        if (step + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
```

```python bad
from torch import nn, optim

def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for x, y in loader:
        optimizer.zero_grad()
        for part in range(8):
            loss = nn.functional.mse_loss(model(x[part]), y[part])
            loss.backward()  # warning: TRN513
        optimizer.step()
```

## When it is silent

Divided losses, sums over tokens, Adam and its relatives (which hardly see the factor), clipped gradients.

```python good
from torch import nn, optim

def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for step, (x, y) in enumerate(loader):
        loss = nn.functional.mse_loss(model(x), y) / 4
        loss.backward()
        if (step + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
```

```python good
from torch import nn, optim

def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for step, (x, y) in enumerate(loader):
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        if (step + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
```

```python good
from torch import nn, optim

def run(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for step, (x, y) in enumerate(loader):
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
```

## Fix safety

Unsafe: the step becomes smaller.

## References

- P. Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour, 2017, section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, divide_loss, exact, not_averaged, rule, site_cause


@rule("TRN513", "accumulation-not-averaged", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for accumulation whose sum is taken for a mean."""
    found = not_averaged(run)
    if found is not None:
        rate = f": lr={exact(found.rate)} acts like {found.rate * found.passes:g}" if found.rate is not None else ""
        yield Report(
            f"the gradients of {found.passes} backward passes add up and nothing divides them by {found.passes}{rate}",
            at=found.place,
            numbers={"passes": float(found.passes)},
            fix_message="average over the passes",
            edits=divide_loss(found.place, found.passes),
            cause=site_cause("accumulation", found.place),
        )
