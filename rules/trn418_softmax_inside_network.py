"""Softmax stands inside the network.

## Why

A softmax makes its units compete: they sum to 1, so that with 64 units each passes about 1/64, and its gradient is of the same
order. As the activation of a hidden layer it starves what comes behind; a convolution's map is squeezed the same way.

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential()
    model.add(keras.layers.Dense(64, activation="softmax", input_shape=(8,)))  # warning: TRN418
    model.add(keras.layers.Dense(4, activation="softmax"))
    model.compile("adam", "categorical_crossentropy")
    model.fit(x, y)
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 4, (64,))
first, second = nn.Linear(8, 32), nn.Linear(32, 4)
optimizer = optim.Adam([*first.parameters(), *second.parameters()], lr=0.001)
for epoch in range(500):
    optimizer.zero_grad()
    hidden = torch.softmax(first(x), dim=1)  # warning: TRN418
    nn.functional.cross_entropy(second(hidden), y).backward()
    optimizer.step()
```

## When it is silent

Attention weights, gates and mixtures (used as a factor), the output.

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential()
    model.add(keras.layers.Dense(64, activation="relu", input_shape=(8,)))
    model.add(keras.layers.Dense(4, activation="softmax"))
    model.compile("adam", "categorical_crossentropy")
    model.fit(x, y)
```

```python good
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 4, (64,))
score, head = nn.Linear(8, 8), nn.Linear(8, 4)
optimizer = optim.Adam([*score.parameters(), *head.parameters()], lr=0.001)
for epoch in range(500):
    optimizer.zero_grad()
    weights = torch.softmax(score(x), dim=1)
    nn.functional.cross_entropy(head(weights * x), y).backward()
    optimizer.step()
```

```python good
from torch import nn

attention = nn.MultiheadAttention(16, 4)
```

## References

- I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, section 6.2.2.3 (softmax units).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, rule, site_cause, softmax_inside


@rule("TRN418", "softmax-inside-network", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for softmaxes that feed a further layer."""
    for node in softmax_inside(run):
        width = node.shape[-1] if node.shape else None
        each = f": its {width} units sum to 1, each passes about {1 / width:.2g}" if width else ": its units compete and sum to 1"
        instead = "Use relu" if node.op == "softmax" else "Leave it at tanh"
        if node.place is not None:
            yield Report(
                f"softmax is the activation of a hidden layer{each} to the next layer. {instead}",
                at=node.place,
                cause=site_cause("activation", node.place),
            )
