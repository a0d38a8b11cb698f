"""Exclusive and independent classes mixed up.

## Why

softmax shares one unit of probability between classes that exclude each other; sigmoid gives each class one of its own. With the
other kind of labels the outputs do not sum to 1, or classes compete that can be true together.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy")  # finding: TRN308
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")  # finding: TRN308
model.fit(x, y, epochs=20)
```

## When it is silent

Two classes as one-hot rows with softmax and binary cross-entropy: that equals the categorical loss.

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
y = keras.utils.to_categorical(np.random.randint(0, 2, size=600), 2)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(2, activation="softmax"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
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
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=20)
```

## References

- C. Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN308", "exclusive-and-independent-classes-mixed", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN308")
