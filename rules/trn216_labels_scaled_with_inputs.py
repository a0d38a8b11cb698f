"""Labels scaled with the inputs.

## Why

A scaler that is fitted on the whole table also scales the column of labels. Classes 0, 1, 2 become numbers such as -1.2, 0.1 and
1.3: a classification loss takes them for probabilities or for positions, and raises or trains on nonsense.

```python bad
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

table = StandardScaler().fit_transform(pd.read_csv("heart.csv"))  # error: TRN216
x, y = table[:, :-1], table[:, -1]
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=50)
```

```python bad
import numpy as np
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras

table = np.loadtxt("wine.csv", delimiter=",")
scaled = MinMaxScaler().fit_transform(table)  # error: TRN216
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(scaled[:, 1:], scaled[:, 0], epochs=50)
```

## When it is silent

A regression, a scaler that is fitted on the features only, labels of 0 and 1 under MinMaxScaler, which leaves them as they are.

```python good
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

table = StandardScaler().fit_transform(pd.read_csv("houses.csv"))
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(table[:, :-1], table[:, -1], epochs=50)
```

```python good
import numpy as np
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

table = np.loadtxt("wine.csv", delimiter=",")
x, y = StandardScaler().fit_transform(table[:, 1:]), table[:, 0]
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=50)
```

```python good
import numpy as np
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras

table = MinMaxScaler().fit_transform(np.loadtxt("heart.csv", delimiter=","))
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(table[:, :-1], table[:, -1], epochs=50)
```

## References

- scikit-learn documentation, Preprocessing data (scalers work column by column on all they are given).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, labels_scaled_with_inputs, row_in_words, rule, run_cause


@rule("TRN216", "labels-scaled-with-inputs", Severity.ERROR, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for one scaler over the inputs and the classes of a run."""
    found = labels_scaled_with_inputs(run)
    if found is not None:
        yield Report(
            f"the scaler is fitted on the whole table, its label column included: {row_in_words(run.place)} trains a classifier"
            " on scaled class numbers. Take the labels out first and scale the other columns",
            at=found.place,
            related=(("trained here", run.place),),
            cause=run_cause("loss-output", run),
        )
