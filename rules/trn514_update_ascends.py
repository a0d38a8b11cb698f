"""Update climbs the loss.

## Why

An update written by hand has to subtract the gradient. Added (or with negated gradients given to an optimizer that subtracts) it
climbs: the loss rises at every step, slowly at first, and ends as inf or nan.

```python bad
import torch

x, y = torch.rand(100, 3), torch.rand(100)
w = torch.zeros(3, requires_grad=True)
for step in range(1000):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w += 0.01 * w.grad  # error: TRN514
        w.grad.zero_()
```

```python bad
import tensorflow as tf

x, y = tf.random.uniform((100, 3)), tf.random.uniform((100, 1))
w = tf.Variable(tf.zeros((3, 1)))
for step in range(1000):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - y))
    w.assign_add(0.01 * tape.gradient(loss, w))  # error: TRN514
```

## When it is silent

Two signs that cancel, rewards and other losses that are negated, inputs that are optimised.

```python good
import torch

x, y = torch.rand(100, 3), torch.rand(100)
w = torch.zeros(3, requires_grad=True)
for step in range(1000):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.01 * w.grad
        w.grad.zero_()
```

```python good
import torch

x = torch.rand(100, 3)
w = torch.zeros(3, requires_grad=True)
for step in range(1000):
    reward = -((x @ w - 1) ** 2).mean()
    reward.backward()
    with torch.no_grad():
        w += 0.01 * w.grad
        w.grad.zero_()
```

```python good
import torch

x, y = torch.rand(100, 3), torch.rand(100)
w = torch.zeros(3, requires_grad=True)
for step in range(1000):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w += -0.01 * w.grad
        w.grad.zero_()
```

## References

- L. Bottou, F. Curtis, J. Nocedal, Optimization methods for large-scale machine learning, SIAM Review 60, 2018, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    LossFacts,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    ascends,
    descend,
    exact,
    loss_is_negated,
    rule,
    run_cause,
)


@rule("TRN514", "update-ascends", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for updates that add the gradient, and for gradients that are negated on their way."""
    optimizer, turned = run.optimizer, ascends(run)
    if turned is not None:
        text = "the gradients are negated before they are applied: every step climbs the loss"
        yield Report(text, at=turned, cause=run_cause("step-size", run))
        return
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(optimizer.learning_rate, Fact):
        return
    rate, followed = optimizer.learning_rate.value, isinstance(run.loss, LossFacts) and run.loss.name != "custom"
    if optimizer.written_by_hand and rate < 0 and followed and not loss_is_negated(run):
        yield Report(
            f"the update adds {exact(-rate)} times the gradient: every step climbs the loss. Subtract it",
            at=run.place,
            numbers={"learning_rate": rate},
            fix_message="subtract the gradient",
            edits=descend(run.place),
            cause=run_cause("step-size", run),
        )
