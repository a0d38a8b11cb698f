"""Linear layers with no activation between them.

## Why

A composition of linear maps is one linear map. Two dense layers in a row without an activation have the capacity of a single
matrix, two convolutions that of one larger convolution. Dropout, Flatten, average pooling, upsampling and (at inference) batch
normalisation do not make them nonlinear.

```python bad
from tensorflow.keras import Sequential, layers

def train(x, y):
    model = Sequential()
    model.add(layers.Dense(64, input_shape=(20,)))  # error: TRN401
    model.add(layers.Dense(10, activation="softmax"))
    model.compile("adam", "categorical_crossentropy")
    model.fit(x, y)
```

```python bad
from torch import nn, optim

maps = nn.Conv2d(1, 64, 16), nn.Conv2d(64, 128, 16)  # error: TRN401
model = nn.Sequential(*maps, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 2))

def train(loader, optimizer=optim.Adam(model.parameters(), lr=1e-3)):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

Max pooling is no activation either: it passes the largest on as it is, negative or not. Two such convolutions are told as advice.

```python bad
from tensorflow.keras import Sequential, layers

model = Sequential()
model.add(layers.Conv2D(32, 3))  # info: TRN401
model.add(layers.MaxPooling2D(2))
model.add(layers.Conv2D(64, 3))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy")

def train(x, y):
    model.fit(x, y)
```

## When it is silent

An activation, layer normalisation or attention in between, also behind the pooling; a factorisation, whose inner width is below
both of its neighbours (low rank, depthwise + pointwise); targets that are known to be an affine function of the inputs.

```python good
from tensorflow.keras import Sequential, layers

def train(x, y):
    model = Sequential([layers.Dense(64, activation="relu", input_shape=(20,)), layers.Dropout(0.2), layers.Dense(10)])
    model.compile("adam", "mse")
    model.fit(x, y)
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(1152, 10))

def train(loader, optimizer=optim.Adam(model.parameters(), lr=1e-3)):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
import numpy as np
from tensorflow import keras

celsius = np.array([-40.0, -10, 0, 8, 15, 22, 38])
model = keras.Sequential([keras.layers.Dense(4, input_shape=[1]), keras.layers.Dense(4), keras.layers.Dense(1)])
model.compile(loss="mean_squared_error", optimizer=keras.optimizers.Adam(0.1))
model.fit(celsius, celsius * 1.8 + 32, epochs=500)
```

## References

- I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, layer_fixes, only_pooled, redundant_chains, rule, site_cause


@rule("TRN401", "linear-layers-without-activation", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Report each chain of affine layers once, at its first layer; and convolutions that only max pooling follows."""
    for chain in redundant_chains(run):
        message = f"{chain.in_words()} have no activation between them: together they equal {chain.equals}"
        place, places = chain.nodes[0].place or run.place, [one.place for one in chain.nodes[:-1]]
        yield Report(
            message,
            at=place,
            numbers={"layers": len(chain.nodes)},
            related=tuple(chain.followers()),
            fix_message="Put relu between the layers",
            edits=layer_fixes.with_relu(places),
            cause=site_cause("linear-chain", place),
        )
    pooled = only_pooled(run)
    if pooled is not None:
        place = pooled.nodes[0].place or run.place
        message = f"no activation follows {pooled.names}: the max pooling behind passes negative values on as they are"
        edits = layer_fixes.with_relu([one.place for one in pooled.nodes])
        cause = site_cause("linear-chain", place)
        yield Report(message, at=place, severity=Severity.INFO, fix_message="Put relu behind them", edits=edits, cause=cause)
