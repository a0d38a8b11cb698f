"""Argument or method is gone from the installed version.

## Why

Keras renamed its arguments with 2.0 and dropped the old names after 2.3; 2.11 refuses `decay=`, 3 refuses `lr=` and no longer has
`fit_generator`. With a newer release pinned the call raises.

```python bad
# /// script
# dependencies = ["keras>=3"]
# ///
import keras

optimizer = keras.optimizers.Adam(lr=0.1)  # error: TRN603
```

```python bad
# /// script
# dependencies = ["tensorflow==2.17"]
# ///
from tensorflow import keras

def train(generator):
    model = keras.Sequential([keras.layers.Dense(1, init="uniform", input_shape=(8,))])  # error: TRN603
    model.compile("adam", "mse")
    model.fit_generator(generator, epochs=5)  # error: TRN603
```

## When it is silent

Old scripts that no file pins to a newer release, branches that test the version.

```python good
from keras.layers import Convolution2D, Dense
from keras.models import Sequential

model = Sequential([Dense(1, init="uniform", input_dim=8)])
model.compile("adam", "mse")
```

```python good
# /// script
# dependencies = ["keras==2.2.4"]
# ///
import keras

optimizer = keras.optimizers.Adam(lr=0.1, decay=1e-6)
```

```python good
# /// script
# dependencies = ["tensorflow==2.17"]
# ///
import tensorflow as tf

if tf.__version__ < "2.11":
    optimizer = tf.keras.optimizers.Adam(lr=0.1)
else:
    optimizer = tf.keras.optimizers.Adam(learning_rate=0.1)
```

## References

- Keras 2.0, 2.11 and 3.0 release notes; Keras 3 migration guide.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    refused_arguments,
    rename_argument,
    rename_method,
    rule,
    site_cause,
)


@rule("TRN603", "argument-removed-by-version", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for arguments and methods that the pinned release refuses."""
    for one in refused_arguments(script):
        rename = rename_method if one.method else rename_argument
        what = f"method `{one.argument}` of models" if one.method else f"argument `{one.argument}` of {one.owner}"
        error = "an AttributeError" if one.method else "an error"
        yield Report(
            f"{one.release} has no {what}: raises {error}" + (f". It is `{one.instead}`" if one.instead else ""),
            at=one.place,
            fix_message=f"write `{one.instead}`",
            edits=rename(one.place, one.argument, one.instead),
            cause=site_cause("argument", one.place),
        )
