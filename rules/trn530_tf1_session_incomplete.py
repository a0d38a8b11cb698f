"""A TensorFlow 1 session trains weights that were not initialised, or leaves out their update operations.

## Why

A graph only describes: weights get their first values when the session runs the initialisation, else the first step raises.
The moving averages of `tf.layers.batch_normalization` are operations
too: unless `UPDATE_OPS` run with the step they stay 0 and 1, and the model fails once it is evaluated.

```python bad
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
loss = tf.losses.mean_squared_error(x, tf.layers.dense(x, 9))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
with tf.Session() as session:
    for epoch in range(10):
        session.run(train, feed_dict={x: [[0.0] * 9]})  # error: TRN530
```

```python bad
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
hidden = tf.layers.batch_normalization(tf.layers.dense(x, 16), training=True)
loss = tf.losses.mean_squared_error(x, tf.layers.dense(tf.nn.relu(hidden), 9))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)  # finding: TRN530
session = tf.Session()
session.run(tf.global_variables_initializer())
for epoch in range(10):
    session.run(train, feed_dict={x: [[0.0] * 9]})
```

## When it is silent

Restored checkpoints, monitored sessions, a session from elsewhere; update operations as control
dependencies, or run with the step.

```python good
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
loss = tf.losses.mean_squared_error(x, tf.layers.dense(x, 9))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
with tf.Session() as session:
    tf.train.Saver().restore(session, "model.ckpt")
    session.run(train, feed_dict={x: [[0.0] * 9]})
```

```python good
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
loss = tf.losses.mean_squared_error(x, tf.layers.dense(x, 9))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
session = tf.Session()
for fold in range(5):
    session.run(tf.global_variables_initializer())
    session.run(train, feed_dict={x: [[0.0] * 9]})
```

```python good
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
hidden = tf.layers.batch_normalization(tf.layers.dense(x, 16), training=True)
loss = tf.losses.mean_squared_error(x, tf.layers.dense(tf.nn.relu(hidden), 9))
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
```

## References

- TensorFlow 1.15 API: tf.global_variables_initializer, tf.layers.batch_normalization.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    left_out_updates,
    rule,
    site_cause,
    uninitialized_steps,
)


@rule("TRN530", "tf1-session-incomplete", Severity.ERROR, scope="script", default="preview", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look at what the sessions of the script run, and in which loop."""
    for step in uninitialized_steps(script):
        message = "the session trains weights that nothing has initialised: the first step raises FailedPreconditionError"
        yield Report(message, at=step, cause=site_cause("initialization", step))
    for place, layer in left_out_updates(script):
        message = "the moving averages of batch normalisation are never updated: UPDATE_OPS do not run with this step"
        beside = (("batch normalisation", layer),)
        yield Report(message, at=place, severity=Severity.WARNING, related=beside, cause=site_cause("updates", place))
