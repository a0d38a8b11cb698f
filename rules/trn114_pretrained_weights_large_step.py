"""Pretrained weights trained with a large step.

## Why

Adam moves every weight by about its learning rate in each of the first steps, whatever the gradient is. A thousand steps of
0.001 can move a weight by 1, when those of a trained ResNet are of the order of 0.01 to 0.1: what the network had learned is lost
before the new head has become useful. A tenth of the rate (an unsafe fix) or less is usual, or training the head alone first.

```python bad
from tensorflow import keras
base = keras.applications.ResNet50(weights="imagenet", include_top=False, input_shape=(224, 224, 3), pooling="avg")
model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")  # error: TRN114

def train(x, y):
    model.fit(x, y, epochs=5)
```

```python bad
from torch import nn, optim
from torchvision import models
model = models.resnet50(weights="IMAGENET1K_V2")
model.fc = nn.Linear(2048, 10)
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # error: TRN114

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

## When it is silent

Frozen weights, the head alone, rates of their own for parts of the network, weights that are not pretrained, schedules, and runs
of 50 epochs or more, for which the weights are an initialisation.

```python good
from tensorflow import keras
base = keras.applications.ResNet50(weights="imagenet", include_top=False, input_shape=(224, 224, 3), pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")

def train(x, y):
    model.fit(x, y, epochs=5)
```

```python good
from torch import nn, optim
from torchvision import models
model = models.resnet50(weights="IMAGENET1K_V2")
model.fc = nn.Linear(2048, 10)
optimizer = optim.SGD(model.fc.parameters(), lr=0.1, momentum=0.9)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
from tensorflow import keras
base = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(224, 224, 3), pooling="avg")
model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")

def train(x, y):
    model.fit(x, y, epochs=5)
```

## References

- J. Howard, S. Ruder, Universal language model fine-tuning for text classification, ACL 2018, section 3.2.
- D. Kingma, J. Ba, Adam, ICLR 2015, section 2.1: the step is bounded by the learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    ADAM_FAMILY,
    Fact,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    exact,
    pretrained_network,
    rule,
    run_cause,
    set_learning_rate,
    step_size,
    step_size_place,
)

LARGE = {**dict.fromkeys((*ADAM_FAMILY, "rmsprop"), 1e-3), "sgd": 0.1}


@rule("TRN114", "pretrained-weights-large-step", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the rate of pretrained weights with those of fine-tuning."""
    optimizer, found = run.optimizer, pretrained_network(run)
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(optimizer.learning_rate, Fact) or found is None:
        return
    rate, (network, times) = optimizer.learning_rate.value, found
    if rate < LARGE.get(optimizer.name, float("inf")):
        return
    smaller = float(f"{rate / times:.3g}")
    yield Report(
        f"{step_size(optimizer)} moves the pretrained weights of {network} as far as random ones, and what they had learned is"
        f" lost in the first updates. Train them with lr={exact(smaller)} or less, or the head alone first",
        at=step_size_place(run),
        numbers={"learning_rate": rate, "suggested_learning_rate": smaller},
        fix_message=f"use a learning rate of {exact(smaller)}",
        edits=set_learning_rate(run, smaller),
        cause=run_cause("step-size", run),
    )
