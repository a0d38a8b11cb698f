"""Momentum that is not below one.

## Why

Momentum β keeps a sum of all past gradients weighted by powers of β. At β ≥ 1 old gradients never fade: the weights oscillate
with a growing or constant amplitude at any learning rate. Adam's β₁ ≥ 1 divides 0 by 0 at the first step in Keras, and a decay
of 1 in RMSprop keeps v at 0, so that the step is lr·g/ε. PyTorch's SGD takes 1.0 and 1.5 without a word, Keras takes 1.0.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=1.0)  # error: TRN109

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.RMSprop(0.001, rho=1.0), "mse")  # error: TRN109

def train(x, y):
    model.fit(x, y)
```

## When it is silent

Below one; the momentum of batch normalisation and the decay of averaged weights are other numbers.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(8, input_shape=(8,)), keras.layers.BatchNormalization(momentum=1.0)])
model.compile(keras.optimizers.SGD(0.001, momentum=0.99), "mse")

def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(0.001, beta_1=0.5, beta_2=0.999), "mse")

def train(x, y):
    model.fit(x, y)
```

## References

- B. T. Polyak, Some methods of speeding up the convergence of iteration methods (1964): the roots of z² - (1+β-lr·λ)z + β.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Fact, OptimizerFacts, Place, Report, Severity, TrainingRun, exact, optimizer_label, rule, run_cause

DECAYS = ("rho", "alpha")


@rule("TRN109", "momentum-not-below-one", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look at momentum, β₁ and the decay of the second moment."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts):
        return
    place = optimizer.place or run.place
    for name, value, where in _coefficients(optimizer):
        if 0 <= value < 1:
            continue
        effect = "no past gradient ever fades, and the weights oscillate without end"
        if value < 0:
            effect = "the library refuses it or each step undoes the last"
        elif name in DECAYS:
            effect = "the running mean of squares stays 0 and the step is lr·g/ε"
        elif name == "β₁":
            effect = "the first step divides 0 by 0" if optimizer.library == "keras" else "PyTorch raises a ValueError"
        yield Report(
            f"{name}={exact(value)} of {optimizer_label(optimizer)} is not in [0, 1): {effect}. 0.9 is usual",
            at=where or place,
            numbers={"value": value},
            cause=run_cause("step-size", run),
        )


def _coefficients(optimizer: OptimizerFacts) -> Iterator[tuple[str, float, Place | None]]:
    if isinstance(optimizer.momentum, Fact):
        yield "momentum", optimizer.momentum.value, optimizer.momentum.place
    if optimizer.betas:
        yield "β₁", optimizer.betas[0], None
    for name in DECAYS:
        value = optimizer.parameters.get(name)
        if isinstance(value, int | float) and optimizer.name == "rmsprop":
            yield name, float(value), None
