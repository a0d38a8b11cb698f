"""Learning rate below zero.

## Why

A negative rate moves the weights up the gradient: the loss rises at every step. Keras and TensorFlow accept it without a word,
PyTorch raises a ValueError when the optimizer is built.

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.SGD(learning_rate=-0.01), "mse")  # error: TRN106

def train(x, y):
    model.fit(x, y)
```

```python bad
from torch import nn, optim

def train(loader, lr=-1e-3):  # error: TRN106
    model = nn.Linear(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=lr)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## When it is silent

A loss that is negated as well: two signs cancel.

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.SGD(learning_rate=0.01), "mse")

def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

def score(y_true, y_pred):
    return -keras.ops.mean(keras.ops.square(y_true - y_pred))

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.SGD(learning_rate=-0.01), loss=score)

def train(x, y):
    model.fit(x, y)
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=1e-3, maximize=True)

def train(loader):
    for x, reward in loader:
        optimizer.zero_grad()
        (model(x) * reward).mean().backward()
        optimizer.step()
```

## Fix safety

Unsafe: it turns ascent into descent.

## References

- PyTorch, torch.optim.SGD ("Invalid learning rate"); Keras API, Optimizers.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    LossFacts,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    exact,
    loss_is_negated,
    rule,
    run_cause,
    set_learning_rate,
    step_size,
    step_size_place,
)


@rule("TRN106", "learning-rate-negative", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for a rate below zero."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(optimizer.learning_rate, Fact) or optimizer.written_by_hand:
        return  # TRN514 speaks of updates that the script writes itself
    rate = optimizer.learning_rate.value
    raises = optimizer.library == "torch"
    followed = all(isinstance(one.loss, LossFacts) and one.loss.name != "custom" for one in run.heads or (run,))
    if rate < 0 and (raises or (followed and not loss_is_negated(run))):
        effect = "PyTorch raises a ValueError" if raises else "every step climbs the loss instead of descending it"
        yield Report(
            f"{step_size(optimizer)} is negative: {effect}",
            at=step_size_place(run),
            numbers={"learning_rate": rate},
            fix_message=f"use {exact(abs(rate))}",
            edits=set_learning_rate(run, abs(rate)),
            cause=run_cause("step-size", run),
        )
