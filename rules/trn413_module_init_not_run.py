"""Module is not constructed.

## Why

`nn.Module.__init__` makes the tables in which layers are registered. Without it the first `self.layer = nn.Linear(...)` raises an
AttributeError. A misspelt `__init__` never runs: the model has no layers and `parameters()` is empty. A `ModuleList` only holds
layers; calling it raises a NotImplementedError.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):  # error: TRN413
        self.first = nn.Linear(8, 1)

    def forward(self, x):
        return self.first(x)


model = Net()
```

```python bad
from torch import nn


class Net(nn.Module):
    def ___init__(self):  # error: TRN413
        super().__init__()
        self.first = nn.Linear(8, 1)


model = Net()
```

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 1)])

    def forward(self, x):
        return self.layers(x)  # error: TRN413
```

## When it is silent

`super().__init__()` or `nn.Module.__init__(self)` runs, also in another base.

```python good
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.first = nn.Linear(8, 1)


class Deeper(Net):
    def __init__(self):
        Net.__init__(self)
        self.second = nn.Linear(1, 1)

model = Deeper()
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        self.layers = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 1)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
```

```python good
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x.relu()
```

## References

- PyTorch, torch.nn.Module ("an __init__() call to the parent class must be made before assignment on the child").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, layer_fixes, rule, site_cause, unconstructed


@rule("TRN413", "module-init-not-run", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for modules without their base's constructor, and for containers that are called."""
    for one in unconstructed(script):
        edits, cause = layer_fixes.constructed_base(one.place, one.misspelt), site_cause("weights", one.place)
        yield Report(one.effect, at=one.place, fix_message="Run the base's constructor", edits=edits, cause=cause)
    for event in every_event(script):
        undecided = any(frame.kind == "branch" for frame in event.frames)  # where it may be another thing by then
        if event.kind == "called_container" and event.place is not None and not undecided:
            text = "a ModuleList is called like a layer: raises a NotImplementedError. Use nn.Sequential or call each layer"
            yield Report(text, at=event.place, cause=site_cause("weights", event.place))
