"""Closure not passed.

## Why

L-BFGS computes the loss several times in one step and takes a function for it: `step()` raises a TypeError. Every optimizer of
PyTorch calls what `step` is given, so a loss, or `closure()` in place of `closure`, raises as well.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(200, 3), torch.rand(200, 1)
model = nn.Linear(3, 1)
optimizer = optim.LBFGS(model.parameters(), lr=0.5)
for epoch in range(20):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()  # error: TRN519
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(200, 3), torch.rand(200, 1)
model = nn.Linear(3, 1)
optimizer = optim.LBFGS(model.parameters(), lr=0.5)
def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss
for epoch in range(20):
    optimizer.step(closure())  # error: TRN519
```

## When it is silent

```python good
import torch
from torch import nn, optim

x, y = torch.rand(200, 3), torch.rand(200, 1)
model = nn.Linear(3, 1)
optimizer = optim.LBFGS(model.parameters(), lr=0.5)
def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss
for epoch in range(20):
    optimizer.step(closure)
```

```python good
import torch
from torch import nn, optim

x, y = torch.rand(200, 3), torch.rand(200, 1)
model = nn.Linear(3, 1)
optimizer = optim.Adam(model.parameters(), lr=0.01)
for epoch in range(500):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

```python good
from torch import nn, optim

model = nn.Linear(3, 1)
optimizer = optim.LBFGS(model.parameters())
def train(batches, closure):
    for x, y in batches:
        optimizer.step(closure)
```

## References

- PyTorch, torch.optim ("optimizer.step(closure)").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, refused_steps, rule, site_cause


@rule("TRN519", "closure-not-passed", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for steps that are given no function where they call one."""
    for one in refused_steps(script):
        missing = f"{one.optimizer} computes the loss anew in its step: without the function that does, it raises a TypeError"
        given = f"{one.optimizer} calls what its step is given, and this is a value: raises a TypeError. Pass the function itself"
        yield Report(given if one.given else missing, at=one.place, cause=site_cause("step", one.place))
