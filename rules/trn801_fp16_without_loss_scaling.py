"""Half precision runs without loss scaling.

## Why

float16 knows nothing between 0 and 6e-8. Under float16 autocast the gradients of activations are float16: small ones become 0
on the way back, and the layers far from the loss stop learning. A gradient scaler keeps them in range.

```python bad
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            output = model(x)  # warning: TRN801
            loss = nn.functional.mse_loss(output, y)
        loss.backward()
        optimizer.step()
```

```python bad
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.cuda.amp.autocast():
            loss = nn.functional.mse_loss(model(x), y)  # warning: TRN801
        loss.backward()
        optimizer.step()
```

## When it is silent

A scaler, bfloat16, inference, frameworks that scale.

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
```

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
```

```python good
import torch
from torch import nn

model = nn.Linear(8, 1)

def predict(loader):
    with torch.autocast("cuda", dtype=torch.float16):
        return [model(x) for x, _ in loader]
```

## References

- P. Micikevicius et al., Mixed precision training, ICLR 2018, section 3.2 (loss scaling); PyTorch, torch.amp.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, scale_loss, site_cause, unscaled_half_precision


@rule("TRN801", "fp16-without-loss-scaling", Severity.WARNING, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for float16 autocast in training loops without a scaler."""
    for one in unscaled_half_precision(script):
        yield Report(
            "this runs under float16 autocast and its loss is not scaled: gradients below 6e-8 become 0. Use a GradScaler",
            at=one.place,
            fix_message="scale the loss",
            edits=scale_loss(one.step, one.backward, one.loop),
            cause=site_cause("scaler", one.place),
        )
