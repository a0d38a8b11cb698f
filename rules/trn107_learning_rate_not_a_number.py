"""Learning rate that is no number.

## Why

YAML 1.1 reads `1e-3` as text, `os.environ` and command lines give text, and a configuration that lacks the key gives None.
PyTorch then ends in "'<=' not supported between instances of 'float' and 'str'", Keras in a ValueError.

```python bad
from torch import nn, optim

config = {"lr": "1e-3"}  # error: TRN107
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=config["lr"])


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.SGD(learning_rate=0.01, momentum="0.9"), "mse")  # error: TRN107


def train(x, y):
    model.fit(x, y)
```

## When it is silent

The text is converted, a schedule or function gives the rate, or the optimizer takes None (Adafactor). Of momentum, decay and ε
only text is reported: None has a meaning there.

```python good
from torch import nn, optim

config = {"lr": "1e-3"}
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=float(config["lr"]))


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from tensorflow import keras

schedule = keras.optimizers.schedules.ExponentialDecay(0.001, 1000, 0.9)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(learning_rate=schedule), "mse")


def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile(keras.optimizers.Adam(learning_rate=1e-3), "mse")


def train(x, y):
    model.fit(x, y)
```

## References

- YAML 1.1, the float type needs a dot before the exponent; PyYAML issue 173.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import OptimizerFacts, Report, Severity, TrainingRun, optimizer_label, rule, run_cause, step_size_place

TAKES_NONE = ("adafactor",)
NUMBERS = {
    "learning_rate": "learning rate",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "decay": "decay",
    "eps": "ε",
    "epsilon": "ε",
}
"""Settings that have to be numbers, and what they are called."""


@rule("TRN107", "learning-rate-not-a-number", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for a rate that is text, a list, a flag or None, and for other numbers that are text."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts):
        return
    raised = "a TypeError" if optimizer.library == "torch" else "a ValueError or TypeError"
    for name, words in NUMBERS.items():
        if name not in optimizer.parameters:
            continue
        value = optimizer.parameters[name]
        if (name != "learning_rate" and not isinstance(value, str)) or (value is None and optimizer.name in TAKES_NONE):
            continue
        yield Report(
            f"the {words} of {optimizer_label(optimizer)} is {value!r:.40}, a {type(value).__name__}: the optimizer or its first"
            f" step raises {raised}. Convert it with float(...)",
            at=step_size_place(run) if name == "learning_rate" else optimizer.place or run.place,
            cause=run_cause("step-size", run) if name == "learning_rate" else None,
        )
