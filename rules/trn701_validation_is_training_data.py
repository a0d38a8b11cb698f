"""Validation data are the training data.

## Why

If the validation loss is computed on the rows that the network is trained on, it can only fall: early stopping never stops,
"the best" checkpoint is the most overfitted one, and nothing in the log shows it.

```python bad
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, validation_data=(x, y), epochs=10)  # error: TRN701
```

```python bad
from tensorflow import keras

flow = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(64, 64))
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(flow, validation_data=flow, epochs=10)  # error: TRN701
```

## When it is silent

Other rows, a handful of samples (can the model overfit at all?), reconstruction with nothing selected by the loss.

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x.reshape(-1, 784) / 255.0, x_test.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, validation_data=(x_test, y_test), epochs=10)
```

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x[:50000], y[:50000], validation_data=(x[50000:], y[50000:]), epochs=10)
```

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
few, labels = x[:16].reshape(-1, 784) / 255.0, y[:16]
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(few, labels, validation_data=(few, labels), epochs=200)
```

## References

- T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning (2009), section 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, rule, site_cause, validated_on_training_data


@rule("TRN701", "validation-is-training-data", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for a fit that is validated on its own training data."""
    fit = validated_on_training_data(run)
    if fit is None:
        return
    rows = f" the {run.inputs.samples:,} rows" if run.inputs.samples else " the rows"
    yield Report(
        f"`validation_data` are{rows} that this fit trains on: `val_loss` is a training loss, and no overfitting can show in it."
        " Hold rows back, or use `validation_split`",
        at=fit.argument_places.get("validation_data") or run.place,
        cause=site_cause("validation", run.place),
    )
