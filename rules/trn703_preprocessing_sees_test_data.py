"""Preprocessing sees the test data.

## Why

A scaler, imputer or PCA that is fitted on all rows takes the mean or the directions of the test rows into the training data:
the score is too good. One that is fitted anew on the test part makes other inputs of the same raw values. A second fit ahead of
the first `transform` throws the first away: the training data are scaled by other rows.

```python bad
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x = StandardScaler().fit_transform(frame.drop("price", axis=1))  # error: TRN703
x_train, x_test, y_train, y_test = train_test_split(x, frame["price"], test_size=0.2)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=100)
```

```python bad
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x_train, x_test, y_train, y_test = train_test_split(frame.drop("price", axis=1), frame["price"])
scaler = MinMaxScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.fit_transform(x_test)  # error: TRN703
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y_train, epochs=100)
```
## When it is silent

Fitted on the training part, constants, encoders of the labels, normalisation of each row by itself.

```python good
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x_train, x_test, y_train, y_test = train_test_split(frame.drop("price", axis=1), frame["price"])
scaler = StandardScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=100)
```

```python good
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, Normalizer
from tensorflow import keras

frame = pd.read_csv("flowers.csv")
x, y = Normalizer().fit_transform(frame.drop("kind", axis=1)), LabelEncoder().fit_transform(frame["kind"])
x_train, x_test, y_train, y_test = train_test_split(x, y)
model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train)
```

```python good
import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras

x_train, x_test, y_train, y_test = train_test_split(np.load("x.npy") / 255, np.load("y.npy"))
keras.models.load_model("net.h5").fit(x_train, y_train)
```

## References

- scikit-learn user guide, Common pitfalls and recommended practices, section "Data leakage".
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    every_event,
    fitted_on_held_back,
    leak_in_words,
    rule,
    site_cause,
    split_first,
    transform_only,
)


@rule("TRN703", "preprocessing-sees-test-data", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for transformers fitted on rows that a split holds back."""
    for one in fitted_on_held_back(script, every_event(script)):
        yield Report(
            f"{one.what} is fitted {leak_in_words(one)}",
            at=one.place,
            severity=Severity.WARNING if one.numbers else Severity.ERROR,
            related=tuple((what, at) for what, at in (("split here", one.split), ("lost", one.lost)) if at is not None),
            fix_message="fit on the training part only",
            edits=transform_only(one.place) if one.again else split_first(one.place, one.split) if one.split is not None else (),
            cause=site_cause("test-scale" if one.again else "fitted", one.place),
        )
