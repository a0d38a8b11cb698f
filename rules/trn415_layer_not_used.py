"""Layer is built and not used.

## Why

A layer that `forward` never calls gets no gradient: its weights are saved, counted and never trained. A layer whose result no
line reads does not stand in the network either: the next layer reads an earlier tensor.

```python bad
import torch
from torch import nn, optim

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 32)
        self.second = nn.Linear(32, 32)  # warning: TRN415
        self.last = nn.Linear(32, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))

model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.001)

def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

inputs = keras.Input((28, 28, 1))
conv1 = keras.layers.Conv2D(8, 3, activation="relu")(inputs)
pool1 = keras.layers.MaxPooling2D()(conv1)  # warning: TRN415
conv2 = keras.layers.Conv2D(16, 3, activation="relu")(conv1)
flat = keras.layers.GlobalAveragePooling2D()(conv2)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(flat))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")

def run(images, labels):
    model.fit(images, labels, epochs=5)
```

## When it is silent

The layer is reached in another way: by `getattr`, hooks, a second script of the module, or it is frozen.

```python good
import torch
from torch import nn, optim

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 32)
        self.second = nn.Linear(32, 1)

    def forward(self, x):
        for name in ("first", "second"):
            x = getattr(self, name)(x)
        return x

model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.001)
```

```python good
import torch
from torch import nn, optim

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 32)
        self.last = nn.Linear(32, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))

model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.001)
```

```python good
from tensorflow import keras

inputs = keras.Input((28, 28, 1))
conv1 = keras.layers.Conv2D(8, 3, activation="relu")(inputs)
pool1 = keras.layers.MaxPooling2D()(conv1)
flat = keras.layers.GlobalAveragePooling2D()(pool1)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(flat))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
```

## References

- PyTorch, torch.nn.parallel.DistributedDataParallel (`find_unused_parameters`).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, site_cause, unused_layers


@rule("TRN415", "layer-not-used", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for layers of the trained network that have no part in it."""
    for one in unused_layers(script):
        called = (
            f"nothing reads `{one.name}`: this {one.layer} has no part in the network, the next layer reads an earlier tensor"
        )
        built = f"`{one.name}` is built and nothing calls it: this {one.layer} gets no gradient and keeps its random weights"
        yield Report(called if one.called else built, at=one.place, cause=site_cause("registration", one.place))
