"""Labels used as indices.

## Why

`for v in labels` gives the values of the list, not their positions. `labels[v] = 1` then writes at the position that the value
names: with C classes only the first C entries can change, all others keep their old labels, and no error is raised.

```python bad
def binary(rows):
    labels = [row[-1] for row in rows]
    for v in labels:
        if labels[v] != 0:
            labels[v] = 1  # error: TRN220
    return labels
```

```python bad
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
for label in y:
    y[label] = label % 2  # error: TRN220
```

## When it is silent

`enumerate` and `range`; keys of a dict; values that are positions by construction.

```python good
def binary(rows):
    labels = [row[-1] for row in rows]
    for i, v in enumerate(labels):
        if v != 0:
            labels[i] = 1
    return labels
```

```python good
def scaled(weights):
    table = {name: value for name, value in weights}
    for name in table:
        table[name] = table[name] / 2
    return table
```

```python good
import numpy as np

scores = np.random.rand(100)
order = np.argsort(scores)
for position in order:
    order[position] = 0
```

## References

- Python tutorial, section 4.2, `for` statements.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, is_positions, rule, site_cause, text_of


@rule("TRN220", "labels-used-as-indices", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for lists that are written at the places which their own items name."""
    for event in every_event(script):
        if event.kind != "index_by_item" or event.place is None or is_positions(event.values.get("array")):
            continue
        name, item = text_of(event.values.get("name")), text_of(event.values.get("item"))
        yield Report(
            f"`{item}` is a value of `{name}`, not its position: `{name}[{item}]` writes to the first few entries only. Use"
            f" `for i, {item} in enumerate({name})` and `{name}[i]`",
            at=event.place,
            cause=site_cause("labels", event.place),
        )
