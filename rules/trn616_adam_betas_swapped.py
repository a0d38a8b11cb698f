"""Adam's betas are swapped.

## Why

β₁ averages the gradient over about 10 steps, β₂ its square over about 1,000. Exchanged, the direction of a step is that of a
thousand batches ago while its size follows the last ten: training is slow to turn and steps are uneven.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001, betas=(0.999, 0.9))  # warning: TRN616

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
    model.compile(keras.optimizers.Adam(0.001, beta_1=0.999, beta_2=0.9), "mse")  # warning: TRN616
    model.fit(x, y)
```

## When it is silent

β₁ at or below β₂, as in GANs: (0, 0.9), (0.5, 0.999).

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.0002, betas=(0.5, 0.999))

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.0002, betas=(0, 0.9))

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
    model.compile(keras.optimizers.Adam(0.001, beta_1=0.9), "mse")
    model.fit(x, y)
```

## References

- D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import OptimizerFacts, Report, Severity, TrainingRun, exact, optimizer_label, rule, run_cause, swap_betas


@rule("TRN616", "adam-betas-swapped", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the two averages."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or optimizer.betas is None or optimizer.place is None:
        return
    first, second = optimizer.betas
    if second < first < 1:  # from 1 on TRN109 speaks
        yield Report(
            f"{optimizer_label(optimizer)} averages the gradient with β₁={exact(first)} and its square with β₂={exact(second)}:"
            " the other way round is meant",
            at=optimizer.place,
            fix_message="exchange the betas",
            edits=swap_betas(optimizer.place),
            numbers={"beta_1": first, "beta_2": second},
            cause=run_cause("betas", run),
        )
