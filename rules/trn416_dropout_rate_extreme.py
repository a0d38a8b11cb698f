"""Dropout rate is extreme.

## Why

The rate is the share that is dropped. At 1 the output is 0 and no gradient passes: what lies before never trains. From 0.9 on a
layer keeps fewer than one unit in ten per step; often a keep probability was meant. The `dropout` of a recurrent layer of PyTorch
acts between its levels: with one level it does nothing.

```python bad
from torch import nn

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(1.0), nn.Linear(32, 1))  # error: TRN416
```

```python bad
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dropout(0.95),  # warning: TRN416
    keras.layers.Dense(1),
])
```

```python bad
from torch import nn

first = nn.Dropout(0.8)  # info: TRN416
second = nn.LSTM(8, 16, dropout=0.5)  # info: TRN416
```

## When it is silent

Rates below 0.7, recurrent layers of two levels and more, rates that are not known, TensorFlow 1's `keep_prob`.

```python good
from torch import nn

first = nn.Dropout(0.5)
second = nn.LSTM(8, 16, num_layers=2, dropout=0.5)
third = nn.Dropout(0)
```

```python good
from tensorflow import keras

def build(rate):
    return keras.Sequential([keras.layers.Dense(8, input_shape=(4,)), keras.layers.Dropout(rate), keras.layers.Dense(1)])
```

```python good
from tensorflow import keras

layer = keras.layers.LSTM(16, dropout=0.2, recurrent_dropout=0.2)
```

## References

- N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, JMLR 15, 2014.
- PyTorch, torch.nn.LSTM (dropout: "on the outputs of each LSTM layer except the last layer").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, dropped, exact, idle_recurrent_dropout, layer_fixes, rule, site_cause

WARNING, INFO = 0.9, 0.7


@rule("TRN416", "dropout-rate-extreme", Severity.WARNING, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Judge the rate of each dropout."""
    for one in dropped(script):
        if not INFO <= one.rate <= 1:
            continue
        text = (
            f"{one.name} drops {exact(one.rate)} of the units: it keeps 1 of {exact(round(1 / (1 - one.rate), 1))}"
            if one.rate < 1
            else ""
        )
        severity = Severity.ERROR if one.rate == 1 else Severity.WARNING if one.rate >= WARNING else Severity.INFO
        yield Report(
            text or f"{one.name} drops everything: its output is 0 and no gradient passes, the layers before it never train",
            at=one.place,
            severity=severity,
            numbers={"rate": one.rate},
            fix_message="Take the rate for the share that is kept",
            edits=layer_fixes.with_rate(one.place, one.rate, exact(round(1 - one.rate, 6))),
            cause=site_cause("dropout-rate", one.place),
        )
    for place, name, rate in idle_recurrent_dropout(script):
        text = f"`dropout={exact(rate)}` of an {name} with one level has no effect: it acts between levels"
        yield Report(
            text,
            at=place,
            severity=Severity.INFO,
            numbers={"rate": rate},
            fix_message="Leave it out",
            edits=layer_fixes.without_argument(place, "dropout"),
            cause=site_cause("dropout-rate", place),
        )
