"""Augmentation breaks labels or evaluation.

## Why

Random crops, flips and colours are for training. On validation or test data they make the score another one at every pass, and a
lower one. And a mirrored 2 is no 2, a 6 turned by 180 degrees is a 9: flips of digits and letters teach wrong labels.

```python bad
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

transform = transforms.Compose([
    transforms.RandomCrop(32, padding=4),  # warning: TRN222
    transforms.ToTensor(),
])
loader = DataLoader(datasets.CIFAR10("data", transform=transform), batch_size=64, shuffle=True)
test = DataLoader(datasets.CIFAR10("data", train=False, transform=transform), batch_size=64)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
optimizer = optim.Adam(model.parameters())
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 28, 28, 1) / 255.0
generator = keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)  # warning: TRN222
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(generator.flow(x, y, batch_size=64), epochs=5)
```

## When it is silent

Random changes of the training data only, layers inside of the model (off when it predicts), averages over several looks, mirrored
photographs.

```python good
from tensorflow import keras

augment = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
plain = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = augment.flow_from_directory("train", class_mode="binary")
valid = plain.flow_from_directory("valid", class_mode="binary")
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(train, validation_data=valid, epochs=5)
```

```python good
from tensorflow import keras

(x, y), test = keras.datasets.cifar10.load_data()
model = keras.Sequential([
    keras.layers.RandomFlip("horizontal"),
    keras.layers.Rescaling(1 / 255),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, validation_data=test, epochs=5)
```

```python good
from tensorflow import keras

(x, y), _ = keras.datasets.mnist.load_data()
x = x.reshape(-1, 28, 28, 1) / 255.0
generator = keras.preprocessing.image.ImageDataGenerator(rotation_range=10, zoom_range=0.1)
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(generator.flow(x, y, batch_size=64), epochs=5)
```

## References

- C. Shorten, T. Khoshgoftaar, A survey on Image Data Augmentation for Deep Learning (2019), "safety" of an augmentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, augmented_evaluations, every_event, mirrored_digits, rule, site_cause


@rule("TRN222", "augmentation-breaks-labels-or-eval", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for random changes of evaluation data, and for mirrored digits."""
    events = every_event(script)
    for one in augmented_evaluations(script, events):
        said = f"{one.what} changes {one.of} at random: the score is another one at every pass. Give them a transform without it"
        used = (("used here", one.used),) if one.used is not None else ()
        yield Report(said, at=one.place, related=used, cause=site_cause("augmentation", one.used or one.place))
    for one in mirrored_digits(events):
        said = f"{one.what} mirrors or turns the characters of {one.of}: a mirrored 2 is no 2, a turned 6 is a 9. Leave it out"
        yield Report(said, at=one.place, cause=site_cause("augmentation", one.used or one.place))
