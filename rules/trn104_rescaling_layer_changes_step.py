"""Rescaling layer changes the step of its neighbour.

## Why

A constant factor c behind (or in front of) a trainable layer leaves the functions that the network can represent as they are,
but not its training. With u = c·w, SGD moves u as if its learning rate were lr·c², Adam, RMSprop and Lion as if it were lr·|c|,
from a start of c times the initialisation. A layer divided by 200 therefore hardly moves, and one multiplied by 10 moves 100
times faster under SGD. Weights that compensate the factor make the outputs equal, not the training.

```python bad
from tensorflow.keras.layers import Activation, Conv2D, Input, Lambda
from tensorflow.keras.models import Model

inputs = Input((64, 96, 3))
x = Conv2D(200, 3, activation="tanh", padding="same", name="conv1")(inputs)
x = Conv2D(1, 3, padding="same", name="conv2")(x)
x = Lambda(lambda t: t / 200.0)(x)  # error: TRN104
model = Model(inputs, Activation("sigmoid")(x))
model.compile(optimizer="adam", loss="binary_crossentropy")

def train(x, y):
    model.fit(x, y)
```

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(8,))])
model.add(keras.layers.Lambda(lambda t: t * 0.01))  # error: TRN104
model.add(keras.layers.Dense(1))
model.compile(keras.optimizers.SGD(0.01), "mse")

def train(x, y):
    model.fit(x, y)
```

## When it is silent

A factor on the raw input is scaling; a normaliser behind it cancels it; an output that multiplies back to the targets' scale,
residual branches (0.05 to 1) and softmax temperatures are meant; factors between 0.1 and 10 are small.

```python good
from tensorflow import keras

inputs = keras.Input((28, 28, 1))
x = keras.layers.Lambda(lambda t: t / 255.0)(inputs)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10)(x))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

inputs = keras.Input((8,))
x = keras.layers.Dense(64)(inputs)
x = keras.layers.BatchNormalization()(keras.layers.Lambda(lambda t: t / 100)(x))
model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Activation("relu")(x)))
model.compile("adam", "mse")

def train(x, y):
    model.fit(x, y)
```

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(8,)), keras.layers.Dense(1)])
model.add(keras.layers.Lambda(lambda t: t * 100.0))
model.compile("adam", "mse")

def train(x, y):
    model.fit(x, y)
```

## References

- Follows from the chain rule: y = c·w·h has dL/dw = c·dL/du, and w moves by lr times that (SGD) or by lr (Adam).
- D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, section 2.1 (invariance to gradient scale).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    layer_name,
    rescaled_step,
    rescalings,
    rule,
    site_cause,
    weights_are_set,
)


@rule("TRN104", "rescaling-layer-changes-step", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for constant factors next to trainable layers."""
    if not isinstance(run.optimizer, OptimizerFacts):
        return
    for factor, layer, where in rescalings(run):
        spelled, step, numbers = rescaled_step(run.optimizer, factor)
        place = factor.node.place or run.place
        equal = "; set_weights makes up for it in the outputs, not in the training" if weights_are_set(layer) else ""
        yield Report(
            f"{spelled} {where} {layer_name(layer)} changes its training: {step}{equal}. Fold the factor into the initialiser",
            at=place,
            numbers=numbers,
            cause=site_cause("rescaling", place),
        )
