"""Step with a tape is incomplete.

## Why

A Keras model that is called without `training=True` in a loop of one's own runs as in inference: dropout and batch statistics do
not act. What is computed outside of the tape is not recorded: its gradients are None.

```python bad
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
optimizer, loss_fn = keras.optimizers.Adam(), keras.losses.MeanSquaredError()

def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))  # warning: TRN520
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python bad
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
optimizer, loss_fn = keras.optimizers.Adam(), keras.losses.MeanSquaredError()

def step(x, y):
    loss = loss_fn(y, model(x))  # warning: TRN520
    with tf.GradientTape() as tape:
        tape.watch(model.trainable_variables)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it is silent

`training=True` is given (or False, on purpose), models without such layers, inputs that are optimised, parts of a Keras model
that its `train_step` calls (a GAN's discriminator is left at its defaults by habit).

```python good
import tensorflow as tf
from tensorflow import keras

class GAN(keras.Model):
    def __init__(self, discriminator):
        super().__init__()
        self.discriminator = discriminator

    def train_step(self, images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.discriminator(images)))
        weights = self.discriminator.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss}

gan = GAN(keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)]))
gan.compile(optimizer="adam")
gan.fit(tf.ones((64, 8)), epochs=3)
```

```python good
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
optimizer, loss_fn = keras.optimizers.Adam(), keras.losses.MeanSquaredError()

def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python good
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
optimizer, loss_fn = keras.optimizers.Adam(), keras.losses.MeanSquaredError()

def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Fix safety

Unsafe: dropout and batch statistics act.

## References

- TensorFlow guide, Writing a training loop from scratch; tf.GradientTape.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, calls_without_training, insert_argument, losses_outside_tape, rule, site_cause


@rule("TRN520", "tape-step-incomplete", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look at the calls of models around each tape."""
    for place, layer in calls_without_training(script):
        yield Report(
            f"the model is called without `training=True`: its {layer} does not act in this training step",
            at=place,
            fix_message="call it in training mode",
            edits=insert_argument(place, "training=True"),
            cause=site_cause("mode", place),
        )
    for place in losses_outside_tape(script):
        text = "this loss is computed outside of the tape: all its gradients are None, and no weight moves"
        yield Report(text, at=place, cause=site_cause("tape", place))
