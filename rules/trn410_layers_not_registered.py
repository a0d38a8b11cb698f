"""Layers are not registered.

## Why

`nn.Module` finds its layers among its attributes. In a plain list or dict it does not see them, and a tensor that is no
`nn.Parameter` is no weight to it: `parameters()` leaves them out, so they never train, move to a device or get saved.

```python bad
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(8, 8), nn.Linear(8, 8)]  # error: TRN410
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return self.head(x)


model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.001)
```

```python bad
import torch
from torch import nn, optim


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 1)
        self.scale = torch.ones(1, requires_grad=True)  # error: TRN410

    def forward(self, x):
        return self.linear(x) * self.scale


model = Scale()
optimizer = optim.SGD(model.parameters(), lr=0.01)
```

## When it is silent

`ModuleList`, `ModuleDict`, layers registered elsewhere too, parameters passed to the optimizer by hand, frozen layers.

```python good
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Linear(8, 8), nn.Linear(8, 8)]
        self.blocks = layers
        self.net = nn.Sequential(*layers)
        self.more = nn.ModuleList([nn.Linear(8, 1)])

    def forward(self, x):
        return self.more[0](self.net(x))


optimizer = optim.Adam(Net().parameters(), lr=0.001)
```

```python good
from torch import nn, optim

layers = [nn.Linear(8, 8), nn.Linear(8, 8)]
optimizer = optim.Adam([p for layer in layers for p in layer.parameters()], lr=0.001)
```

```python good
import torch
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(3))


optimizer = optim.SGD(Net().parameters(), lr=0.01)
```

## References

- PyTorch, torch.nn.ModuleList and torch.nn.parameter.Parameter.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, layer_fixes, rule, site_cause, unregistered


@rule("TRN410", "layers-not-registered", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for layers and weights that `parameters()` does not give to the optimizer."""
    for one in unregistered(script):
        if one.what == "tensor":
            what = f"`self.{one.attribute}` is a {one.container}, no nn.Parameter"
            text = f"{what}: the optimizer gets `parameters()` without it, it never trains. Wrap it in nn.Parameter(...) last"
        else:
            kept = f"{one.count} {one.what} in a plain {one.container}"
            use = f"Use nn.Module{'Dict' if one.container == 'dict' else 'List'}"
            text = f"`self.{one.attribute}` keeps {kept}: `parameters()` leaves them out, they never train. {use}"
        edits = layer_fixes.registered_tensor(one.place) if one.what == "tensor" else layer_fixes.registered_container(one.kept)
        cause = site_cause("weights", one.place)
        yield Report(text, at=one.place, fix_message="Register what trains", edits=edits, cause=cause)
