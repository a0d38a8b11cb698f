"""Moved copy of a tensor is dropped.

## Why

`x.to(device)` of a tensor gives a copy and leaves `x` where it is (a module is moved in place). As a statement it does nothing. A
batch that stays on the CPU while the weights are on the GPU raises at the first layer.

```python bad
import torch
from torch import nn, optim

def run(dataset, device):
    model = nn.Linear(8, 1).to(device)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for x, y in torch.utils.data.DataLoader(dataset, batch_size=64):
        x.to(device)  # error: TRN517
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y.to(device)).backward()
        optimizer.step()
```

```python bad
import torch
from torchvision import datasets, transforms

model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
model.cuda()
data = datasets.MNIST("data", transform=transforms.ToTensor())
for x, y in torch.utils.data.DataLoader(data, batch_size=64):
    print(model(x))  # error: TRN517
```

## When it is silent

Modules, in-place methods, batches that are moved, devices that are chosen while the script runs.

```python good
from torch import nn

def run(loader, device):
    model = nn.Linear(8, 1)
    model.to(device)
    for x, y in loader:
        x = x.to(device)
        print(model(x))
```

```python good
import torch
from torchvision import datasets, transforms

device = "cuda" if torch.cuda.is_available() else "cpu"
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10)).to(device)
data = datasets.MNIST("data", transform=transforms.ToTensor())
for x, y in torch.utils.data.DataLoader(data, batch_size=64):
    print(model(x.to(device)))
```

```python good
import torch

weights = torch.zeros(8, requires_grad=True)
with torch.no_grad():
    weights.fill_(0.5)
    print(weights.cuda())
```

## Fix safety

Unsafe: the tensor changes its device or type.

## References

- PyTorch, torch.Tensor.to and torch.nn.Module.to ("modifies the module in-place").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, apart, assign_to_receiver, dropped_copies, left_behind, rule, site_cause


@rule("TRN517", "moved-copy-dropped", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for copies that nobody keeps, and for calls over two devices."""
    for place, method in dropped_copies(script):
        yield Report(
            f"`{method}` gives a copy of the tensor, which nobody keeps: the tensor itself stays as it was",
            at=place,
            fix_message="keep the copy",
            edits=assign_to_receiver(place),
            cause=site_cause("device", place),
        )
    for one in apart(script):
        yield Report(
            f"the weights are on {one.model} and the batch is on {one.batch}: raises a RuntimeError",
            at=one.place,
            related=(("the model is moved here", one.moved),),
            cause=site_cause("device", one.place),
        )
    for behind in left_behind(script):
        where = "raises" if behind.surely else "raises where there is one"
        yield Report(
            f"the batch is moved to CUDA and nothing moves the model there: its weights stay on the CPU, which {where}",
            at=behind.place,
            severity=Severity.ERROR if behind.surely else Severity.WARNING,
            cause=site_cause("device", behind.place),
        )
