"""Squared error on classes.

## Why

Squared error on a sigmoid or softmax has its smallest gradient where the output is most wrong: it learns, slowly. Absolute error
is least for the majority class alone. Numbers of nominal classes as a regression target invent an order.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=(600, 1))
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="mse")  # finding: TRN310
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
model.compile(optimizer="adam", loss="mae")  # finding: TRN310
model.fit(x, y, epochs=20)
```

## When it is silent

Ratings and counts, distillation, adversarial and Q-learning losses.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 2, size=(600, 1))
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randn(600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="mse")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
stars = np.random.randint(1, 6, 600)
model = keras.Sequential([keras.layers.Dense(32, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, stars, epochs=20)
```

## References

- P. Golik, P. Doetsch, H. Ney, Cross-entropy vs. squared error training, Interspeech 2013.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN310", "squared-error-on-classes", Severity.INFO, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN310")
