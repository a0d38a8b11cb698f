"""Which metric fits which loss, output and labels: a table as that of the losses (`loss_table`), read from the top."""

from __future__ import annotations

from typing import NamedTuple

from trainlint.core import Place, Severity
from trainlint.facts.loss_fit import LossFit, loss_fit, matches
from trainlint.facts.loss_table import Row
from trainlint.facts.run import TrainingRun
from trainlint.interpret.values import List, Literal, Object, Symbol, Tuple, Value
from trainlint.knowledge import find
from trainlint.knowledge.keras_loss_rows import METRIC_NAMES

THRESHOLD = "binary_accuracy precision recall f1_score auc"
"""Metrics that take probabilities and compare them with thresholds between 0 and 1."""

GIVEN = ("threshold", "thresholds", "from_logits")
"""Arguments by which a script tells such a metric that it gets something else."""

REGRESSION = "continuous unknown"
_LOGITS = "the metric compares logits with 0.5, that is probabilities with 0.62: those between 0.5 and 0.62 count as negative"

METRICS: tuple[tuple[str, Row], ...] = (
    ("accuracy string", Row(1, "REG", "linear relu&co", "any", REGRESSION, "counts exact or rounded agreement with real-valued targets,"
                            " which stays near 0 however good the fit", None, "TRN707", Severity.WARNING, "use 'mae'")),
    ("binary_accuracy categorical_accuracy", Row(1, "REG", "linear relu&co", "any", REGRESSION, "counts classes where the targets are"
                                                 " real-valued", None, "TRN707", Severity.WARNING, "use 'mae'")),
    ("accuracy string", Row(2, "BCEL", "linear", "1", "any", _LOGITS, None, "TRN708", Severity.ERROR,
                            "use BinaryAccuracy(threshold=0.0)")),
    (THRESHOLD, Row(2, "BCEL", "linear", "any", "any", _LOGITS, None, "TRN708", Severity.ERROR,
                    "use threshold 0.0, or AUC(from_logits=True)")),
    ("categorical_accuracy", Row(3, "CCE SCCE CE", "any", ">=2", "indices", "argmax of a single column is 0: the metric is the share of"
                                 " predictions of class 0", None, "TRN710", Severity.WARNING, "use sparse_categorical_accuracy")),
    ("sparse_categorical_accuracy", Row(4, "CCE CE-dense", "any", ">=2", "onehot", "expects class numbers and gets one-hot rows", None,
                                        "TRN710", Severity.ERROR, "use categorical_accuracy")),
    ("accuracy class", Row(5, "CCE SCCE CE BCE BCEL", "any", "any", "any", "counts exact equality of labels and probabilities, which stays"
                           " near 0", None, "TRN710", Severity.WARNING, "use the string 'accuracy'")),
    ("binary_accuracy", Row(6, "CCE BCE BCEL", "softmax sigmoid linear", ">=3", "onehot", "a constant guess of no class scores 1 - 1/{k}",
                            None, "TRN710", Severity.WARNING, "use categorical_accuracy")),
)  # fmt: skip
"""Metrics (their kinds; "accuracy string" is the name that adapts to the loss) and what they meet."""


class Metric(NamedTuple):
    """One entry of `metrics=[...]`."""

    kind: str
    place: Place


class MetricVerdict(NamedTuple):
    """A metric that does not fit, and the row that says so."""

    metric: Metric
    row: Row
    fit: LossFit


def metric_verdicts(run: TrainingRun) -> list[MetricVerdict]:
    """The metrics of a Keras run that do not fit its loss, output and labels; one verdict a metric."""
    fit = loss_fit(run)
    if fit is None or run.framework != "keras":
        return []
    found = []
    for metric in metrics_of(run):
        row = next((row for kinds, row in METRICS if _names(kinds, metric.kind) and matches(row, fit)), None)
        if row is not None:
            found.append(MetricVerdict(metric, row, fit))
    return found


def _names(kinds: str, kind: str) -> bool:
    return kind == kinds if kind.startswith("accuracy ") else kind in kinds.split()


def metrics_of(run: TrainingRun) -> list[Metric]:
    """The metrics that the run's compile names; those told by an argument that they get logits are left out."""
    listed: list[Value] = []
    for event in run.events:
        if event.kind == "compile" and "metrics" in event.values:
            listed = _items(event.values["metrics"])
    return [metric for metric in map(_metric, listed) if metric is not None]


def _items(value: Value) -> list[Value]:
    held = value.cells.get("items") if isinstance(value, List) else value
    return list(held.items) if isinstance(held, Tuple) else [value]


def _metric(value: Value) -> Metric | None:
    place = getattr(value, "place", None)
    if place is None:
        return None
    if isinstance(value, Literal) and isinstance(value.value, str):
        if value.value in ("accuracy", "acc"):
            return Metric("accuracy string", place)
        row = find(METRIC_NAMES.get(value.value, ""))
        return Metric(row.kind, place) if row is not None else None
    if isinstance(value, Object) and value.row.makes == "metric":
        told = any(name in value.arguments for name in GIVEN)
        return None if told else Metric("accuracy class" if value.row.kind == "accuracy" else value.row.kind, place)
    row = find(value.name) if isinstance(value, Symbol) else None
    return Metric(row.kind, place) if row is not None and row.makes.startswith("metric") else None
