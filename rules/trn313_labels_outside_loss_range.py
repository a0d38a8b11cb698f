"""Labels outside of the loss's range.

## Why

Binary cross-entropy is -y·log p - (1-y)·log(1-p). For y = -1 or 2 one of the factors is negative: the optimum lies at infinity
and the loss falls below zero without end. PyTorch's BCELoss raises, its loss on logits and Keras on TensorFlow do not.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = 2 * np.random.randint(0, 2, size=600) - 1
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")  # error: TRN313
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.arange(600) % 3
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")  # error: TRN313
model.fit(x, y, epochs=20)
```

## When it is silent

Labels of 0 and 1, smoothed labels, hinge with -1 and 1.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = 2 * np.random.randint(0, 2, size=600) - 1
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="tanh"),
])
model.compile(optimizer="adam", loss="hinge")
model.fit(x, y, epochs=20)
```

```python good
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 2, (600, 1)).float()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## References

- Follows from the definition; Keras API, BinaryCrossentropy ("y_true ... 0 or 1").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN313", "labels-outside-loss-range", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN313")
