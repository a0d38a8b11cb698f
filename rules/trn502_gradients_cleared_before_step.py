"""Gradients are cleared before the step uses them.

## Why

`zero_grad` between backward and step throws the gradients away: the step sees none (or zeros), and only weight decay and old
momentum move the weights. The loss stays where it starts. Where the step follows every k batches, clearing at each leaves one.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.zero_grad()  # error: TRN502
        optimizer.step()
```

```python bad
from torch import nn, optim
def train(loader):
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in loader:
        model.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.step()  # error: TRN502
        loss.backward()
```

## When it is silent

The gradients of other parameters are cleared (two optimizers), or a further backward follows before the step.

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

first, second = nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 1)
one = optim.SGD(first.parameters(), lr=0.01)
two = optim.SGD(second.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        two.zero_grad()
        nn.functional.mse_loss(second(first(x)), y).backward()
        two.step()
        one.step()
        one.zero_grad()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        warm = nn.functional.mse_loss(model(x), y)
        warm.backward()
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## Fix safety

Unsafe: the training changes, which is the point.

## References

- PyTorch tutorials, Zeroing out gradients; torch.optim.Optimizer.zero_grad.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, lost_batches, lost_gradients, move_before, move_behind, rule, site_cause

LATE = "the gradients are cleared after backward and before step: the step finds none, and the weights do not move"
EARLY = "the step stands before backward, right after the gradients were cleared: it finds none, and the weights do not move"


@rule("TRN502", "gradients-cleared-before-step", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for a clear that stands between a backward and the step that needed it, also round the loop."""
    for one in lost_gradients(script):
        move = move_behind if one.early else move_before
        yield Report(
            EARLY if one.early else LATE,
            at=one.place,
            fix_message="step after backward" if one.early else "clear them before backward",
            edits=move(one.place, one.backward),
            related=(("the gradients are cleared here" if one.early else "this step finds no gradients", one.other),),
            cause=site_cause("loop", one.step),
        )
    for lost in lost_batches(script):
        if lost.every is not None:
            yield Report(
                f"every batch clears the gradients and the step takes them every {lost.every} batches: it finds those of the last"
                f" one only, and {lost.every - 1} of {lost.every} batches teach nothing. Clear them behind the step",
                at=lost.clear,
                related=(("this step", lost.step),),
                cause=site_cause("loop", lost.step),
            )
