"""Unnormalized inputs shrink the stability bound below the step.

## Why

The sharpness λ of the loss grows with the square of the inputs: bytes 0 to 255 make it some 65,000 times larger than the same
images divided by 255, and the largest stable learning rate 2/λ as many times smaller. A rate that suits unit inputs then lies
above the bound. Scaling the inputs is the better cure, since it also makes the directions of the loss more alike.

```python bad
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Flatten(input_shape=(28, 28)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")])
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="sparse_categorical_crossentropy")  # error: TRN102
model.fit(x, y, epochs=5)
```

```python bad
import numpy as np
from tensorflow import keras

x = np.random.randint(0, 256, size=(2000, 64)).astype("float32")
y = (x[:, 0] > 128).astype("float32")
model = keras.Sequential([keras.layers.Dense(32, activation="relu", input_shape=(64,)), keras.layers.Dense(1, "sigmoid")])
model.compile(optimizer=keras.optimizers.SGD(0.05), loss="binary_crossentropy")  # error: TRN102
model.fit(x, y, epochs=5)
```

## When it is silent

Scaled inputs, a normaliser on the input or behind the first layer, small raw values, token ids, adaptive optimizers.

```python good
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Flatten(input_shape=(28, 28)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")])
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="sparse_categorical_crossentropy")
model.fit(x / 255.0, y, epochs=5)
```

```python good
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Rescaling(1 / 255, input_shape=(28, 28)), layers.Flatten()])
model.add(layers.Dense(128, "relu"))
model.add(layers.Dense(10, "softmax"))
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
```

```python good
import numpy as np
from tensorflow import keras

x = np.array([[1.0], [2.0], [3.0], [4.0]])
model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
model.fit(x, 2 * x - 1, epochs=200)
```

## Fix safety

Unsafe: a smaller rate changes the training.

## References

- Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp (1998), section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    SGD_FAMILY,
    Evidence,
    OptimizerFacts,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    clips,
    first_layer_on_raw_inputs,
    root_mean_square,
    rule,
    shrunken_bound_report,
    stability,
)

LARGE = 10.0


@rule("TRN102", "unnormalized-inputs-shrink-bound", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the bound at the inputs' own scale with that at unit scale."""
    optimizer, bound = run.optimizer, stability(run)
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(bound, StabilityBound) or run.schedule or clips(optimizer):
        return
    allowed, size = bound.unit_scale_max_learning_rate, root_mean_square(run.inputs)
    large = run.inputs.scale == "byte" or (size is not None and size > LARGE)
    if optimizer.name not in SGD_FAMILY or not large or not allowed or not bound.ratio >= 1 or bound.learning_rate >= allowed:
        return
    if bound.evidence is Evidence.ESTIMATED and first_layer_on_raw_inputs(run) is not None:
        yield shrunken_bound_report(run, bound, allowed)
