"""Adam's epsilon too small.

## Why

Adam divides by √v + ε. In float16 weights v underflows to 0 for gradients below √(3e-8/(1-β₂)) = 0.0055 and the step becomes
lr·g/ε: infinite when ε rounds to 0 (below 6e-8), 42 at ε = 1e-7. In a very long run with a constant rate v decays with the
gradients; when one comes back, a step of up to lr·(1-β₁)/√(1-β₂) = 3.2 lr moves every weight at once: the loss spikes. With the
sharpness λ known, ε ≥ lr·λ·(1-β₁)/(2+2β₁) prevents that. An ε below 2⁻²⁴·0.005 = 3e-10 is lost when float32 adds it to the √v
of a usual gradient: it holds back no weight whose gradients have all but vanished.

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

from collections.abc import Iterator

from trainlint.api import (
    ADAM_FAMILY,
    Fact,
    ModelFacts,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    clips,
    epsilon_without_effect,
    half_precision_step,
    lowers_rate_later,
    rule,
    run_cause,
    set_epsilon,
    spikes_late,
)


@rule("TRN105", "adam-epsilon-too-small", Severity.INFO)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare epsilon with the precision of the weights, and with the length of the run."""
    adam = run.misplaced_optimizer or run.optimizer
    if not isinstance(adam, OptimizerFacts) or adam.name not in ADAM_FAMILY or adam.amsgrad:
        return
    if not isinstance(adam.epsilon, Fact) or not isinstance(adam.learning_rate, Fact):
        return
    epsilon, rate, found = adam.epsilon.value, adam.learning_rate.value, None
    if isinstance(run.model, ModelFacts) and run.model.dtype == "float16":
        found = half_precision_step(epsilon, rate)
    elif not run.schedule and not clips(adam) and not lowers_rate_later(run):
        found = spikes_late(run, rate, epsilon, adam.betas or (0.9, 0.999))
    found = found or epsilon_without_effect(adam.epsilon, rate)
    if found is not None:
        yield Report(
            found.message,
            at=adam.place or run.place,
            severity=found.severity,
            numbers=found.numbers,
            fix_message=f"use ε={found.suggestion:g}",
            edits=set_epsilon(adam, found.suggestion),
            cause=run_cause("adam-epsilon", run),
        )
