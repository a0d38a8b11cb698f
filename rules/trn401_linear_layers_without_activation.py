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
from torch import nn, optim

model = nn.Sequential(nn.Linear(784, 32), nn.Linear(32, 784))


def train(loader):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for x in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x).backward()
        optimizer.step()
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

from trainlint.api import (
    Node,
    Report,
    Severity,
    TrainingRun,
    exact,
    input_width,
    layer_name,
    linear_chains,
    output_width,
    root_of,
    rule,
    site_cause,
    targets_are_affine,
)


@rule("TRN401", "linear-layers-without-activation", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Report each chain of affine layers once, at its first layer."""
    root = root_of(run)
    if root is None:
        return
    for chain in linear_chains(root):
        widths = [output_width(node) for node in chain]
        if (
            _factorises(input_width(chain[0]), widths)
            or any("depthwise" in node.op for node in chain)
            or targets_are_affine(root)
        ):
            continue
        names = [layer_name(node) for node in chain]
        place = chain[0].place or run.place
        yield Report(
            f"{', '.join(names[:-1])} and {names[-1]} have no activation between them: together they equal {_equal(chain)}",
            at=place,
            numbers={"layers": len(chain)},
            related=tuple(
                (f"{name} belongs to the chain", node.place) for name, node in zip(names, chain, strict=True) if node.place
            ),
            cause=site_cause("linear-chain", place),
        )


def _factorises(width: int | None, widths: list[int | None]) -> bool:
    """Whether an inner width is a bottleneck on both sides, or not known."""
    inner, last = widths[:-1], widths[-1]
    if last is None or any(one is None for one in inner):
        return True
    return min(one for one in inner if one is not None) < min(last, width if width is not None else last)


def _equal(chain: tuple[Node, ...]) -> str:
    if all(node.op == "conv" for node in chain):
        size = _kernel(chain)
        return f"one {size} convolution" if size else "one convolution"
    if any(node.op != "dense" for node in chain):
        return "one linear layer"
    widths = [output_width(node) or 0 for node in chain]
    return f"one {exact(widths[-1])}-unit linear layer of rank ≤ {min(widths)}"


def _kernel(chain: tuple[Node, ...]) -> str | None:
    """The kernel of the composition: sizes add up, less one each, where strides and dilations are 1."""
    size: list[int] = []
    for node in chain:
        kernel, strides = node.attributes.get("kernel_size"), node.attributes.get("strides", 1)
        dilation = node.attributes.get("dilation", 1)
        if not isinstance(kernel, tuple) or {*_all(strides), *_all(dilation)} != {1}:
            return None
        size = [before + one - 1 for before, one in zip(size, kernel, strict=False)] if size else list(kernel)
    return "×".join(map(str, size))


def _all(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)
