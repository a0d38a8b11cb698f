"""Backbone rescales already.

## Why

EfficientNet has a Rescaling layer as its first layer; EfficientNetV2, MobileNetV3, ConvNeXt, RegNet and ResNetRS have one unless
`include_preprocessing=False`. They want bytes. Given x/255 they divide again, and their pretrained filters see numbers up to
0.0039: a black picture. Training still moves, and stays far below what the network can do.

```python bad
from tensorflow import keras

train = keras.utils.image_dataset_from_directory("train", image_size=(224, 224))
train = train.map(lambda x, y: (x / 255.0, y))
base = keras.applications.EfficientNetB0(include_top=False, pooling="avg")  # error: TRN206
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

```python bad
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = generator.flow_from_directory("train", target_size=(224, 224), class_mode="binary")
inputs = keras.Input((224, 224, 3))
base = keras.applications.MobileNetV3Small(include_top=False, pooling="avg")  # error: TRN206
outputs = keras.layers.Dense(1, activation="sigmoid")(base(inputs))
model = keras.Model(inputs, outputs)
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

## When it is silent

Bytes, `include_preprocessing=False`, the family's own `preprocess_input` (which does nothing), weights of one's own.

```python good
from tensorflow import keras

train = keras.utils.image_dataset_from_directory("train", image_size=(224, 224))
base = keras.applications.EfficientNetB0(include_top=False, pooling="avg")
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train.map(lambda x, y: (keras.applications.efficientnet.preprocess_input(x), y)), epochs=3)
```

```python good
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = generator.flow_from_directory("train", target_size=(224, 224), class_mode="binary")
base = keras.applications.ConvNeXtTiny(include_top=False, pooling="avg", include_preprocessing=False)
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

```python good
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = generator.flow_from_directory("train", target_size=(224, 224), class_mode="binary")
base = keras.applications.EfficientNetB0(include_top=False, pooling="avg", weights=None)
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

## References

- Keras documentation, EfficientNet ("preprocessing is included as part of the model").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Severity,
    TrainingRun,
    row_in_words,
    rule,
    run_cause,
    scaled_before_backbone,
    without_scaling,
)


@rule("TRN206", "backbone-rescales-already", Severity.WARNING)
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for scaled inputs of networks that scale by themselves."""
    for one in scaled_before_backbone(run):
        if one.place is None or one.scaled is None:
            continue
        yield Report(
            f"{one.name} divides its inputs by 255 itself, and they are scaled in {row_in_words(one.scaled)} already: its"
            " pretrained layers see values up to 0.0039. Give it bytes",
            at=one.place,
            numbers={"maximum": 1 / 255},
            related=(("scaled here", one.scaled),),
            fix_message="give the network bytes",
            edits=without_scaling(one.scaled),
            cause=run_cause("scaled-too-much", run),
        )
