"""Learning rate is left at its default.

## Why

The default of a library is a guess that fits no run in particular, and it differs between releases and libraries: SGD of Keras
starts at 0.01, Adadelta of Keras at 0.001 and of PyTorch at 1.

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters())  # info: TRN903
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")  # info: TRN903
    model.fit(x, y, epochs=20)
```

## When it is silent

A rate is given, or a schedule.

```python good
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.SGD(model.parameters(), 0.01)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.01, 10_000)), "mse")
    model.fit(x, y, epochs=20)
```

## References

- Keras API, Optimizers; PyTorch, torch.optim.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Fact, OptimizerFacts, Origin, Report, Severity, TrainingRun, exact, optimizer_label, rule, run_cause


@rule("TRN903", "learning-rate-left-at-default", Severity.INFO, default="off")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look at where the rate comes from."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(optimizer.learning_rate, Fact) or optimizer.place is None:
        return
    if optimizer.learning_rate.origin is Origin.LIBRARY_DEFAULT:
        rate = optimizer.learning_rate.value
        yield Report(
            f"{optimizer_label(optimizer)} is given no learning rate: it runs at the default {exact(rate)}",
            at=optimizer.place,
            numbers={"learning_rate": rate},
            cause=run_cause("default-rate", run),
        )
