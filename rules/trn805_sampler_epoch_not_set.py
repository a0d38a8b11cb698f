"""Sampler is not told the epoch.

## Why

A DistributedSampler shuffles by seed plus epoch, so that all processes agree. Without `set_epoch` the epoch is always 0: every
epoch has the very same order and the same share of the data for each process.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    sampler = DistributedSampler(dataset)  # error: TRN805
    loader = DataLoader(dataset, batch_size=32, sampler=sampler)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader, DistributedSampler

def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    loader = DataLoader(dataset, sampler=DistributedSampler(dataset, shuffle=True))  # error: TRN805
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

## When it is silent

`set_epoch` is called, `shuffle=False`, one epoch.

```python good
from torch import nn, optim
from torch.utils.data import DataLoader, DistributedSampler

def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    sampler = DistributedSampler(dataset)
    loader = DataLoader(dataset, sampler=sampler)
    for epoch in range(10):
        sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
```

```python good
from torch import nn, optim
from torch.utils.data import DataLoader, DistributedSampler

def run(dataset):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for x, y in DataLoader(dataset, sampler=DistributedSampler(dataset)):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python good
from torch.utils.data import DataLoader, DistributedSampler

def evaluate(model, dataset):
    loader = DataLoader(dataset, sampler=DistributedSampler(dataset, shuffle=False))
    return [model(x) for x, _ in loader]
```

## References

- PyTorch, torch.utils.data.distributed.DistributedSampler ("otherwise, the same ordering will always be used").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, samplers_without_epoch, set_epoch, site_cause


@rule("TRN805", "sampler-epoch-not-set", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for epoch loops that draw from a shuffling distributed sampler."""
    for sampler, loop, epoch in samplers_without_epoch(script):
        yield Report(
            "the epoch loop never calls `set_epoch`: every epoch draws the samples in the very same order",
            at=sampler,
            related=(("the epoch loop", loop),),
            fix_message="tell it the epoch",
            edits=set_epoch(sampler, loop, epoch),
            cause=site_cause("sampler", sampler),
        )
