"""Training data never shuffled.

## Why

Image folders are read one class after the other. Without shuffling, a batch holds one class, the network is pulled to that
class for a thousand steps, then to the next one, and forgets: the loss jumps at each change, and the last class wins.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.ImageFolder("train", transform=transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()]))
loader = DataLoader(data, batch_size=32)  # error: TRN213
model = nn.Sequential(nn.Flatten(), nn.Linear(64 * 64 * 3, 2))
optimizer = optim.Adam(model.parameters())
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = generator.flow_from_directory("train", target_size=(64, 64), class_mode="binary", shuffle=False)  # error: TRN213
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=10)
```

## When it is silent

Shuffled loaders, samplers, data whose order is not known, parts that were permuted, evaluation.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.ImageFolder("train", transform=transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()]))
model = nn.Sequential(nn.Flatten(), nn.Linear(64 * 64 * 3, 2))
optimizer = optim.Adam(model.parameters())
for epoch in range(10):
    for x, y in DataLoader(data, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

data = datasets.ImageFolder("train", transform=transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()]))
train, valid = random_split(data, [800, 200])
model = nn.Sequential(nn.Flatten(), nn.Linear(64 * 64 * 3, 2))
optimizer = optim.Adam(model.parameters())
for epoch in range(10):
    for x, y in DataLoader(train, batch_size=32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader


def train(model, data):
    optimizer = optim.Adam(model.parameters())
    for epoch in range(10):
        for x, y in DataLoader(data, batch_size=32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
```

## References

- L. Bottou, Stochastic gradient descent tricks (2012), section 4.1: shuffle the training examples.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, never_shuffled, rule, shuffle_loader, site_cause


@rule("TRN213", "train-data-never-shuffled", Severity.WARNING, absence=True)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for training data in one fixed order."""
    order = never_shuffled(run)
    if order is None or order.place is None:
        return
    if order.by_class:
        advice = "`.shuffle` the rows before `.batch`" if order.in_pipeline else "Set `shuffle=True`"
        said = f"the order is that of {order.what}, one class after the other: whole batches hold one class. {advice}"
    else:
        said = f"every epoch goes through {order.what} in the same order: `shuffle=True` lets the batches differ"
    yield Report(
        said,
        at=order.place,
        severity=Severity.WARNING if order.by_class else Severity.INFO,
        fix_message="shuffle the training data",
        edits=() if order.in_pipeline else shuffle_loader(order.place),
        cause=site_cause("order", order.place),
    )
