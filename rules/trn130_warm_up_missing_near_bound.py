"""Step near the stability bound, without a warm-up.

## Why

A step just below the stability bound of the initial weights works as long as the loss does not become sharper, and training
makes it sharper first. Momentum pays with a rise at the start: for 2/λ < lr < 2(1+β)/λ the first step multiplies the loss by
(1 - lr·λ)² before it converges. A last batch of a few rows can expand the error where the
whole set would not. A warm-up over some hundred updates avoids all three.

```python bad
import torch
from torch import nn, optim

x = torch.arange(20.0).reshape(-1, 1)
model = nn.Linear(1, 1, bias=False)
optimizer = optim.SGD(model.parameters(), lr=0.012, momentum=0.9)  # info: TRN130
for epoch in range(500):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), 2 * x)
    loss.backward()
    optimizer.step()
```

```python bad
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01, momentum=0.8), loss="mse")  # info: TRN130
model.fit(x, 2 * x, epochs=100)
```

## When it is silent

Rates well below the bound, schedules, networks that normalise, drawn data, and where another rule speaks of the step.

```python good
import torch
from torch import nn, optim

x = torch.arange(20.0).reshape(-1, 1)
model = nn.Linear(1, 1, bias=False)
optimizer = optim.SGD(model.parameters(), lr=0.004, momentum=0.9)
for epoch in range(500):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), 2 * x)
    loss.backward()
    optimizer.step()
```

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.004), loss="mse")
model.fit(x, 2 * x, epochs=100)
```

```python good
import torch
from torch import nn, optim

x = torch.arange(20.0).reshape(-1, 1)
model = nn.Linear(1, 1, bias=False)
optimizer = optim.Adam(model.parameters(), lr=0.012)
for epoch in range(500):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), 2 * x)
    loss.backward()
    optimizer.step()
```

## References

- J. Gilmer et al., A loss curvature perspective on training instabilities in deep learning, ICLR 2022.
- J. Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability, ICLR 2021.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Evidence,
    OptimizerFacts,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    clips,
    made_up_data,
    near_bound_report,
    rate_is_replaced,
    rule,
    stability,
)


@rule("TRN130", "warm-up-missing-near-bound", Severity.INFO, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look at runs that are stable, but not by much."""
    optimizer, bound = run.optimizer, stability(run)
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(bound, StabilityBound) or clips(optimizer):
        return
    demonstration = bound.evidence is Evidence.ESTIMATED and made_up_data(run)
    if run.schedule is None and not rate_is_replaced(run) and not demonstration:
        yield from near_bound_report(run, bound, optimizer)
