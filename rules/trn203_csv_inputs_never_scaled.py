"""Table read and never scaled.

## Why

Columns of a table have their own units: ages of 50, incomes of 50,000. The first layer sums them, so that the largest column
decides its outputs and its gradients, and the others are learned last. If the file holds raw measurements, scale them.

```python bad
import pandas as pd
from tensorflow import keras

frame = pd.read_csv("patients.csv")
x, y = frame.drop("sick", axis=1).values, frame["sick"].values
model = keras.Sequential([keras.layers.Dense(12, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=150)  # info: TRN203
```

```python bad
import numpy as np
from tensorflow import keras

table = np.loadtxt("patients.csv", delimiter=",")
x, y = table[:, 0:8], table[:, 8]
model = keras.Sequential([keras.layers.Dense(12, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=150)  # info: TRN203
```

## When it is silent

Anything on the way that could scale: a scaler, arithmetic, a normalising layer, a function that is not known.

```python good
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("patients.csv")
x, y = StandardScaler().fit_transform(frame.drop("sick", axis=1)), frame["sick"].values
model = keras.Sequential([keras.layers.Dense(12, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=150)
```

```python good
import pandas as pd
from tensorflow import keras

frame = pd.read_csv("patients.csv")
x, y = frame.drop("sick", axis=1).values, frame["sick"].values
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=150)
```

```python good
import pandas as pd
from cleaning import prepared
from tensorflow import keras

frame = prepared(pd.read_csv("patients.csv"))
x, y = frame.drop("sick", axis=1).values, frame["sick"].values
model = keras.Sequential([keras.layers.Dense(12, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=150)
```

## References

- Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp (1998), section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, line_of, rule, site_cause, table_read_raw


@rule("TRN203", "csv-inputs-never-scaled", Severity.INFO, default="preview", absence=True)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for columns that go from the file to a dense layer as they are."""
    table = table_read_raw(run)
    if table is None:
        return
    yield Report(
        f"the columns of the table{line_of(table.place)} reach the first layer as they are in the file: are they scaled there?"
        " If not, fit a StandardScaler on the training part",
        at=run.place,
        related=(("read here", table.place),) if table.place is not None else (),
        cause=site_cause("input-scale", table.place or run.place),
    )
