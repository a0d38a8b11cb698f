"""Clip threshold stops the learning.

## Why

With gradients clipped to a norm of c a step is lr·c long at most. With c = 0 PyTorch multiplies every gradient by 0. With a small
c and plain gradient descent all steps of the run together are shorter than a small share of what the weights start with.

```python bad
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = optim.Adam(model.parameters(), lr=1e-3)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0)  # error: TRN121
        optimizer.step()
```

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.SGD(0.01, global_clipnorm=0.001), "sparse_categorical_crossentropy")  # error: TRN121
model.fit(x, y, batch_size=128, epochs=5)
```

## When it is silent

Thresholds that leave room, optimizers that divide by the size of the gradient, Keras' `clipnorm=0` (which is no clipping).

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = optim.Adam(model.parameters(), lr=1e-3)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.SGD(0.01, global_clipnorm=1.0), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(0.001, global_clipnorm=0.001), "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
```

## References

- torch.nn.utils.clip_grad_norm_: the gradients are multiplied by max_norm / (total_norm + 1e-6), at most 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    SGD_FAMILY,
    Evidence,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    clip_place,
    exact,
    figure,
    reach_of_clipped,
    rule,
    run_cause,
    step_size,
)

SHARE = 0.05
"""Of the initial weights: a run that moves them by less than this has not trained them."""


@rule("TRN121", "clip-threshold-stops-learning", Severity.ERROR, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the length of all clipped steps with the weights that they start from."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or optimizer.clip is None:
        return
    at, cause = clip_place(run), run_cause("step-size", run)
    if optimizer.clip[1] == 0 and optimizer.library == "torch":
        kind = "value" if optimizer.clip[0] == "value" else "norm"
        yield Report(f"clipping gradients to a {kind} of 0 makes every gradient 0: no weight ever moves", at=at, cause=cause)
    reach = reach_of_clipped(run) if optimizer.name in SGD_FAMILY else None
    if reach is not None and reach.moved < SHARE * reach.start:
        whole = "the weights by a norm of" if reach.measure == "norm" else "a weight by"
        yield Report(
            f"{reach.updates:,} updates of {step_size(optimizer)} with gradients clipped at {exact(optimizer.clip[1])} move"
            f" {whole} at most {figure(reach.moved)}, from a start of {figure(reach.start)}: the network ends about as it began",
            at=at,
            severity=Severity.WARNING,
            evidence=Evidence.ESTIMATED,
            numbers={"moved": reach.moved, "initial": reach.start},
            cause=cause,
        )
