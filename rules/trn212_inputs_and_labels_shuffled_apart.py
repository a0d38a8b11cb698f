"""Inputs and labels shuffled apart.

## Why

If the rows of x are put in random order and those of y are not, or in another random order, every image has the label of
another one. The network can learn nothing but the frequencies of the classes; the accuracy stays at chance, whatever else is
tuned.

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
from sklearn.utils import shuffle
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784) / 255.0
x, y = shuffle(x, y, random_state=0)
noisy = x[np.random.permutation(len(x))]
model = keras.Sequential([keras.layers.Dense(784, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(noisy, noisy, epochs=10)
```

## References

- NumPy documentation, numpy.random.permutation (one index for several arrays); scikit-learn documentation, sklearn.utils.shuffle.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, rule, shuffled_apart, site_cause


@rule("TRN212", "inputs-and-labels-shuffled-apart", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for a random order that only one side of a run went through."""
    events = every_event(script)
    for run in script.runs:
        apart = shuffled_apart(run, events)
        if apart is None:
            continue
        other = {"inputs": "the labels keep theirs", "labels": "the inputs keep theirs"}.get(apart.what, "each in its own")
        yield Report(
            f"the {apart.what} that line {run.place.span.row} trains on are put in a random order here, {other}: no row has its"
            " own label any more. Index both with one permutation",
            at=apart.place,
            related=(("trained here", run.place),),
            cause=site_cause("shuffle", apart.place),
        )
