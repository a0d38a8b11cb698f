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

from trainlint.api import Report, Script, Severity, every_event, loop_passes, move_before, move_behind, rule, site_cause


@rule("TRN510", "clip-without-effect", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look at what stands before and after each clipping call in its loop."""
    seen: set[int] = set()
    for one in loop_passes(every_event(script)):
        for clip in one.of("clip"):
            before, after = one.before(clip), one.after(clip)
            if clip.place is None or id(clip) in seen or before is None or after is None:
                continue
            seen.add(id(clip))
            if before.kind == "step" and after.kind == "zero_grad":
                when = "after the step, when the gradients have been used"
                edits = move_before(clip.place, before.place)
            elif before.kind == "zero_grad" and after.kind == "backward":
                when = "before backward, when the gradients are zero"
                edits = move_behind(clip.place, after.place)
            else:
                continue
            yield Report(
                f"gradients are clipped {when}: the step takes them as they are. Clip between backward and step",
                at=clip.place,
                fix_message="clip between backward and step",
                edits=edits,
                cause=site_cause("clipping", clip.place),
            )
