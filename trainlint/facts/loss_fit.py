"""How a run's loss, output, units and labels meet, and which row of the table decides it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from trainlint.core import Place, Unknown
from trainlint.facts.extract.losses import loss_of_node, prediction_and_target
from trainlint.facts.graph import Node, Shape, walk
from trainlint.facts.loss_messages import message_of
from trainlint.facts.loss_table import EFFECTS, OUTPUTS, Row, rows
from trainlint.facts.once import once_a_run
from trainlint.facts.provenance import lineage
from trainlint.facts.queries import DENSE_MAPS, output_width, skip_upwards
from trainlint.facts.run import DataFacts, OptimizerFacts, TrainingRun
from trainlint.facts.spreads import beyond, two_valued

LOSSES: Mapping[tuple[str, bool | None], tuple[str, ...]] = {
    ("categorical_crossentropy", False): ("CCE",),
    ("categorical_crossentropy", True): ("CE", "CE-dense"),
    ("softmax_cross_entropy_with_logits", True): ("CE", "CE-dense"),
    ("sparse_categorical_crossentropy", False): ("SCCE",),
    ("sparse_categorical_crossentropy", True): ("CE", "CE-sparse"),
    ("sparse_softmax_cross_entropy_with_logits", True): ("CE", "CE-sparse"),
    ("cross_entropy", True): ("CE",),
    ("binary_crossentropy", False): ("BCE",),
    ("binary_crossentropy", True): ("BCEL",),
    ("binary_cross_entropy_with_logits", True): ("BCEL",),
    ("mean_squared_error", None): ("REG", "SQUARED"),
    ("huber", None): ("REG", "SQUARED"),
    ("smooth_l1", None): ("REG", "SQUARED"),
    ("log_cosh", None): ("REG",),
    ("mean_squared_logarithmic_error", None): ("REG",),
    ("mean_absolute_percentage_error", None): ("REG",),
    ("mean_absolute_error", None): ("REG", "ABSOLUTE"),
    ("nll", None): ("NLL",),
    ("hinge", None): ("HINGE",),
    ("squared_hinge", None): ("HINGE",),
}
"""Canonical name and from_logits of a loss, and what the table calls it."""

WRITTEN: Mapping[str, tuple[str, ...]] = {
    "categorical_crossentropy": ("CCE-written",),
    "binary_crossentropy": ("BCE-written",),
}
"""Cross-entropies that the script writes out with `log`: nothing clips or aligns what they are given."""

KERAS_ONLY: Mapping[str, tuple[str, ...]] = {"poisson": ("POISSON",), "kl_divergence": ("KLD",)}
TORCH_ONLY: Mapping[str, tuple[str, ...]] = {
    "poisson": ("PNLL",),
    "kl_divergence": ("KLDIV",),
    "ctc": ("CTC",),
    "gaussian_nll": ("GNLL",),
}
"""Losses that the two libraries define differently; PNLL is PyTorch's with `log_input=True`."""

ACTIVATIONS = frozenset({"tanh", "log_softmax"}.union(*OUTPUTS.values())) - {"linear"}
RANGES = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
CUT_OFF = ("relu", "relu6", "softplus", "exp", "exponential")
RECOVERED = (EFFECTS["recovered"], EFFECTS["recovered-2"])
INTEGERS = ("int", "uint")
PASSED = frozenset({"reshape", "flatten", "squeeze", "expand_dims", "cast", "linear", "dropout", "getitem"})


class LossFit(NamedTuple):
    """What meets in the loss; `activation` is None where the output could not be followed.

    `own_inputs`: the targets are the very batch that the model is given.
    """

    losses: tuple[str, ...]
    loss: str
    activation: str | None
    units: int | None
    targets: DataFacts
    output_shape: Shape | None
    place: Place
    output_place: Place | None
    keras: bool
    activation_place: Place | None = None
    inner: str = ""
    inner_place: Place | None = None
    own_inputs: bool = False


class Verdict(NamedTuple):
    """The deciding row and what it says of this run."""

    row: Row
    fit: LossFit
    message: str


