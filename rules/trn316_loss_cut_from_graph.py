"""Loss cut off from the graph.

## Why

`backward` follows the recorded operations from the loss to the weights. `torch.tensor(loss)`, `Variable(loss.data)`, `.item()`,
`.detach()`, `.numpy()`, `argmax` end that record. With `requires_grad=True` on the copy nothing raises: every weight's gradient
stays None, the optimizer steps, and the loss never falls. Without it `backward` raises. `round` and `sign` pass the gradient 0.

```python bad
import torch
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss = torch.tensor(loss, requires_grad=True)  # error: TRN316
        loss.backward()
        optimizer.step()
```

```python bad
import torch
from torch import nn, optim
x, y = torch.rand(64, 8), torch.randint(0, 4, (64,)).float()
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    optimizer.zero_grad()
    predicted = model(x).argmax(dim=1).float()  # error: TRN316
    nn.functional.mse_loss(predicted, y).backward()
    optimizer.step()
```

A cut inside of the network leaves the layers in front of it untrained.

```python bad
import torch
from torch import nn, optim
x, y, body, head = torch.rand(64, 8), torch.rand(64, 1), nn.Linear(8, 16), nn.Linear(16, 1)
optimizer = optim.Adam(nn.ModuleList([body, head]).parameters(), lr=1e-3)
for epoch in range(100):
    optimizer.zero_grad()
    nn.functional.mse_loss(head(body(x).detach()), y).backward()  # warning: TRN316
    optimizer.step()
```

## When it is silent

One way back is enough: a stop-gradient of one term, detached targets, straight-through estimators, metrics.

```python good
import torch
from torch import nn, optim
model, teacher = nn.Linear(8, 1), nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def run(loader):
    for x, _ in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), teacher(x).detach()).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        soft = torch.sigmoid(model(x))
        hard = soft + (torch.round(soft) - soft).detach()
        nn.functional.mse_loss(hard, y).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn, optim
encoder = nn.Linear(8, 4)
code = encoder(torch.rand(2, 8)).detach().requires_grad_(True)
optimizer = optim.Adam([code], lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    (code - 1).pow(2).mean().backward()
    print(code.grad.norm())
    optimizer.step()
```

## References

- PyTorch, torch.tensor ("reads out the data ... and constructs a leaf variable"); Autograd mechanics.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, cut_losses, layers_cut_off, rule, site_cause


@rule("TRN316", "loss-cut-from-graph", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for losses from which no path leads back to a weight, and for layers behind a cut."""
    for cut in cut_losses(script):
        yield Report(
            cut.effect,
            at=cut.place,
            related=(("backward", cut.backward),),
            fix_message="Use the tensor itself",
            edits=cut.edits,
            cause=site_cause("loop", cut.place),
        )
    for one in layers_cut_off(script):
        names, related = " and ".join(f"`{name}`" for name in one.layers), (("backward", one.backward),)
        message = f"no gradient gets past this: the weights of {names} never change, though the optimizer has them"
        yield Report(message, at=one.place, severity=Severity.WARNING, related=related, cause=site_cause("loop", one.place))
