"""Labels of a folder do not fit the loss.

## Why

`image_dataset_from_directory` gives class numbers and `flow_from_directory` one-hot rows unless told otherwise. A loss that
takes the other form raises at the first batch.

```python bad
from tensorflow import keras

train = keras.utils.image_dataset_from_directory("photos")  # error: TRN613
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(train, epochs=5)
```

```python bad
from tensorflow import keras

images = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = images.flow_from_directory("photos", class_mode="categorical")  # error: TRN613
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(train, epochs=5)
```

## When it is silent

The form that the loss takes, labels that are mapped afterwards, no labels.

```python good
from tensorflow import keras

train = keras.utils.image_dataset_from_directory("photos", label_mode="categorical")
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(train, epochs=5)
```

```python good
from tensorflow import keras

images = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = images.flow_from_directory("photos")
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(train, epochs=5)
```

```python good
from tensorflow import keras

train = keras.utils.image_dataset_from_directory("photos")
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(train, epochs=5)
```

## References

- Keras API, image_dataset_from_directory (label_mode) and ImageDataGenerator.flow_from_directory (class_mode).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, insert_argument, labels_of_folders, replace, rule, run_cause


@rule("TRN613", "label-mode-differs-from-loss", Severity.ERROR)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the form of the labels with what the loss takes."""
    one = labels_of_folders(run)
    if one is not None:
        given = f"`{one.argument}` is {one.mode!r}" + ("" if one.written else " by default")
        new = f'{one.argument}="{one.needed}"'
        yield Report(
            f"{given}, and the loss takes labels in the form {one.needed!r}: raises at the first batch",
            at=one.place,
            fix_message=f"ask for `{new}`",
            edits=(replace(one.written, f'"{one.needed}"'),) if one.written else insert_argument(one.place, new),
            cause=run_cause("loss-output", run),
        )
