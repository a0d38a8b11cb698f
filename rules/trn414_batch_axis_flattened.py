"""Batch axis is flattened.

## Why

`x.view(-1, 400)` fills rows of 400 numbers whatever a sample has. With 800 numbers a sample every image becomes two rows: the
batch has twice as many predictions as labels, or the numbers of different samples meet in one row.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 1, 14, 14), torch.randint(0, 10, (128,))
conv, head = nn.Conv2d(1, 32, 5, stride=2), nn.Linear(400, 10)
optimizer = optim.SGD([*conv.parameters(), *head.parameters()], lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    features = conv(x).relu().view(-1, 400)  # warning: TRN414
    nn.functional.cross_entropy(head(features), y).backward()
    optimizer.step()
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 1, 14, 14), torch.randint(0, 10, (32,))
conv, head = nn.Conv2d(1, 32, 5, stride=2), nn.Linear(1600, 10)
optimizer = optim.SGD([*conv.parameters(), *head.parameters()], lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    features = conv(x).relu().reshape(-1, 1600)  # warning: TRN414
    nn.functional.cross_entropy(head(features), y).backward()
    optimizer.step()
```

## When it is silent

Rows as wide as a sample, logits and targets folded alike for the loss, sizes that are not known.

```python good
import torch
from torch import nn, optim

x, y = torch.rand(64, 1, 14, 14), torch.randint(0, 10, (64,))
conv, head = nn.Conv2d(1, 32, 5, stride=2), nn.Linear(800, 10)
optimizer = optim.SGD([*conv.parameters(), *head.parameters()], lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    nn.functional.cross_entropy(head(conv(x).relu().view(-1, 800)), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x, y = torch.randint(0, 50, (64, 12)), torch.randint(0, 50, (64, 12))
embedding, head = nn.Embedding(50, 8), nn.Linear(8, 50)
optimizer = optim.SGD([*embedding.parameters(), *head.parameters()], lr=0.1)
for step in range(200):
    optimizer.zero_grad()
    nn.functional.cross_entropy(head(embedding(x)).view(-1, 50), y.view(-1)).backward()
    optimizer.step()
```

```python good
from torch import nn

def features(conv, x):
    return conv(x).view(-1, 400)
```

## References

- PyTorch, torch.Tensor.view.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, layer_fixes, merged_batches, rule, shape_in_words, site_cause


@rule("TRN414", "batch-axis-flattened", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for maps that are reshaped to rows of another width than a sample."""
    for one in merged_batches(run):
        ratio = one.features // one.row if one.features >= one.row else one.row // one.features
        effect = f"each sample becomes {ratio} rows" if one.features > one.row else f"{ratio} samples share a row"
        yield Report(
            f"{shape_in_words(one.shape)} has {one.features} numbers a sample, the rows get {one.row}: "
            + (effect if one.divides else "samples are cut and mixed"),
            at=one.place,
            numbers={"features": float(one.features), "row": float(one.row)},
            fix_message="Flatten each sample",
            edits=layer_fixes.flattened_samples(one.place, one.following, one.features),
            cause=site_cause("shape", one.place),
        )
