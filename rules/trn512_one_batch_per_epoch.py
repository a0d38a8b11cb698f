"""Only one batch of an epoch counts.

## Why

A backward pass behind the loop over the batches sees the last loss only: of 938 batches one is learned from. So it is with the
step behind a loop that clears the gradients at each batch, and with
`next(iter(loader))` in the loop: each pass makes a new iterator, and an unshuffled loader gives its first batch every time.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(10):
        for x, y in DataLoader(dataset, 64, shuffle=True):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
        loss.backward()  # warning: TRN512
        optimizer.step()
```

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    loader = DataLoader(dataset, 64)
    for step in range(1000):
        x, y = next(iter(loader))  # warning: TRN512
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## When it is silent

Losses that are added up for one step, one batch on purpose (drawn ahead of the loop), shuffled loaders.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(10):
        total = 0
        for x, y in DataLoader(dataset, 64, shuffle=True):
            total = total + nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    x, y = next(iter(DataLoader(dataset, 64)))
    for step in range(1000):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader
def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    loader = DataLoader(dataset, 64, shuffle=True)
    for step in range(1000):
        x, y = next(iter(loader))
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- PyTorch tutorials, Optimizing model parameters (the loop over the batches steps).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, first_batches_only, indent_into, last_batches_only, rule, site_cause


@rule("TRN512", "one-batch-per-epoch", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for batches that the step never sees."""
    for one in last_batches_only(script):
        batches = f"of {one.batches:,} batches" if one.batches else "of all batches"
        what = "the step stands behind the loop over the batches, each of which clears the gradients"
        yield Report(
            f"{what if one.cleared else 'backward stands behind the loop over the batches'}: {batches} an epoch learns from the"
            " last one only",
            at=one.place,
            related=(("the loop over the batches", one.loop),),
            fix_message="step inside the loop",
            edits=indent_into(one.loop, one.step),
            cause=site_cause("loop", one.place),
        )
    for first in first_batches_only(script):
        samples = f"the same {first.size:,} samples" if first.size else "the same samples"
        yield Report(
            f"each pass draws the first batch of a new iterator, and the loader does not shuffle: every step sees {samples}",
            at=first.place,
            cause=site_cause("loop", first.place),
        )
