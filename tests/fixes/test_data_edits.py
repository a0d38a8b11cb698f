"""Arrays are scaled ahead of a fit only under names that have their values there, and keep them until they are used."""

from __future__ import annotations

import pytest

from tests.rules.checking import apply, findings

BYTES = """\
import numpy as np
from tensorflow import keras

{before}
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
{after}
"""
LOADED = "(x, y), (a, b) = keras.datasets.mnist.load_data()"
FIT = "model.fit(x, y, epochs=20)\n"


@pytest.mark.parametrize(
    ("before", "after", "row"),
    [
        (LOADED, "model.evaluate(a, b)", "x, a = x / 255.0, a / 255.0\n"),
        (LOADED, "for k in zip(a, b):\n    print(k)\nmodel.evaluate(a, b)", "x, a = x / 255.0, a / 255.0\n"),
        (LOADED, "print(x[0] == a[0])", "x = x / 255.0\n"),
        (LOADED, "model.evaluate(a, b)  # not model.predict(raw)", "x, a = x / 255.0, a / 255.0\n"),
        (LOADED, "model.evaluate(batch_size=50, y=b, x=a)", "x, a = x / 255.0, a / 255.0\n"),
        ("(x, y), _ = keras.datasets.mnist.load_data()\nif x.shape[0] == 5:\n    print(x)", "", "x = x / 255.0\n"),
    ],
)
def test_all_that_the_model_is_given_is_divided(before: str, after: str, row: str) -> None:
    script = BYTES.format(before=before, after=after)
    [found] = [one for one in findings(script, "TRN201") if one.code == "TRN201"]
    assert found.fix is not None
    assert apply(script, found.fix.edits) == script.replace(FIT, row + FIT)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(LOADED, "late = a\nmodel.evaluate(late, b)", id="a name that gets its value later"),
        pytest.param(LOADED, "def judge(rows):\n    return model.predict(rows)", id="a parameter of a function"),
        pytest.param(LOADED, "for one in a:\n    model.predict(one)", id="the variable of a loop"),
        pytest.param(LOADED, "a = a[:100]\nmodel.evaluate(a, b)", id="a name that gets another value"),
        pytest.param(LOADED + "\nif len(a):\n    c = a", "model.evaluate(c, b)", id="a name of one branch"),
        pytest.param(LOADED + "\nprint(len(a), sep=str(b))", "model.evaluate(c, b)", id="no name of this script"),
        pytest.param(LOADED, "model.evaluate(a[:100], b)", id="a part"),
    ],
)
def test_what_has_no_value_there_is_not_divided(before: str, after: str) -> None:
    [found] = [one for one in findings(BYTES.format(before=before, after=after), "TRN201") if one.code == "TRN201"]
    assert found.fix is None
