"""Accuracy of a regression.

## Why

Accuracy counts predictions that equal their target. Real-valued predictions practically never do: the number stays near 0 however
good the fit is, and says nothing.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randn(600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])  # finding: TRN707
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randn(600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="mae", metrics=["acc"])  # finding: TRN707
model.fit(x, y, epochs=20)
```

## When it is silent

Class losses, and targets that are classes.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randn(600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
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
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
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

## References

- Keras API, Accuracy metrics ("how often predictions equal labels").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, metric_reports, rule


@rule("TRN707", "accuracy-on-regression", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of metrics."""
    return metric_reports(run, "TRN707")
