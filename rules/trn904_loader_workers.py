"""Loader has no workers.

## Why

With `num_workers=0` every batch is read and transformed between two steps, while the GPU waits. Samples that are decoded or
augmented profit from workers; tensors in memory do not.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def run():
    data = datasets.CIFAR10("data", transform=transforms.ToTensor())
    loader = DataLoader(data, batch_size=64, shuffle=True)  # info: TRN904
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def run():
    data = datasets.CIFAR10("data", transform=transforms.ToTensor())
    loader = DataLoader(data, batch_size=64, shuffle=True, num_workers=0)  # info: TRN904
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

## When it is silent

Workers are given, tensors in memory, loaders that train nothing.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def run():
    data = datasets.CIFAR10("data", transform=transforms.ToTensor())
    loader = DataLoader(data, batch_size=64, shuffle=True, num_workers=4)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

def run(images, labels):
    data = TensorDataset(images, labels)
    loader = DataLoader(data, batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
from torch.utils.data import DataLoader
from torchvision import datasets

loader = DataLoader(datasets.CIFAR10("data"), batch_size=64)
```

## References

- PyTorch, torch.utils.data (Single- and multi-process data loading).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, loaders_without_workers, rule, site_cause


@rule("TRN904", "loader-workers", Severity.INFO, scope="script", default="off")
def check(script: Script) -> Iterator[Report]:
    """Look at the loaders of training loops."""
    for place in loaders_without_workers(script):
        text = "the loader has no workers: every batch is read and transformed while the model waits"
        yield Report(text, at=place, cause=site_cause("workers", place))
