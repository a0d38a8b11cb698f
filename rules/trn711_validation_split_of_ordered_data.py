"""Validation split of ordered data.

## Why

`validation_split` takes the last rows as they stand, before anything is shuffled. If the classes stand one after the other,
the validation part holds only the last class: its loss says nothing about the others, and training has seen too little of it.

```python bad
import numpy as np
from tensorflow import keras

x = np.concatenate([np.random.rand(500, 3), np.random.rand(500, 3) + 1])
y = np.concatenate([np.zeros(500), np.ones(500)])
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, validation_split=0.2, epochs=100)  # error: TRN711
```

```python bad
import numpy as np
from tensorflow import keras

x = np.load("x.npy")
y = np.array([0] * 300 + [1] * 300 + [2] * 300)
model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, validation_split=0.25, epochs=100)  # error: TRN711
```

## When it is silent

Rows that were permuted before, labels that are not known, other targets than classes.

```python good
import numpy as np
from sklearn.utils import shuffle
from tensorflow import keras

x = np.concatenate([np.random.rand(500, 3), np.random.rand(500, 3) + 1])
y = np.concatenate([np.zeros(500), np.ones(500)])
x, y = shuffle(x, y)
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, validation_split=0.2, epochs=100)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, validation_split=0.2, epochs=100)
```

```python good
import numpy as np
from tensorflow import keras

x = np.load("x.npy")
y = np.array([0, 1, 2] * 300)
model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, validation_split=0.25, epochs=100)
```

## References

- Keras documentation, Model.fit (`validation_split`: "the last samples in the x and y data provided, before shuffling").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, classes_held_back, rule, shuffle_together, site_cause


@rule("TRN711", "validation-split-of-ordered-data", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the classes of the last rows with those of the rest."""
    found = classes_held_back(run)
    if found is None or len(found[1]) >= len(set(found[0]) | set(found[1])):
        return
    kept, held, fit = found
    labels = {*kept, *held}
    which = f"class {held[0]}" if len(held) == 1 else f"classes {', '.join(map(str, held))}"
    yield Report(
        f"`validation_split` takes the last rows, and those are all of {which}, of {len(labels)} classes: shuffle x and y"
        " together first",
        at=fit.argument_places.get("validation_split") or run.place,
        fix_message="shuffle x and y together first",
        edits=shuffle_together(run),
        cause=site_cause("validation", run.place),
    )
