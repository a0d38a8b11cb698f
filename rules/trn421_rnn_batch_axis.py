"""Batch is taken for time.

## Why

PyTorch's recurrent layers take (time, batch, features) unless `batch_first=True`. The (batch, time, features) of a loader runs
through without a word: the layer steps from sample to sample as if they were moments of one sequence. With `batch_first=True`
it is `output[-1]` that takes a sample for the last step.

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.rand(640, 20, 8), torch.rand(640, 20, 16)), batch_size=32, shuffle=True)
rnn = nn.LSTM(8, 16)  # warning: TRN421
optimizer = optim.Adam(rnn.parameters(), lr=0.001)
for epoch in range(20):
    for x, y in loader:
        optimizer.zero_grad()
        output, _ = rnn(x)
        nn.functional.mse_loss(output, y).backward()
        optimizer.step()
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(640, 20, 8), torch.rand(640, 16)
rnn = nn.GRU(8, 16)  # warning: TRN421
optimizer = optim.Adam(rnn.parameters(), lr=0.001)
for epoch in range(20):
    optimizer.zero_grad()
    output, _ = rnn(x)
    nn.functional.mse_loss(output[:, -1], y).backward()
    optimizer.step()
```

## When it is silent

`batch_first=True`, axes that are exchanged, an own collate function, layouts that are not known.

```python good
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.rand(640, 20, 8), torch.rand(640, 20, 16)), batch_size=32, shuffle=True)
rnn = nn.LSTM(8, 16, batch_first=True)
optimizer = optim.Adam(rnn.parameters(), lr=0.001)
for epoch in range(20):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(rnn(x)[0], y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.rand(640, 20, 8), torch.rand(640, 20, 16)), batch_size=32, shuffle=True)
rnn = nn.LSTM(8, 16)
optimizer = optim.Adam(rnn.parameters(), lr=0.001)
for epoch in range(20):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(rnn(x.transpose(0, 1))[0], y.transpose(0, 1)).backward()
        optimizer.step()
```

```python good
from torch import nn

def run(loader):
    rnn = nn.LSTM(8, 16)
    return [rnn(x)[0] for x, _ in loader]
```

## References

- PyTorch, torch.nn.LSTM (batch_first).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Severity,
    TrainingRun,
    batch_taken_for_time,
    insert_argument,
    rule,
    samples_taken_for_steps,
    site_cause,
)

SAMPLE = "with `batch_first=True` the first axis holds the samples: this takes the last sample, not the last step. Take `[:, -1]`"


@rule("TRN421", "rnn-batch-axis", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for batches of a loader that enter a recurrent layer as they come."""
    for node, last in batch_taken_for_time(run):
        if node.place is not None:
            samples = "the first axis of a loader's batch are the samples, this layer takes it for time"
            taken = "its last step is taken along the second axis, but this layer's first axis is time: that is the last sample's"
            yield Report(
                f"{samples if last is None else taken}. Pass `batch_first=True`",
                at=node.place,
                related=(("the last step", last),) if last is not None else (),
                fix_message="pass batch_first=True",
                edits=insert_argument(node.place, "batch_first=True"),
                cause=site_cause("layer", node.place),
            )
    for place in samples_taken_for_steps(run):
        yield Report(SAMPLE, at=place, cause=site_cause("layer", place))
