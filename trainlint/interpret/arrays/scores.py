"""Scores of scikit-learn, which take the true values first and the predictions second."""

from __future__ import annotations

from trainlint.interpret.dispatch import Call, function
from trainlint.interpret.values import Literal, Value

ORDERED = (
    *("r2_score", "explained_variance_score", "mean_absolute_percentage_error", "precision_score", "recall_score"),
    *("confusion_matrix", "classification_report", "precision_recall_fscore_support"),
)
"""Scores that are others if labels and predictions change places."""


@function(*(f"sklearn.metrics.{name}" for name in ORDERED))
def _score(call: Call) -> Value:
    true, predicted = call.argument(0, "y_true"), call.argument(1, "y_pred")
    if true is not None and predicted is not None:
        name = Literal(call.name.rpartition(".")[2])
        call.interpreter.emit("score", call.place, name=name, true=true, predicted=predicted)
    return call.unknown("a score of scikit-learn")
