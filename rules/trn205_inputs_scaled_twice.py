"""Inputs scaled twice.

## Why

Bytes divided by 255 twice lie between 0 and 0.0039: to the network all images are the same dark picture. The first layer's
outputs are almost only its bias, gradients of its weights are 255 times smaller, and training hardly moves. The second
division is often hidden: `ToTensor`, `rescale=` of a generator, or a Rescaling layer.

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Dense(10, activation="softmax")])  # error: TRN205
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.MNIST("data", transform=transforms.ToTensor())
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = optim.Adam(model.parameters())
for epoch in range(10):
    for x, y in DataLoader(data, batch_size=64, shuffle=True):
        x = x / 255  # error: TRN205
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

## When it is silent

One division, `ToTensor` on floats (it leaves them alone), 16-bit data, a multiplication by 255 in between.

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Rescaling(2.0, offset=-1.0), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
x = x * 255
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.load("scans.npy").astype("uint16") / 256, np.load("labels.npy")
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x / 256, y, epochs=10)
```

## References

- torchvision documentation, ToTensor ("converts ... in the range [0, 255] to ... [0.0, 1.0]"); Keras documentation, Rescaling.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    divided_again,
    every_event,
    figure,
    in_line,
    rule,
    scaled_twice,
    site_cause,
    without_scaling,
)


@rule("TRN205", "inputs-scaled-twice", Severity.WARNING, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for two divisions by about 255 on the way to the first layer, and for two by the range of the data."""
    for run in script.runs:
        twice = scaled_twice(run)
        if twice is None or twice.second.place is None:
            continue
        first = twice.first.place
        yield Report(
            f"the inputs, divided by {figure(1 / abs(twice.first.factor), 3)} already{in_line(first)}, are"
            f" divided by {figure(1 / abs(twice.second.factor), 3)} once more: the largest is then {figure(twice.largest)}",
            at=twice.second.place,
            numbers={"largest_input": twice.largest},
            related=(("scaled here first", first),) if first is not None else (),
            fix_message="scale once",
            edits=without_scaling(twice.second.place),
            cause=site_cause("input-scaled", twice.second.place),
        )
    for event, before, left in divided_again(every_event(script)):
        if event.place is not None:
            yield Report(
                f"the data are divided by their own extent{in_line(before)} and once more by the same here: the largest is then"
                f" {figure(left) if left is not None else '1 by that extent'}, not 1",
                at=event.place,
                related=(("scaled here first", before),) if before is not None else (),
                cause=site_cause("input-scaled", event.place),
            )
