"""Unnormalized targets.

## Why

A network starts with outputs near zero. Adam moves each weight by about its learning rate at most per update, so targets in
the hundreds of thousands lie out of reach of a short run: the loss falls a little and stays high. With plain gradient descent
the gradients, and in a nonlinear network also the sharpness, grow with the targets, and the same rate diverges.

```python bad
import numpy as np
from tensorflow import keras

x, prices = np.random.rand(1000, 1), 400000 + 200000 * np.random.rand(1000)
model = keras.Sequential([keras.layers.Dense(4, activation="relu", input_shape=(1,)), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")  # error: TRN103
model.fit(x, prices, epochs=15)
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(500, 1), 300000 + 100000 * torch.rand(500, 1)
model = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1))
optimizer = optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)  # error: TRN103
    loss.backward()
    optimizer.step()
```

## When it is silent

Scaled or log targets, an output layer that multiplies back, relative losses, runs long enough to arrive.

```python good
import numpy as np
from tensorflow import keras

x, prices = np.random.rand(1000, 1), 400000 + 200000 * np.random.rand(1000)
model = keras.Sequential([keras.layers.Dense(4, activation="relu", input_shape=(1,)), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, (prices - prices.mean()) / prices.std(), epochs=15)
```

```python good
import numpy as np
from tensorflow import keras

x, prices = np.random.rand(1000, 1), 400000 + 200000 * np.random.rand(1000)
model = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(1), keras.layers.Lambda(lambda t: t * 1e5)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, prices, epochs=15)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(1000, 1), 20 + 5 * np.random.rand(1000)
model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(1,)), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, y, epochs=100)
```

## References

- D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, section 2.1: the effective step is bounded by lr.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    ADAM_FAMILY,
    Evidence,
    Fact,
    LossFacts,
    ModelFacts,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    figure,
    reachable_output,
    root_mean_square,
    rule,
    run_cause,
    step_size,
)

LARGE = 10.0
SQUARED = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")


@rule("TRN103", "unnormalized-targets", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the distance to the targets with what the run can move."""
    optimizer, loss, model, mean = run.optimizer, run.loss, run.model, run.targets.mean
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(loss, LossFacts) or not isinstance(model, ModelFacts):
        return
    if optimizer.name not in ADAM_FAMILY or loss.name not in SQUARED or model.output_activation not in ("linear", None):
        return
    inputs = root_mean_square(run.inputs)
    if mean is None or abs(mean) < LARGE or inputs is None or run.schedule or not isinstance(optimizer.learning_rate, Fact):
        return
    reach = reachable_output(run, inputs)
    if reach is None or reach >= abs(mean) / 2 or run.updates is None:
        return
    yield Report(
        f"targets around {figure(mean)}: {run.updates:,} updates of {step_size(optimizer)} move the output by about"
        f" {figure(reach)} at most. Standardize the targets, and invert that after predict",
        at=loss.place or run.place,
        evidence=Evidence.ESTIMATED,
        numbers={"target_mean": mean, "reachable": reach, "updates": run.updates, "learning_rate": optimizer.learning_rate.value},
        cause=run_cause("target-scale", run),
    )
