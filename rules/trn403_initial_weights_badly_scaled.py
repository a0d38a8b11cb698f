"""First weights make the signal far too large or too small.

## Why

Every layer multiplies the size of what passes by σ·√fan_in (by √½ more through relu). With σ = 1 over 784 inputs that is a
factor of 20: outputs start in the hundreds, a softmax or tanh starts saturated, and the first gradients are huge or 0. With σ =
0.001 nothing arrives at the output, and no gradient at the input.

```python bad
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
w = tf.Variable(tf.random_normal([784, 256]))  # warning: TRN403
hidden = tf.nn.relu(tf.matmul(x, w))
logits = tf.matmul(hidden, tf.Variable(tf.random_normal([256, 10])))
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
train = tf.train.AdamOptimizer(0.001).minimize(loss)
```

```python bad
from tensorflow import keras

small = keras.initializers.RandomNormal(stddev=1e-5)  # warning: TRN403
model = keras.Sequential([
    keras.layers.Dense(64, activation="relu", kernel_initializer=small, input_shape=(20,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy")  # also: TRN101


def train(x, y):
    model.fit(x, y)
```

## When it is silent

A product of the layers' factors between 0.001 and 10, any normaliser in the network, the last layer, embeddings.

```python good
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
w = tf.Variable(tf.truncated_normal([784, 256], stddev=0.1))
hidden = tf.nn.relu(tf.matmul(x, w))
logits = tf.matmul(hidden, tf.Variable(tf.random_normal([256, 10])))
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
train = tf.train.AdamOptimizer(0.001).minimize(loss)
```

```python good
from tensorflow import keras

small = keras.initializers.RandomNormal(stddev=1e-5)
model = keras.Sequential([
    keras.layers.Dense(64, activation="relu", input_shape=(20,)),
    keras.layers.Dense(10, activation="softmax", kernel_initializer=small),
])
model.compile("adam", "categorical_crossentropy")


def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

large = keras.initializers.RandomNormal(stddev=1.0)
model = keras.Sequential([
    keras.layers.Dense(512, kernel_initializer=large, input_shape=(784,)),
    keras.layers.BatchNormalization(),
    keras.layers.Activation("relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy")


def train(x, y):
    model.fit(x, y)
```

## References

- K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers (2015), section 2.2.
- X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks (2010).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, figure, layer_name, rate_fits_start, rule, run_cause, signal_scale

LARGE, SMALL = 10.0, 0.001
"""Beyond these a training starts saturated, or without a signal."""


@rule("TRN403", "initial-weights-badly-scaled", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Report the layer that changes the scale most."""
    scale = signal_scale(run)
    if scale is None or SMALL < scale.factor < LARGE or (scale.factor >= LARGE and not scale.saturates and rate_fits_start(run)):
        return
    start = scale.worst.parameters[0].initializer
    change = "grows" if scale.factor >= LARGE else "shrinks"
    layers = f"{scale.layers} hidden layers" if scale.layers > 1 else "the hidden layer"
    yield Report(
        f"the signal {change} to {figure(scale.factor)} times its size over {layers} at the start: the weights of"
        f" {layer_name(scale.worst)} have σ = {figure(scale.deviation)} over {scale.fan_in:,} inputs,"
        f" {figure(scale.fan_in**-0.5)} would keep it",
        at=start.place or scale.worst.place or run.place,
        numbers={"factor": scale.factor, "deviation": scale.deviation, "fan_in": float(scale.fan_in)},
        cause=run_cause("start", run),
    )
