"""Randomness is not controlled.

## Why

Weights, shuffling and dropout are drawn anew in every run. Without a seed two runs differ, and a change of the script cannot be
told from chance.

```python bad
from torch import nn, optim

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters())
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()  # info: TRN901
```

```python bad
import numpy as np
from tensorflow import keras

x, y = np.ones((500, 8)), np.ones((500, 1))
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)  # info: TRN901
```

## When it is silent

A seed is set, also inside a condition or by a helper of another module.

```python good
import torch
from torch import nn, optim

torch.manual_seed(0)

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters())
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from helpers import set_seed
from torch import nn, optim

set_seed(0)

def train(loader):
    model = nn.Sequential(nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters())
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from tensorflow import keras

keras.utils.set_random_seed(0)

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, epochs=20)
```

## References

- PyTorch, Reproducibility; keras.utils.set_random_seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, is_seeded, rule, site_cause


@rule("TRN901", "randomness-not-controlled", Severity.INFO, scope="script", default="off")
def check(script: Script) -> Iterator[Report]:
    """Look for a seed anywhere in the script."""
    if script.runs and not is_seeded(script):
        run = script.runs[0]
        yield Report(
            "no seed is set: first weights and batches differ from run to run",
            at=run.place,
            cause=site_cause("seed", run.place),
        )
