"""Argmax over one unit.

## Why

A network with one output unit has one number for each row: the largest of one number is always number 0. The decision is class
0 whatever the network says, and the accuracy is the share of class 0 in the data, or exactly 1 if the labels are treated in
the same way. One probability is compared with 0.5, one logit with 0. Without an axis, argmax gives one position in the whole
batch instead of one class for each row.

```python bad
import numpy as np
from tensorflow import keras

x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
answers = np.argmax(model.predict(x), axis=1)  # error: TRN709
print(np.mean(answers == y))
```

```python bad
import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = optim.Adam(model.parameters())

def train(loader):
    for x, y in loader:
        logits = model(x)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y.float().unsqueeze(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        _, answers = torch.max(logits, 1)  # error: TRN709
        print((answers == y).float().mean())
```

```python bad
import numpy as np
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x.reshape(-1, 784) / 255.0, x_test.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
print(np.mean(np.argmax(model.predict(x_test)) == y_test))  # error: TRN709
```

## When it is silent

Two units or more along the axis, one row at a time, the best of several candidates.

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(100, 4), np.random.randint(0, 2, 100)
model = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(4,))])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
print(np.mean(np.argmax(model.predict(x), axis=1) == y), np.argmax(model.predict(x[:1])))
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(100, 4), np.random.rand(100, 1)
model = keras.Sequential([keras.layers.Dense(8, activation="relu", input_shape=(4,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
candidates = np.random.rand(500, 4)
print(candidates[np.argmax(model.predict(candidates))], candidates[np.argmax(model.predict(candidates), axis=0)])
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(100, 4), np.random.randint(0, 2, 100)
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_shape=(4,))])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
print(np.mean((model.predict(x)[:, 0] > 0.5) == y))
```

## References

- NumPy documentation, numpy.argmax ("by default, the index is into the flattened array").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, idle_argmaxes, rule


@rule("TRN709", "argmax-over-one-unit", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for argmax of outputs that have one unit, and of whole batches without an axis."""
    for one in idle_argmaxes(script, every_event(script)):
        if one.flat:
            said = (
                f"argmax without an axis gives one position in all {one.rows:,} rows at once, not a class for each: add `axis=1`"
            )
        elif one.down:
            said = (
                "argmax along axis 0 goes down the batch: it gives the row with the largest output of each class, not the class"
                " of each row. Take axis 1"
            )
        else:
            said = (
                "the model has one output unit, and argmax over one number is always 0: class 0 for every row. Compare it with a"
                " threshold instead: 0.5 for a probability, 0 for a logit"
            )
        yield Report(said, at=one.place, cause=one.cause, fix_message="compare with a threshold", edits=one.replacement)
