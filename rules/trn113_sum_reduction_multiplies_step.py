"""Sum over the batch multiplies the step.

## Why

A loss that is summed over the batch has gradients B times those of the mean. Plain gradient descent then moves as if its rate
were B·lr, changes its step when the batch size changes, and takes a smaller step on a last, partial batch.

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.load("x.pt"), torch.load("y.pt"))
model = nn.Linear(8, 1)
criterion = nn.MSELoss(reduction="sum")  # error: TRN113
optimizer = optim.SGD(model.parameters(), lr=0.1)
for x, y in DataLoader(data, batch_size=64, shuffle=True):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError(reduction="sum"))  # error: TRN113
    model.fit(x, y, batch_size=64)
```

## When it is silent

Divided later by batch, tokens or pixels; optimizers that divide by the size of the gradient; sums of several terms (ELBO).

```python good
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.load("x.pt"), torch.load("y.pt"))
model = nn.Linear(8, 1)
criterion = nn.MSELoss(reduction="sum")
optimizer = optim.SGD(model.parameters(), lr=0.1)
for x, y in DataLoader(data, batch_size=64, shuffle=True):
    optimizer.zero_grad()
    (criterion(model(x), y) / len(x)).backward()
    optimizer.step()
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.001), keras.losses.MeanSquaredError(reduction="sum"))
    model.fit(x, y, batch_size=64)
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.SGD(0.01), "mse")
```

## References

- P. Goyal et al., Accurate, large minibatch SGD (2017), section 2.1 (the linear scaling rule and its pitfalls).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    SGD_FAMILY,
    Evidence,
    Fact,
    LossFacts,
    OptimizerFacts,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    Unknown,
    clips,
    figure,
    rule,
    run_cause,
    stability,
    step_size,
    summed_at_the_end,
)

LARGE_RATE, USUAL_BATCH, UNSURE = 1.0, 32, 2.0  # of plain descent; for a batch that is not known; what an estimate is off by


@rule("TRN113", "sum-reduction-multiplies-step", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for a loss that is a sum over the batch and nothing else."""
    optimizer, loss = run.optimizer, run.loss
    if not isinstance(optimizer, OptimizerFacts) or optimizer.name not in SGD_FAMILY or not isinstance(loss, LossFacts):
        return
    if clips(optimizer) or loss.reduction != "sum" or not summed_at_the_end(run):
        return
    size, rate, bound = run.batch_size, optimizer.learning_rate, stability(run)
    batch, guess = (size.value, "") if isinstance(size, Fact) else (USUAL_BATCH, " (say)")
    unsure = UNSURE if isinstance(bound, StabilityBound) and bound.evidence is Evidence.ESTIMATED else 1.0
    stable = isinstance(bound, StabilityBound) and bound.ratio < unsure
    if stable or batch < 2 or not isinstance(rate, Fact) or (isinstance(bound, Unknown) and rate.value * batch <= LARGE_RATE):
        return
    last = f"; the last batch of {rest} like {figure(rate.value * rest)}" if (rest := (run.inputs.samples or 0) % batch) else ""
    acts = f"acts like {figure(rate.value * batch)}{last}"
    yield Report(
        f"{step_size(optimizer)} with a sum over batches of {batch}{guess} {acts}: take the mean",
        at=loss.place or run.place,
        numbers={"learning_rate": rate.value, "batch_size": batch, "effective_learning_rate": rate.value * batch},
        cause=run_cause("step-size", run),
    )
