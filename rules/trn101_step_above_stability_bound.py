"""Step above the stability bound.

## Why

Near a minimum gradient descent multiplies the error along each direction of curvature λ by 1 - lr·λ at every step. When
lr exceeds 2/λ for the largest λ of the loss, that factor is below -1: the weights jump across the valley, each time further
away, and the loss grows by (1 - lr·λ)² per step until it is infinite. λ grows with the square of the inputs, so a default
learning rate that suits inputs of unit scale diverges on raw ones.

The bound is 2(1+β)/λ with momentum β, 2(1+β)/((1+2β)λ) with Nesterov momentum. For a model that is linear in its parameters with
a squared loss the verdict is proved from the data, for smaller batches simulated; for other networks it is an estimate. Adam
has no such bound at the start; there the step is compared with the size of the first layer's weights.

```python bad
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01), loss="mse")  # error: TRN101
model.fit(x, 2 * x, epochs=10)
```

```python bad
import torch
from torch import nn, optim

x = torch.arange(1.0, 21.0).reshape(-1, 1)
y = x / 2
model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)  # error: TRN101
for epoch in range(500):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## When it is silent

Below the bound, with optimizers that divide by the gradient's own size (Adam), with clipped gradients, and when a schedule or
the loop replaces the rate.

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.001), loss="mse")
model.fit(x, 2 * x, epochs=10)
```

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer="adam", loss="mse")
model.fit(x, 2 * x, epochs=1000)
```

```python good
import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01, clipnorm=1.0), loss="mse")
model.fit(x, 2 * x, epochs=10)
```

## Fix safety

Unsafe: another learning rate changes the training. The suggested rate is the largest of 1, 2, 5 times a power of ten that is at
most half the bound.

## References

- B. T. Polyak, Introduction to Optimization (1987), sections 1.4 and 3.2.
- J. Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability, ICLR 2021.
- L. Wu, C. Ma, W. E, How SGD selects the global minima in over-parameterized learning, NeurIPS 2018 (mini-batches).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    ADAM_FAMILY,
    Evidence,
    OptimizerFacts,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    clips,
    exceeded_bound_report,
    relative_step_report,
    rule,
    stability,
)

WARNS = ("slow_divergence", "unstable_in_mean_square", "unstable_at_start")


@rule("TRN101", "step-above-stability-bound", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the learning rate with the largest that the loss surface bears."""
    bound, optimizer = stability(run), run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or clips(optimizer) or run.schedule:
        return
    if isinstance(bound, StabilityBound) and bound.verdict in ("diverges", *WARNS):
        likely = bound.verdict in WARNS or bound.evidence is Evidence.ESTIMATED
        yield exceeded_bound_report(run, bound, optimizer, Severity.WARNING if likely else Severity.ERROR)
    elif not isinstance(bound, StabilityBound) and optimizer.name in ADAM_FAMILY:
        yield from relative_step_report(run, optimizer)
