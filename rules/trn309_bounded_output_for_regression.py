"""Bounded output for a regression.

## Why

A sigmoid, tanh or relu output cannot reach targets outside of its range: the loss keeps a floor and the units saturate. A relu
output that starts negative has no gradient and stays at 0.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = 5.0 * np.random.randn(600, 1)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),  # error: TRN309
])
model.compile(optimizer="adam", loss="mse")
model.fit(x, y, epochs=20)
```

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randn(600, 1)
model = nn.Sequential(
    nn.Linear(8, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
    nn.ReLU(),  # error: TRN309
)
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## When it is silent

Targets within the range of the output; outputs that are scaled afterwards.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = 5.0 * np.random.randn(600, 1)
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
model.compile(optimizer="adam", loss="mse")
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

- I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 6.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN309", "bounded-output-for-regression", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN309")
