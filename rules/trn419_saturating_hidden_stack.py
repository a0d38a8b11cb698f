"""Hidden layers saturate.

## Why

A sigmoid passes at most a quarter of the gradient. Through several of them in a row, without a normaliser or a skip, almost
nothing reaches the first layers: they keep their random weights while the last ones train.

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential()
    model.add(keras.layers.Dense(64, activation="sigmoid", input_shape=(64,)))  # warning: TRN419
    model.add(keras.layers.Dense(64, activation="sigmoid"))
    model.add(keras.layers.Dense(64, activation="sigmoid"))
    model.add(keras.layers.Dense(64, activation="sigmoid"))
    model.add(keras.layers.Dense(64, activation="sigmoid"))
    model.add(keras.layers.Dense(1))
    model.compile("adam", "mse")
    model.fit(x, y)
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 32), torch.rand(64, 1)
model = nn.Sequential(
    nn.Linear(32, 32),
    nn.Sigmoid(),  # warning: TRN419
    nn.Linear(32, 32),
    nn.Sigmoid(),
    nn.Linear(32, 32),
    nn.Sigmoid(),
    nn.Linear(32, 32),
    nn.Sigmoid(),
    nn.Linear(32, 1),
)
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(500):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

## When it is silent

One or two such layers, normalisers between them, recurrent cells, gates, skip paths.

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential()
    model.add(keras.layers.Dense(64, activation="sigmoid", input_shape=(64,)))
    model.add(keras.layers.Dense(64, activation="sigmoid"))
    model.add(keras.layers.Dense(1))
    model.compile("adam", "mse")
    model.fit(x, y)
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu") for _ in range(8)])
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy")
    model.fit(x, y)
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.LSTM(16, return_sequences=True), keras.layers.LSTM(16), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y)
```

## References

- X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Evidence, Report, Severity, TrainingRun, figure, rule, run_cause, saturating_stack


@rule("TRN419", "saturating-hidden-stack", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Estimate what share of the gradient passes the saturating layers."""
    found = saturating_stack(run)
    if found is not None and found.first.place is not None:
        yield Report(
            f"{found.layers} {found.activation} layers in a row: about {figure(found.share)} of the gradient reaches the first",
            at=found.first.place,
            evidence=Evidence.ESTIMATED,
            numbers={"share": found.share},
            cause=run_cause("dead-start", run),
        )
