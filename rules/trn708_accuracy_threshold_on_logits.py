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
model = keras.Sequential([keras.layers.Dense(32, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=[keras.metrics.Precision()])  # error: TRN708
model.fit(x, y, epochs=20)
```

```python bad
import torch
from torch import nn, optim
x, y, model = torch.rand(600, 8), torch.randint(0, 2, (600, 1)).float(), nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(model(x), y).backward()
    optimizer.step()
print(((model(x) > 0.5).float() == y).float().mean())  # error: TRN708
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

from trainlint.api import Report, Script, Severity, logits_compared_with_half, metric_reports, rule, run_cause


@rule("TRN708", "accuracy-threshold-on-logits", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Speak for these rows of the table of metrics, and look for outputs that the script compares with 0.5 itself."""
    for run in script.runs:
        yield from metric_reports(run, "TRN708")
    for one in logits_compared_with_half(script):
        yield Report(
            "these are logits, and 0.5 is a threshold for probabilities: those between 0 and 0.5 mean a probability up to 0.62"
            " and count as negative. Compare with 0",
            at=one.place,
            fix_message="compare with 0",
            edits=one.edits,
            cause=run_cause("threshold", one.run),
        )
