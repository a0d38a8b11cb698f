"""Validation runs in training mode.

## Why

A module trains until `eval()` is called. A validation pass without it runs with dropout, and batch normalisation uses the
statistics of the validation batch (and stores them): the scores are noisy and are not those of the model that is saved. What is
predicted after the training without it is as random.

```python bad
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run():
    for epoch in range(1000):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(torch.ones(64, 8)), torch.ones(64, 1)).backward()
        optimizer.step()
    with torch.no_grad():
        print(model(torch.ones(10, 8)))  # warning: TRN506
```

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

def run(train_set, test_set):
    model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        model.train()
        for x, y in DataLoader(train_set, 64, shuffle=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            for x, y in DataLoader(test_set, 64):
                print(nn.functional.mse_loss(model(x), y))  # warning: TRN506
```

## When it is silent

`eval()` is called, or the caller sets the mode; models without such layers; samples drawn from noise.

```python good
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
optimizer.zero_grad()
nn.functional.mse_loss(model(torch.ones(64, 8)), torch.ones(64, 1)).backward()
optimizer.step()
model.eval()
with torch.no_grad():
    print(model(torch.ones(10, 8)))
```

```python good
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
optimizer.zero_grad()
nn.functional.mse_loss(model(torch.ones(64, 8)), torch.ones(64, 1)).backward()
optimizer.step()
with torch.no_grad():
    print(model(torch.ones(10, 8)))
```

```python good
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
optimizer.zero_grad()
model(torch.randn(64, 8)).square().mean().backward()
optimizer.step()

def evaluate(loader):
    with torch.no_grad():
        return [model(x) for x, _ in loader]
```

## References

- PyTorch, torch.nn.Module.eval, torch.nn.Dropout, torch.nn.BatchNorm1d.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, evaluate_in_eval_mode, evaluations_in_training_mode, rule, site_cause


@rule("TRN506", "validation-in-train-mode", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for passes over a trained model that do not train, in training mode."""
    for one in evaluations_in_training_mode(script):
        yield Report(
            f"the model is in training mode: its {one.layer} acts, and the score is not that of the trained model",
            at=one.place,
            fix_message="evaluate in evaluation mode",
            edits=evaluate_in_eval_mode(one),
            cause=site_cause("mode", one.place),
        )
