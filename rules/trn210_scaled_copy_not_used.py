"""Scaled copy not used.

## Why

`scaler.fit_transform(x)` and `x / 255` give a new array and leave x as it is. If the result is dropped, or bound to a name
that nobody reads, the network trains on the raw numbers although the script reads as if they were scaled.

```python bad
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x, y = frame.drop("price", axis=1).values, frame["price"].values
scaler = StandardScaler()
scaler.fit_transform(x)  # error: TRN210
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

```python bad
import pandas as pd
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x, y = frame.drop("price", axis=1).values, frame["price"].values
x_scaled = MinMaxScaler().fit_transform(x)  # error: TRN210
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

## When it is silent

In-place operations, a copy that is used elsewhere.

```python good
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x, y = frame.drop("price", axis=1).values, frame["price"].values
x = StandardScaler().fit_transform(x)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

```python good
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x, y = frame.drop("price", axis=1).values, frame["price"].values
StandardScaler(copy=False).fit_transform(x)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

```python good
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x, y = frame.drop("sold", axis=1).values, frame["sold"].values
x_scaled = StandardScaler().fit_transform(x)
LogisticRegression().fit(x_scaled, y)
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=100)
```

## References

- scikit-learn documentation, StandardScaler.fit_transform (returns the transformed version of X).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, rule, site_cause, unused_scalings, use_scaled


@rule("TRN210", "scaled-copy-not-used", Severity.ERROR, scope="script", absence=True)
def check(script: Script) -> Iterator[Report]:
    """Look for scalings whose result is lost while the raw data are trained on."""
    for one in unused_scalings(script, every_event(script)):
        lost = f"is bound to `{one.name}`, which nothing reads" if one.name else "is dropped"
        yield Report(
            f"the scaled copy that is made here {lost}: training gets the unscaled data. Assign the result to what is trained on",
            at=one.place,
            fix_message="train on the scaled copy",
            edits=use_scaled(one),
            cause=site_cause("input-scale", one.place),
        )
