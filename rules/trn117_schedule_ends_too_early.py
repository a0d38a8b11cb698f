"""Schedule ends too early.

## Why

Schedules count updates in Keras and calls of `step()` in PyTorch; a decay meant for epochs, but taken per update, has brought
the rate to nothing before the first epoch is over. What follows costs time and changes no weight.

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=10, decay_rate=0.9)  # error: TRN117
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=16)
```

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=938)  # error: TRN117
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=16)
```

## When it is silent

A schedule that ends with the run, floors of 1 % or more, runs of unknown length, a few points that the script spells out.

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=938 * 16)
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=16)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=938, alpha=0.1)
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=16)
```

```python good
from tensorflow import keras


def train(x, y):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=10, decay_rate=0.9)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=64, epochs=16)
```

## References

- Keras documentation, LearningRateSchedule (called with the number of updates); torch.optim.lr_scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    Report,
    Severity,
    TrainingRun,
    exact_data,
    rule,
    run_cause,
    share_of_run_below,
    site_cause,
    uncounted_schedule,
)

NOTHING = 0.01
"""Of the peak: below this share the rate does next to nothing."""
HALF = 0.5


@rule("TRN117", "schedule-ends-too-early", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Follow the rate through the run."""
    found, schedule = share_of_run_below(run, NOTHING), run.schedule
    if found is None or schedule is None or uncounted_schedule(run.events) is not None:
        return
    before, length, unit = found
    if length - before < HALF * length or exact_data(run):
        return
    stepped = any(event.kind == "scheduler_step" for event in run.events)
    steps = f" (an epoch has {run.steps_per_epoch.value:,})" if isinstance(run.steps_per_epoch, Fact) else ""
    by_epoch = unit == "epochs"
    remedy = "Stretch the schedule over the run" if by_epoch else "Give the schedule's length in the steps that it is called with"
    yield Report(
        f"the rate is below 1 % of its peak after {before:,} of {length:,} {unit}{steps}: the rest of the run changes"
        f" next to nothing. {remedy}",
        at=schedule.place or run.place,
        numbers={f"{unit}_before": before, unit: length},
        cause=site_cause("schedule", schedule.place) if stepped and schedule.place else run_cause("step-size", run),
    )
