"""Accuracy threshold on logits.

## Why

Binary accuracy, precision and recall compare the output with 0.5. A logit of 0.5 is a probability of 0.62: positives between 0.5
and 0.62 count as negatives, and the metric disagrees with the loss.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])  # error: TRN708
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=[keras.metrics.Precision()])  # error: TRN708
model.fit(x, y, epochs=20)
```

## When it is silent

A threshold of 0 on logits, a sigmoid before the metric, argmax over several logits.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 10, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10),
])
model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, epochs=20)
```

## References

- Keras API, BinaryAccuracy (`threshold`).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, metric_reports, rule


@rule("TRN708", "accuracy-threshold-on-logits", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of metrics."""
    return metric_reports(run, "TRN708")