@once_a_run
def loss_verdict(run: TrainingRun) -> Verdict | None:
    """The one verdict on a run's loss and output; None where they fit, or where what the rows ask for is not known."""
    fit = loss_fit(run)
    if fit is None:
        return None
    for row in rows():
        effect = row.keras if fit.keras else row.torch
        if effect in RECOVERED and _of_a_graph(run):
            effect = row.torch
        if effect is not None and matches(row, fit):
            return Verdict(row, fit, message_of(row, fit, effect)) if row.code else None
    return None


def _of_a_graph(run: TrainingRun) -> bool:
    """Whether TensorFlow 1 trains the run: its losses on logits take whatever they are given for logits."""
    return isinstance(run.optimizer, OptimizerFacts) and run.optimizer.library == "tensorflow"


@once_a_run
def loss_fit(run: TrainingRun) -> LossFit | None:
    """Loss, output and labels of a run; None for a loss that the table does not judge."""
    if isinstance(run.loss, Unknown) or isinstance(run.model, Unknown):
        return None
    keras = run.framework == "keras" and not _compared_as_it_is(run)
    losses = (
        _written(run, run.loss.name)
        or LOSSES.get((run.loss.name, run.loss.from_logits))
        or (KERAS_ONLY.get(run.loss.name) if keras else _torch_only(run, run.loss.name))
    )
    if losses is None:
        return None
    output = _prediction(run)
    activation, place, units = _activation(output) if output is not None else (None, None, None)
    shape = output.shape if output is not None else None
    return LossFit(
        losses,
        run.loss.name.replace("_", " "),
        activation,
        units,
        run.targets,
        shape,
        run.loss.place or run.place,
        place,
        keras,
        skip_upwards(output, PASSED).place if output is not None else None,
        *_inner(output),
        own_inputs=run.targets.value is not None and run.targets.value is run.inputs.value,
    )


def _compared_as_it_is(run: TrainingRun) -> bool:
    """Whether a script's own loop compares prediction and target with an expression of its own: no library aligns them then."""
    fitted = any(event.kind == "fit" for event in run.events)
    return not fitted and run.loss_graph is not None and not any(loss_of_node(node) for node in walk(run.loss_graph))


def _written(run: TrainingRun, name: str) -> tuple[str, ...] | None:
    """What the table calls a cross-entropy of the script's own, or one that clips no more than that; None for another loss."""
    if name not in WRITTEN or run.loss_graph is None:
        return None
    node = _loss_node(run)
    if node is None:
        return WRITTEN[name]
    return (*WRITTEN[name], *LOSSES[name, False]) if node.attributes.get("unclipped") is True else None


def _torch_only(run: TrainingRun, name: str) -> tuple[str, ...] | None:
    node = _loss_node(run)
    if run.framework != "torch" or node is None or (name == "poisson" and node.attributes.get("log_input") is not True):
        return None
    return TORCH_ONLY.get(name)


def _loss_node(run: TrainingRun) -> Node | None:
    """The library's loss in a run's graph."""
    return next((node for node in walk(run.loss_graph) if loss_of_node(node)), None) if run.loss_graph is not None else None


def _prediction(run: TrainingRun) -> Node | None:
    """What the loss is computed on: its first input in the graph (GaussianNLLLoss: its variance), else the model's output."""
    node = _loss_node(run)
    if node is not None and node.op == "gaussian_nll" and len(node.inputs) > 2:
        return node.inputs[2]
    found = prediction_and_target(run.loss_graph) if run.loss_graph is not None else None
    if found is not None:
        return found[0]
    return None if isinstance(run.model, Unknown) else run.model.output


def _activation(output: Node) -> tuple[str | None, Place | None, int | None]:
    """Output activation, the place of the output layer, and its units on the class axis."""
    node = skip_upwards(output, PASSED)
    if node.op in ACTIVATIONS:
        layer = skip_upwards(node.inputs[0], PASSED) if node.inputs else node
        if layer is not node and output_width(layer) == 1 and not _over_classes(node):
            return None, node.place, None  # a softmax over another axis than that of the one unit
        return node.op, layer.place or node.place, _units(output, layer)
    if node.op in DENSE_MAPS or (node.op == "backbone" and node.attributes.get("ends") == "linear"):
        return "linear", node.place, _units(output, node)
    columns = output.shape[-1] if output.shape is not None and len(output.shape) == 2 else None
    return None, node.place, columns


