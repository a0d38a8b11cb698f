"""What Keras's accuracies count on real targets: TRN707 warns where a perfect fit scores 0; of several outputs it advises."""

from __future__ import annotations

import numpy as np
import pytest

from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read_text

pytestmark = pytest.mark.framework

SCRIPT = """
import numpy as np
from tensorflow import keras

x = np.random.randn(200, 8)
y = np.random.randn(200, {units})
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense({units})])
model.compile("adam", "mse", metrics=["{metric}"])
model.fit(x, y, epochs=100)
"""


@pytest.mark.parametrize(
    ("metric", "units", "useless"),
    [
        ("accuracy", 1, True),
        ("binary_accuracy", 1, True),
        ("accuracy", 4, False),
        ("categorical_accuracy", 4, False),
        ("mae", 1, False),
    ],
)
def test_a_perfect_fit(metric: str, units: int, useless: bool) -> None:
    import keras

    x = np.random.default_rng(0).standard_normal((200, 8)).astype("float32")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(units)])
    model.set_weights([np.eye(8, units, dtype="float32"), np.full(units, 5, dtype="float32")])
    model.compile("adam", "mse", metrics=[metric])
    scores = model.evaluate(x, model.predict(x, verbose=0), verbose=0, return_dict=True)
    assert scores["loss"] == 0
    assert (scores[metric] == 0 and metric != "mae") is useless
    found = check_source(read_text(SCRIPT.format(units=units, metric=metric), "train.py"), Settings()).findings
    severities = [one.severity.value for one in found if one.code == "TRN707"]
    assert severities == (["warning"] if useless else ["info"] if metric == "accuracy" else [])
