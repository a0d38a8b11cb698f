"""Graph used again.

## Why

A graph serves one backward pass, with the weights that it was made by. A second pass through a part of it raises, and so does one
behind a step that has changed the weights in between. `retain_graph=True` helps against the first alone.

```python bad
import torch
from torch import nn, optim

G, D = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 8)), nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
g_opt, d_opt = optim.Adam(G.parameters(), lr=1e-4), optim.Adam(D.parameters(), lr=1e-4)
def run(loader):
    for real in loader:
        judged, fake = D(real), D(G(torch.randn(64, 4)))
        d_opt.zero_grad()
        (nn.functional.softplus(-judged) + nn.functional.softplus(fake)).mean().backward(retain_graph=True)
        d_opt.step()
        g_opt.zero_grad()
        nn.functional.softplus(-fake).mean().backward()  # error: TRN518
        g_opt.step()
```

```python bad
from torch import nn, optim

body, value, policy = nn.Linear(6, 32), nn.Linear(32, 1), nn.Linear(32, 3)
optimizer = optim.Adam([*body.parameters(), *value.parameters(), *policy.parameters()], lr=0.001)
def run(loader):
    for states, gains, actions in loader:
        optimizer.zero_grad()
        seen = body(states).relu()
        nn.functional.mse_loss(value(seen), gains).backward()
        nn.functional.cross_entropy(policy(seen), actions).backward()  # error: TRN518
        optimizer.step()
```

## When it is silent

What was detached or computed anew, losses that go backward as one sum, a graph that is kept while the weights stay.

```python good
import torch
from torch import nn, optim

G, D = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 8)), nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
g_opt, d_opt = optim.Adam(G.parameters(), lr=1e-4), optim.Adam(D.parameters(), lr=1e-4)
def run(loader):
    for real in loader:
        made = G(torch.randn(64, 4))
        d_opt.zero_grad()
        (nn.functional.softplus(-D(real)) + nn.functional.softplus(D(made.detach()))).mean().backward()
        d_opt.step()
        g_opt.zero_grad()
        nn.functional.softplus(-D(made)).mean().backward()
        g_opt.step()
```

```python good
from torch import nn, optim

body, value, policy = nn.Linear(6, 32), nn.Linear(32, 1), nn.Linear(32, 3)
optimizer = optim.Adam([*body.parameters(), *value.parameters(), *policy.parameters()], lr=0.001)
def run(loader):
    for states, gains, actions in loader:
        optimizer.zero_grad()
        seen = body(states).relu()
        (nn.functional.mse_loss(value(seen), gains) + nn.functional.cross_entropy(policy(seen), actions)).backward()
        optimizer.step()
```

```python good
from torch import nn, optim

body, value, policy = nn.Linear(6, 32), nn.Linear(32, 1), nn.Linear(32, 3)
optimizer = optim.Adam([*body.parameters(), *value.parameters(), *policy.parameters()], lr=0.001)
def run(loader):
    for states, gains, actions in loader:
        optimizer.zero_grad()
        seen = body(states).relu()
        nn.functional.mse_loss(value(seen), gains).backward(retain_graph=True)
        nn.functional.cross_entropy(policy(seen), actions).backward()
        optimizer.step()
```

## References

- PyTorch, Autograd mechanics ("Saved tensors", "In-place correctness checks").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, in_line, reused_graphs, rule, site_cause


@rule("TRN518", "graph-used-again", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for backward passes behind a backward or a step that took away what they need."""
    for one in reused_graphs(script):
        changed = (
            f"through weights that the step{in_line(one.earlier)} has changed since: raises a RuntimeError. Go backward"
            " before that step, or compute the loss anew after it"
        )
        freed = (
            f"through a part of the graph that the backward{in_line(one.earlier)} has freed: raises a RuntimeError. Go"
            " backward once, on the sum of the losses, or detach what they share"
        )
        yield Report(
            f"this goes {changed if one.changed else freed}",
            at=one.place,
            related=tuple(("the layer", place) for place in (one.layer,) if place is not None),
            cause=site_cause("graph", one.place),
        )