def _inner(output: Node | None) -> tuple[str, Place | None]:
    """The activation between the last weights and the output activation, and its place; "" if there is none."""
    last = skip_upwards(output, PASSED) if output is not None else None
    if last is None or last.op not in ACTIVATIONS or not last.inputs:
        return "", None
    node = skip_upwards(last.inputs[0], PASSED)
    dense = node.op in ACTIVATIONS and bool(node.inputs) and skip_upwards(node.inputs[0], PASSED).op in DENSE_MAPS
    return (node.op, node.place) if dense else ("", None)


def _over_classes(node: Node) -> bool:
    axis = node.attributes.get("axis", -1)
    return axis in (-1, 1) or (node.shape is not None and axis == len(node.shape) - 1)


def _units(output: Node, layer: Node) -> int | None:
    units = output_width(layer)
    last = output.shape[-1] if output.shape else None
    if output.shape is not None and len(output.shape) > 2:
        return units
    return last if last is not None and len(output.shape or ()) == 2 else units


def matches(row: Row, fit: LossFit) -> bool:
    """Whether a row of a table applies."""
    return (
        any(loss in fit.losses for loss in row.losses)
        and ("any" in row.outputs or fit.activation in row.outputs or f"{fit.inner}>{fit.activation}" in row.outputs)
        and UNITS[row.units](fit)
        and any(LABELS[one](fit) if one in LABELS else fit.targets.labels == one for one in row.labels)
    )


def _padded(units: int, classes: int) -> bool:
    """Whether more units than classes are a habit: labels counted from 1, or a vocabulary padded to a multiple of 8."""
    return units == classes + 1 or (units % 8 == 0 and classes >= 100 and units - classes < 64)


def _compare(wanted: Callable[[int, int], bool]) -> Callable[[LossFit], bool]:
    return lambda fit: fit.units is not None and fit.targets.classes is not None and wanted(fit.units, fit.targets.classes)


UNITS: dict[str, Callable[[LossFit], bool]] = {
    "any": lambda fit: True,  # noqa: ARG005
    "1": lambda fit: fit.units == 1,
    "2": lambda fit: fit.units == 2,
    ">=2": lambda fit: fit.units is not None and fit.units >= 2,
    ">=3": lambda fit: fit.units is not None and fit.units >= 3,
    "=C": _compare(lambda units, classes: units == classes),
    "!=C": _compare(lambda units, classes: units != classes),
    "<C": _compare(lambda units, classes: units < classes),
    ">C": _compare(lambda units, classes: units > classes and not _padded(units, classes)),
}


NOISE_ON_LABELS = 0.15
"""Numbers that leave [0, 1] by less than this may be labels with the noise that the discriminators of GANs are trained on."""


def _noisy_labels(fit: LossFit) -> bool:
    return fit.targets.labels == "unknown" and not beyond(fit.targets, -NOISE_ON_LABELS, 1 + NOISE_ON_LABELS)


def _real(fit: LossFit) -> bool:
    """Whether the targets are real numbers: by their labels, else floats of known statistics."""
    data = fit.targets
    if (data.dtype or "").startswith(INTEGERS):
        return False
    known = data.known != "unknown" and data.second_moment is not None and (data.dtype or "").startswith("float")
    return data.labels == "continuous" or (data.labels == "unknown" and known)


def _standardized(fit: LossFit) -> bool:
    """Whether something is subtracted from the targets, or a scaler fitted on them: class numbers and indicators are not."""
    return any(name in ("subtract", "scale", "scaler", "normalize") for name, _, _ in fit.targets.steps)


def _beyond_01(fit: LossFit) -> bool:
    """Whole numbers, or -1 and 1, that are not all 0 or 1."""
    data = fit.targets
    whole = data.labels in ("int", "pm1") or (
        data.labels in ("unknown", "continuous") and ((data.dtype or "").startswith(INTEGERS) or two_valued(data))
    )
    return whole and beyond(fit.targets, 0.0, 1.0)


def _one_column(fit: LossFit) -> bool:
    shape = fit.targets.shape
    return shape is not None and (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1))


def _indices(fit: LossFit) -> bool:
    """One class number a row; 0 and 1 in one column count, unless the rank is not known."""
    return fit.targets.labels in ("int", "binary") and _one_column(fit)


