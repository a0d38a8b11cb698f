"""Metric name is not recorded.

## Why

`fit` records the loss and the metrics of `compile` by name, and with a `val_` in front only if it has validation data. Any other
key of `history.history` raises a KeyError after the training; a callback that monitors it never acts, a checkpoint of the best
weights saves nothing.

```python bad
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse", metrics=["mae"])
history = model.fit(x, y, epochs=20)
print(history.history["accuracy"])  # error: TRN604
```

```python bad
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
stop = keras.callbacks.EarlyStopping(patience=3)  # warning: TRN604
model.fit(x, y, epochs=20, callbacks=[stop])
```

```python bad
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["acc"])
    model.fit(x, y, epochs=5)
    print(model.history.history["accuracy"])  # error: TRN604
```

## When it is silent

Validation data are given, either spelling of a metric, keys that are asked for first, models with their own `train_step`.

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.randint(0, 2, (500, 1))
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_shape=(8,))])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=3)
history = model.fit(x, y, epochs=20, validation_split=0.2, callbacks=[stop])
print(history.history["val_accuracy"], history.history["acc"])
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
save = keras.callbacks.ModelCheckpoint("weights.keras")
stop = keras.callbacks.EarlyStopping(monitor="loss")
history = model.fit(x, y, epochs=20, callbacks=[save, stop])
if "val_loss" in history.history:
    print(history.history["val_loss"])
```

```python good
from tensorflow import keras

def run(model, x, y, options):
    model.compile("adam", "mse")
    return model.fit(x, y, **options).history["val_loss"]
```

## References

- Keras API, History and EarlyStopping (monitor).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, ask_for_recorded, names_not_recorded, rule, site_cause

EFFECTS = {
    "EarlyStopping": "it never stops the training",
    "ReduceLROnPlateau": "it never lowers the rate",
    "ModelCheckpoint": "it never saves the best weights",
}


@rule("TRN604", "metric-name-not-recorded", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for keys and monitors that the fit does not record."""
    for one in names_not_recorded(script):
        if one.asker:
            effect = EFFECTS.get(one.asker, "it never acts")
            text = f"{one.asker} monitors `{one.key}`, which is not recorded ({one.why}): {effect}"
        else:
            text = f"`{one.key}` is not recorded ({one.why}): raises a KeyError after the training"
        severity = Severity.WARNING if one.asker else Severity.ERROR
        edits = ask_for_recorded(one.place, one.key, one.instead, asker=bool(one.asker))
        yield Report(
            text,
            at=one.place,
            severity=severity,
            fix_message=f"ask for `{one.instead}`",
            edits=edits,
            cause=site_cause("recorded", one.place),
        )
