"""Training and evaluation data scaled differently.

## Why

A network that was trained on x/255 and is asked about 0 to 255 sees inputs 255 times larger than any it knows: its units
saturate and the score is that of chance, while training looked well. The same happens when a scaler is applied to one part
only, or is fitted on each part anew, so that one raw value becomes two different inputs.

```python bad
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
x_test = x_test.reshape(-1, 784)
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=10)
model.evaluate(x_test, y_test)  # error: TRN208
```

```python bad
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

frame = pd.read_csv("houses.csv")
x_train, x_test, y_train, y_test = train_test_split(frame.drop("price", axis=1), frame["price"])
x_train = StandardScaler().fit_transform(x_train)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=100)  # error: TRN208
```

## When it is silent

The same scaling on both sides, scaling inside of the model, data of another source.

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x.reshape(-1, 784) / 255.0, x_test.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=10)
model.evaluate(x_test, y_test)
```

```python good
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x.reshape(-1, 784), x_test.reshape(-1, 784)
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=10)
model.evaluate(x_test, y_test)
```

```python good
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
model.predict(np.load("scaled_already.npy"))
```

## References

- M. Zinkevich, Rules of Machine Learning (Google), rules 29 and 37: training-serving skew.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, figure, in_line, other_scales, rule, scale_alike, site_cause


@rule("TRN208", "train-and-eval-scaled-differently", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for uses of a trained model on data of another scale."""
    events = every_event(script)
    for run in script.runs:
        for one in other_scales(script, run, events):
            if one.use.place is None:
                continue
            where = one.scaling.place if one.scaling is not None else None
            size = max(one.ratio or 1, 1 / (one.ratio or 1))
            if one.fitted_apart:
                said = f"are scaled by what was fitted on them alone{in_line(where)}, not by those of training"
            elif one.ratio is None:
                said = f"are not put through the scaler that the training data went through{in_line(where)}"
            else:
                said = f"are {figure(size, 3)} times {'larger' if one.ratio > 1 else 'smaller'} than what it was trained on"
            yield Report(
                f"the model trained{in_line(run.place)} is used here on data that {said}: scale both alike",
                at=one.use.place,
                numbers={"scale_ratio": one.ratio} if one.ratio is not None else {},
                related=(("the scaling that differs", where),) if where is not None else (),
                fix_message="scale both alike",
                edits=scale_alike(one),
                cause=site_cause("test-scale", where or one.use.place),
            )
