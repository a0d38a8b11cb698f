"""Gradient clipping that changes nothing.

## Why

Clipping changes the gradients that stand in `p.grad` at that moment. Before backward they are zero or old, after step they have
been used already: the step takes the gradients as they are, and the guard against large ones is not there.

```python bad
from torch import nn, optim

model = nn.LSTM(8, 16, batch_first=True)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        output, state = model(x)
        nn.functional.mse_loss(output, y).backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # error: TRN510
```

```python bad
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # error: TRN510
        loss.backward()
        optimizer.step()
```

## When it is silent

Between backward and step, also when several backward passes come together; clipping of the weights themselves (WGAN).

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
```

```python good
from torch import nn, optim

critic = nn.Linear(8, 1)
optimizer = optim.RMSprop(critic.parameters(), lr=5e-5)
def train(loader):
    for real, fake in loader:
        optimizer.zero_grad()
        (critic(fake).mean() - critic(real).mean()).backward()
        optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-0.01, 0.01)
```

```python good
from torch import nn, optim

model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        nn.functional.l1_loss(model(x), y).backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.5)
        optimizer.step()
```

## References

- PyTorch, torch.nn.utils.clip_grad_norm_ ("Gradients are modified in-place").
- R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, idle_clips, move_before, move_behind, rule, site_cause

WHEN = {
    "late": "gradients are clipped after the step, when they have been used",
    "early": "gradients are clipped before backward, when they are zero",
    "context": "distributed autograd keeps the gradients in its context and every `.grad` is None: nothing is clipped",
}


@rule("TRN510", "clip-without-effect", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look at what stands before and after each clipping call in its loop."""
    for one in idle_clips(script):
        if one.when == "context":
            yield Report(WHEN[one.when], at=one.place, cause=site_cause("clipping", one.place))
            continue
        yield Report(
            f"{WHEN[one.when]}: the step takes them as they are. Clip between backward and step",
            at=one.place,
            fix_message="clip between backward and step",
            edits=move_before(one.place, one.other) if one.when == "late" else move_behind(one.place, one.other),
            cause=site_cause("clipping", one.place),
        )
