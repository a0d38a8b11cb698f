"""Training runs under no_grad.

## Why

Under `torch.no_grad()` nothing is recorded: the loss has no way back to the weights and `backward` raises "element 0 of tensors
does not require grad". Where only one of two networks ran under it, `backward` goes as far as the other one, and the first
one's optimizer has nothing to step by.

```python bad
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.no_grad():
            output = model(x)  # error: TRN507
        loss = nn.functional.mse_loss(output, y)
        loss.backward()
        optimizer.step()
```

```python bad
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

@torch.no_grad()
def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)  # error: TRN507
        loss.backward()
        optimizer.step()
```

## When it is silent

A frozen backbone or target network under `no_grad`, `enable_grad` inside.

```python good
import torch
from torch import nn, optim

backbone, head = nn.Linear(8, 4), nn.Linear(4, 1)
optimizer = optim.SGD(head.parameters(), lr=0.01)

def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.no_grad():
            features = backbone(x).relu()
        nn.functional.mse_loss(head(features), y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

@torch.no_grad()
def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.enable_grad():
            nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def run(loader):
    for x, y in loader:
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            print(model(x))
```

## References

- PyTorch, torch.no_grad ("every result will have requires_grad=False").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, forwards_without_gradients, rule, site_cause, steps_without_gradients


@rule("TRN507", "training-under-no-grad", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for losses whose forward pass was not recorded."""
    for place, backward in forwards_without_gradients(script):
        yield Report(
            "this forward pass runs under no_grad: its loss has no way back to the weights, `backward` raises a RuntimeError",
            at=place,
            related=(("backward", backward),),
            cause=site_cause("loop", place),
        )
    for one in steps_without_gradients(script):
        text = f"this forward pass runs under no_grad: no gradient reaches {one.model}, its optimizer's step moves no weight"
        yield Report(text, at=one.place, related=(("backward", one.backward),), cause=site_cause("loop", one.place))
