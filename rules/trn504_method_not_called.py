"""Method named but not called.

## Why

`optimizer.step` without parentheses is an expression that names the method and throws the name away: no error, no update.
The same goes for `zero_grad` (gradients add up), `backward` (no gradients), `eval` (dropout stays on) and `scheduler.step`.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step  # error: TRN504
```

```python bad
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad  # error: TRN504
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()

def predict(x):
    model.eval  # error: TRN504
    return model(x)
```

## When it is silent

The method is called, passed on or assigned.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    update = optimizer.step
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        update()
```

```python good
import atexit

from torch import nn

model = nn.Linear(8, 1)
atexit.register(model.eval)
```

## Fix safety

Unsafe: the call takes effect, which changes the training.

## References

- Python language reference, section 6.3.1 (attribute references) and section 7.1 (expression statements).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import LibraryMethod, Report, Script, Severity, every_event, insert_after, rule, site_cause

CONSEQUENCES = {
    "step": "nothing is updated here",
    "zero_grad": "the gradients of all batches add up",
    "backward": "no gradient is computed",
    "eval": "dropout and batch normalisation stay in training mode",
    "train": "dropout and batch normalisation stay as they were",
}


@rule("TRN504", "method-not-called", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for training methods that stand as a statement without parentheses."""
    for event in every_event(script):
        method = event.values.get("method")
        name = method.name if isinstance(method, LibraryMethod) else ""
        if event.kind != "not_called" or event.place is None or name not in CONSEQUENCES:
            continue
        yield Report(
            f"`{name}` is named but not called: {CONSEQUENCES[name]}",
            at=event.place,
            fix_message="call it",
            edits=(insert_after(event.place, "()"),),
            cause=site_cause("loop", event.place),
        )
