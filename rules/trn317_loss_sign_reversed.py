"""Sign of the loss reversed.

## Why

The optimizer walks downhill. Behind a minus sign, downhill of what is differentiated is uphill of the loss: the error grows
with every step, as fast as the optimizer can make it. So it does with the divergence of a variational autoencoder that is added
as 0.5 (1 + s - μ² - exp(s)), and with a generator that pushes its critic's answer the way the critic's own loss does.

```python bad
from torch import nn, optim

def train(model, loader):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        (-criterion(model(x), y)).backward()  # error: TRN317
        optimizer.step()
```

```python bad
import tensorflow as tf

(x, labels), _ = tf.keras.datasets.mnist.load_data()
y, z = tf.keras.utils.to_categorical(labels), tf.layers.dense(x.reshape(-1, 784) / 255.0, 10)
cost = tf.reduce_mean(tf.reduce_sum(y * tf.log(tf.nn.softmax(z) + 1e-8), axis=1))  # error: TRN317
tf.Session().run(tf.train.GradientDescentOptimizer(0.1).minimize(cost))
```

## When it is silent

Likelihoods, rewards, entropies and similarities, which are to be maximised; two signs; attacks on the inputs.

```python good
from torch import nn, optim

def train(model, loader):
    optimizer = optim.Adam(model.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        likelihood = nn.functional.log_softmax(model(x), dim=1).gather(1, y[:, None])
        (-likelihood.mean()).backward()
        optimizer.step()
```

```python good
from torch import nn, optim

def train(model, loader):
    optimizer = optim.SGD(model.parameters(), lr=0.1, maximize=True)
    for x, y in loader:
        optimizer.zero_grad()
        (-nn.functional.cross_entropy(model(x), y)).backward()
        optimizer.step()
```

```python good
from torch import nn, optim

def train(model, loader):
    optimizer = optim.Adam(model.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        (-nn.functional.cosine_similarity(model(x), y).mean()).backward()
        optimizer.step()
```

## References

- PyTorch documentation, torch.optim: step (performs a descent of what was differentiated).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    TO_FALL,
    Fact,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    layer_fixes,
    reversed_loss,
    rule,
    run_cause,
    signs_left_out,
)


@rule("TRN317", "loss-sign-reversed", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for minus a loss as the whole of what is differentiated."""
    optimizer, found = run.optimizer, reversed_loss(run, TO_FALL)
    if not isinstance(optimizer, OptimizerFacts):
        return
    rate = optimizer.learning_rate
    if optimizer.parameters.get("maximize") or optimizer.written_by_hand or (isinstance(rate, Fact) and rate.value < 0):
        return
    if found is None:
        for place, text in signs_left_out(run):
            yield Report(text, at=place, cause=run_cause("loss-sign", run))
        return
    node, loss, inverted = found.node, found.loss.replace("_", " "), found.node.op == "divide"
    summed = " a sum with" if node.inputs[-1 if inverted else 0].op == "add" else ""
    yield Report(
        f"what is differentiated is {'1 over' if inverted else 'minus'}{summed} {loss}: each step makes the loss itself larger."
        f" {'Differentiate the loss' if inverted else 'Drop the sign'}",
        at=node.place or run.place,
        fix_message="Drop the sign",
        edits=() if inverted else layer_fixes.without_sign(node.place),
        cause=run_cause("loss-sign", run),
    )
