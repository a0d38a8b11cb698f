"""Resampled before the split.

## Why

Oversampling makes copies of rows, or mixtures of neighbours. A random split afterwards puts copies of one row on both sides:
the test score then measures how well the network remembers its training rows.

```python bad
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import train_test_split
from tensorflow import keras

frame = pd.read_csv("fraud.csv")
x, y = SMOTE().fit_resample(frame.drop("fraud", axis=1), frame["fraud"])  # error: TRN705
x_train, x_test, y_train, y_test = train_test_split(x, y)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=20)
```

```python bad
import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras

x = np.repeat(np.load("x.npy"), 4, axis=0)  # error: TRN705
y = np.repeat(np.load("y.npy"), 4, axis=0)
x_train, x_test, y_train, y_test = train_test_split(x, y)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=20)
```

## When it is silent

The split comes first; channels are repeated, not rows; the split keeps the order.

```python good
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import train_test_split
from tensorflow import keras

frame = pd.read_csv("fraud.csv")
x_train, x_test, y_train, y_test = train_test_split(frame.drop("fraud", axis=1), frame["fraud"])
x_train, y_train = SMOTE().fit_resample(x_train, y_train)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=20)
```

```python good
import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras

x = np.repeat(np.load("gray.npy"), 3, axis=-1)
x_train, x_test, y_train, y_test = train_test_split(x, np.load("y.npy"))
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=20)
```

```python good
import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras

x, y = np.repeat(np.load("x.npy"), 4, axis=0), np.repeat(np.load("y.npy"), 4, axis=0)
x_train, x_test, y_train, y_test = train_test_split(x, y, shuffle=False)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=20)
```

## References

- imbalanced-learn user guide, Common pitfalls and recommended practices, section "Data leakage".
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, in_line, repeated_before_split, rule, site_cause, split_first


@rule("TRN705", "resampled-before-split", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for rows that are copied and then split at random."""
    for one in repeated_before_split(script, every_event(script)):
        yield Report(
            f"{one.what} the rows before the random split{in_line(one.split)} puts copies of training rows"
            " into the test part: split first",
            at=one.place,
            related=(("split here", one.split),) if one.split is not None else (),
            fix_message="split first",
            edits=split_first(one.place, one.split),
            cause=site_cause("resampled", one.place),
        )
