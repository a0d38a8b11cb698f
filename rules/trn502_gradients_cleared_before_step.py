"""Gradients are cleared before the step uses them.

## Why

`zero_grad` between backward and step throws the gradients away: the step sees none (or zeros), and only weight decay and old
momentum move the weights. The loss stays where it starts.

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
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        model.zero_grad()  # error: TRN502
        optimizer.step()
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

from trainlint.api import Report, Script, Severity, every_event, loop_passes, move_before, rule, site_cause, steps_parameters_of


@rule("TRN502", "gradients-cleared-before-step", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for a clear that stands between a backward and the step that needed it."""
    for one in loop_passes(every_event(script)):
        until = one.acts.index(one.step)
        acts = [act for act in one.acts[:until] if act.kind != "clip"]
        if len(acts) < 2 or [act.kind for act in acts[-2:]] != ["backward", "zero_grad"]:
            continue
        clear = acts[-1]
        if clear.place is None or not steps_parameters_of(one.step, clear):
            continue
        yield Report(
            "the gradients are cleared after backward and before step: the step finds none, and the weights do not move",
            at=clear.place,
            fix_message="clear them before backward",
            edits=move_before(clear.place, acts[-2].place),
            related=(("this step finds no gradients", one.step.place),) if one.step.place else (),
            cause=site_cause("loop", one.step.place or clear.place),
        )
