"""Unnormalized targets.

## Why

A network starts with outputs near zero. Adam moves each weight by about its learning rate at most per update, so targets in
the hundreds of thousands lie out of reach of a short run: the loss falls a little and stays high. With plain gradient descent
the gradients grow with the targets, and in a nonlinear network the sharpness λ too: a rate far below 2/λ at unit targets diverges
at targets in the thousands. (A model that is linear in its parameters has the same λ whatever its targets are.)

```python bad
import numpy as np
from tensorflow import keras

x, prices = np.random.rand(1000, 1), 400000 + 200000 * np.random.rand(1000)
model = keras.Sequential([keras.layers.Dense(4, activation="relu", input_shape=(1,)), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")  # error: TRN103
model.fit(x, prices, epochs=15)
```

```python bad
import numpy as np
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

x = StandardScaler().fit_transform(np.random.rand(500, 3))
y = np.random.uniform(1000, 5000, size=500)
model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(3,)), keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")  # error: TRN103
model.fit(x, y, epochs=50)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.array(range(1, 13))
y = 15.0 * x
model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=0.004), loss="mse")  # error: TRN103
model.fit(x, y, epochs=120)
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
    SGD_FAMILY,
    LossFacts,
    ModelFacts,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    clips,
    distant_targets_report,
    rule,
    steep_targets_report,
)

LARGE = 10.0
SQUARED = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")


@rule("TRN103", "unnormalized-targets", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the distance to the targets with what the run can move, and the curvature with that at standardized targets."""
    optimizer, loss, model, targets = run.optimizer, run.loss, run.model, run.targets
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(loss, LossFacts) or not isinstance(model, ModelFacts):
        return
    if loss.name not in SQUARED or model.output_activation not in ("linear", None) or run.schedule:
        return
    size = max(abs(targets.mean or 0.0), (targets.second_moment or 0.0) ** 0.5)
    if size >= LARGE and optimizer.name in (*ADAM_FAMILY, "rmsprop"):
        yield from distant_targets_report(run, optimizer)
    elif size >= LARGE and optimizer.name in SGD_FAMILY and not clips(optimizer):
        yield from steep_targets_report(run, optimizer)
