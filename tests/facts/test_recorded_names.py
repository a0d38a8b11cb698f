"""The names under which `fit` records metrics: those that Keras 3.15 gives them (`Metric.name`), and what a function is called."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings

SCRIPT = """\
import numpy as np
from tensorflow import keras
{imports}

def within_ten(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred) < 10)


x, y = np.random.rand(500, 8), np.random.rand(500, 1)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse", metrics={metrics})
history = model.fit(x, y, epochs=20)
print(history.history["{key}"])
"""


def said(metrics: str, key: str, imports: str = "") -> list[str]:
    script = SCRIPT.format(metrics=metrics, key=key, imports=imports)
    return [one.message for one in findings(script, "TRN604") if one.code == "TRN604"]


@pytest.mark.parametrize(
    ("metrics", "key"),
    [
        ("[keras.metrics.MeanAbsoluteError()]", "mean_absolute_error"),
        ("[keras.metrics.RootMeanSquaredError()]", "root_mean_squared_error"),
        ("[keras.metrics.LogCoshError()]", "logcosh"),
        ("[keras.metrics.FBetaScore()]", "fbeta_score"),
        ("[keras.metrics.F1Score()]", "f1_score"),
        ("[keras.metrics.R2Score()]", "r2_score"),
        ("[keras.metrics.AUC()]", "auc"),
        ("[keras.metrics.KLDivergence()]", "kl_divergence"),
        ("[keras.metrics.MeanIoU(num_classes=2)]", "mean_io_u"),
        ("[keras.metrics.TopKCategoricalAccuracy()]", "top_k_categorical_accuracy"),
        ('[keras.metrics.AUC(name="roc")]', "roc"),
        ("[within_ten]", "within_ten"),
        ("[keras.losses.mean_absolute_error]", "mean_absolute_error"),
        ('["mse", within_ten]', "mean_squared_error"),
    ],
)
def test_what_is_recorded_may_be_read_and_the_rest_may_not(metrics: str, key: str) -> None:
    assert not said(metrics, key)
    [message] = said(metrics, "accuracy")
    assert "`accuracy`" in message


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param("[lambda a, b: a - b]", id="a function without a name"),
        pytest.param("[keras.metrics.AUC(name=np.load('name.npy')[0])]", id="a name that is not known"),
        pytest.param("chosen.metrics", id="metrics of another module"),
        pytest.param("[chosen.metric]", id="a function or an object of another module"),
        pytest.param("[chosen.Metric()]", id="a metric of another module"),
    ],
)
def test_of_metrics_that_are_not_known_nothing_is_said(metrics: str) -> None:
    assert not said(metrics, "accuracy", "import chosen\n")


@pytest.mark.parametrize("own", ["", "train_step", "compute_metrics", "add_metric"])
def test_a_monitor_of_a_model_of_its_own_class_is_judged_where_keras_alone_records(own: str) -> None:
    script = SCRIPT.format(metrics="[within_ten]", key="loss", imports="").replace(
        "keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])", "Own()"
    )
    more = f"    def {own}(self, *given):\n        return {{'entropy': 0.5}}\n\n" if own else ""
    written = (
        "class Own(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = keras.layers.Dense(1)\n\n    def call(self, x):\n        return self.d(x)\n\n"
        + more
        + "\n"
    )
    script = script.replace("x, y =", written + "x, y =").replace(
        "epochs=20)", 'epochs=20, callbacks=[keras.callbacks.EarlyStopping("entropy")])'
    )
    assert len([one for one in findings(script, "TRN604") if one.code == "TRN604"]) == (not own)
