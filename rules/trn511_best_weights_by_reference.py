"""Best weights are kept by reference.

## Why

`state_dict()` gives the model's own tensors, not a copy. What was put aside as the best weights changes with every later step:
loading it back restores, and saving it keeps, the last weights. `best_model = model` is one name more for the same model.

```python bad
from torch import nn, optim

def train(loader, score):
    model = nn.Linear(8, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    best, weights = 0.0, None
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        if score(model) > best:
            weights = model.state_dict()  # error: TRN511
    model.load_state_dict(weights)
```

```python bad
import copy

from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader, score):
    weights = copy.deepcopy(model.state_dict())
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        if score(model) > 0.5:
            weights = model.state_dict()  # error: TRN511
    model.load_state_dict(weights)
```

## When it is silent

A model that is saved in the same branch, a deep copy, a clone of each tensor, a file written at once, weights of another model.

```python good
import copy

from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader, score):
    weights = None
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        if score(model) > 0.5:
            weights = copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
```

```python good
import torch
from torch import nn

model, target = nn.Linear(8, 1), nn.Linear(8, 1)
target.load_state_dict(model.state_dict())
torch.save(model.state_dict(), "best.pt")
model.load_state_dict(torch.load("best.pt"))
```

```python good
from torch import nn

model = nn.Linear(8, 1)
start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
model.load_state_dict(start)
```

## References

- PyTorch tutorials, Saving and loading models ("use best_model_state = deepcopy(model.state_dict())").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, kept_by_reference, replace, rule, site_cause, text_at

WEIGHTS = "`state_dict()` keeps the model's own tensors: they change with every later step, what is {} is the last weights"
MODEL = "`{}` is the model itself, no copy: it goes on changing with every step, what is read in the end is the last model"


@rule("TRN511", "best-weights-by-reference", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for weights of the training loop that are loaded after it, and for second names of the model."""
    for kept, name, used, what in kept_by_reference(script):
        text, imported = text_at(kept), "\nimport copy\n" in "\n" + getattr(kept, "source_text", "")
        yield Report(
            MODEL.format(name) if name else WEIGHTS.format(what),
            at=kept,
            related=((f"{what} here", used),) if used is not None else (),
            fix_message="keep a deep copy",
            edits=(replace(kept, f"copy.deepcopy({text})"),) if imported and text and "\n" not in text else (),
            cause=site_cause("weights", kept),
        )
