"""Class loss on continuous targets.

## Why

A cross-entropy measures probabilities. Targets outside of [0, 1] are no probabilities and no classes: the loss has no minimum
there, goes negative, or raises.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = 20.0 * np.random.randn(600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")  # error: TRN311
model.fit(x, y, epochs=20)
```

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = 20.0 * torch.randn(600, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
criterion = nn.BCELoss()  # error: TRN311
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## When it is silent

Pixels, ratings and soft labels in [0, 1].

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

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.rand(600, 1)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=20)
```

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

## References

- PyTorch, torch.nn.BCELoss ("targets should be numbers between 0 and 1").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN311", "class-loss-on-continuous-targets", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN311")
