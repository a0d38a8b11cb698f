"""Wrong activation for a class loss.

## Why

relu in front of a categorical cross-entropy is 0/0 as soon as all outputs of a row are 0, and gives no gradient where it is 0.
tanh and leaky activations leave [0, 1]. In front of a loss on logits they cut the logits off: relu never predicts below 0.5.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="relu"),  # error: TRN304
])
model.compile(optimizer="adam", loss="categorical_crossentropy")
model.fit(x, y, epochs=20)
```

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.randint(0, 2, (600, 1)).float()
model = nn.Sequential(
    nn.Linear(8, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
    nn.ReLU(),  # error: TRN304
)
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## When it is silent

tanh with hinge; outputs normalised by their sum.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy")
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

- Keras API, Probabilistic losses; PyTorch, torch.nn.BCEWithLogitsLoss.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN304", "wrong-activation-for-class-loss", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN304")
