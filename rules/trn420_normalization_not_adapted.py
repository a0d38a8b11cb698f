"""Normalization is not adapted.

## Why

Keras' `Normalization` starts with mean 0 and variance 1: until `adapt` has seen the data, or both are given, it passes its inputs
through unchanged. Pixels of 0 to 255 stay pixels of 0 to 255.

```python bad
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([
    keras.layers.Normalization(input_shape=(8,)),  # error: TRN420
    keras.layers.Dense(1),
])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

```python bad
from tensorflow import keras

inputs = keras.Input((32, 32, 3))
scaled = keras.layers.Normalization()(inputs)  # error: TRN420
outputs = keras.layers.Dense(10)(keras.layers.Flatten()(scaled))
model = keras.Model(inputs, outputs)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

def train(x, y):
    model.fit(x, y)
```

## When it is silent

`adapt` anywhere, mean and variance given, weights loaded before the fit.

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
scale = keras.layers.Normalization(input_shape=(8,))
scale.adapt(x)
model = keras.Sequential([scale, keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Normalization(mean=0.5, variance=0.08), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Normalization(input_shape=(8,)), keras.layers.Dense(1)])
model.load_weights("start.weights.h5")
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

## References

- Keras API, Normalization ("the adapt() method must be called, or mean and variance passed").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, never_adapted, rule, run_cause


@rule("TRN420", "normalization-not-adapted", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for normalization layers of trained models that have seen no data."""
    if any(event.kind == "set_weights" for event in every_event(script)):
        return
    for run in script.runs:
        for node in never_adapted(run):
            if node.place is not None:
                yield Report(
                    "Normalization is never adapted: mean 0 and variance 1 pass its inputs through unchanged. Call `adapt(x)`"
                    " before the fit",
                    at=node.place,
                    cause=run_cause("input-scale", run),
                )
