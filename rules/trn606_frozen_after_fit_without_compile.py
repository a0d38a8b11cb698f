"""Layers are frozen after a fit without compile.

## Why

`fit` compiles its training step once, with the weights that are trainable then. TensorFlow keeps to that step until the next
`compile`: layers that are frozen or unfrozen in between go on as before. A discriminator that was never frozen in the combined
model of a GAN is trained by both, towards opposite labels.

```python bad
from tensorflow import keras

def run(x, y):
    base = keras.layers.Dense(32, activation="relu")
    model = keras.Sequential([base, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, epochs=5)
    base.trainable = False  # warning: TRN606
    model.fit(x, y, epochs=20)
```

```python bad
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(x, y, epochs=5)
    model.layers[0].trainable = True  # warning: TRN606
    model.fit(x, y, epochs=20)
```

## When it is silent

A compile in between, layers that are frozen ahead of the first fit, another model.

```python good
from tensorflow import keras

def run(x, y):
    base = keras.layers.Dense(32, activation="relu")
    model = keras.Sequential([base, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, epochs=5)
    base.trainable = False
    model.compile("adam", "mse")
    model.fit(x, y, epochs=20)
```

```python good
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.layers[0].trainable = False
    model.fit(x, y, epochs=5)
```

```python good
from tensorflow import keras

def run(x, y):
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, epochs=5)
    model.trainable = False
```

## References

- Keras guide, Transfer learning and fine-tuning ("call compile() again ... for your changes to be taken into account").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    frozen_after_fit,
    insert_statement_before,
    row_in_words,
    rule,
    site_cause,
    text_at,
    unfrozen_adversaries,
)


@rule("TRN606", "frozen-after-fit-without-compile", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for `trainable` between two fits, and for discriminators that are not frozen at all."""
    for place, own in unfrozen_adversaries(script):
        yield Report(
            f"the model that {row_in_words(own)} compiles is part of this one and not frozen: each step of this model also trains"
            " it, towards the wrong labels. Set its `trainable = False` before this compile",
            at=place,
            related=(("compiled for itself here", own),),
            cause=site_cause("frozen", place),
        )
    for one in frozen_after_fit(script):
        does = "unfrozen" if one.frozen else "frozen" if one.frozen is False else "changed"
        yield Report(
            f"what is {does} here is not compiled again before the next fit: with TensorFlow the same weights train on as before",
            at=one.place,
            fix_message="compile again",
            edits=insert_statement_before(one.fit, text_at(one.compiled)) if "\n" not in text_at(one.compiled) else (),
            related=(("the next fit", one.fit),),
            cause=site_cause("frozen", one.place),
        )
