"""Functional dropout is always on.

## Why

`F.dropout(x)` has `training=True` by default and knows nothing of `model.eval()`: a random share of the features is zero in
validation and inference too, and two evaluations of one model differ.

```python bad
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        x = F.dropout(self.first(x).relu(), 0.5)  # error: TRN412
        return self.head(x)


model = Net()
model.eval()
```

```python bad
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)

    def forward(self, x):
        return F.dropout2d(self.conv(x))  # error: TRN412


def validate(loader):
    model = Net()
    model.eval()
    return [model(x) for x, _ in loader]
```

## When it is silent

`training=` is passed, the call stands behind `if self.training`, or the script never evaluates.

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)

    def forward(self, x):
        x = F.dropout(self.first(x), 0.5, self.training)
        return F.dropout(x, p=0.1, training=self.training)


Net().eval()
```

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)

    def forward(self, x):
        x = self.first(x)
        if self.training:
            x = F.dropout(x)
        return F.dropout(x) if self.training else x


Net().eval()
```

```python good
import torch
import torch.nn.functional as F

samples = [F.dropout(torch.ones(4), 0.5) for _ in range(100)]
```

## References

- PyTorch, torch.nn.functional.dropout ("training – apply dropout if is True. Default: True").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, dropouts_always_on, exact, insert_argument, rule, site_cause


@rule("TRN412", "functional-dropout-always-on", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for functional dropout without `training=` in modules of a script that evaluates."""
    for place, rate in dropouts_always_on(script):
        share = f"{exact(100 * rate)} % of the features are" if rate is not None else "a random share of the features is"
        yield Report(
            f"functional dropout without `training=` is always on: {share} zero in evaluation too",
            at=place,
            fix_message="pass the module's mode",
            edits=insert_argument(place, "training=self.training"),
            cause=site_cause("dropout", place),
        )
