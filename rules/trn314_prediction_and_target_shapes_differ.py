"""Prediction and target differ in shape.

## Why

An output (N, 1) minus a target (N,) is broadcast to N×N differences: the network learns the mean of the targets and the loss
stops at their variance. PyTorch only warns. BCELoss raises.

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randn(600)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()  # error: TRN314
    optimizer.step()
```

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 2, (600,)).float()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()  # error: TRN314
    optimizer.step()
```

## When it is silent

Keras aligns (N,) with (N, 1); `squeeze`, `view_as` and `reshape` on the path.

```python good
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randn(600, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
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
y = torch.randn(600)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x).squeeze(1), y).backward()
    optimizer.step()
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randn(600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="mse")
model.fit(x, y, epochs=20)
```

## References

- NumPy documentation, Broadcasting; PyTorch, torch.nn.functional.mse_loss ("target size different to the input size").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN314", "prediction-and-target-shapes-differ", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN314")
