"""Positional argument is the stride.

## Why

In Keras 1 `Convolution2D(32, 3, 3)` had a kernel of 3×3. Today the third argument of `Conv2D` is `strides`: the same line makes
a 3×3 kernel that moves 3 pixels at a time and throws eight of nine positions away.

```python bad
import tensorflow as tf

model = tf.keras.Sequential([
    tf.keras.layers.Conv2D(32, 3, 3, activation="relu", input_shape=(28, 28, 1)),  # error: TRN409
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(10),
])
```

```python bad
from tensorflow.keras import layers

inputs = layers.Input((64, 64, 3))
features = layers.Conv2D(16, 5, 5, padding="same")(inputs)  # error: TRN409
```

## When it is silent

A kernel as a tuple, strides by name, even numbers (patches), Keras 1 and standalone Keras up to 2.3, which convert the call.

```python good
import tensorflow as tf

first = tf.keras.layers.Conv2D(32, (3, 3), activation="relu")
second = tf.keras.layers.Conv2D(32, 3, strides=3)
third = tf.keras.layers.Conv2D(64, 2, 2)
fourth = tf.keras.layers.Conv2D(64, 3, 2)
```

```python good
from keras.layers import Convolution2D, Dense, Flatten
from keras.models import Sequential

model = Sequential()
model.add(Convolution2D(32, 3, 3, border_mode="same", input_shape=(28, 28, 1)))
model.add(Flatten())
model.add(Dense(10))
```

```python good
from tensorflow.keras import layers

upsampled = layers.Conv2DTranspose(16, 3, 3)
```

## References

- Keras API, Conv2D (filters, kernel_size, strides); Keras 2.0 release notes.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, positional_strides, replace, rule, site_cause


@rule("TRN409", "positional-argument-is-stride", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for kernels written as two numbers, of which the second is taken for the stride."""
    for place, kernel, stride, at in positional_strides(script):
        yield Report(
            f"the third argument {stride} is the stride, not a kernel size: a {kernel}×{kernel} kernel moves {stride} pixels at a"
            f" time, and each side of the map shrinks {stride} times",
            at=place,
            numbers={"stride": float(stride)},
            fix_message=f"make the kernel ({kernel}, {stride})",
            edits=(replace(at, f"({kernel}, {stride})"),) if at is not None else (),
            cause=site_cause("layer", place),
        )
