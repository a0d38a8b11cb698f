"""Learning rate too small for the run.

## Why

A step of Adam moves a weight by about the learning rate, whatever the gradient is. If the sum of all steps of the run is a
small share of what the weights start with, the network ends as the random one that it began as. Adadelta has no rate in its
paper (1.0); with the 0.001 of today's Keras it takes a thousand times as long. Plain gradient descent removes the share
1 - exp(-T·lr·λ) of the error along the direction of the largest curvature λ in T steps, and less along all others.

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(learning_rate=1e-6), "sparse_categorical_crossentropy")  # error: TRN111
model.fit(x, y, batch_size=128, epochs=5)
```

```python bad
import tensorflow as tf

(x, y), _ = tf.keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = tf.keras.Sequential([tf.keras.layers.Dense(64, activation="relu"), tf.keras.layers.Dense(10, activation="softmax")])
model.compile(tf.keras.optimizers.Adadelta(), "sparse_categorical_crossentropy")  # error: TRN111
model.fit(x, y, batch_size=128, epochs=12)
```

## When it is silent

Fine-tuning, schedules, a run whose length is not known.

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(learning_rate=1e-4), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.load_weights("trained.h5")
model.compile(keras.optimizers.Adam(learning_rate=1e-6), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
```

```python good
import tensorflow as tf

(x, y), _ = tf.keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = tf.keras.Sequential([tf.keras.layers.Dense(64, activation="relu"), tf.keras.layers.Dense(10, activation="softmax")])
model.compile(tf.keras.optimizers.Adadelta(1.0), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=12)
```

## References

- D. Kingma, J. Ba, Adam, ICLR 2015, section 2.1 (the step is bounded by the rate).
- M. Zeiler, ADADELTA: an adaptive learning rate method (2012): the update has no learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    OptimizerFacts,
    Origin,
    Report,
    Severity,
    TrainingRun,
    figure,
    rule,
    run_cause,
    short_reach_report,
    slow_descent_report,
    step_size,
    step_size_place,
)

SHARE = 0.1
"""Of the initial weights, or of the way down: a run that moves by less than this has not trained."""


@rule("TRN111", "learning-rate-too-small-for-run", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the sum of all steps with what the weights start as."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(optimizer.learning_rate, Fact):
        return
    rate = optimizer.learning_rate
    if optimizer.name == "adadelta" and rate.origin is Origin.LIBRARY_DEFAULT and 0 < rate.value <= 0.001:
        yield Report(
            f"{step_size(optimizer)} is a thousandth of the 1.0 that the method is made for: the first steps are about"
            f" {figure(rate.value * 1e-3)}. Give it learning_rate=1.0",
            at=step_size_place(run),
            numbers={"learning_rate": rate.value},
            cause=run_cause("step-size", run),
        )
        return
    slow = slow_descent_report(run, SHARE) or short_reach_report(run, SHARE)
    if slow is not None:
        yield slow
