"""Schedule above the stability bound.

## Why

A schedule helps only if its rates are below the stability bound 2/λ soon enough. While they are above it the loss grows at each
step by (1 - lr·λ)²; a decay that takes 90 updates to get below the bound has multiplied the loss by 1e58 by then, more than
float32 holds. A warm-up only postpones the same.

```python bad
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
rate = keras.optimizers.schedules.ExponentialDecay(0.02, decay_steps=1, decay_rate=0.99)  # error: TRN116
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
model.fit(x, 2 * x, batch_size=20, epochs=200)
```

```python bad
import torch
from torch import nn, optim

x = torch.arange(20.0).reshape(-1, 1)
y = 2 * x
model = nn.Linear(1, 1, bias=False)
optimizer = optim.SGD(model.parameters(), lr=0.02)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=100, gamma=0.1)  # error: TRN116
for epoch in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    scheduler.step()
```

## When it is silent

Rates below the bound from the start, or so soon that the loss has grown by less than 1000; clipping; adaptive optimizers.

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
rate = keras.optimizers.schedules.ExponentialDecay(0.005, decay_steps=1, decay_rate=0.99)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
model.fit(x, 2 * x, batch_size=20, epochs=200)
```

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=1, decay_rate=0.9)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
model.fit(x, 2 * x, batch_size=20, epochs=200)
```

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=200)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
model.fit(x, 2 * x, batch_size=20, epochs=200)
```

## References

- B. T. Polyak, Introduction to Optimization (1987), section 1.4.
- J. Gilmer et al., A loss curvature perspective on training instabilities in deep learning, ICLR 2022 (warm-up).
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
    clips,
    rule,
    schedule_report,
    scheduled,
)

FLOAT32, NOTICEABLE = 38.5, 3.0
"""log10 of the growth at which float32 overflows, and at which a detour is worth a word."""

ESTIMATE_MARGIN = {"mean_squared_error": 2.0, "huber": 2.0}
ELSE_MARGIN = 40.0
"""Above how many times an estimated bound the peak is reported: where an estimated TRN101 speaks."""


@rule("TRN116", "schedule-peak-above-bound", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Follow the growth of the loss along the schedule."""
    optimizer, course = run.optimizer, scheduled(run)
    if not isinstance(optimizer, OptimizerFacts) or optimizer.name not in SGD_FAMILY or course is None or clips(optimizer):
        return
    bound, known = course.bound, course.bound.evidence
    if known is Evidence.SIMULATED:
        lost, speaks = True, bound.verdict == "diverges"
    elif known is Evidence.PROVED:
        lost, speaks = course.crossing is None or course.peak_growth > FLOAT32, course.peak_growth >= NOTICEABLE
    else:
        margin = ESTIMATE_MARGIN.get(getattr(run.loss, "name", ""), ELSE_MARGIN)
        lost, speaks = False, course.peak / bound.max_learning_rate > margin
    if speaks and course.peak > bound.max_learning_rate:
        yield schedule_report(run, course, optimizer, Severity.ERROR if lost else Severity.WARNING)
