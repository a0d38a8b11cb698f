"""A training aid is missing.

## Why

Schedules, warm-up, clipping and early stopping help many runs and are needed by few. This rule lists those that a run goes
without; it runs only where its full code is selected.

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()  # info: TRN902
```

```python bad
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.001), "mse")
    model.fit(x, y, epochs=20)  # info: TRN902
```

## When it is silent

A schedule with clipping or early stopping.

```python good
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 5)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        scheduler.step()
```

```python good
from tensorflow import keras

def run(x, y):
    rate = keras.optimizers.schedules.CosineDecay(0.001, 10_000)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), "mse")
    model.fit(x, y, epochs=20, validation_split=0.1, callbacks=[keras.callbacks.EarlyStopping()])
```

```python good
from torch import nn

model = nn.Linear(8, 1)
```

## References

- I. Loshchilov, F. Hutter, SGDR, ICLR 2017 (schedules); R. Pascanu et al., ICML 2013 (clipping);
  L. Prechelt, Early stopping - but when?, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, missing_aids, rule, run_cause


@rule("TRN902", "training-aid-missing", Severity.INFO, default="named")
def check(run: TrainingRun) -> Iterator[Report]:
    """List what a run goes without."""
    missing = missing_aids(run)
    if missing:
        yield Report(f"the run goes without {' and '.join(missing)}", at=run.place, cause=run_cause("aid", run))
