"""Gradients are not cleared between updates.

## Why

PyTorch adds each backward's gradients to those already there. Without `zero_grad` every step uses the sum of the gradients of all
batches so far: the step grows with time, lags behind the loss, and the run oscillates or diverges.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()  # error: TRN501
```

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        optimizer.zero_grad()
        for x, y in loader:
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()  # error: TRN501
```

## When it is silent

Cleared through the optimizer, the module or `p.grad = None`, by a helper, in a closure, or on purpose every k batches.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        model.zero_grad()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for step, (x, y) in enumerate(loader):
        (nn.functional.mse_loss(model(x), y) / 4).backward()
        if step % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        for parameter in model.parameters():
            parameter.grad = None
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- PyTorch tutorials, Zeroing out gradients; torch.optim.Optimizer.zero_grad.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    every_event,
    insert_statement_before,
    loop_passes,
    receiver_text,
    rule,
    site_cause,
)


@rule("TRN501", "gradients-not-cleared", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for loops that go backward and step, and clear nothing; of updates by hand, one for each weight, the first is told."""
    told: set[object] = set()
    for one in loop_passes(every_event(script)):
        backward = [event for event in one.of("backward") if "returned" not in event.values]
        repeated = "parameter" in one.step.values and one.loop.place in told
        if repeated or not backward or one.of("zero_grad") or "zero_grad" in one.only_named or one.step.place is None:
            continue
        told.add(one.loop.place)
        first = backward[0].place
        yield Report(
            "the loop goes backward and steps but never clears the gradients: each step uses the sum of the gradients of all"
            " batches before it",
            at=one.step.place,
            related=(("gradients are added here", first),) if first else (),
            fix_message="clear the gradients before backward",
            edits=insert_statement_before(first, f"{receiver_text(one.step)}.zero_grad()"),
            cause=site_cause("loop", one.step.place),
        )
