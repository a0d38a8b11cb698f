"""Shapes of layers do not fit.

## Why

A linear layer, a convolution or a recurrent layer takes inputs of one width. Another width, a map smaller than the window, or a
reshape to another number of elements raises at the first batch.

```python bad
import torch
from torch import nn

model = nn.Sequential(
    nn.Conv2d(1, 8, 3),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(8 * 28 * 28, 10),  # error: TRN406
)
model(torch.rand(4, 1, 28, 28))
```

```python bad
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Conv2D(8, 3, input_shape=(28, 28)),  # error: TRN406
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train)  # also: TRN516
```

## When it is silent

Shapes that are not known on some branch, lazy layers, adaptive pooling.

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
model(torch.rand(4, 1, 28, 28))
```

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10))
model(torch.rand(4, 3, 50, 50))
```

```python good
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(x)


def train(loader):
    model = Net()
    for x, y in loader:
        model(x)
```

## References

- PyTorch, torch.nn.Linear, torch.nn.Conv2d (Shape); Keras API, Conv2D (Input shape).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    channel_is_misplaced,
    layer_fixes,
    misfit_in_words,
    misfits,
    rule,
    shape_in_words,
    site_cause,
)


@rule("TRN406", "layer-shapes-do-not-fit", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for layers that raise for the shape they are called on."""
    for one in misfits(script):
        if channel_is_misplaced(one):
            continue
        (at, other, place), expected, found, shape = one.at_fault(), one.expected, one.found, one.shape
        if one.flattened is not None and one.view is not None and None not in one.flattened:
            rows, found = one.flattened[0], math.prod(side or 1 for side in one.flattened[1:])
            yield Report(
                f"{shape_in_words(one.flattened)} is flattened with its batch: {rows} samples become one row of {one.found}"
                f" numbers, {one.name} takes {expected}: raises. Keep the first axis: `flatten(1)`",
                at=one.view,
                cause=site_cause("shape", one.view),
            )
            shape = one.flattened
        if found != expected:
            of_shape = f" (shape {shape_in_words(shape)})" if shape else ""
            yield Report(
                f"{one.name} {misfit_in_words(one, found)}{of_shape}: raises",
                at=at,
                numbers={"expected": float(expected), "found": float(found)},
                related=((other, place),) if place != at else (),
                fix_message=f"Take {found}",
                edits=layer_fixes.with_first_size(at, found) if one.what in ("features", "channels") and not one.keras else (),
                cause=site_cause("shape", at),
            )
