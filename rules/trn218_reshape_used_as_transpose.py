"""Reshape used as a transpose.

## Why

A reshape keeps the order of the numbers in memory. Reshaping pictures of (H, W, C) to (C, H, W) does not collect the channels:
each new "channel" is a third of the rows with red, green and blue interleaved. The shapes fit, the picture is noise, and the
network learns far less than it could. Axes change places by transpose or permute.

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.cifar10.load_data()
x = x.reshape(50000, 3, 32, 32) / 255.0  # warning: TRN218
model = keras.Sequential([
    keras.layers.Conv2D(16, 3, activation="relu", data_format="channels_first"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=10)
```

```python bad
import torch

pictures = torch.rand(64, 3, 32, 32)
drawn = pictures.view(64, 32, 32, 3)  # warning: TRN218
steps = torch.rand(64, 12, 100).view(64, 100, 12)  # warning: TRN218
```

## When it is silent

One channel (nothing is scrambled), transpose, permute and moveaxis, rows that were flat before, unknown shapes.

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 28, 28, 1)
x = x.reshape(-1, 1, 28, 28)
```

```python good
import numpy as np
from tensorflow import keras

(x, y), _ = keras.datasets.cifar10.load_data()
x = np.transpose(x, (0, 3, 1, 2)) / 255.0
drawn = x.transpose(0, 2, 3, 1)
```

```python good
import numpy as np

rows = np.load("cifar_batch.npy")
pictures = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
flat = np.random.rand(50, 3072).reshape(50, 3, 32, 32)
```

## References

- NumPy documentation, numpy.reshape and numpy.transpose; PyTorch documentation, torch.permute.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, rule, scrambling_reshapes, shape_in_words, site_cause


@rule("TRN218", "reshape-used-as-transpose", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for reshapes that move the channel axis of pictures."""
    for one in scrambling_reshapes(every_event(script)):
        shapes = f"{shape_in_words(one.before)} to {shape_in_words(one.after)}: the numbers stay in order, so each"
        pictures = f"pictures {shapes} channel becomes a mixture of all channels and the picture is scrambled"
        steps = f"sequences {shapes} step becomes a mixture of the features of several steps"
        yield Report(
            f"this reshapes {steps if len(one.before) == 3 else pictures}. Move the axis by transpose or permute",
            at=one.place,
            fix_message="transpose the axes",
            edits=one.edits,
            cause=site_cause("axes", one.place),
        )
