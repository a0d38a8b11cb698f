"""Category codes as numbers.

## Why

LabelEncoder numbers names in the order of the alphabet. Fed to a dense layer as a number, "city 2" is twice
"city 1": the network has to unlearn an order and distances that mean nothing. One column for each name has none.

```python bad
import numpy as np
from sklearn.preprocessing import LabelEncoder
from tensorflow import keras

city = LabelEncoder().fit_transform(["rome", "oslo", "paris", "rome"])  # warning: TRN204
x, y = np.column_stack([city, [0.1, 0.2, 0.3, 0.4]]), np.array([1.0, 2.0, 3.0, 4.0])
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=500)
```

```python bad
import numpy as np
from sklearn.preprocessing import OrdinalEncoder
from tensorflow import keras

colours = OrdinalEncoder().fit_transform([["red"], ["green"], ["blue"], ["red"]])  # warning: TRN204
y = np.array([1.0, 2.0, 3.0, 4.0])
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(colours, y, epochs=500)
```

## When it is silent

Labels, embeddings, one-hot columns, two categories, an order that the script gives, tables whose values are not known.

```python good
import numpy as np
from sklearn.preprocessing import LabelEncoder
from tensorflow import keras

y = LabelEncoder().fit_transform(["rome", "oslo", "paris", "rome"])
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(np.random.rand(4, 2), y, epochs=500)
```

```python good
import numpy as np
from sklearn.preprocessing import OrdinalEncoder
from tensorflow import keras

encoder = OrdinalEncoder(categories=[["small", "medium", "large"]])
sizes = encoder.fit_transform([["small"], ["large"], ["medium"], ["small"]])
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(sizes, np.array([1.0, 2.0, 3.0, 4.0]), epochs=500)
```

```python good
import numpy as np
from sklearn.preprocessing import LabelEncoder
from tensorflow import keras

city = LabelEncoder().fit_transform(["rome", "oslo", "paris", "rome"])
model = keras.Sequential([keras.layers.Embedding(3, 2), keras.layers.Flatten(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(city, np.array([1.0, 2.0, 3.0, 4.0]), epochs=500)
```

## References

- scikit-learn documentation, LabelEncoder ("should be used to encode target values, i.e. y, and not the input X").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, category_codes, row_in_words, rule, site_cause, tokens_as_numbers


@rule("TRN204", "category-codes-as-numbers", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for codes of three or more names among the inputs of dense layers."""
    words = tokens_as_numbers(run)
    if words is not None:
        place, kind = words
        text = f"the numbers of words reach {kind} layer as they are: it is told that word 900 is nine times word 100"
        yield Report(f"{text}. Put an embedding in between", at=place, cause=site_cause("categories", place))
    for codes, count in category_codes(run):
        if codes.place is not None:
            yield Report(
                f"{count} names become the numbers 0 to {count - 1} here, and {row_in_words(run.place)} trains on these:"
                " the network is told that they have an order and distances. One-hot encode them, or use an embedding",
                at=codes.place,
                numbers={"categories": count},
                cause=site_cause("categories", codes.place),
            )
