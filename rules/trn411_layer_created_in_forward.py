"""Layer is created in forward.

## Why

A layer made in `forward` (Keras: `call`) is new at every call, with new random weights that no optimizer has seen: what the
model learns elsewhere meets a different random map each time. A dropout layer made there is always in training mode.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)

    def forward(self, x):
        x = self.first(x).relu()
        return nn.Linear(16, 1)(x)  # error: TRN411
```

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 1)

    def forward(self, x):
        return nn.Dropout(0.5)(self.first(x))  # error: TRN411
```

## When it is silent

Made once behind `if self.layer is None`, in `build`, layers that own nothing (activations, pooling).

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.head = None

    def forward(self, x):
        x = nn.ReLU()(self.first(x))
        if self.head is None:
            self.head = nn.Linear(16, 1)
        return self.head(x)
```

```python good
from tensorflow import keras


class Block(keras.layers.Layer):
    def build(self, input_shape):
        self.dense = keras.layers.Dense(4)

    def call(self, inputs):
        return keras.layers.ReLU()(self.dense(inputs))
```

```python good
from torch import nn


def make(width):
    return nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, 1))


model = make(16)
```

## References

- PyTorch, torch.nn.Module ("Submodules assigned in this way will be registered"); Keras guide, Making new layers and models
  via subclassing.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, layer_fixes, made_in_forward, rule, site_cause


@rule("TRN411", "layer-created-in-forward", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for layers with weights or a mode that each forward pass makes anew."""
    for event, layer, method in made_in_forward(script):
        if event.place is None:
            continue
        name = layer.row.name.rpartition(".")[2]
        what = (
            "is always in training mode" if layer.row.kind == "dropout" else "has new random weights at each call, never trained"
        )
        if layer.row.kind == "batch_norm":
            what = "starts with new statistics at each call"
        yield Report(
            f"{name} is made inside `{method}`: it {what}. Make it once in `__init__`",
            at=event.place,
            fix_message="Make it in `__init__`",
            edits=layer_fixes.moved_to_init(event.place),
            cause=site_cause("weights", event.place),
        )
