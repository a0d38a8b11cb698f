"""Sequence output is left open.

## Why

With `return_sequences=True` (PyTorch: the whole first result) a recurrent layer gives an output for every step, (N, T, units).
A dense head then predicts T times per sample while there is one label: mean squared error broadcasts silently and pulls all
steps towards all labels, losses on classes raise.

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 20, 3)
y = np.random.randn(500, 1)
model = keras.Sequential([
    keras.layers.LSTM(16, return_sequences=True, input_shape=(20, 3)),  # warning: TRN422
    keras.layers.Dense(1),
])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 20, 3)
y = keras.utils.to_categorical(np.random.randint(0, 4, 500), 4)
model = keras.Sequential()
model.add(keras.layers.GRU(16, return_sequences=True, input_shape=(20, 3)))
model.add(keras.layers.GRU(16, return_sequences=True))  # error: TRN422
model.add(keras.layers.Dense(4, activation="softmax"))
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, epochs=20)
```

## When it is silent

Labels for each step, attention, pooling or flattening behind, labels that are not known.

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 20, 3)
y = np.random.randn(500, 20, 1)
model = keras.Sequential([keras.layers.LSTM(16, return_sequences=True, input_shape=(20, 3)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

```python good
import numpy as np
from tensorflow import keras

x = np.random.rand(500, 20, 3)
y = np.random.randn(500, 1)
model = keras.Sequential([
    keras.layers.LSTM(16, return_sequences=True, input_shape=(20, 3)),
    keras.layers.GlobalAveragePooling1D(),
    keras.layers.Dense(1),
])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
```

```python good
from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.LSTM(16, return_sequences=True), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y)
```

## References

- Keras API, LSTM (return_sequences); PyTorch, torch.nn.LSTM (Outputs).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, Unknown, layer_fixes, of_a_batch, open_output, rule, run_cause

RECURRENT = frozenset({"lstm", "gru", "simple_rnn"})


@rule("TRN422", "sequence-output-left-open", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for recurrent layers whose steps all reach the head while there is one label for each sample."""
    found = open_output(run, RECURRENT)
    place = found[1].place if found is not None else None
    output = None if isinstance(run.model, Unknown) else run.model.output
    if place is None or output is None:
        return
    raises = "crossentropy" in getattr(run.loss, "name", "") or "cross_entropy" in getattr(run.loss, "name", "")
    yield Report(
        f"every step of this layer reaches the head: the output is {of_a_batch(output.shape)}, the labels are"
        f" {of_a_batch(run.targets.shape)}. Take the last step only",
        at=place,
        severity=Severity.ERROR if raises else Severity.WARNING,
        fix_message="Give the last step only",
        edits=layer_fixes.without_argument(place, "return_sequences"),
        cause=run_cause("loss-output", run),
    )
