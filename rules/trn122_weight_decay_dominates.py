"""Weight decay dominates.

## Why

Decay multiplies every weight by 1 - lr·wd at each step. At lr·wd = 1 a single step takes away all weights, above it turns them
round; at 0.01 half of what the weights hold is gone after 69 steps, and the network keeps only what the last few batches taught.
An L2 penalty of many times the first loss has the same effect: the optimizer brings the weights to 0 before it fits the data.

```python bad
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = optim.AdamW(model.parameters(), lr=0.1, weight_decay=10)  # error: TRN122  # also: TRN112

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras
from tensorflow.keras import layers, regularizers

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([layers.Dense(512, "relu", kernel_regularizer=regularizers.l2(0.1))])  # error: TRN122
model.add(layers.Dense(10, "softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
```

## When it is silent

Usual decays, penalties that are small against the loss, networks that normalise (their outputs do not depend on the size of
the weights), and Adam's coupled decay, which is divided by the size of the gradients.

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = optim.AdamW(model.parameters(), lr=6e-4, weight_decay=0.1)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from tensorflow import keras
from tensorflow.keras import layers, regularizers

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([layers.Dense(512, "relu", kernel_regularizer=regularizers.l2(1e-4)), layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128, epochs=5)
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1))
optimizer = optim.SGD(model.parameters(), lr=0.1, weight_decay=0.05)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019.
- T. van Laarhoven, L2 regularization versus batch and weight normalization (2017).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, initial_penalty, penalty_report, rule, shrinking, shrinking_report

HALF, FASTEST, MANY = 0.5, 1e-3, 10.0
"""What decay leaves of the weights in an epoch; lr·wd below which data renew them meanwhile; penalty against the first loss."""


@rule("TRN122", "weight-decay-dominates", Severity.ERROR, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare what decay takes away with what the data can put back."""
    decay = shrinking(run)
    if decay is not None and decay.step >= 1:
        yield shrinking_report(run, decay, Severity.ERROR)
        return
    least = 0.1 if decay is not None and decay.normalized else FASTEST
    if decay is not None and decay.share is not None and decay.share <= HALF and decay.step >= least:
        yield shrinking_report(run, decay, Severity.WARNING)
        return
    penalty = initial_penalty(run)
    if penalty is not None and penalty.value >= MANY * penalty.data_loss:
        yield penalty_report(run, penalty)
