"""Loss called wrongly.

## Why

A loss of `torch.nn` is a class: it is constructed, then called. `nn.CrossEntropyLoss(output, target)` takes the tensors
for its settings. `loss = loss(output, target)` in a loop puts the result in the criterion's place: the second pass calls it.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 4, (64,))
model = nn.Linear(8, 4)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(100):
    optimizer.zero_grad()
    output = model(x)
    loss = nn.CrossEntropyLoss(output, y)  # error: TRN318
    loss.backward()
    optimizer.step()
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.rand(64, 1)
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
loss = nn.MSELoss()
for epoch in range(100):
    optimizer.zero_grad()
    loss = loss(model(x), y)  # error: TRN318
    loss.backward()
    optimizer.step()
```

## When it is silent

Settings are passed by keyword; the criterion is made anew in each pass; the function that overwrites it is called anew.

```python good
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.rand(64, 1)
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(100):
    loss = nn.MSELoss()
    optimizer.zero_grad()
    loss = loss(model(x), y)
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 4, (64,))
model = nn.Linear(8, 4)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(100):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss(weight=torch.ones(4), reduction="mean")(model(x), y)
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

def step(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    loss = loss(model(x), y)
    loss.backward()
    optimizer.step()

x, y = torch.rand(64, 8), torch.rand(64, 1)
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
criterion = nn.MSELoss()
for epoch in range(100):
    step(model, optimizer, criterion, x, y)
```

## References

- PyTorch, torch.nn, Loss Functions (constructor and `forward`).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, site_cause, wrong_loss_calls


@rule("TRN318", "loss-called-wrongly", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for losses that are constructed of tensors or replaced by their own result."""
    for one in wrong_loss_calls(script):
        yield Report(
            one.effect,
            at=one.place,
            related=one.related,
            fix_message="Construct the loss once, call it under its own name",
            edits=one.edits,
            cause=site_cause("loss-call", one.place),
        )
