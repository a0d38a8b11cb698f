"""Too few updates.

## Why

A network learns by its updates, not by its epochs: 120 rows in batches of 32 give 4 updates an epoch, five epochs make 20. With
Adam at 0.001 no weight can have moved by more than 0.02 then, and the score is that of the random start.

```python bad
from sklearn.datasets import load_iris
from tensorflow import keras

x, y = load_iris(return_X_y=True)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)  # error: TRN110
```

```python bad
import numpy as np
from tensorflow import keras

x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
model = keras.Sequential([keras.layers.Dense(8, activation="tanh", input_shape=(2,)), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=50)  # error: TRN110
```

## When it is silent

A hundred updates or more, one layer, a fit inside of a loop, random arrays that only show how something is called, restored
weights, flags of a smoke test; data that the script spells out and on which so many updates bring the loss below a tenth.

```python good
from sklearn.datasets import load_iris
from tensorflow import keras

x, y = load_iris(return_X_y=True)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=100)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.random((1000, 20)), np.random.randint(2, size=(1000, 1))
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("rmsprop", "binary_crossentropy")
model.fit(x, y, epochs=2, batch_size=32)
```

```python good
from sklearn.datasets import load_iris
from tensorflow import keras

x, y = load_iris(return_X_y=True)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
for epoch in range(100):
    model.fit(x, y, epochs=1)
```

## References

- Follows from the update rules: n rows in batches of B give ceil(n/B) updates an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    OptimizerFacts,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    exact_data,
    few_updates,
    rule,
    run_cause,
    stability,
)

ENOUGH, LEARNED = 100, 0.1
EXEMPT = ("lbfgs", "rprop")


@rule("TRN110", "too-few-updates", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Count the updates of the whole run."""
    updates = few_updates(run, ENOUGH)
    if updates is None or not isinstance(run.epochs, Fact) or not isinstance(run.batch_size, Fact):
        return
    if isinstance(run.optimizer, OptimizerFacts) and run.optimizer.name in EXEMPT:
        return
    bound, left = stability(run), None
    if isinstance(bound, StabilityBound) and bound.loss_at_start and bound.loss_reached is not None:
        left = bound.loss_reached / bound.loss_at_start
    if (left is None and exact_data(run)) or (left is not None and not LEARNED < left <= 1):
        return
    trained = f"; on this data they leave {100 * left:.0f} % of the loss" if left is not None else ""
    needed = -(-ENOUGH * 10 // max(updates // run.epochs.value, 1))
    epochs = f"{run.epochs.value} epochs" if run.epochs.value != 1 else "one epoch"
    yield Report(
        f"{run.inputs.samples:,} rows in batches of {run.batch_size.value} for {epochs} make {updates} updates of a network that"
        f" starts at random{trained}: train for {needed:,} epochs or in smaller batches",
        at=run.place,
        numbers={"updates": updates, "epochs": run.epochs.value, "batch_size": run.batch_size.value},
        cause=run_cause("step-size", run),
    )
