"""Weights of a hidden layer start with one number everywhere.

## Why

Units that start equal compute the same, and if the weights behind them are equal too they get the same gradient: they stay equal
for ever, and 128 units act as one. Zeros in front of a relu are worse: its output and its gradient are 0, and the layer never
moves. A random layer behind tells the units apart, slowly.

```python bad
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Dense(64, activation="relu", kernel_initializer="zeros", input_shape=(20,)),  # error: TRN402
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy")


def train(x, y):
    model.fit(x, y)
```

```python bad
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
y = tf.placeholder(tf.float32, [None, 1])
start = tf.constant_initializer(0.01)  # error: TRN402
hidden = tf.layers.dense(x, 64, activation=tf.nn.tanh, kernel_initializer=start)
output = tf.layers.dense(hidden, 1, kernel_initializer=start)
train = tf.train.AdamOptimizer(0.001).minimize(tf.losses.mean_squared_error(y, output))
```

## When it is silent

A model of one layer, the output layer alone, biases, the last layer of a residual branch that no relu follows (it starts as the
identity then), weights that are loaded afterwards.

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(10, activation="softmax", kernel_initializer="zeros", input_shape=(20,))])
model.compile("sgd", "categorical_crossentropy")


def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Dense(64, activation="relu", bias_initializer="ones", input_shape=(20,)),
    keras.layers.Dense(10, activation="softmax", kernel_initializer="zeros"),
])
model.compile("adam", "categorical_crossentropy")


def train(x, y):
    model.fit(x, y)
```

```python good
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
weights = tf.Variable(tf.zeros([784, 10]))
logits = tf.matmul(x, weights) + tf.Variable(tf.zeros([10]))
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
```

## References

- I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 8.4 (breaking symmetry between units).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, constant_starts, figure, layer_fixes, layer_name, rule, run_cause


@rule("TRN402", "hidden-weights-constant", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Report the first layer of the worst kind, the others beside it."""
    found = list(constant_starts(run))
    for effect in ("dead", "still", "equal", "told-apart"):
        alike = [one for one in found if one.effect == effect]
        if not alike:
            continue
        first = alike[0]
        name, units, value = layer_name(first.node), first.units, figure(first.value)
        words = {
            "dead": f"all weights of {name} start as 0 in front of relu: its output and its gradient stay 0, it never learns",
            "still": f"the weights of {name} and behind it start as 0: no gradient reaches either, both stay 0",
            "equal": f"the weights of {name} and behind it start as {value}: its {units} units stay equal and act as 1",
            "told-apart": f"all weights of {name} start as {value}: nothing but {first.by} tells its {units} units apart",
        }
        yield Report(
            words[effect],
            at=first.place or run.place,
            severity=Severity.INFO if effect == "told-apart" else Severity.ERROR,
            numbers={"units": float(units), "value": first.value},
            related=tuple((f"{layer_name(one.node)} too", one.place) for one in alike[1:] if one.place is not None),
            fix_message="Start from the default initializer",
            edits=layer_fixes.with_default_start([one.place for one in alike]),
            cause=run_cause("start", run),
        )
        return
