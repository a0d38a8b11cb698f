"""Test set used for selection.

## Why

The epoch at which training stops, the weights that are kept and the rate that is lowered are choices. If they are made by the
score on the test set, that score is the best of many tries on it, and tells too much good of data never seen.

```python bad
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
model.fit(x, y, epochs=50, validation_data=(x_test, y_test), callbacks=[stop])  # info: TRN714
print(model.evaluate(x_test, y_test))
```

```python bad
from tensorflow import keras

train = keras.utils.image_dataset_from_directory("train")
test = keras.utils.image_dataset_from_directory("test")
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
keep = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
model.fit(train, epochs=50, validation_data=test, callbacks=[keep])  # info: TRN714
```

## When it is silent

Nothing is chosen by the set, or a further part of the data is held back under another name.

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, validation_data=(x_test, y_test))
```

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=3)
model.fit(x, y, epochs=50, validation_split=0.1, callbacks=[stop])
print(model.evaluate(x_test, y_test))
```

```python good
import numpy as np
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x_holdout, y_holdout = np.load("own_digits.npy"), np.load("own_labels.npy")
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=3)
model.fit(x, y, epochs=50, validation_data=(x_test, y_test), callbacks=[stop])
print(model.evaluate(x_holdout, y_holdout))
```

## References

- B. Ripley, Pattern Recognition and Neural Networks (1996), glossary: validation set and test set.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, selections_by_test_set, site_cause


@rule("TRN714", "test-set-used-for-selection", Severity.INFO, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for callbacks that choose by the set named test."""
    for one in selections_by_test_set(script):
        choose = "chooses" if len(one.callbacks) == 1 else "choose"
        yield Report(
            f"{' and '.join(one.callbacks)} {choose} by `{one.data}`: the score on it is then"
            f" the best of all {one.tries}, not that of unseen data. Choose by a part of the training data",
            at=one.place,
            cause=site_cause("validation", one.place),
        )
