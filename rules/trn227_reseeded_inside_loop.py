"""Seed set inside the training loop.

## Why

A fixed seed inside of the loop starts the random numbers anew at every step: each step drops out the same units, draws the
same noise and cuts the same corner of the images. The regularisation becomes a fixed mask.

```python bad
import torch
from torch import nn


def train(model, loader, optimizer):
    for x, y in loader:
        torch.manual_seed(0)  # error: TRN227
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python bad
import numpy as np
import torch
from torch import nn

model = nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(1000):
    np.random.seed(42)  # error: TRN227
    x = torch.from_numpy(np.random.randn(32, 8)).float()
    optimizer.zero_grad()
    model(x).pow(2).mean().backward()
    optimizer.step()
```

## When it is silent

Seeds before the loop, seeds that depend on the step, seeds once for each trial.

```python good
import torch
from torch import nn

torch.manual_seed(0)


def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn


def train(model, loader, optimizer):
    for step, (x, y) in enumerate(loader):
        torch.manual_seed(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn


def trials(loader):
    for rate in (0.1, 0.01):
        torch.manual_seed(0)
        model = nn.Linear(8, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
```

## References

- PyTorch documentation, Reproducibility.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, rule, seed_before_loop, seeds_in_step_loops, site_cause, text_of


@rule("TRN227", "reseeded-inside-loop", Severity.WARNING, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for a constant seed in the loop that steps."""
    for seed, step in seeds_in_step_loops(script, every_event(script)):
        if seed.place is None:
            continue
        yield Report(
            f"`{text_of(seed.values.get('of'))}` with a fixed seed runs before each step: every step draws the same noise and"
            " the same dropout. Move it in front of the loop",
            at=seed.place,
            related=(("the step of the same loop", step.place),) if step.place is not None else (),
            fix_message="seed before the loop",
            edits=seed_before_loop(seed),
            cause=site_cause("seed", seed.place),
        )
