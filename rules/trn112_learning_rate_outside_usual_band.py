"""Learning rate outside the usual band.

## Why

Each optimizer has a range of rates in which nearly all networks train. Adam at 0.1 moves every weight of a layer by more than
it starts with in its first steps: hidden units die or saturate before they have learned anything.

```python bad
from tensorflow import keras
from faces import x, y

model = keras.Sequential([keras.layers.Dense(100, activation="relu"), keras.layers.Dense(30)])
model.compile(keras.optimizers.Adam(learning_rate=0.1), "mse")  # error: TRN112
model.fit(x, y, epochs=100)
```

```python bad
from tensorflow import keras
from digits import x, y

model = keras.Sequential([keras.layers.Dense(128, activation="relu", input_shape=(784,)), keras.layers.Dense(10)])
model.compile(keras.optimizers.SGD(learning_rate=1e-7), "mse")  # info: TRN112
model.fit(x, y, epochs=100)
```

## When it is silent

Rates inside of the band, one layer, L-BFGS and Rprop, plain gradient descent with clipping.

```python good
from tensorflow import keras
from faces import x, y

model = keras.Sequential([keras.layers.Dense(100, activation="relu", input_shape=(9216,)), keras.layers.Dense(30)])
model.compile(keras.optimizers.Adam(learning_rate=0.003), "mse")
model.fit(x, y, epochs=100)
```

```python good
from tensorflow import keras
from faces import x, y

model = keras.Sequential([keras.layers.Dense(1, input_shape=(3000,))])
model.compile(keras.optimizers.Adam(learning_rate=0.1), "mse")
model.fit(x, y, epochs=100)
```

```python good
from tensorflow import keras
from faces import x, y

model = keras.Sequential([keras.layers.Dense(100, activation="relu", input_shape=(9216,)), keras.layers.Dense(30)])
model.compile(keras.optimizers.SGD(learning_rate=20.0, clipnorm=0.25), "mse")
model.fit(x, y, epochs=100)
```

## References

- Y. Bengio, Practical recommendations for gradient-based training of deep architectures (2012).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Fact,
    OptimizerFacts,
    Report,
    Severity,
    TrainingRun,
    exact,
    exact_data,
    known_weights,
    layers_of,
    made_up_data,
    rate_is_replaced,
    rule,
    run_cause,
    step_size,
    step_size_place,
)

BANDS = {
    **dict.fromkeys(("adam", "adamw", "adamax", "nadam", "radam", "rmsprop"), (1e-6, 0.03)),
    "sgd": (1e-5, 1.0),
    "adagrad": (1e-4, 1.0),
    "ftrl": (1e-4, 1.0),
    "adadelta": (1e-3, 2.0),
    "lion": (1e-7, 1e-3),
    "lamb": (1e-5, 0.05),
    "adafactor": (1e-5, 0.1),
    "muon": (1e-4, 0.1),
}
FAR_ABOVE, WEIGHTS = 0.1, 1_000  # Adam's rate from which on it is a warning; the weights of a network that is no toy


@rule("TRN112", "learning-rate-outside-usual-band", Severity.INFO)
def check(run: TrainingRun) -> Iterator[Report]:
    """Compare the rate with the band of its optimizer."""
    optimizer, few = run.optimizer, known_weights(run) < WEIGHTS
    if not isinstance(optimizer, OptimizerFacts) or not isinstance(optimizer.learning_rate, Fact):
        return
    rate, band = optimizer.learning_rate.value, BANDS.get(optimizer.name)
    if band is None or rate <= 0 or band[0] <= rate <= band[1] or exact_data(run):
        return
    high = band[1] == BANDS["adam"][1] and rate >= FAR_ABOVE
    if len(layers_of(run)) < 2 or ((few or made_up_data(run)) and not high) or (few and made_up_data(run)):
        return
    if (optimizer.clip and optimizer.name == "sgd") or (rate < band[0] and (run.schedule or rate_is_replaced(run))):
        return
    yield Report(
        f"{step_size(optimizer)} is {'above' if rate > band[1] else 'below'} the {exact(band[0])} to {exact(band[1])} in which"
        " networks train with it: "
        + ("every weight moves by that much in each of the first steps" if high else "check its order of magnitude"),
        at=step_size_place(run),
        severity=Severity.WARNING if high and not few else Severity.INFO,
        numbers={"learning_rate": rate, "low": band[0], "high": band[1]},
        cause=run_cause("step-size", run),
    )
