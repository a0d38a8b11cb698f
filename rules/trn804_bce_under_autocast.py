"""Binary cross-entropy of probabilities under autocast.

## Why

The gradient of binary cross-entropy with respect to a probability overflows float16. PyTorch refuses it under CUDA autocast
("unsafe to autocast"). With the sigmoid inside, BCEWithLogitsLoss is safe.

```python bad
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.binary_cross_entropy(model(x), y)  # error: TRN804
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
```

```python bad
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.BCELoss()(model(x), y)  # error: TRN804
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
```

## When it is silent

On the CPU, outside of autocast, with logits.

```python good
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            output = model(x)
        loss = nn.functional.binary_cross_entropy(output.float(), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
```

```python good
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.binary_cross_entropy_with_logits(model[0](x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
```

```python good
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.binary_cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
```

## References

- PyTorch, Autocast op reference (Prefer binary_cross_entropy_with_logits over binary_cross_entropy).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, refused_losses, rule, site_cause


@rule("TRN804", "bce-under-autocast", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for the loss inside of autocast."""
    for place in refused_losses(script):
        text = "binary cross-entropy of probabilities under float16 autocast: raises a RuntimeError. Use the loss of logits"
        yield Report(text, at=place, cause=site_cause("autocast", place))
