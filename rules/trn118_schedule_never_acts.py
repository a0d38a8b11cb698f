"""Schedule never acts.

## Why

A step of the schedule that lies behind the end of the run never comes: the script reads as if the rate were lowered, and it
stays what it was.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.MNIST("data", transform=transforms.ToTensor())
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30)  # error: TRN118
for epoch in range(10):
    for x, y in DataLoader(data, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    scheduler.step()
```

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.ExponentialDecay(0.001, 100000, 0.9, staircase=True)  # error: TRN118
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=5)
```

## When it is silent

Schedules that change the rate, plateaus, runs of unknown length.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.MNIST("data", transform=transforms.ToTensor())
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=3)
for epoch in range(10):
    for x, y in DataLoader(data, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    scheduler.step()
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
rate = keras.optimizers.schedules.ExponentialDecay(0.001, 1000, 0.9, staircase=True)
model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64, epochs=5)
```

```python good
from tensorflow import keras


def train(x, y):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    rate = keras.optimizers.schedules.ExponentialDecay(0.001, 100000, 0.9, staircase=True)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=64, epochs=5)
```

## References

- torch.optim.lr_scheduler.StepLR; Keras documentation, ExponentialDecay.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, change_in_run, exact, rule, run_cause, site_cause

NOTICEABLE = 0.02
WRITTEN_OUT = ("inverse_time", "constant", "linear")
"""Schedules that come with an optimizer's own `decay`, or that end in a constant on purpose."""


@rule("TRN118", "schedule-never-acts", Severity.WARNING, default="preview", absence=True)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the rates of the whole run with its first."""
    found, schedule = change_in_run(run), run.schedule
    if found is None or schedule is None or found[0] >= NOTICEABLE or schedule.name in WRITTEN_OUT:
        return
    change, length, unit = found
    share = f"by {exact(float(f'{100 * change:.1g}'))} % at most" if change else "not at all"
    yield Report(
        f"in the {length:,} {unit} of this run the schedule changes the rate {share}: it is made for a longer run",
        at=schedule.place or run.place,
        numbers={"change": change, unit: length},
        cause=site_cause("schedule", schedule.place) if schedule.place else run_cause("schedule", run),
    )
