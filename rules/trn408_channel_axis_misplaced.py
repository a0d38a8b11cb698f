"""Channel axis is misplaced.

## Why

Keras takes the last axis for the channels, PyTorch the second. An image given the other way round is read as a picture 1 or 3
pixels high with 28 channels of colour: the convolution slides over rows and colours, or does not build at all.

```python bad
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Conv2D(32, 3, padding="same", input_shape=(1, 28, 28)),  # error: TRN408
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
```

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())  # error: TRN408
images = torch.rand(4, 32, 32, 3)
model(images)
```

## When it is silent

A data format is set anywhere, axes are moved, signals, sizes that are not known.

```python good
from tensorflow import keras

keras.backend.set_image_data_format("channels_first")
model = keras.Sequential([keras.layers.Conv2D(32, 3, input_shape=(1, 28, 28)), keras.layers.Flatten()])
```

```python good
from tensorflow import keras

first = keras.layers.Conv2D(32, 3, input_shape=(3, 64, 64), data_format="channels_first")
second = keras.layers.Conv2D(32, 3, input_shape=(28, 28, 1))
```

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
images = torch.rand(4, 32, 32, 3)
model(images.permute(0, 3, 1, 2))
```

```python good
from keras.layers import Activation, Convolution2D
from keras.models import Sequential

def build(x, y):
    model = Sequential()
    model.add(Convolution2D(16, 5, 5, border_mode="valid", input_shape=(3, 48, 48)))
    model.add(Activation("relu"))
    model.add(Convolution2D(1, 3, 3, border_mode="valid"))
    model.compile(loss="mse", optimizer="sgd")
    model.fit(x, y, nb_epoch=20)
```

## References

- Keras API, Conv2D (data_format: "It defaults to the image_data_format value"); PyTorch, torch.nn.Conv2d (Shape).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    channel_is_misplaced,
    channels_first_inputs,
    layer_fixes,
    misfits,
    rule,
    shape_in_words,
    site_cause,
)


@rule("TRN408", "channel-axis-misplaced", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for pictures whose channels stand at the other end."""
    said = set()
    for found in channels_first_inputs(script):
        said.add(found.layer)
        shape = found.shape
        yield Report(
            f"`{found.argument}={shape}` has the channels first, {found.name} takes the last axis: a picture of {shape[0]}"
            f"×{shape[1]} pixels with {shape[2]} channels. Write {(*shape[1:], shape[0])} and move the axis of the data",
            at=found.place,
            related=((f"{found.name} reads it", found.layer),) if found.layer != found.place else (),
            fix_message="Put the channels last",
            edits=layer_fixes.with_channels_last(found.place, shape),
            cause=site_cause("shape", found.layer),
        )
    for one in misfits(script):
        follows = one.layer in said or (one.keras and bool(said))  # from the shape that is already told
        if channel_is_misplaced(one) and not follows:
            order = "second" if not one.keras else "last"
            channels = one.shape[1] if not one.keras else one.shape[-1]
            yield Report(
                f"{one.name} takes the {order} axis of {shape_in_words(one.shape)} for the channels: {channels} of them, it was"
                f" made for {one.expected if not one.keras else one.shape[1]}",
                at=one.layer,
                related=(("called here", one.call),) if one.call != one.layer else (),
                cause=site_cause("shape", one.layer),
            )
