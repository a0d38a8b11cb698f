"""Inputs and labels shuffled apart.

## Why

If the rows of x are put in random order and those of y are not, or in another random order, every image has the label of
another one. The network learns only the frequencies of the classes; the accuracy stays at chance.

```python bad
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
np.random.shuffle(x)  # error: TRN212
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python bad
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x[np.random.permutation(len(x))] / 255.0  # error: TRN212
y = y[np.random.permutation(len(y))]
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

## When it is silent

One order for both, the same seed before both, labels that are made of the inputs afterwards.

```python good
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
order = np.random.permutation(len(x))
x, y = x[order] / 255.0, y[order]
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python good
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
np.random.seed(1)
np.random.shuffle(x)
np.random.seed(1)
np.random.shuffle(y)
model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python good
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
noisy = x.reshape(-1, 784)[np.random.permutation(len(x))] / 255.0
model = keras.Sequential([keras.layers.Dense(784)])
model.compile("adam", "mse")
model.fit(noisy, noisy, epochs=10)
```

## References

- NumPy documentation, numpy.random.permutation (one index for several arrays); scikit-learn documentation, sklearn.utils.shuffle.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    every_event,
    reordered_alone,
    row_in_words,
    rule,
    shuffle_together,
    shuffled_apart,
    site_cause as cause,
)


@rule("TRN212", "inputs-and-labels-shuffled-apart", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for a random order that only one side of a run went through."""
    events = every_event(script)
    for run in script.runs:
        apart = shuffled_apart(run, events)
        if apart is None:
            continue
        yield Report(
            f"the {apart.what} that {row_in_words(run.place)} trains on are put in a random order that the rest does not"
            " share: no row has its own label any more. Index both with one permutation",
            at=apart.place,
            related=(("trained here", run.place),),
            fix_message="shuffle both by one permutation",
            edits=shuffle_together(run, apart.place),
            cause=cause("shuffle", apart.place),
        )
    for place in reordered_alone(events):
        yield Report(
            "one array of the object is put in a random order that no other shares: the labels it was given keep theirs. Index"
            " all with one permutation",
            at=place,
            cause=cause("shuffle", place),
        )
