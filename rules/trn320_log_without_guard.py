"""Logarithm, root or quotient without a guard.

## Why

At 0 a logarithm is -inf, the derivative of a root infinite, a quotient of zeros NaN: the loss or its gradient is no number, and
one NaN gradient makes all weights NaN. A cross-entropy summed along the batch instead of the classes grows with the batch.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.rand(600, 4)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4), nn.ReLU())
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    ((torch.log(model(x)) - y) ** 2).mean().backward()  # warning: TRN320
    optimizer.step()
```

```python bad
import tensorflow.compat.v1 as tf

x, y = tf.placeholder(tf.float32, [None, 8]), tf.placeholder(tf.float32, [None, 10])
p = tf.nn.softmax(tf.layers.dense(x, 10))
entropy = -tf.reduce_sum(y * tf.log(tf.clip_by_value(p, 1e-7, 1.0)), axis=0)  # warning: TRN320
train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(entropy))

def run(session, batches):
    for images, labels in batches:
        session.run(train, feed_dict={x: images, y: labels})
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.rand(600, 16)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    distance = torch.sqrt(((model(x) - y) ** 2).sum(dim=1))  # warning: TRN320
    distance.mean().backward()
    optimizer.step()
```

## When it is silent

The argument is positive by construction, or a small constant or a clamp keeps it from 0.

```python good
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.rand(600, 16)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16), nn.Softplus())
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    ((torch.log(model(x)) - y) ** 2).mean().backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.rand(600, 16)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    output = model(x)
    distance = torch.sqrt(((torch.log(output + 1e-6) - y) ** 2).sum(dim=1) + 1e-7)
    distance.mean().backward()
    optimizer.step()
```

```python good
import tensorflow.compat.v1 as tf

x, y = tf.placeholder(tf.float32, [None, 8]), tf.placeholder(tf.float32, [None, 10])
p = tf.nn.softmax(tf.layers.dense(x, 10))
entropy = -tf.reduce_sum(y * tf.log(tf.clip_by_value(p, 1e-7, 1.0)), axis=1)
train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(entropy))

def run(session, batches):
    for images, labels in batches:
        session.run(train, feed_dict={x: images, y: labels})
```

## References

- PyTorch, torch.nn.functional.log_softmax; I. Goodfellow et al., Deep Learning (2016), 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, rule, run_cause, summed_over_batch, unguarded


@rule("TRN320", "log-without-guard", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for what reaches 0 on the way to the loss, and along which axis a cross-entropy is summed."""
    for one in (*unguarded(run), *summed_over_batch(run)):
        yield Report(
            one.effect,
            at=one.place,
            severity=one.severity,
            fix_message="Keep the argument from 0",
            edits=one.edits,
            cause=run_cause("loss-output", run) if one.on_output else None,
        )
