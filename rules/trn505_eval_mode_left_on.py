"""Evaluation mode is left on.

## Why

`model.eval()` holds until `model.train()`. When the validation of an epoch switches it on and nothing switches back, every later
epoch trains without dropout and with frozen batch statistics: the regulariser is gone after the first epoch. A loop over the
phases of an epoch that steps in each of them trains on its validation data.

```python bad
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
def run(train_loader, test_loader):
    model.train()
    for epoch in range(10):
        for x, y in train_loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        model.eval()  # error: TRN505
        for x, y in test_loader:
            print(model(x))
```

```python bad
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)

def validate(loader):
    model.eval()  # error: TRN505
    return [model(x) for x, _ in loader]
def run(train_loader, test_loader):
    for epoch in range(10):
        for x, y in train_loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        validate(test_loader)
```

## When it is silent

`train()` at the head of the epoch or in a callee, models without such layers, evaluation after the last epoch.

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
def train(loader):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
def run(train_loader, test_loader):
    for epoch in range(10):
        train(train_loader)
        model.eval()
        print([model(x) for x, _ in test_loader])
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
def run(loader):
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        model.eval()
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
model[1].eval()
def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- PyTorch, torch.nn.Module.eval and torch.nn.Module.train.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, left_in_eval, rule, site_cause, steps_of_an_evaluation, train_mode_at_head


@rule("TRN505", "eval-mode-left-on", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for steps that follow an `eval()`."""
    for one in left_in_eval(script):
        since = "from the second epoch on the model trains" if one.repeated else "the model trains"
        yield Report(
            f"no `train()` follows before the next step: {since} in evaluation mode, its {one.layer} does not act",
            at=one.place,
            related=(("the step", one.step),),
            fix_message="train in training mode",
            edits=train_mode_at_head(one.place, one.loop),
            cause=site_cause("mode", one.place),
        )
    for step, evaluated in steps_of_an_evaluation(script):
        said = "the pass that evaluates takes this step, too: the model trains on its validation data. Step only where it trains"
        yield Report(said, at=step, related=(("evaluation mode", evaluated),), cause=site_cause("evaluation-step", step))
