"""Which metric fits which loss, output and labels: a table as that of the losses (`loss_table`), read from the top."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.loss_fit import LossFit, loss_fit, matches
from trainlint.facts.loss_table import Row, row_of
from trainlint.facts.run import TrainingRun
from trainlint.interpret.values import Function, List, Literal, Object, Symbol, Tuple, Value
from trainlint.knowledge import find
from trainlint.knowledge.keras_loss_rows import METRIC_NAMES
from trainlint.source.walk import walk

THRESHOLD = "binary_accuracy precision recall f1_score auc"
"""Metrics that take probabilities and compare them with thresholds between 0 and 1."""

GIVEN = ("threshold", "thresholds", "from_logits")
"""Arguments by which a script tells such a metric that it gets something else."""

LOGITS = "it compares logits with 0.5, which is a probability of 0.62: those between 0.5 and 0.62 count as negative"
REAL = "it counts agreement of classes where the targets are real, and stays near 0 however good the fit"

AT_ZERO = "use a threshold of 0.0, or from_logits=True for AUC"
COLUMN = "argmax of a single column is 0: it is the share of predictions of class 0"
ONE_HOT = "it expects class numbers and one-hot rows come"
EQUAL = "it counts exact equality of labels and probabilities, and stays near 0"
LARGEST = "of real targets it tells only which of the {k} outputs is largest, not how near they are"
ROUNDED = "it compares rounded outputs with real targets and stays near 0 however good the fit"
# With two units or more the name "accuracy" stands for agreement of argmax: of targets that are surely real a weak measure.
NONE = "a constant guess of no class scores 1 - 1/{k}"

METRICS: tuple[tuple[str, str], ...] = (
    ("accuracy-string", f"1|REG|linear relu&co|1|real-or-open|{REAL}|-|707 warning|use 'mae'"),
    ("binary_accuracy", f"1|REG|linear relu&co|any|real-or-open|{REAL}|-|707 warning|use 'mae'"),
    ("accuracy-string binary_accuracy", f"1|REG|tanh sigmoid softmax|1|measured|{REAL}|-|707 warning|use 'mae'"),
    ("accuracy-string agreement-of-largest", f"1|REG|linear relu&co tanh sigmoid|>=2|measured|{LARGEST}|-|707 info|use 'mae'"),
    ("agreement-of-rounded", f"1|REG|linear relu&co|1|real-or-open|{ROUNDED}|-|707 warning|use 'mae'"),
    ("accuracy-string", f"1|BCE|sigmoid|>=2|measured|{LARGEST}|-|707 info|use 'mae'"),
    ("accuracy-string", f"2|BCEL|linear|1|any|{LOGITS}|-|708 error|use BinaryAccuracy(threshold=0.0)"),
    (THRESHOLD, f"2|BCEL|linear|any|any|{LOGITS}|-|708 error|{AT_ZERO}"),
    ("categorical_accuracy", f"3|CCE SCCE CE|any|>=2|indices|{COLUMN}|-|710 warning|use sparse_categorical_accuracy"),
    ("sparse_categorical_accuracy", f"4|CCE CE-dense|any|>=2|onehot|{ONE_HOT}|-|710 error|use categorical_accuracy"),
    ("accuracy-class", f"5|CCE SCCE CE BCE BCEL|any|any|any|{EQUAL}|-|710 warning|use the string 'accuracy'"),
    ("binary_accuracy", f"6|CCE BCE BCEL|softmax sigmoid linear|>=3|onehot|{NONE}|-|710 warning|use categorical_accuracy"),
)
"""Kinds of metrics ("accuracy-string" is the name that adapts to the loss) and a row as those of the losses."""


@cache
def metric_rows() -> tuple[tuple[frozenset[str], Row], ...]:
    """The metrics and the row of each line, in order."""
    return tuple((frozenset(kinds.split()), row_of(line)) for kinds, line in METRICS)


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
        row = next((row for kinds, row in metric_rows() if metric.kind in kinds and matches(row, fit)), None)
        if row is not None:
            found.append(MetricVerdict(metric, row, fit))
    return found


def metrics_of(run: TrainingRun) -> list[Metric]:
    """The metrics that the run's compile names; those told by an argument that they get logits are left out."""
    listed: list[Value] = []
    argument: Place | None = None
    for event in run.events:
        if event.kind == "compile" and "metrics" in event.values:
            listed, argument = _items(event.values["metrics"]), event.argument_places.get("metrics")
    return [metric for metric in (_metric(one, argument) for one in listed) if metric is not None]


def _items(value: Value) -> list[Value]:
    held = value.cells.get("items") if isinstance(value, List) else value
    return list(held.items) if isinstance(held, Tuple) else [value]


def _written(function: Function, place: Place) -> Metric | None:
    """A metric of the script's own that counts agreement: `mean(equal(argmax(y_true), argmax(y_pred)))`, or of rounded ones."""
    import libcst as cst

    called = {getattr(one.func, "attr", one.func) for one in walk(function.node.body) if isinstance(one, cst.Call)}
    names = {one.value for one in called if isinstance(one, cst.Name)}
    if "equal" not in names or not names & {"argmax", "round"}:
        return None
    return Metric("agreement-of-largest" if "argmax" in names else "agreement-of-rounded", place)


def _metric(value: Value, argument: Place | None) -> Metric | None:
    place = getattr(value, "place", None)
    if place is None:
        return None
    if isinstance(value, Literal) and isinstance(value.value, str):
        if value.value in ("accuracy", "acc"):
            return Metric("accuracy-string", place)
        row = find(METRIC_NAMES.get(value.value, ""))
        return Metric(row.kind, place) if row is not None else None
    if isinstance(value, Object) and value.row.makes == "metric":
        told = any(name in value.arguments for name in GIVEN)
        return None if told else Metric("accuracy-class" if value.row.kind == "accuracy" else value.row.kind, place)
    if isinstance(value, Function):
        return _written(value, argument or place)
    row = find(value.name) if isinstance(value, Symbol) else None
    return Metric(row.kind, place) if row is not None and row.makes.startswith("metric") else None
