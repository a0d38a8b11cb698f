"""Gradient scaler is misused.

## Why

`scaler.scale(loss)` multiplies the loss, and with it every gradient, by 65,536 at first. `scaler.step` divides that out again;
`optimizer.step` does not. Clipping before `unscale_` compares scaled gradients with the threshold: all of them are clipped to
almost nothing. Without `scaler.update` the factor never adapts: after an overflow every step is skipped.

```python bad
import torch
from torch import nn, optim
model = nn.LSTM(8, 16, batch_first=True)
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.mse_loss(model(x)[0], y)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # error: TRN802
        scaler.step(optimizer)
        scaler.update()
```

```python bad
import torch
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        optimizer.step()  # error: TRN802
```

## When it is silent

Unscaled first, a scaler that is switched off or may be.

```python good
import torch
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda")
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
```

```python good
import torch
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
scaler = torch.amp.GradScaler("cuda", enabled=False)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
        optimizer.step()
```

```python good
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- PyTorch, Automatic mixed precision examples (Working with unscaled gradients).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    mend_scaler,
    misused_scalers,
    rule,
    site_cause,
)

EFFECTS = {
    "clip": "gradients are clipped while they are 65,536 times too large: call `scaler.unscale_(optimizer)` first",
    "step": "`optimizer.step` takes gradients that are 65,536 times too large: use `scaler.step(optimizer)`",
    "update": "`scaler.update` is never called: after one overflow every step is skipped",
}


@rule("TRN802", "grad-scaler-misused", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look at what stands between the scaled backward and the step."""
    for one in misused_scalers(script):
        yield Report(
            EFFECTS[one.what],
            at=one.place,
            fix_message="use the scaler",
            edits=mend_scaler(one.what, one.place, one.scale, one.step),
            cause=site_cause("scaler", one.place),
        )
