"""A loss that must be minimised is maximised.

## Why

Descent on the negative of an error is ascent on the error: the loss that is printed falls without end while the predictions move
away from the targets, or everything ends in NaN. The same holds for gradients that are negated before they are applied.

```python bad
from torch import nn, optim

model = nn.Linear(8, 3)
optimizer = optim.SGD(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        (-criterion(model(x), y)).backward()  # error: TRN317
        optimizer.step()
```

```python bad
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
loss = tf.losses.mean_squared_error(x, tf.layers.dense(x, 9))
optimizer = tf.train.GradientDescentOptimizer(0.01)
weights = tf.trainable_variables()
gradients = [tf.negative(one) for one in tf.gradients(loss, weights)]
train = optimizer.apply_gradients(zip(gradients, weights))  # error: TRN317
```

## When it is silent

Scores that are to grow (similarity, reward, entropy), a cross-entropy written out with its minus sign, several optimizers that
play against each other, two signs that cancel.

```python good
import torch
from torch import nn, optim

model = nn.Linear(8, 3)
optimizer = optim.SGD(model.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        (-nn.functional.cosine_similarity(model(x), y).mean()).backward()
        optimizer.step()
```

```python good
import tensorflow.compat.v1 as tf

y = tf.placeholder(tf.float32, [None, 10])
p = tf.nn.softmax(tf.layers.dense(tf.placeholder(tf.float32, [None, 784]), 10))
train = tf.train.GradientDescentOptimizer(0.01).minimize(-tf.reduce_mean(tf.reduce_sum(y * tf.log(p), axis=1)))
```

```python good
from torch import nn, optim

critic, actor = nn.Linear(8, 1), nn.Sequential(nn.Linear(4, 8), nn.ReLU())
down = optim.SGD(critic.parameters(), lr=0.01)
up = optim.SGD(actor.parameters(), lr=0.01)

def train(loader):
    for x, y in loader:
        down.zero_grad()
        nn.functional.mse_loss(critic(actor(x).detach()), y).backward()
        down.step()
        up.zero_grad()
        (-nn.functional.mse_loss(critic(actor(x)), y)).backward()
        up.step()
```

## References

- I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 4.3 (gradient-based optimisation).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import LossFacts, Report, Script, Severity, TrainingRun, library_loss_of, loss_is_negated, rule, run_cause

ERRORS = frozenset(
    {
        *("mean_squared_error", "mean_absolute_error", "huber", "smooth_l1", "log_cosh", "binary_crossentropy", "nll", "hinge"),
        *("categorical_crossentropy", "sparse_categorical_crossentropy", "cross_entropy", "binary_cross_entropy_with_logits"),
    }
)
"""Losses that measure an error: less is better."""


@rule("TRN317", "loss-sign-reversed", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for the only optimizer of a script that descends on the negative of an error."""
    if any(not _alike(run, script.runs[0]) for run in script.runs[1:]):
        return
    for run in script.runs:
        if not isinstance(run.loss, LossFacts) or run.loss.name not in ERRORS or not loss_is_negated(run):
            continue
        if run.loss_graph is None or not library_loss_of(run.loss_graph):
            continue
        backward = next((event.place for event in run.events if event.kind == "backward" and event.place), None)
        name = run.loss.name.replace("_", " ")
        yield Report(
            f"the negative of {name} is minimised: each step makes the error larger",
            at=backward or run.place,
            related=(("the loss", run.loss.place),) if run.loss.place is not None else (),
            cause=run_cause("loss-sign", run),
        )


def _alike(run: TrainingRun, other: TrainingRun) -> bool:
    """Whether two runs are of one optimizer, by where it was made."""
    places = [getattr(one.optimizer, "place", None) for one in (run, other)]
    return places[0] is not None and places[0] == places[1]
