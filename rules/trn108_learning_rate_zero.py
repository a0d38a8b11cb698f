"""Learning rate of zero.

## Why

With lr = 0 both frameworks run to the end and no weight ever moves. Keras Adam with β₂ = 1 has the same effect: its bias
correction multiplies the step by √(1 - β₂ᵗ) = 0.

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(learning_rate=0.0), "mse")  # error: TRN108


def train(x, y):
    model.fit(x, y)
```

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0)  # error: TRN108


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## When it is silent

A schedule, a scheduler or a callback raises the rate, or one of several groups is frozen on purpose.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.0)


def train(loader):
    for step, (x, y) in enumerate(loader):
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * min(1.0, step / 100)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from tensorflow import keras


def train(x, y):
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
    model.compile(keras.optimizers.SGD(learning_rate=0.0), "mse")
    model.fit(x, y, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.001 * epoch)])
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(learning_rate=1e-3), "mse")


def train(x, y):
    model.fit(x, y)
```

## References

- Follows from the update rules: torch.optim.SGD, keras.optimizers.Adam.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    rate_is_replaced,
    rule,
    run_cause,
    step_size,
    step_size_place,
)


@rule("TRN108", "learning-rate-zero", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for a step of size zero that nothing changes."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or run.schedule or rate_is_replaced(run):
        return
    frozen = optimizer.library == "keras" and optimizer.betas is not None and optimizer.betas[1] == 1
    zero = isinstance(optimizer.learning_rate, Fact) and optimizer.learning_rate.value == 0
    if zero or frozen:
        reason = step_size(optimizer) if zero else "β₂=1 makes the bias-corrected step of Adam 0"
        yield Report(
            f"{reason}: the run goes through all its epochs and no weight moves",
            at=step_size_place(run) if zero else optimizer.place or run.place,
            numbers={"learning_rate": 0.0} if zero else {},
            cause=run_cause("step-size", run),
        )
