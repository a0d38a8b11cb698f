"""Linear layers with no activation between them.

## Why

A composition of linear maps is one linear map. Two dense layers in a row without an activation have the capacity of a single
matrix, two convolutions that of one larger convolution, while the network pays for both and is harder to train. Dropout,
Flatten, average pooling, upsampling and (at inference) batch normalisation do not make them nonlinear.

```python bad
from tensorflow.keras import Sequential, layers

model = Sequential()
model.add(layers.Dense(64, input_shape=(20,)))  # error: TRN401
model.add(layers.Dropout(0.2))
model.add(layers.Dense(10, activation="softmax"))
model.compile("adam", "categorical_crossentropy")


def train(x, y):
    model.fit(x, y)
```

```python bad
from torch import nn, optim

model = nn.Sequential(
    nn.Conv2d(1, 64, 16),  # error: TRN401
    nn.Conv2d(64, 128, 16),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(128, 2),
)


def train(loader):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

## When it is silent

An activation, max pooling, layer normalisation or attention in between; a factorisation, whose inner width is below both of its
neighbours (low rank, depthwise + pointwise, a linear autoencoder); targets that are known to be an affine function of the inputs.

```python good
from tensorflow.keras import Sequential, layers

model = Sequential([layers.Dense(64, activation="relu", input_shape=(20,)), layers.Dropout(0.2), layers.Dense(10)])
model.compile("adam", "mse")


def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow.keras import Sequential, layers

model = Sequential([layers.Dense(32, input_shape=(784,)), layers.Dense(784)])
model.compile("adam", "mse")


def train(x):
    model.fit(x, x)
```

```python good
import numpy as np
from tensorflow import keras

celsius = np.array([-40.0, -10, 0, 8, 15, 22, 38])
fahrenheit = celsius * 1.8 + 32
model = keras.Sequential([keras.layers.Dense(4, input_shape=[1]), keras.layers.Dense(4), keras.layers.Dense(1)])
model.compile(loss="mean_squared_error", optimizer=keras.optimizers.Adam(0.1))
model.fit(celsius, fahrenheit, epochs=500)
```

## References

- I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, layer_fixes, redundant_chains, rule, site_cause


@rule("TRN401", "linear-layers-without-activation", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Report each chain of affine layers once, at its first layer."""
    for chain in redundant_chains(run):
        place = chain.nodes[0].place or run.place
        *first, last = chain.names
        yield Report(
            f"{', '.join(first)} and {last} have no activation between them: together they equal {chain.equals}",
            at=place,
            numbers={"layers": len(chain.nodes)},
            related=tuple(
                (f"{chain.names[index]} follows", one.place) for index, one in enumerate(chain.nodes) if index and one.place
            ),
            fix_message="Put relu between the layers",
            edits=layer_fixes.with_relu([one.place for one in chain.nodes[:-1]]),
            cause=site_cause("linear-chain", place),
        )