def _one_target_a_row(fit: LossFit) -> bool:
    """Targets of one known column against an output of rank 2 or more (Keras aligns ranks only of width 1)."""
    shape, output = fit.targets.shape, fit.output_shape
    if shape is None or output is None or len(output) != 2 or not _one_column(fit) or _is_one_row(fit):
        return False
    return fit.keras is False or len(shape) == 2


def _of_several_columns(data: DataFacts) -> bool:
    """Whether a table of labels has two columns or more: by its shape, or as `pandas.get_dummies` of one column makes it."""
    if data.shape is not None and len(data.shape) == 2 and data.shape[1] is not None:
        return data.shape[1] >= 2
    return any(one.attributes.get("source") == "pandas.get_dummies" and one.op == "one_hot" for one in lineage(data.value))


def _are_indicators(fit: LossFit) -> bool:
    """Whether several classes of a row can be true; zeros and ones that are drawn at random stand in for labels of any kind."""
    return fit.targets.labels == "multihot" and getattr(fit.targets.value, "op", "") != "random"


def _are_class_numbers(fit: LossFit) -> bool:
    """Whether the targets are 0, 1, 2, ..., the numbers of three classes or more."""
    return fit.targets.labels == "int" and (fit.targets.classes or 0) >= 3 and fit.targets.low == 0


def _is_one_row(fit: LossFit) -> bool:
    """Whether an output of one row meets targets of as many numbers: they are compared one by one."""
    output, shape = fit.output_shape, fit.targets.shape
    return output is not None and shape is not None and output[0] == 1 and output[-1] == shape[0]


def _width_differs(fit: LossFit) -> bool:
    """Tables of targets and outputs with other numbers of columns, both above one."""
    shape, output = fit.targets.shape, fit.output_shape
    if shape is None or output is None or len(shape) != 2 or len(output) != 2 or shape[1] is None or output[1] is None:
        return False
    return shape[1] != output[1] and min(shape[1], output[1]) > 1


def _rank_differs(fit: LossFit) -> bool:
    """A target (N,) against an output (N, 1), with more than one row."""
    shape, output = fit.targets.shape, fit.output_shape
    return shape is not None and output is not None and len(shape) == 1 and len(output) == 2 and output[1] == 1 and shape[0] != 1


def _out_of_range(fit: LossFit) -> bool:
    if fit.targets.labels not in ("int", "pm1", "continuous") and not _real(fit):
        return False
    if fit.activation in CUT_OFF:
        return beyond(fit.targets, 0.0, math.inf)
    low, high = RANGES.get(fit.activation or "", (-math.inf, math.inf))
    return beyond(fit.targets, low, high)


LABELS: dict[str, Callable[[LossFit], bool]] = {
    "any": lambda fit: True,  # noqa: ARG005
    "beyond-unit": lambda fit: (
        _real(fit) and beyond(fit.targets, 0.0, 1.0) and not _noisy_labels(fit) and not two_valued(fit.targets)
    ),
    "within-unit": lambda fit: _real(fit) and not beyond(fit.targets, 0.0, 1.0),
    "indices": _indices,
    "onehot-int": lambda fit: fit.targets.labels == "onehot" and (fit.targets.dtype or "").startswith(INTEGERS),
    "onehot-wide": lambda fit: fit.targets.labels == "onehot" and _of_several_columns(fit.targets),
    "beyond-01": _beyond_01,
    "classes": _are_class_numbers,
    "class-numbers": lambda fit: _are_class_numbers(fit) and _one_column(fit) and not _is_one_row(fit),
    "rank-differs": _rank_differs,
    "width-differs": _width_differs,
    "multihot": _are_indicators,
    "own-inputs": lambda fit: fit.own_inputs and _width_differs(fit),
    "multihot-wide": lambda fit: _are_indicators(fit) and _width_differs(fit),
    "one-column": _one_target_a_row,
    "one-number": lambda fit: len(fit.targets.shape or ()) == 1 and len(fit.output_shape or ()) == 2 and not _is_one_row(fit),
    "out-of-range": _out_of_range,
    "measured": lambda fit: fit.targets.labels in ("continuous", "unknown") and (_real(fit) or _standardized(fit)),
    "real-or-open": lambda fit: fit.targets.labels in ("continuous", "unknown"),
}
