"""Test score on training data.

## Why

A score that is called test or validation, and is computed on the rows the model was trained on, says how well they were learnt by
heart. It stays high when the model has learnt nothing that holds elsewhere. The same goes for a cross-validation whose folds all
train one model: from the second fold on it is judged by rows it has seen; and for a step that is taken on the test part.

```python bad
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
test_loss, test_accuracy = model.evaluate(x, y)  # warning: TRN702
```

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def validate(model, loader):
    hits = 0
    with torch.no_grad():
        for x, y in loader:  # warning: TRN702
            hits += (model(x).argmax(1) == y).sum().item()
    return hits

train_loader = DataLoader(datasets.MNIST("data", transform=transforms.ToTensor()), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = optim.Adam(model.parameters())
for epoch in range(5):
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    print(validate(model, train_loader))
```

## When it is silent

Scores that are named for what they are, and both scores side by side.

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
train_loss, train_accuracy = model.evaluate(x, y)
test_loss, test_accuracy = model.evaluate(x_test, y_test)
```

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
loss, accuracy = model.evaluate(x, y)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x_test, y_test = x[50000:], y[50000:]
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:50000], y[:50000], epochs=5)
test_loss, test_accuracy = model.evaluate(x_test, y_test)
```

## References

- T. Hastie et al., The Elements of Statistical Learning, section 7.2 (training error is no estimate of test error).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, site_cause, tests_on_seen_rows


@rule("TRN702", "test-score-on-training-data", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for scores of held-back data on the data of the training, and for steps on held-back data."""
    for one in tests_on_seen_rows(script):
        related = ((one.what, one.other),) if one.other is not None else ()
        yield Report(one.said, at=one.place, related=related, cause=site_cause("validation", one.place))
