"""Uninitialised tensor as data.

## Why

`torch.Tensor(2, 3)`, `torch.empty` and `np.empty` take memory and leave in it what was there: zeros today, 1e38 in the next
run. Training on it gives another result every time, or a loss that is NaN from the first step.

```python bad
import torch
from torch import nn, optim

x = torch.Tensor(64, 3)  # warning: TRN217
y = torch.ones(64, 1)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = optim.Adam(model.parameters())
for step in range(500):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
```

```python bad
import numpy as np
from tensorflow import keras

x = np.empty((1000, 20))  # warning: TRN217
y = np.random.randint(0, 2, 1000)
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=10)
```

## When it is silent

Filled row by row, through `out=`, in place or by an initialiser.

```python good
import numpy as np
from tensorflow import keras

x = np.empty((1000, 20))
for row in range(1000):
    x[row] = np.random.rand(20)
y = np.random.randint(0, 2, 1000)
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=10)
```

```python good
import torch
from torch import nn, optim

x = torch.empty(64, 3).normal_()
noise = torch.empty(64, 1)
noise.uniform_(-1, 1)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = optim.Adam(model.parameters())
for step in range(500):
    loss = nn.functional.mse_loss(model(x), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x = torch.empty(64, 3)
nn.init.normal_(x)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = optim.Adam(model.parameters())
for step in range(500):
    loss = model(x).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
```

## References

- PyTorch documentation, torch.empty ("filled with uninitialized data"); NumPy documentation, numpy.empty.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, never_filled, row_in_words, rule, site_cause


@rule("TRN217", "uninitialised-tensor-as-data", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for runs on memory that nobody wrote to."""
    for made, trained in never_filled(script, every_event(script)):
        yield Report(
            f"the memory that is taken here is never filled, and {row_in_words(trained)} trains on it: it holds what was in"
            " memory before, another thing in each run. Fill it, or make it with zeros, ones or random numbers",
            at=made,
            related=(("trained on here", trained),),
            cause=site_cause("uninitialised", made),
        )
