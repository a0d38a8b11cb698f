"""Run not judged.

## Why

A training run was found, but its optimizer, learning rate, loss or model could not be followed, or no bound is known for it,
so that nothing can be said about its step size. The summary of `trainlint check` always counts such runs; this rule names the
place of each. Where the value is fixed in fact, writing it as a literal or as an argument's default lets the run be judged.

```python bad
import os

import torch

model = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=float(os.environ["LR"]))  # error: TRN004


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## References

- The principle that what is unknown stays silent: "When a condition is unknown, no rule fires" (trainlint's catalogue).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, rule, why_not_judged


@rule("TRN004", "run-not-judged", Severity.INFO, default="off")
def check(run: TrainingRun) -> Iterator[Report]:
    """Say why the step size of the run could not be judged."""
    unknown = why_not_judged(run)
    if unknown is not None:
        yield Report(f"the step size of this training run is not judged: {unknown.reason}", at=unknown.place or run.place)
