"""A TensorFlow 1 session trains weights that were not initialised, or leaves out their update operations.

## Why

A graph only describes: weights get their first values when the session runs the initialisation, else the first step raises.
The moving averages of `tf.layers.batch_normalization` are operations too: unless `UPDATE_OPS` run with the step they stay 0, 1,
and the model fails once it is evaluated. Dropout whose share is fed has to be fed as "keep all" when the model is judged.

```python bad
import tensorflow.compat.v1 as tf

x = tf.placeholder(tf.float32, [None, 9])
loss = tf.losses.mean_squared_error(x, tf.layers.dense(x, 9))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
with tf.Session() as session:  # error: TRN530
    for epoch in range(10):
        session.run(train, feed_dict={x: [[0.0] * 9]})
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

```python bad
import tensorflow.compat.v1 as tf

def train(x_train, y_train, x_test, y_test):
    x, y, keep = tf.placeholder(tf.float32, [None, 9]), tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32)
    z = tf.layers.dense(tf.nn.dropout(tf.layers.dense(x, 64, activation=tf.nn.relu), keep), 2)
    step = tf.train.AdamOptimizer(0.001).minimize(tf.losses.softmax_cross_entropy(y, z))
    hits = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for epoch in range(100):
            session.run(step, feed_dict={x: x_train, y: y_train, keep: 0.5})
        print(session.run(hits, {x: x_test, y: y_test, keep: 0.5}))  # warning: TRN530
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
hidden = tf.layers.batch_normalization(tf.layers.dense(x, 16), training=True)
loss = tf.losses.mean_squared_error(x, tf.layers.dense(tf.nn.relu(hidden), 9))
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
```

```python good
import tensorflow.compat.v1 as tf

print(tf.Session().run(tf.constant(1.0)))
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
    dropout_in_scores,
    figure,
    iterators_without_start,
    left_out_updates,
    rule,
    site_cause,
    uninitialized_steps,
)


@rule("TRN530", "tf1-session-incomplete", Severity.ERROR, scope="script", default="preview", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look at what the sessions of the script run, and in which loop."""
    for session, step in uninitialized_steps(script):
        message = "the session trains weights that nothing has initialised: the first step raises FailedPreconditionError"
        yield Report(message, at=session, related=(("the first step", step),), cause=site_cause("initialization", session))
    for place, layer in left_out_updates(script):
        message = "the moving averages of batch normalisation are never updated: UPDATE_OPS do not run with this step"
        beside = (("batch normalisation", layer),)
        yield Report(message, at=place, severity=Severity.WARNING, related=beside, cause=site_cause("updates", place))
    for place, iterator in iterators_without_start(script):
        message = "the step draws from an iterator that nothing has initialised: raises FailedPreconditionError"
        yield Report(message, at=place, related=(("the iterator", iterator),), cause=site_cause("initialization", place))
    for one in dropout_in_scores(script):
        share, remedy = figure(100 * one.share), "make the share a placeholder, and feed" if one.fixed else "feed"
        message = f"the score is computed with {share} % of the units dropped at random: {remedy} a keep probability of 1"
        yield Report(message, at=one.place, severity=Severity.WARNING, cause=site_cause("dropout", one.place))
