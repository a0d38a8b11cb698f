"""Weights of half precision lose their updates.

## Why

bfloat16 has 8 significant bits: what is less than 2⁻⁹ of a weight is rounded away when it is added (float16: 2⁻¹²). A step of
Adam is about the learning rate: larger weights never change, and the training stands still.

```python bad
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(64, 1).to(torch.bfloat16)
    optimizer = optim.Adam(model.parameters(), lr=2e-5)  # warning: TRN803
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(64, 1).bfloat16()
    optimizer = optim.Adam(model.parameters(), lr=1e-5)  # warning: TRN803
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## When it is silent

float32 weights under autocast, larger rates, plain gradient descent (whose step is not known ahead).

```python good
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(64, 1)
    optimizer = optim.Adam(model.parameters(), lr=2e-5)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(64, 1).to(torch.bfloat16)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim

def train(loader):
    model = nn.Linear(64, 1).to(torch.bfloat16)
    optimizer = optim.SGD(model.parameters(), lr=2e-5)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- P. Micikevicius et al., Mixed precision training, ICLR 2018, section 3.1 (master copy of weights).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Evidence,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    exact,
    figure,
    layer_name,
    lost_update,
    optimizer_name,
    rule,
    run_cause,
)


@rule("TRN803", "half-weights-lose-updates", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the step of Adam with the rounding of the weights."""
    one = lost_update(run)
    if one is None or not isinstance(run.optimizer, OptimizerFacts):
        return
    yield Report(
        f"steps of {optimizer_name(run.optimizer)} with lr={exact(one.rate)} leave {one.dtype} weights above {figure(one.limit)}"
        f" as they are: those of {layer_name(one.layer)} start at {figure(one.size)}. Keep float32 weights, use autocast",
        at=run.optimizer.place or run.place,
        evidence=Evidence.ESTIMATED,
        numbers={"learning_rate": one.rate, "weight_limit": one.limit, "weight_size": one.size},
        cause=run_cause("half", run),
    )
