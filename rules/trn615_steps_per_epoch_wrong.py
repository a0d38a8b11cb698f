"""steps_per_epoch does not fit the data.

## Why

Since Keras 2 `steps_per_epoch` counts batches, not samples. The number of samples in its place asks for as many passes over it
as a batch has rows; arrays run out of data and the training ends early.

```python bad
import numpy as np
from tensorflow import keras

x, y = np.random.rand(8000, 32, 32, 3), np.random.rand(8000, 1)
images = keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(images.flow(x, y, batch_size=32), steps_per_epoch=8000, epochs=5)  # warning: TRN615
```

```python bad
import numpy as np
from tensorflow import keras

x, y = np.random.rand(8000, 8), np.random.rand(8000, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x, y, batch_size=32, epochs=5, steps_per_epoch=400)  # warning: TRN615
```

## When it is silent

No number, as many batches as there are or fewer, endless generators.

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(8000, 8), np.random.rand(8000, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x, y, batch_size=32, epochs=5)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(8000, 8), np.random.rand(8000, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x, y, batch_size=32, epochs=5, steps_per_epoch=250)
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(8000, 8), np.random.rand(8000, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x, y, batch_size=32, epochs=5, steps_per_epoch=len(x) // 32)
```

## References

- Keras API, Model.fit (steps_per_epoch); Keras 2.0 release notes (samples_per_epoch).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, replace, rule, site_cause, wrong_steps


@rule("TRN615", "steps-per-epoch-wrong", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the steps with the batches that the data hold."""
    one = wrong_steps(run)
    if one is None:
        return
    batches = -(-one.samples // one.batch)
    asked = f"{one.steps:,} steps of {one.batch}"
    text = (
        f"{asked} are {one.batch} passes over {one.samples:,} samples"
        if one.repeats
        else (f"{asked} are more than {one.samples:,} samples hold: the data run out after {batches:,} steps")
    )
    yield Report(
        text,
        at=one.place,
        numbers={"batches": float(batches)},
        fix_message="count batches",
        edits=(replace(one.place, str(batches)),),
        cause=site_cause("steps", one.place),
    )
