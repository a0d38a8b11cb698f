"""Metric does not fit the labels.

## Why

A metric that expects another form of labels measures something else or raises: argmax of a single column is always 0, equality of
probabilities and labels never holds, and a binary accuracy of one-hot rows is high for a constant guess.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 10, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["categorical_accuracy"])  # finding: TRN710
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["binary_accuracy"])  # finding: TRN710
model.fit(x, y, epochs=20)
```

## When it is silent

Multi-label tasks with a binary accuracy; the string 'accuracy', which adapts to the loss.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["categorical_accuracy"])
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 10, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = (np.random.rand(600, 5) > 0.5).astype(float)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(5, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
model.fit(x, y, epochs=20)
```

## References

- Keras API, Accuracy metrics.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, metric_reports, rule


@rule("TRN710", "metric-does-not-fit-labels", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of metrics."""
    return metric_reports(run, "TRN710")
