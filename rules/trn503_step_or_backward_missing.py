"""Step or backward is missing.

## Why

Without `backward` there are no gradients and `step` leaves the weights alone; without `step` the gradients are thrown away.
Either way the loss is printed epoch after epoch and no weight moves. Lightning wants the loss returned, or `loss` in a dict.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
criterion = nn.MSELoss()

def run(loader):
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()  # error: TRN503
            print(loss.item())
```

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
criterion = nn.MSELoss()

def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)  # error: TRN503
        optimizer.step()
```

## When it is silent

Evaluation loops, closures, frameworks that step, steps in a callee or after the loop.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.LBFGS(model.parameters())
criterion = nn.MSELoss()

def run(x, y):
    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    for _ in range(10):
        optimizer.step(closure)
```

```python good
from torch import nn

model = nn.Linear(8, 1)
criterion = nn.MSELoss()

def evaluate(loader):
    return sum(criterion(model(x), y).item() for x, y in loader)
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
criterion = nn.MSELoss()

def run(loader):
    optimizer.zero_grad()
    for x, y in loader:
        criterion(model(x), y).backward()
    optimizer.step()
```

## References

- PyTorch tutorials, Optimizing model parameters.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, gradients_not_applied, lossless_steps, missing_acts, rule, site_cause

EFFECTS = {
    "backward": "the loop computes this loss and steps but never goes backward: there are no gradients and no weight moves",
    "gradients": "the loop clears gradients and steps, but nothing in this file computes any: no weight moves",
    "step": "the loop goes backward but the optimizer never steps: no weight moves",
}


LOSSLESS = "`training_step` returns a dict without the key `loss`: Lightning cannot go backward and raises"
NOTHING = "`training_step` returns nothing: Lightning skips the step of every batch, and no weight moves. Return the loss"


@rule("TRN503", "step-or-backward-missing", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for training loops that lack one of the two."""
    for one in missing_acts(script):
        yield Report(EFFECTS[one.what], at=one.place, cause=site_cause("loop", one.place))
    for place in gradients_not_applied(script):
        text = "the loop computes these gradients, and the optimizer of this file is never told to apply them: no weight moves"
        yield Report(text, at=place, cause=site_cause("loop", place))
    for place, nothing in lossless_steps(script):
        yield Report(NOTHING if nothing else LOSSLESS, at=place, cause=site_cause("loop", place))
