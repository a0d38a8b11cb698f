"""Raw pixels as inputs.

## Why

Pixels of 0 to 255 make the first layer's outputs about a hundred times larger than the initialisation is made for. Saturating
units saturate, relu units die or explode, gradients of the first layer dwarf all others, and every learning rate is too large
for one part of the network.

```python bad
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Flatten(input_shape=(28, 28)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)  # error: TRN201
```

```python bad
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.cifar10.load_data()
x = x.astype("float32")
model = keras.Sequential([layers.Conv2D(32, 3, activation="relu", input_shape=(32, 32, 3)), layers.Flatten()])
model.add(layers.Dense(10, "softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)  # error: TRN201
```

## When it is silent

Divided by 255, a Rescaling, Normalization or BatchNormalization layer on the input or behind the first layer, an Embedding.

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784).astype("float32") / 255
model = keras.Sequential([keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
```

```python good
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.cifar10.load_data()
model = keras.Sequential([layers.Rescaling(1 / 255, input_shape=(32, 32, 3))])
model.add(layers.Conv2D(32, 3, activation="relu"))
model.add(layers.Flatten())
model.add(layers.Dense(10, "softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
```

```python good
from tensorflow import keras
from tensorflow.keras import layers

(x, y), _ = keras.datasets.cifar10.load_data()
model = keras.Sequential([layers.BatchNormalization(input_shape=(32, 32, 3))])
model.add(layers.Conv2D(32, 3, activation="relu"))
model.add(layers.Flatten())
model.add(layers.Dense(10, "softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
```

## References

- Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp (1998), section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    BYTE_RMS,
    Evidence,
    Report,
    Severity,
    StabilityBound,
    TrainingRun,
    divide_bytes,
    first_layer_on_raw_inputs,
    initial_output_scale,
    inputs_in_words,
    layer_name,
    outputs_in_words,
    root_mean_square,
    rule,
    run_cause,
    site_cause,
    stability,
    where_inputs_enter,
)


@rule("TRN201", "raw-pixels-as-inputs", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for bytes that reach the first trainable layer as they are."""
    layer = first_layer_on_raw_inputs(run) if run.inputs.scale == "byte" else None
    if layer is None:
        return
    size, bound = root_mean_square(run.inputs) or BYTE_RMS, stability(run)
    start, too_large = initial_output_scale(layer, size), isinstance(bound, StabilityBound) and bound.ratio >= 1
    yield Report(
        f"{inputs_in_words(run.inputs)} reach {layer_name(layer)} unscaled{outputs_in_words(run, layer, start)}."
        " Divide by 255 or rescale in a first layer",
        at=where_inputs_enter(run),
        evidence=Evidence.ESTIMATED,
        numbers={"input_rms": size} | ({"first_output_rms": start} if start else {}),
        related=((f"{layer_name(layer)} takes them as they are", layer.place),) if layer.place else (),
        fix_message="divide by 255",
        edits=divide_bytes(run),
        cause=run_cause("step-size", run) if too_large else site_cause("input-scale", run.inputs.place or run.place),
    )
