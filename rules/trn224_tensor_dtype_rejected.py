"""Tensor dtype rejected.

## Why

PyTorch converts nothing by itself. Layers hold float32 weights and refuse float64 (what `torch.from_numpy` makes of an array)
and integers; BCELoss wants float labels, CrossEntropyLoss int64 ones. The first batch raises "expected scalar type".

```python bad
import numpy as np
import torch
from torch import nn, optim

x = torch.from_numpy(np.random.rand(100, 3))
y = torch.ones(100, 1)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = optim.Adam(model.parameters())
for step in range(500):
    loss = nn.functional.mse_loss(model(x), y)  # error: TRN224
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(4, 3), torch.tensor([[0], [1], [1], [0]])
model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for step in range(500):
    loss = criterion(model(x), y)  # error: TRN224
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
```

## When it is silent

`.float()`, `.long()`, a model of doubles, another default type, autocast, embeddings, types that are not known.

```python good
import numpy as np
import torch
from torch import nn, optim

x = torch.from_numpy(np.random.rand(100, 3)).float()
y = torch.tensor([0, 1, 2, 1] * 25)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = optim.Adam(model.parameters())
for step in range(500):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
```

```python good
import numpy as np
import torch
from torch import nn

x = torch.from_numpy(np.random.rand(100, 3))
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)).double()
print(nn.functional.mse_loss(model(x), torch.zeros(100, 1).double()))
```

```python good
import torch
from torch import nn

words = torch.tensor([[1, 2, 3], [4, 5, 6]])
model = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 1))
print(nn.functional.binary_cross_entropy_with_logits(model(words), torch.ones(2, 1)))
```

## References

- PyTorch documentation, torch.nn.CrossEntropyLoss and torch.nn.BCELoss (target types); Tensor.to.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, refused_types, rule, site_cause


@rule("TRN224", "tensor-dtype-rejected", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for tensors of a type that a layer or loss refuses."""
    for one in refused_types(every_event(script)):
        method = {"float32": "float()", "int64": "long()"}[one.wanted]
        yield Report(
            f"the {one.role} are {one.dtype} and {one.what} takes {one.wanted}: PyTorch raises at the first batch. Convert them"
            f" with `.{method}`",
            at=one.place,
            related=(("made here", one.made),) if one.made is not None else (),
            fix_message=f"convert with .{method}",
            edits=one.edits,
            cause=site_cause("dtype", one.place),
        )
