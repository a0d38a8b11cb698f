"""Trained weights are not in the optimizer.

## Why

`model.parameters()` gives the optimizer the weights that the model has at that moment. A layer that is put in afterwards is used
by `forward` but updated by nobody; so is a whole model whose twin the optimizer was built for.

```python bad
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.fc = nn.Linear(8, 16), nn.Linear(16, 1000)

    def forward(self, x):
        return self.fc(self.body(x).relu())


model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.001)
model.fc = nn.Linear(16, 2)  # error: TRN607

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python bad
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc(x)


model = Net()
optimizer = optim.SGD(Net().parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()  # error: TRN607
```

## When it is silent

The optimizer is built (again) afterwards, `add_param_group`, moves to a device, several models and optimizers.

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
model.head = nn.Linear(2, 2)
optimizer = optim.Adam(model.parameters(), lr=0.001)
model.cuda()
```

```python good
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = optim.Adam(model.parameters(), lr=0.001)
model.head = nn.Linear(2, 2)
optimizer.add_param_group({"params": model.head.parameters()})
```

```python good
from torch import nn, optim

first, second = nn.Linear(8, 1), nn.Linear(8, 1)
optimizers = [optim.SGD(first.parameters(), lr=0.01), optim.SGD(second.parameters(), lr=0.01)]
```

## References

- PyTorch, torch.optim ("If you need to move a model ... construct optimizers after").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, move_behind, rule, site_cause, weights_left_out, weights_without_optimizer


@rule("TRN607", "trained-weights-not-in-optimizer", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for layers that are put in after the optimizer was built, and for the wrong model."""
    for one in weights_without_optimizer(script):
        text = f"`{one.name}` is put in after the optimizer took the parameters: the new {one.name} never trains"
        if one.why == "other":
            text = f"the optimizer holds another {one.name} than the one whose loss goes backward: that one never trains"
        elif one.why == "twice":
            text = f"this optimizer holds a model that another one holds already, and none holds the {one.name}: it never trains"
        elif one.why == "strange":
            text = (
                f"the optimizer holds a model that has no part in this loss: the {one.name} that the loss comes from never trains"
            )
        yield Report(
            text,
            at=one.place,
            fix_message="build the optimizer afterwards",
            edits=move_behind(one.optimizer, one.place),
            cause=site_cause("weights", one.place),
        )
    for left in weights_left_out(script):
        yield Report(left.said, at=left.place, cause=site_cause("weights", left.place))
