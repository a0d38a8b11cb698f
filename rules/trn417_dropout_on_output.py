"""Dropout stands on the output.

## Why

Dropout behind the last layer sets a random share of the outputs to zero and scales up the rest: whatever the network computes,
that share of the logits is wrong at each step, and the loss keeps a floor that no training removes.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 4, (64,))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4), nn.Dropout(0.5))  # warning: TRN417
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(500):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential()
    model.add(keras.layers.Dense(32, activation="relu", input_shape=(8,)))
    model.add(keras.layers.Dense(4, activation="softmax"))
    model.add(keras.layers.Dropout(0.2))  # warning: TRN417
    model.compile("adam", "categorical_crossentropy")
    model.fit(x, y)
```

## When it is silent

Another layer follows, the rate is 0.

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential()
    model.add(keras.layers.Dense(32, activation="relu", input_shape=(8,)))
    model.add(keras.layers.Dropout(0.2))
    model.add(keras.layers.Dense(4, activation="softmax"))
    model.compile("adam", "categorical_crossentropy")
    model.fit(x, y)
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 4))
optimizer = optim.Adam(model.parameters(), lr=0.001)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn

features = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5))
```

## References

- N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, JMLR 15, 2014.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, dropout_on_output, exact, layer_fixes, rule, site_cause


@rule("TRN417", "dropout-on-output", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look between the last layer and the loss."""
    node = dropout_on_output(run)
    rate = node.attributes.get("rate") if node is not None else None
    if node is not None and node.place is not None and isinstance(rate, int | float) and rate > 0:
        yield Report(
            f"dropout behind the last layer: {exact(100 * rate)} % of the outputs are 0 at each step, whatever they should be",
            at=node.place,
            numbers={"rate": float(rate)},
            fix_message="Move it in front of the last layer",
            edits=layer_fixes.dropout_before(node.place, node.inputs[0].place),
            cause=site_cause("dropout", node.place),
        )
