"""Adam's epsilon too small.

## Why

Adam divides by √v + ε. In float16 weights v underflows to 0 for gradients below √(3e-8/(1-β₂)) = 0.0055 and the step becomes
lr·g/ε: infinite when ε rounds to 0 (below 6e-8), 42 at ε = 1e-7. In a very long run with a constant rate v decays with the
gradients; when one comes back, a step of up to lr·(1-β₁)/√(1-β₂) = 3.2 lr moves every weight at once: the loss spikes.

```python bad
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1)).half()
optimizer = optim.Adam(model.parameters(), lr=1e-3)  # error: TRN105

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.half()), y.half()).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

def train(batches):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")  # error: TRN105
    model.fit(batches, steps_per_epoch=500, epochs=4000)
```

## When it is silent

Ordinary runs, rates that are lowered, early stopping, clipping, amsgrad, float32 weights under autocast, bfloat16.

```python good
from tensorflow import keras

def train(batches):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")
    model.fit(batches, steps_per_epoch=500, epochs=40)
```

```python good
from tensorflow import keras

def train(batches):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.001, epsilon=1e-4), loss="mse")
    model.fit(batches, steps_per_epoch=500, epochs=4000)
```

```python good
from tensorflow import keras

def train(batches):
    model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.001, amsgrad=True), loss="mse")
    model.fit(batches, steps_per_epoch=500, epochs=4000)
```

## References

- S. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018 (amsgrad).
- Z. Bai et al., Adaptive preconditioners trigger loss spikes in Adam (2025): ε of lr·λ·(1-β₁)/(2+2β₁) suffices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from trainlint.api import (
    ADAM_FAMILY,
    Fact,
    ModelFacts,
    OptimizerFacts,
    Origin,
    Report,
    Severity,
    TrainingRun,
    exact,
    figure,
    lowers_rate_later,
    rule,
    run_cause,
    spikes_late,
)

SMALLEST_HALF, SAFE_HALF_EPSILON, TYPICAL_GRADIENT, NO_FLOOR = 6e-8, 1e-3, 0.005, 1e-11


@rule("TRN105", "adam-epsilon-too-small", Severity.INFO)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare epsilon with the precision of the weights, and with the length of the run."""
    adam = run.misplaced_optimizer or run.optimizer
    if not isinstance(adam, OptimizerFacts) or adam.name not in ADAM_FAMILY or adam.amsgrad:
        return
    if not isinstance(adam.epsilon, Fact) or not isinstance(adam.learning_rate, Fact):
        return
    epsilon, rate = adam.epsilon.value, adam.learning_rate.value
    severity, numbers, message = Severity.INFO, {"epsilon": epsilon, "learning_rate": rate}, ""
    if isinstance(run.model, ModelFacts) and run.model.dtype == "float16":
        step = rate * TYPICAL_GRADIENT / epsilon if epsilon >= SMALLEST_HALF else math.inf
        severity = Severity.ERROR if step >= 1 else Severity.WARNING
        moves = f"a step of {figure(step)}" if step < math.inf else "an infinite step, as ε rounds to 0"
        if epsilon < SAFE_HALF_EPSILON:
            message = (
                f"with float16 weights: gradients below 0.0055 square to 0 and one of 0.005 makes {moves} instead of"
                f" {exact(rate)}. Keep float32 weights with autocast, or set ε=1e-3"
            )
    elif not run.schedule and not adam.clip and not lowers_rate_later(run):
        message = spikes_late(run, rate, epsilon, adam.betas or (0.9, 0.999), numbers)
    if not message and 0 <= epsilon <= NO_FLOOR and adam.epsilon.origin is not Origin.LIBRARY_DEFAULT:
        message = (
            f"is no floor: a weight with gradients of {figure(1e4 * epsilon or 1e-30)} still moves by {exact(rate)} each step"
        )
    if message:
        place, cause = adam.place or run.place, run_cause("adam-epsilon", run)
        yield Report(f"ε={exact(epsilon)} {message}", at=place, severity=severity, numbers=numbers, cause=cause)
