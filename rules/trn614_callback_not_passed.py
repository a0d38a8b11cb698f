"""Callback is not passed to fit.

## Why

A callback acts only in a `fit` that it is passed to. One that is built and left out neither stops nor saves anything. So it is
with an optimizer: the model trains with the one that `compile` is given, and its rate.

```python bad
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    stop = keras.callbacks.EarlyStopping(patience=5)  # warning: TRN614
    model.fit(x, y, epochs=100, validation_split=0.2)
```

```python bad
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    stop = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)  # warning: TRN614
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[])
```

```python bad
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    descent = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)  # warning: TRN614
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100)
```

## When it is silent

Passed in a list, kept for later, fits whose arguments are not all known; what only writes down (`TensorBoard`, `CSVLogger`).

```python good
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    board = keras.callbacks.TensorBoard("logs")
    model.fit(x, y, epochs=100)
```

```python good
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    stop = keras.callbacks.EarlyStopping(patience=5)
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[stop])
```

```python good
from tensorflow import keras

def run(x, y, options):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    options["callbacks"] = [keras.callbacks.EarlyStopping(patience=5)]
    model.fit(x, y, **options)
```

```python good
from tensorflow import keras

def callbacks():
    stop = keras.callbacks.EarlyStopping(patience=5)
    return [stop]
```

## References

- Keras API, Model.fit (callbacks).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, callbacks_left_out, optimizers_left_out, pass_callback, rule, site_cause


@rule("TRN614", "callback-not-passed", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for callbacks that no fit gets, and optimizers that no compile gets."""
    for name, place, fit in callbacks_left_out(script):
        yield Report(
            f"{name} is built and passed to no fit: it never acts",
            at=place,
            fix_message="pass it",
            edits=pass_callback(place, fit),
            related=(("this fit goes without it", fit),),
            cause=site_cause("callback", place),
        )
    for name, place, other, compiled in optimizers_left_out(script):
        yield Report(
            f"this {name} is built and never used: the model trains with {other}",
            at=place,
            related=(("compiled here", compiled),),
            cause=site_cause("optimizer", place),
        )
