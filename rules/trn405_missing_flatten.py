"""Flatten is missing.

## Why

A dense layer works on the last axis. Behind a convolution or a pool it gives one row of outputs for every pixel, (N, H, W, K),
while the labels are one for each sample: losses on classes raise, mean squared error broadcasts.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 28, 28, 1)
y = keras.utils.to_categorical(np.random.randint(0, 10, 500), 10)
model = keras.Sequential([
    keras.layers.Conv2D(8, 3, activation="relu", input_shape=(28, 28, 1)),
    keras.layers.MaxPooling2D(2),
    keras.layers.Dense(10, activation="softmax"),  # error: TRN405
])
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 100, 4)
y = np.random.randint(0, 2, 500)
model = keras.Sequential([
    keras.layers.Conv1D(8, 3, activation="relu", input_shape=(100, 4)),
    keras.layers.Dense(16, activation="relu"),  # error: TRN405
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
```

## When it is silent

Flatten or global pooling, labels for each pixel or step, labels that are not known.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 28, 28, 1)
y = keras.utils.to_categorical(np.random.randint(0, 10, 500), 10)
model = keras.Sequential([
    keras.layers.Conv2D(8, 3, activation="relu", input_shape=(28, 28, 1)),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(100, 16, 16, 1)
y = np.random.randint(0, 2, (100, 16, 16, 1))
model = keras.Sequential([keras.layers.Conv2D(8, 3, padding="same"), keras.layers.ReLU(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=50)
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(x, y)
```

## References

- Keras API, Dense ("if the input to the layer has a rank greater than 2, Dense computes the dot product along the last axis").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, layer_fixes, of_a_batch, open_output, rule, run_cause

INPUTS = frozenset({"input", "data"})
MAPS = INPUTS | {"conv", "depthwise_conv", "separable_conv", "conv_transpose", "max_pool", "average_pool"}


@rule("TRN405", "missing-flatten", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for dense outputs that keep the axes of a map."""
    found = open_output(run, MAPS)
    place = found[0].place if found is not None else None
    if found is None or place is None:
        return
    dense, above = found
    raises = "crossentropy" in getattr(run.loss, "name", "") or "cross_entropy" in getattr(run.loss, "name", "")
    what = "inputs" if above.op in INPUTS else "map"
    yield Report(
        f"the dense layer keeps the axes of the {what} before it: it gives {of_a_batch(dense.shape)}, the labels are"
        f" {of_a_batch(run.targets.shape)}. Flatten the {what} first",
        at=place,
        severity=Severity.ERROR if raises else Severity.WARNING,
        related=((f"the {what}", above.place),) if above.place is not None else (),
        fix_message=f"Flatten the {what}",
        edits=layer_fixes.flatten_before(place),
        cause=run_cause("loss-output", run),
    )
