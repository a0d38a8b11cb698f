"""Attribute has no effect.

## Why

Python takes any attribute. PyTorch's optimizer reads its rate from `param_groups`, a module its mode from `train()`, a tensor
`requires_grad` and no other spelling, and a module has no `requires_grad` of its own: these assignments are read by nobody.

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)

def train(loader):
    for epoch in range(10):
        optimizer.lr = 0.1 / (epoch + 1)  # error: TRN609
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from torch import nn

backbone = nn.Sequential(nn.Linear(8, 16), nn.ReLU())
backbone.requires_grad = False  # error: TRN609
for parameter in backbone.parameters():
    parameter.require_grad = False  # error: TRN609
```

```python bad
from torch import nn

model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.5))
model.train = False  # error: TRN609
```

```python bad
import torch
from torch import nn

loss = nn.MSELoss()
loss.size_average = False  # error: TRN609
print(loss(torch.zeros(4), torch.ones(4)))
```

## When it is silent

The spelling that is read, Keras' `optimizer.lr`, classes of the script with such an attribute.

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)
for group in optimizer.param_groups:
    group["lr"] = 0.01
model.requires_grad_(False)
for parameter in model.parameters():
    parameter.requires_grad = False
loss = nn.MSELoss()
loss.reduction = "sum"
```

```python good
from tensorflow import keras

optimizer = keras.optimizers.Adam()
optimizer.learning_rate = 0.01
layer = keras.layers.Dense(4)
layer.trainable = False
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trainable = True


model = Net()
model.trainable = False
```

## References

- PyTorch, torch.optim (param_groups), torch.nn.Module.requires_grad_, torch.nn.Module.train.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, idle_attributes, read_attribute, rule, site_cause

MEANT = {
    "optimizer": "the optimizer never reads `{name}`: its rate and settings are in `param_groups[0]['{name}']`",
    "tensor": "a tensor has no `{name}`: it is `requires_grad`, and stays as it was",
    "loss": "a loss reads `{name}` only when it is made: its sum or mean stays as it was. Set `reduction`",
    "module": "a module never reads `{name}`: its parameters train on. Use `requires_grad_(False)`",
    "method": "the method `{name}` is replaced, not called: the mode stays and a later `{name}()` raises",
}


@rule("TRN609", "attribute-without-effect", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for assignments that nothing reads."""
    for kind, name, place in idle_attributes(script):
        yield Report(
            MEANT[kind].format(name=name),
            at=place,
            fix_message="set what is read",
            edits=read_attribute(kind, name, place),
            cause=site_cause("attribute", place),
        )
