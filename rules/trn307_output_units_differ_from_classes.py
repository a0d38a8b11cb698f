"""Output units differ from the number of classes.

## Why

With fewer units than classes a label beyond the last unit raises on the CPU, gives NaN with TensorFlow on a GPU and a device
assert with CUDA. With more, the surplus units never win and only take part in the normalisation.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.arange(600) % 10
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(9, activation="softmax"),  # error: TRN307
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
```

```python bad
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.arange(600) % 10
model = nn.Sequential(
    nn.Linear(8, 32),
    nn.ReLU(),
    nn.Linear(32, 9),  # error: TRN307
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(900, 6)
y = keras.utils.to_categorical(np.random.randint(0, 7, 900))
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(6, "softmax")])  # finding: TRN307
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, epochs=10)
```

## When it is silent

Labels counted from 1 with a unit to spare, vocabularies padded to a multiple of 8, an unknown number of classes.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.arange(600) % 10
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
```

```python good
import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = torch.arange(600) % 10
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = 1 + np.arange(600) % 10
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(11, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
```

## References

- TensorFlow, tf.nn.sparse_softmax_cross_entropy_with_logits ("labels outside the range"); PyTorch, torch.nn.NLLLoss.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN307", "output-units-differ-from-classes", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN307")
