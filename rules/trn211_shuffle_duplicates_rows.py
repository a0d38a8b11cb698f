"""Shuffle that duplicates rows.

## Why

`random.shuffle` swaps items by `x[i], x[j] = x[j], x[i]`. The rows of an array of two or more dimensions, and of any tensor,
are views: the first assignment has already overwritten the row that the second one reads, so rows are copied over others. Six
distinct rows become about three. The data shrink silently, and a split made afterwards has copies of training rows in its
validation part.

```python bad
import random

import numpy as np

images = np.random.rand(1000, 1, 32, 32)
random.shuffle(images)  # error: TRN211
train, valid = images[:900], images[900:]
```

```python bad
from random import shuffle

import torch

x = torch.randn(500, 8)
shuffle(x)  # error: TRN211
```

An array that is read from a file has as many dimensions as the model asks for that its rows reach.

```python bad
import random

import numpy as np
from tensorflow import keras

images = np.load("images.npy")
labels = np.load("labels.npy")
random.shuffle(images)  # error: TRN211
model = keras.Sequential([keras.layers.Flatten(input_shape=(28, 28)), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(images / 255, labels)
```

## When it is silent

Lists, one-dimensional arrays, and the shufflers that know arrays.

```python good
import random

import numpy as np

names = ["a.png", "b.png", "c.png"]
random.shuffle(names)
order = np.arange(1000)
random.shuffle(order)
```

```python good
import numpy as np

images = np.random.rand(1000, 1, 32, 32)
np.random.default_rng(0).shuffle(images)
```

```python good
import random

import numpy as np

rows = list(np.random.rand(1000, 32))
random.shuffle(rows)
```

## References

- Python documentation, random.shuffle; NumPy documentation, numpy.random.Generator.shuffle ("shuffled along the first axis").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, array_rank, every_event, rule, shuffle_rows, site_cause, text_of


@rule("TRN211", "shuffle-duplicates-rows", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for `random.shuffle` on arrays whose rows are views."""
    events = every_event(script)
    for event in events:
        if event.kind != "shuffle" or event.place is None or text_of(event.values.get("by")) != "random.shuffle":
            continue
        rank, library = array_rank(event.values.get("array"), events)
        if rank is None or (rank < 2 and library != "torch"):
            continue
        what = "tensor" if library == "torch" else f"{rank}-dimensional array"
        yield Report(
            f"random.shuffle on a {what} copies rows over others instead of swapping them: some rows are lost, others appear"
            " twice or more, also on both sides of a later split. Use numpy's `rng.shuffle(x)` or index with a permutation",
            at=event.place,
            numbers={"dimensions": rank},
            fix_message="shuffle whole rows",
            edits=shuffle_rows(event),
            cause=site_cause("shuffle", event.place),
        )
