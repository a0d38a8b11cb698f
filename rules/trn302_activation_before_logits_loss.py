"""Activation before a loss on logits.

## Why

The loss applies softmax or sigmoid itself. Applied twice, all classes stay nearly equal: with 10 classes the cross-entropy cannot
fall below ln(1 + 9/e) = 1.461, the binary one not below 0.313 for label 1. Keras on TensorFlow recovers the logits of a final
softmax or sigmoid and warns; other backends do not.

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 10, (600,))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1))
criterion = nn.CrossEntropyLoss()  # error: TRN302
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 2, (600, 1)).float()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
criterion = nn.BCEWithLogitsLoss()  # error: TRN302
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## When it is silent

`log_softmax` is idempotent; a softmax that is used for predictions only is not on the training path.

```python good
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 10, (600,))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 10, (600,))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10), nn.LogSoftmax(dim=1))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 2, (600, 1)).float()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## References

- PyTorch, torch.nn.CrossEntropyLoss ("unnormalized logits"); J. Bridle (1990).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN302", "activation-before-logits-loss", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN302")
