"""Weights are reinitialised in the loop.

## Why

A model that is built inside the epoch loop starts from new random weights in every epoch: what the epoch before has learned is
thrown away, and the script ends with a model trained for one epoch.

```python bad
from torch import nn, optim

def run(loader):
    for epoch in range(10):
        model = nn.Linear(8, 1)  # error: TRN515
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from tensorflow import keras

def run(x, y):
    for epoch in range(10):
        model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])  # error: TRN515
        model.compile("adam", "mse")
        model.fit(x, y, epochs=1)
```

## When it is silent

Folds, ensembles, searches and repeats: a full training inside the same body.

```python good
from torch import nn, optim

def run(folds):
    for fold, loader in enumerate(folds):
        model = nn.Linear(8, 1)
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
```

```python good
from tensorflow import keras

def run(x, y):
    for width in (8, 16, 32):
        model = keras.Sequential([keras.layers.Dense(width, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=50)
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def run(loader):
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

## References

- PyTorch tutorials, Training with PyTorch; TensorFlow 1 guide, Variables (initialisation).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rebuilt, rule, site_cause


@rule("TRN515", "weights-reinitialised-in-loop", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for models that the training loop builds."""
    for one in rebuilt(script):
        if one.what in ("model", "weights"):
            what = f"{one.name} is built anew" if one.what == "model" else "the weights are initialised anew"
            yield Report(
                f"{what} in every {one.unit}: what the {one.unit} before has learned is thrown away",
                at=one.place,
                cause=site_cause("rebuilt", one.place),
            )
