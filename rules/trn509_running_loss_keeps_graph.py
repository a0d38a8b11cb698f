"""Running loss or state keeps the graph.

## Why

A loss tensor holds on to the graph it was computed by. Added to a total, or put into a list, the graphs of all batches stay:
memory grows with every step until it is used up.

```python bad
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
def run(loader):
    total, losses = 0.0, []
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total = total + loss  # warning: TRN509
        losses.append(loss)  # warning: TRN509
    return total
```

A state that the next batch goes on from with its graph is worse: the second backward goes through the first batch's graph, which
is gone, and raises.

```python bad
import torch
from torch import nn, optim

rnn, head = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 1)
optimizer = optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.001)
def run(loader):
    state = (torch.zeros(1, 32, 16), torch.zeros(1, 32, 16))
    for x, y in loader:
        optimizer.zero_grad()
        out, state = rnn(x, state)  # error: TRN509
        nn.functional.mse_loss(head(out), y).backward()
        optimizer.step()
```

## When it is silent

`.item()`, `.detach()`, `float()`, a sum that goes backward, a total or a state that every pass begins anew.

```python good
import torch
from torch import nn, optim

rnn, head = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 1)
optimizer = optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.001)
def run(loader):
    state = (torch.zeros(1, 32, 16), torch.zeros(1, 32, 16))
    for x, y in loader:
        state = tuple(one.detach() for one in state)
        optimizer.zero_grad()
        out, state = rnn(x, state)
        nn.functional.mse_loss(head(out), y).backward()
        optimizer.step()
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.Adam(model.parameters(), lr=0.001)
def run(loader):
    for x, y in loader:
        loss = 0
        for start in range(3):
            loss += nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
```

```python good
import torch
def score(model, loss, loader):
    total = 0.0
    with torch.no_grad():
        for x, y in loader:
            total += loss(model(x), y)
    return total / len(loader)
```

## References

- PyTorch, Frequently asked questions ("Don't accumulate history across your training loop").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, carried_states, in_line, kept_graphs, rule, site_cause, take_the_number


@rule("TRN509", "running-loss-keeps-graph", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for totals and lists that take up the losses of a training loop as they are, and for states that keep their graph."""
    for one in kept_graphs(script):
        where = "the list" if one.listed else "the total"
        yield Report(
            f"{where} keeps the graph of every step's loss: memory grows with each step. Take the number, `.item()`",
            at=one.place,
            fix_message="take the number" if one.scalar else "cut it from its graph",
            edits=take_the_number(one.place, "item" if one.scalar else "detach"),
            cause=site_cause("graph", one.place),
        )
    for state in carried_states(script):
        yield Report(
            f"the next pass goes on from this state with the graph of this one: the second backward{in_line(state.backward)} goes"
            " through it again and raises a RuntimeError. Cut it off first, `.detach()`",
            at=state.place,
            severity=Severity.ERROR,
            related=(("backward", state.backward),),
            cause=site_cause("graph", state.place),
        )
