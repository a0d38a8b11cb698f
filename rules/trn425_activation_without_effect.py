"""Activation without effect.

## Why

relu on the raw input of a network does nothing to non-negative data and deletes the negative half of any other. The same
activation applied twice (relu of relu) is the activation applied once. Both are usually an activation that was meant for another
place, such as the output of the first layer.

```python bad
from tensorflow.keras import Input, Model, layers

inputs = Input((1, 32, 32))
x = layers.Activation("relu")(inputs)  # error: TRN425
x = layers.Conv2D(8, 3, activation="relu", data_format="channels_first")(x)
model = Model(inputs, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))
model.compile("adam", "categorical_crossentropy")

def train(x, y):
    model.fit(x, y)
```

```python bad
from tensorflow.keras import Sequential, layers

model = Sequential()
model.add(layers.Dense(64, activation="relu", input_shape=(20,)))
model.add(layers.ReLU())  # error: TRN425
model.add(layers.Dense(10, activation="softmax"))
model.compile("adam", "categorical_crossentropy")

def train(x, y):
    model.fit(x, y)
```

## When it is silent

Behind a trainable layer, a backbone or an addition; activations that are not idempotent.

```python good
from tensorflow.keras import Sequential, layers

model = Sequential()
model.add(layers.Dense(64, input_shape=(20,)))
model.add(layers.ReLU())
model.add(layers.Dense(10, activation="softmax"))
model.compile("adam", "categorical_crossentropy")
def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow.keras import Input, Model, layers

inputs = Input((32, 32, 64))
x = layers.Activation("relu")(layers.BatchNormalization()(inputs))
x = layers.Conv2D(64, 3, padding="same")(x)
x = layers.Activation("relu")(layers.BatchNormalization()(layers.Add()([x, inputs])))
model = Model(inputs, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))
model.compile("adam", "categorical_crossentropy")

def train(x, y):
    model.fit(x, y)
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(), nn.LeakyReLU(), nn.Linear(32, 1))

def train(loader):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- V. Nair, G. Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010: relu(relu(x)) = relu(x).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    RESHAPING,
    Report,
    Severity,
    TrainingRun,
    layer_fixes,
    line_of,
    raw_leaf,
    root_of,
    rule,
    site_cause,
    skip_upwards,
    walk,
)

IDEMPOTENT = ("relu", "relu6")


@rule("TRN425", "activation-without-effect", Severity.INFO)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for relu on raw inputs, and for the same idempotent activation twice."""
    root = root_of(run)
    for node in walk(root) if root is not None else ():
        if node.op not in IDEMPOTENT or node.place is None or not node.inputs:
            continue
        above = skip_upwards(node.inputs[0], RESHAPING - {"input"})
        if raw_leaf(node.inputs[0]) is not None:
            message = f"{node.op} on the raw input changes nothing where the data are ≥ 0 and deletes what is negative"
        elif above.op == node.op:
            message = f"{node.op} of a value that has already passed {above.op}{line_of(above.place)} changes nothing"
        else:
            continue
        edits, cause = layer_fixes.without_activation(node.place), site_cause("activation", node.place)
        yield Report(f"{message}: remove it", at=node.place, fix_message="Remove it", edits=edits, cause=cause)
