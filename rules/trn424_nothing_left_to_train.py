"""Nothing is left to train.

## Why

All weights of the model are frozen: the optimizer has nothing to move, and the loss stays where it started.

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(8, activation="relu", input_shape=(4,)), keras.layers.Dense(1)])
for layer in model.layers:
    layer.trainable = False
model.compile("adam", "mse")

def train(x, y):
    model.fit(x, y)  # error: TRN424
```

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([
        keras.layers.Dense(8, activation="relu", trainable=False, input_shape=(4,)),
        keras.layers.Dense(1, trainable=False),
    ])
    model.compile("adam", "mse")
    model.fit(x, y)  # error: TRN424
```

## When it is silent

Some weights train, no optimizer is built, models that are not known to their end.

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([
        keras.layers.Dense(8, activation="relu", trainable=False, input_shape=(4,)),
        keras.layers.Dense(1),
    ])
    model.compile("adam", "mse")
    model.fit(x, y)
```

```python good
from torch import nn

backbone = nn.Sequential(nn.Linear(8, 16), nn.ReLU())
backbone.requires_grad_(False)

def features(x):
    return backbone(x)
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(8, activation="relu", input_shape=(4,)), keras.layers.Dense(1)])
    model.trainable = False
    model.trainable = True
    model.compile("adam", "mse")
    model.fit(x, y)
```

## References

- Keras guide, Transfer learning and fine-tuning (the trainable attribute).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, all_is_frozen, rule, run_cause


@rule("TRN424", "nothing-left-to-train", Severity.ERROR, default="preview", absence=True)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for runs whose every weight is frozen."""
    if all_is_frozen(run):
        text = "every weight of the model is frozen: the optimizer moves nothing and the loss stays where it started"
        yield Report(text, at=run.place, cause=run_cause("step-size", run))
