"""Arguments of compile are wrong.

## Why

`Model.compile` takes optimizer, loss and metrics. A misspelt keyword (`loss_function=`), the model as first argument, loss and
optimizer exchanged or an optimizer class instead of an instance raise at this line or at `fit`; in the versions that swallow
unknown keywords the model trains on nothing. Without a loss there is nothing to train on.
`fit` raises for keywords that it does not know.

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(8,))])
optimizer = keras.optimizers.Adam(1e-5)
model.compile(model, optimizer, loss_function=keras.losses.binary_crossentropy)  # error: TRN601
```

```python bad
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("mse", "adam")  # error: TRN601
```

```python bad
from tensorflow import keras


def train(x, y):
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
    model.compile(optimizer="adam")  # error: TRN601
    model.fit(x, y)
```

```python bad
from tensorflow import keras


def train(x, y, held_out):
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
    model.compile(model, optimizer="adam", loss="mse")  # error: TRN601
    model.fit(x, y, validate_data=held_out)  # error: TRN601
```

## When it is silent

A class of the script with its own `compile` or `train_step`, dicts of losses, loss classes, losses added with `add_loss`.

```python good
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse", metrics=["mae"])
```

```python good
from tensorflow import keras


class Trainer(keras.Model):
    def compile(self, optimizer, loss_function):
        super().compile(optimizer=optimizer)
        self.loss_function = loss_function

    def train_step(self, data):
        return {}


trainer = Trainer()
trainer.compile(keras.optimizers.Adam(1e-5), loss_function=keras.losses.MeanSquaredError())
```

```python good
from tensorflow import keras

inputs = keras.Input((8,))
model = keras.Model(inputs, {"a": keras.layers.Dense(1)(inputs), "b": keras.layers.Dense(1)(inputs)})
model.compile(optimizer="adam", loss={"a": "mse", "b": "mae"}, run_eagerly=True)
```

## References

- Keras API: Model training APIs, the compile method.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, compile_problem, every_event, fit_problem, mend_compile, rule, site_cause


@rule("TRN601", "compile-arguments-wrong", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Judge the arguments of each compile and fit."""
    for event in every_event(script):
        problem = compile_problem(event, script) if event.kind == "compile" else ""
        if problem and event.place is not None:
            edits = mend_compile(event)
            yield Report(
                f"compile {problem}",
                at=event.place,
                fix_message="pass the right argument",
                edits=edits,
                cause=site_cause("compile", event.place),
            )
        problem = fit_problem(event) if event.kind == "fit" else ""
        if problem and event.place is not None:
            yield Report(f"fit {problem}", at=event.place, cause=site_cause("fit", event.place))
