"""Softmax over the wrong axis.

## Why

A softmax is to compare the classes of one sample. Along axis 0 it compares the samples of a batch: a sample's outputs do not sum
to 1, change with the other samples, and a batch of one gives 1.0 for every class. `CrossEntropyLoss` looks for the classes on the
second axis: scores of shape (N, T, K) raise.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.randint(0, 10, (600,))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    scores = torch.log_softmax(model(x), dim=0)  # error: TRN315
    nn.functional.nll_loss(scores, y).backward()
    optimizer.step()
```

```python bad
import tensorflow.compat.v1 as tf

x, y = tf.placeholder(tf.float32, [None, 8]), tf.placeholder(tf.float32, [None, 10])
logits = tf.layers.dense(x, 10)
p = tf.exp(logits) / tf.reduce_sum(tf.exp(logits), axis=0, keepdims=True)  # error: TRN315
loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.clip_by_value(p, 1e-7, 1.0)), axis=1))
train = tf.train.AdamOptimizer(1e-3).minimize(loss)

def run(session, batches):
    for images, labels in batches:
        session.run(train, feed_dict={x: images, y: labels})
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(64, 20, 8), torch.randint(0, 5, (64, 20))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 5))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()  # error: TRN315
    optimizer.step()
```

## When it is silent

The axis of the classes; attention over a first axis of time; a single sample without a batch axis.

```python good
import torch
from torch import nn, optim

x, y = torch.rand(64, 20, 8), torch.randint(0, 5, (64, 20))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 5))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x).transpose(1, 2), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 4)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    logp = torch.log_softmax(model(torch.rand(8)), dim=0)
    (-logp[2]).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 5, (64,))
model = nn.Sequential(nn.Linear(8, 5), nn.LogSoftmax(dim=1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    nn.functional.nll_loss(model(x), y).backward()
    optimizer.step()
```

## References

- PyTorch, torch.nn.Softmax (`dim`), torch.nn.CrossEntropyLoss ("Shape").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, rule, site_cause, wrong_axes


@rule("TRN315", "softmax-over-wrong-axis", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look along which axis the output is normalised and compared."""
    for one in wrong_axes(run):
        yield Report(
            one.effect,
            at=one.place,
            numbers=one.numbers,
            fix_message="Use the last axis",
            edits=one.edits,
            cause=site_cause("axis", one.place),
        )
