"""Wrapped for several processes in the wrong order.

## Why

DistributedDataParallel takes a module that is on its device: with `device_ids` it refuses one whose weights are still on the CPU.
FullyShardedDataParallel replaces the parameters: an optimizer that was built before holds the old ones, and nothing trains.

```python bad
from torch import nn
from torch.nn.parallel import DistributedDataParallel

def build(rank):
    model = nn.Linear(8, 1)
    wrapped = DistributedDataParallel(model, device_ids=[rank])  # error: TRN806
    model.cuda()
    return wrapped
```

```python bad
from torch import nn, optim
from torch.distributed.fsdp import FullyShardedDataParallel

def build():
    model = nn.Linear(8, 1).cuda()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # error: TRN806
    return FullyShardedDataParallel(model), optimizer
```

## When it is silent

Moved first, processes without a GPU, optimizers that are built afterwards.

```python good
from torch import nn
from torch.nn.parallel import DistributedDataParallel

def build(rank):
    return DistributedDataParallel(nn.Linear(8, 1).to(rank), device_ids=[rank])
```

```python good
from torch import nn
from torch.nn.parallel import DistributedDataParallel

model = DistributedDataParallel(nn.Linear(8, 1))
```

```python good
from torch import nn, optim
from torch.distributed.fsdp import FullyShardedDataParallel

model = FullyShardedDataParallel(nn.Linear(8, 1).cuda())
optimizer = optim.SGD(model.parameters(), lr=0.1)
```

## References

- PyTorch, torch.nn.parallel.DistributedDataParallel (device_ids) and torch.distributed.fsdp.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, misordered_wrappers, rule, site_cause


@rule("TRN806", "distributed-order", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look at what happens to a module before and after it is wrapped."""
    for one in misordered_wrappers(script):
        if one.what == "moved":
            text = f"{one.by} with `device_ids` takes a module that is still on the CPU: raises a ValueError. Move it first"
        else:
            text = f"this optimizer holds the parameters from before {one.by} replaced them: nothing trains. Build it afterwards"
        other = "moved here" if one.what == "moved" else "wrapped here"
        yield Report(text, at=one.place, related=((other, one.wrapped),), cause=site_cause("wrapper", one.place))
