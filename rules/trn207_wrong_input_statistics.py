"""Wrong input statistics.

## Why

Pretrained filters expect the numbers that they were trained on: -1 to 1 (MobileNetV2, Inception), BGR bytes minus a mean
(VGG, ResNet50), or fractions standardized by ImageNet (torchvision, DenseNet). Another family's preparation shifts and scales
every input; transfer learning then starts from features of nothing. Statistics in bytes, subtracted from fractions, do the same,
and so do bytes as they were read, given to a network that wants numbers near 0 to 1.

```python bad
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(
    preprocessing_function=keras.applications.vgg16.preprocess_input,
)
train = generator.flow_from_directory("train", target_size=(224, 224), class_mode="binary")
base = keras.applications.MobileNetV2(include_top=False, pooling="avg")  # error: TRN207
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

steps = [transforms.ToTensor(), transforms.Normalize((125.3, 123.0, 113.9), (63.0, 62.1, 66.7))]  # error: TRN207
loader = DataLoader(datasets.CIFAR10("data", transform=transforms.Compose(steps)), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
optimizer = optim.Adam(model.parameters())
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python bad
import tensorflow as tf

train = tf.keras.utils.image_dataset_from_directory("train", image_size=(160, 160))
base = tf.keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False, pooling="avg")
inputs = tf.keras.Input((160, 160, 3))
outputs = tf.keras.layers.Dense(1, activation="sigmoid")(base(inputs, training=False))  # error: TRN207
model = tf.keras.Model(inputs, outputs)
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

## When it is silent

The family's own function or one of the same mode, `weights.transforms()`, statistics of one's own data.

```python good
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(
    preprocessing_function=keras.applications.vgg16.preprocess_input,
)
train = generator.flow_from_directory("train", target_size=(224, 224), class_mode="binary")
base = keras.applications.ResNet50(include_top=False, pooling="avg")
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

```python good
import tensorflow as tf

train = tf.keras.utils.image_dataset_from_directory("train", image_size=(160, 160))
base = tf.keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False, pooling="avg")
inputs = tf.keras.Input((160, 160, 3))
scaled = tf.keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
outputs = tf.keras.layers.Dense(1, activation="sigmoid")(base(scaled, training=False))
model = tf.keras.Model(inputs, outputs)
model.compile("adam", "binary_crossentropy")
model.fit(train, epochs=3)
```

```python good
from torchvision import datasets, models

weights = models.ResNet18_Weights.DEFAULT
data = datasets.CIFAR10("data", transform=weights.transforms())
model = models.resnet18(weights=weights)
```

```python good
from torchvision import datasets, transforms

steps = [transforms.ToTensor(), transforms.Normalize((0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.262))]
data = datasets.CIFAR10("data", transform=transforms.Compose(steps))
```

## References

- Keras documentation, Applications ("each expects a specific kind of input preprocessing"); torchvision, Models and weights.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, every_event, in_line, rule, site_cause, wrong_statistics


@rule("TRN207", "wrong-input-statistics", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for networks that are given what another family wants, and for means in the wrong units."""
    for one in wrong_statistics(script, every_event(script)):
        if one.place is None:
            continue
        said = f"{one.name} is given the wrong statistics{in_line(one.scaled)}: {one.said}" if one.name else one.said
        yield Report(
            said,
            at=one.place,
            related=(("prepared here", one.scaled),) if one.name and one.scaled is not None else (),
            cause=site_cause("input-statistics", one.place),
        )
