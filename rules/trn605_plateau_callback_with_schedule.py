"""Plateau callback meets a schedule.

## Why

ReduceLROnPlateau assigns a number to the optimizer's learning rate. If that is a schedule, Keras refuses the assignment: a
TypeError at the first plateau, hours into the training.

```python bad
from tensorflow import keras

def run(model, x, y):
    rate = keras.optimizers.schedules.ExponentialDecay(0.001, 1000, 0.9)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
    model.compile(keras.optimizers.Adam(rate), "mse")
    plateau = keras.callbacks.ReduceLROnPlateau()  # error: TRN605
    model.fit(x, y, validation_split=0.2, callbacks=[plateau])
```

```python bad
from tensorflow import keras

rate = keras.optimizers.schedules.CosineDecay(0.01, 10_000)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=rate), loss="mse")

def run(data):
    model.fit(data, callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="loss")])  # error: TRN605
```

## When it is silent

A rate that is a number, a schedule that is itself a callback.

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(0.001), "mse")

def run(data):
    model.fit(data, callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="loss")])
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(0.001), "mse")
lower = keras.callbacks.LearningRateScheduler(lambda epoch: 0.001 * 0.9**epoch)

def run(data):
    model.fit(data, callbacks=[lower, keras.callbacks.ReduceLROnPlateau(monitor="loss")])
```

```python good
from tensorflow import keras

rate = keras.optimizers.schedules.CosineDecay(0.01, 10_000)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=rate), loss="mse")

def run(data):
    model.fit(data, callbacks=[keras.callbacks.EarlyStopping(monitor="loss")])
```

## References

- Keras API, ReduceLROnPlateau; Optimizer.learning_rate (not settable over a LearningRateSchedule).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, exact, replace, rule, scheduled_plateaus, site_cause


@rule("TRN605", "plateau-callback-with-schedule", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for fits with both."""
    for callback, schedule, place, first in scheduled_plateaus(script):
        yield Report(
            f"{callback} sets a rate that is a {schedule}: raises a TypeError at the first plateau. Give a number",
            at=place,
            fix_message="give a number",
            edits=(replace(first[0], exact(first[1])),) if first is not None else (),
            cause=site_cause("schedule", place),
        )
