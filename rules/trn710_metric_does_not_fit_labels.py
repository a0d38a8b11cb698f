"""Metric does not fit the labels.

## Why

A metric that expects another form of labels measures something else or raises: argmax of a single column is always 0, equality of
probabilities and labels never holds, a binary accuracy or a mean over all columns of one-hot rows is high for a constant guess.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 10, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["categorical_accuracy"])  # finding: TRN710
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["binary_accuracy"])  # finding: TRN710
model.fit(x, y, epochs=20)
```

```python bad
import tensorflow.compat.v1 as tf

def train(x_train, y_train, x_test, y_test):
    x, y = tf.placeholder(tf.float32, [None, 9]), tf.placeholder(tf.float32, [None, 4])
    z = tf.layers.dense(x, 4)
    step = tf.train.AdamOptimizer(0.001).minimize(tf.losses.softmax_cross_entropy(y, z))
    hits = tf.equal(tf.cast(tf.nn.softmax(z) > 0.5, tf.float32), y)
    score = tf.reduce_mean(tf.cast(hits, tf.float32))  # finding: TRN710
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step, feed_dict={x: x_train, y: y_train})
        print(session.run(score, {x: x_test, y: y_test}))
```

## When it is silent

Multi-label tasks with a binary accuracy; the string 'accuracy', which adapts to the loss.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["categorical_accuracy"])
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = np.random.randint(0, 10, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = (np.random.rand(600, 5) > 0.5).astype(float)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(5, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
model.fit(x, y, epochs=20)
```

## References

- Keras API, Accuracy metrics.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, classes_compared_with_half, figure, metric_reports, rule, site_cause


@rule("TRN710", "metric-does-not-fit-labels", Severity.WARNING, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Speak for these rows of the table of metrics, and look for scores that count each column of one-hot rows for itself."""
    for run in script.runs:
        yield from metric_reports(run, "TRN710")
    for one in classes_compared_with_half(script):
        yield Report(
            f"each of the {one.classes} columns counts for itself: an output that names no class scores"
            f" {figure(1 - 1 / one.classes)}. Compare argmax(output, 1) with argmax(labels, 1)",
            at=one.place,
            cause=site_cause("metric", one.place),
        )
