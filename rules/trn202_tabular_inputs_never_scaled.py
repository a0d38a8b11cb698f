"""Tabular inputs that are never scaled.

## Why

When one column is a hundred times larger than another, the loss is a hundred times hundred times steeper along its weights: a
learning rate small enough for the large column hardly moves the weights of the small ones. Columns with values in the
hundreds also push the first layer far outside of the range that its initialisation is made for.

```python bad
import numpy as np
from tensorflow import keras

x = np.array([[0.2, 52000.0], [0.5, 31000.0], [0.9, 78000.0], [0.4, 45000.0], [0.7, 60000.0], [0.1, 39000.0]])
y = np.array([0, 0, 1, 0, 1, 0])
model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(2,)), keras.layers.Dense(1, "sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=200)  # error: TRN202
```

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(13,)), keras.layers.Dense(1)])
model.compile(optimizer="rmsprop", loss="mse")
model.fit(x, y, epochs=100)  # error: TRN202
```

## When it is silent

A scaler or a normalising layer, one-hot columns, small raw tables (all below 30, ratios below 100), files whose scale is unknown.

```python good
import numpy as np
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

x = np.array([[0.2, 52000.0], [0.5, 31000.0], [0.9, 78000.0], [0.4, 45000.0], [0.7, 60000.0], [0.1, 39000.0]])
y = np.array([0, 0, 1, 0, 1, 0])
model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(2,)), keras.layers.Dense(1, "sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(StandardScaler().fit_transform(x), y, epochs=200)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.boston_housing.load_data()
x = (x - x.mean(axis=0)) / x.std(axis=0)
model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(13,)), keras.layers.Dense(1)])
model.compile(optimizer="rmsprop", loss="mse")
model.fit(x, y, epochs=100)
```

```python good
import numpy as np
from tensorflow import keras

x = np.array([[1.0, 7.0], [2.0, 3.0], [5.0, 9.0], [4.0, 1.0], [8.0, 6.0], [3.0, 2.0]])
y = np.array([0, 0, 1, 0, 1, 0])
model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(2,)), keras.layers.Dense(1, "sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=200)
```

## References

- Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp (1998), sections 4.3 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Evidence,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    column_sizes,
    figure,
    first_layer_on_raw_inputs,
    layers_of,
    root_mean_square,
    rule,
    run_cause,
    site_cause,
    stability,
    standardize,
    where_inputs_enter,
)

LARGE, UNLIKE = 30.0, 100.0


@rule("TRN202", "tabular-inputs-never-scaled", Severity.WARNING, absence=True)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the columns that enter a network of dense layers."""
    sizes, whole = column_sizes(run.inputs), root_mean_square(run.inputs) or 0.0
    sizes = sizes or ({-1: whole} if whole >= LARGE and len(run.inputs.shape or ()) == 2 else {})
    if not sizes or run.inputs.scale == "byte" or len(layers_of(run)) < 2 or any(node.op != "dense" for node in layers_of(run)):
        return
    largest, smallest = max(sizes.values()), min(sizes.values())
    if (largest < LARGE and largest / smallest < UNLIKE) or first_layer_on_raw_inputs(run) is None:
        return
    column, bound = max(sizes, key=lambda one: sizes[one]), stability(run)
    subject = f"input column {column} has" if column >= 0 else "the inputs have"
    ratio = f", {figure(largest / smallest)} times the smallest column" if largest / smallest >= UNLIKE else ""
    too_large = isinstance(bound, StabilityBound) and bound.ratio >= 1
    yield Report(
        f"{subject} values of about {figure(largest)}{ratio}, and nothing scales them before the first layer."
        " Standardize with statistics of the training part",
        at=where_inputs_enter(run),
        evidence=Evidence.ESTIMATED,
        numbers={"largest_rms": largest, "smallest_rms": smallest},
        fix_message="standardize by the training part",
        edits=standardize(run),
        cause=run_cause("step-size", run) if too_large else site_cause("input-scale", run.inputs.place or run.place),
    )
