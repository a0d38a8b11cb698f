"""Axes of the output: softmax over the batch instead of the classes, classes on another axis than the loss looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Edit, Fact, Place
from trainlint.facts.graph import Node, walk
from trainlint.facts.queries import DENSE_MAPS, RESHAPING, output_width, root_of, scalar, skip_upwards, trainable
from trainlint.facts.run import TrainingRun

RECURRENT = frozenset({"lstm", "gru", "simple_rnn", "attention"})
AROUND_PREDICTION = RESHAPING | {"clip", "maximum", "minimum", "log", "negative", "exp"}
ZERO_AXIS = re.compile(r"((?:\b(?:dim|axis)\s*=\s*)|(?:[,(]\s*))(0)(\s*\)\Z|\s*,[^()]*\)\Z)")


class WrongAxis(NamedTuple):
    """A softmax or a loss that works along the wrong axis: what happens, where, and the edits that mend it."""

    effect: str
    place: Place
    edits: tuple[Edit, ...]
    numbers: dict[str, float]


def wrong_axes(run: TrainingRun) -> Iterator[WrongAxis]:
    """What of a run's output works along the wrong axis."""
    root = root_of(run)
    if root is None:
        return
    for prediction in _predictions(run, root):
        node = _softmax_of(prediction)
        if node is not None and node.place is not None and _over_batch(node, run):
            yield _over_the_batch(node, node.place)
        elif node is None:
            yield from _classes_last(run, root)
        return


def _predictions(run: TrainingRun, root: Node) -> Iterator[Node]:
    """What the loss is computed on."""
    from trainlint.facts.extract.losses import prediction_and_target

    found = prediction_and_target(run.loss_graph) if run.loss_graph is not None else None
    yield found[0] if found is not None else root


def _softmax_of(prediction: Node) -> Node | None:
    """The softmax between the last layer and the loss, also one that is written out."""
    node = prediction
    while node.op not in ("softmax", "log_softmax"):
        shifted = node.op in ("add", "subtract") and len(node.inputs) == 2 and scalar(node.inputs[1]) is not None
        if not node.inputs or not (shifted or node.op in AROUND_PREDICTION):
            return None
        node = node.inputs[0]
    return node


def _over_batch(node: Node, run: TrainingRun) -> bool:
    """Whether a softmax surely works along the axis of the samples."""
    axis, shape = node.attributes.get("axis"), node.shape
    if not isinstance(axis, int) or isinstance(axis, bool):
        return False
    layer = skip_upwards(node.inputs[0], RESHAPING - {"input"})
    if layer.op not in DENSE_MAPS or not trainable(layer) or output_width(layer) == 1:
        return False
    below = list(walk(node))
    moved = any(one.op in RECURRENT or one.op == "transpose" for one in below)
    if shape is None:
        drawn = any(one.op == "data" and one.attributes.get("batched") is True for one in below)
        return axis == 0 and drawn and not moved and layer is node.inputs[0]
    samples = run.inputs.samples
    rows = run.batch_size.value if isinstance(run.batch_size, Fact) else None
    batch = shape[0] is None or (shape[0] in (samples, rows) and shape[0] != shape[-1])
    return len(shape) >= 2 and axis in (0, -len(shape)) and batch and not (moved and len(shape) > 2)


def _over_the_batch(node: Node, place: Place) -> WrongAxis:
    classes = node.shape[1] if node.shape is not None and len(node.shape) > 1 else output_width(node.inputs[0])
    units = f"the {classes} units" if classes else "the units"
    name = node.op.replace("log_softmax", "log-softmax")
    effect = (
        f"{name} along axis 0 compares the samples of a batch with each other, not {units} of one sample: the outputs of one "
        f"sample do not sum to 1 and change with the rest of the batch. Use the last axis"
    )
    return WrongAxis(effect, place, _last_axis(place), {"axis": 0.0, **({"classes": float(classes)} if classes else {})})


def _last_axis(place: Place) -> tuple[Edit, ...]:
    """The 0 of `dim=0`, `axis=0` or `softmax(x, 0)` replaced by -1."""
    text = getattr(place, "text", "")
    found = ZERO_AXIS.search(text)
    if found is None or "\n" in text or "softmax" not in text.lower():
        return ()
    return (Edit(place.span, f"{text[: found.start(2)]}-1{text[found.end(2) :]}"),)


def _classes_last(run: TrainingRun, root: Node) -> Iterator[WrongAxis]:
    """PyTorch's CrossEntropyLoss on a Linear's output of more than two axes: the classes are on the last, not the second."""
    for loss in walk(root):
        if loss.op not in ("cross_entropy", "nll") or len(loss.inputs) < 2 or run.framework != "torch" or loss.place is None:
            continue
        shape, target = loss.inputs[0].shape, loss.inputs[1].shape
        layer = skip_upwards(loss.inputs[0], frozenset({"cast", "dropout", "log_softmax", "relu", "linear"}))
        if shape is None or len(shape) < 3 or layer.op != "dense" or layer.shape != shape or shape[1] == shape[-1]:
            continue
        if target is None or target[1:] != shape[1:-1] or target[1:] == shape[2:] or None in target[1:]:
            continue  # targets that fit the second axis as classes are meant so
        steps = shape[1] if shape[1] is not None else "T"
        effect = (
            f"classes are looked for on the second axis of the output (N, {steps}, {shape[-1]}), where the {steps} steps stand: "
            f"raises. Move the {shape[-1]} classes there with transpose(1, 2), or flatten the steps"
        )
        yield WrongAxis(effect, loss.place, (), {"classes": float(shape[-1] or 0)})
