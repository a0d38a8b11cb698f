"""Clipping hides a divergence.

## Why

With the norm of the gradients clipped at c, a step above the stability bound does not blow up: it is lr·c long at most. The
weights walk to the minimum at that speed and then jump across it for ever, lr·c/2 to lr·c to each side along the sharpest
direction. The loss stays above its minimum by λ(lr·c)²/8, at most λ(lr·c)²/2, also with momentum.

```python bad
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01, clipnorm=1.0), loss="mse")  # error: TRN120
model.fit(x, 2 * x, epochs=1000)
```

```python bad
import torch
from torch import nn, optim

x = torch.arange(20.0).reshape(-1, 1)
model = nn.Linear(1, 1, bias=False)
optimizer = optim.SGD(model.parameters(), lr=0.01)  # error: TRN120
for epoch in range(1000):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), 2 * x)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    optimizer.step()
```

## When it is silent

Rates below the bound, optimizers that divide by the size of the gradient, clipping by value, thresholds that switch it off.

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.004, clipnorm=1.0), loss="mse")
model.fit(x, 2 * x, epochs=1000)
```

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01, clipnorm=1.0), loss="mse")
model.fit(x, 2 * x, epochs=1000)
```

```python good
import torch
from torch import nn, optim

def train(model: nn.LSTM, loader):
    optimizer = optim.SGD(model.parameters(), lr=20.0)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x)[0].flatten(0, 1), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
```

## Fix safety

Unsafe: another learning rate changes the training. The suggested rate is that of TRN101.

## References

- Follows from the update w - lr·c·g/|g| on a quadratic: a cycle of two points lr·c/2 or more from the minimum.
- J. Zhang et al., Why gradient clipping accelerates training, ICLR 2020.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    SGD_FAMILY,
    Evidence,
    OptimizerFacts,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    clipped_step_report,
    clips,
    recurrent_or_attention,
    rule,
    stability,
)

SQUARED = ("mean_squared_error", "huber")
ESTIMATE_MARGIN = 2.0
"""What an estimated sharpness may be off by."""


@rule("TRN120", "clipping-hides-divergence", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the rate of clipped gradient descent with the bound that it would have without clipping."""
    optimizer, bound = run.optimizer, stability(run)
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(bound, StabilityBound) or run.schedule:
        return
    if optimizer.name not in SGD_FAMILY or optimizer.clip is None or not clips(optimizer) or optimizer.clip[0] == "value":
        return
    estimated = bound.evidence is Evidence.ESTIMATED or bound.bound_formula.endswith("at the start")
    if estimated and (recurrent_or_attention(run) or getattr(run.loss, "name", "") not in SQUARED):
        return
    if optimizer.clip[1] > 0 and bound.ratio > (ESTIMATE_MARGIN if estimated else 1.0):
        yield clipped_step_report(run, bound, optimizer)
