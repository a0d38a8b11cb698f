"""Target column among the features.

## Why

If the column that becomes y is still in X, the network reads the answer off its input. Training and validation look perfect, and
the model is worth nothing where the answer is not known yet.

```python bad
import pandas as pd
from tensorflow import keras

frame = pd.read_csv("houses.csv")
y = frame["price"]  # error: TRN706
x = frame.values
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

```python bad
import numpy as np
from tensorflow import keras

data = np.loadtxt("diabetes.csv", delimiter=",")
x = data[:, 0:9]
y = data[:, 8]  # error: TRN706
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=100)
```

## When it is silent

The column is dropped, popped or sliced off; the target is a later value of a series; what the inputs hold is not known.

```python good
import pandas as pd
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x, y = frame.drop("price", axis=1), frame["price"]
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

```python good
import pandas as pd
from tensorflow import keras

frame = pd.read_csv("houses.csv")
y = frame.pop("price")
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(frame.values, y, epochs=100)
```

```python good
import numpy as np
from tensorflow import keras

data = np.loadtxt("diabetes.csv", delimiter=",")
x, y = data[:, :8], data[:, 8]
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=100)
```

```python good
import numpy as np
from tensorflow import keras

series = np.loadtxt("load.csv", delimiter=",")
x, y = series[:-1], series[1:, 0]
model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
```

## References

- S. Kaufman et al., Leakage in Data Mining: Formulation, Detection, and Avoidance (2012).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, in_line, rule, site_cause, target_among_inputs


@rule("TRN706", "target-column-among-features", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for inputs that still hold the column of the targets."""
    found = target_among_inputs(run)
    if found is not None:
        yield Report(
            f"column {found.column} is the target, and the inputs{in_line(found.inputs)} hold it too: the model reads the answer"
            " off its input. Take the column out of the inputs",
            at=found.place,
            related=(("the inputs", found.inputs),) if found.inputs is not None else (),
            fix_message="drop the target column from the inputs",
            edits=found.edits,
            cause=site_cause("leakage", found.place),
        )
