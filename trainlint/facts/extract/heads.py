"""The outputs of a Keras model with their losses and labels: each as a run of its own, and all in the loss that is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from trainlint.core import Place, Unknown
from trainlint.facts.extract.data import data_facts
from trainlint.facts.extract.losses import loss_facts, loss_node_parts
from trainlint.facts.extract.lower import Lowering
from trainlint.facts.extract.models import model_facts
from trainlint.facts.extract.scalars import items_of
from trainlint.facts.graph import Node
from trainlint.facts.run import TrainingRun
from trainlint.interpret import values as v
from trainlint.interpret.keras.outputs import MAXIMUM_OUTPUTS, names_of, part_of


class Heads(NamedTuple):
    """The outputs of a model as the interpreter has them, their nodes in that order, and what `fit` and `compile` say of them.

    `written` holds what losses of the script compute.
    """

    outputs: v.Value
    nodes: tuple[Node, ...]
    targets: v.Value | None
    weights: v.Value | None
    written: v.Value | None = None


def heads_of(run: TrainingRun, of: Heads, loss: v.Value | None, place: Place | None) -> tuple[TrainingRun, ...]:
    """The runs of the outputs of a model: lists go by position, dicts by the names of the output layers, one loss is for all."""
    names, nodes = names_of(of.outputs), of.nodes
    if len(names) != len(nodes) or not 1 < len(nodes) <= MAXIMUM_OUTPUTS:
        return ()
    heads: list[TrainingRun] = []
    for index, node in enumerate(nodes):
        own = part_of(loss, index, names, shared=True)
        facts = loss_facts(own, run.era) if own is not None else Unknown("no loss is given")
        if isinstance(facts, Unknown) or node.op == "unknown":
            continue
        data = data_facts(part_of(of.targets, index, names, shared=False))
        found = replace(facts, place=facts.place or place)
        model = model_facts(node, getattr(run.model, "place", None), "")
        heads.append(replace(run, loss=found, model=model, targets=data, loss_graph=None, heads=()))
    return tuple(heads)


def loss_of_heads(lowering: Lowering, heads: Heads, loss: v.Value, sample_weights: str) -> Node | None:
    """The sum of the outputs' losses, each times its entry of `loss_weights`; None where one of them is not known.

    An output with None for its loss has none. With `sample_weights` (the argument's name) each loss is `custom`.
    """
    names, targets, weights = names_of(heads.outputs), heads.targets, heads.weights
    if len(names) != len(heads.nodes) or not 1 < len(names) <= MAXIMUM_OUTPUTS or not _names_all(loss, names):
        return None
    total: Node | None = None
    for index, node in enumerate(heads.nodes):
        own = part_of(loss, index, names, shared=True)
        if isinstance(own, v.Literal) and own.value is None:
            continue
        labels = part_of(targets, index, names, shared=False)
        factor = v.Literal(1.0) if _none(weights) else part_of(weights, index, names, shared=False)
        if own is None or labels is None or factor is None:
            return None
        computed = part_of(heads.written, index, names, shared=False)
        if isinstance(computed, v.Array):
            one = mean_of(lowering.lower(computed), sample_weights)
        else:
            one = loss_node(lowering, own, node, labels, sample_weights)
        one = weighted(lowering, one, factor)
        total = one if total is None else Node("add", (total, one), {}, shape=(), place=one.place)
    return total


def loss_node(lowering: Lowering, loss: v.Value, prediction: Node, labels: v.Value, sample_weights: str) -> Node:
    """A library's loss of one output."""
    op, attributes = loss_node_parts(loss, {}, lowering.era)
    if sample_weights:
        op, attributes = "custom", {**attributes, "name": op, "weighted": sample_weights}
    return Node(op, aligned(prediction, lowering.lower(labels)), attributes, shape=(), place=getattr(loss, "place", None))


def mean_of(written: Node, sample_weights: str) -> Node:
    """What Keras makes of a loss function of the script: the mean of the values that it gives for the samples."""
    if written.shape == () or written.op == "unknown":
        return written
    if sample_weights:
        return Node("custom", (written,), {"name": "loss", "weighted": sample_weights}, shape=(), place=written.place)
    return Node("mean", (written,), {}, shape=(), place=written.place)


def weighted(lowering: Lowering, loss: Node, factor: v.Value | None) -> Node:
    """A loss times its entry of `loss_weights`."""
    if _none(factor) or (isinstance(factor, v.Literal) and factor.value == 1):
        return loss
    return Node("multiply", (lowering.lower(factor), loss), {}, shape=(), place=loss.place)


def only_weight(weights: v.Value | None) -> v.Value | None:
    """What `loss_weights` gives the loss of a model with one output: a number, or a list or dict of one."""
    held = tuple(weights.cells.values()) if isinstance(weights, v.Dict) else items_of(weights)
    return weights if held is None else held[0] if len(held) == 1 else None


def _none(value: v.Value | None) -> bool:
    return value is None or (isinstance(value, v.Literal) and value.value is None)


def _names_all(loss: v.Value, names: Sequence[str]) -> bool:
    """Whether a dict of losses names every output, as Keras asks."""
    return not isinstance(loss, v.Dict) or {str(key) for key in loss.cells} == set(names)


def aligned(prediction: Node, target: Node) -> tuple[Node, Node]:
    """Prediction and target of one rank, as Keras makes them (`squeeze_or_expand_to_same_rank`).

    If the ranks differ by one and the longer one ends in an axis of extent 1, that axis is squeezed, or given to the shorter
    one if that is a vector.
    """
    left, right = prediction.shape, target.shape
    if left is None or right is None or abs(len(left) - len(right)) != 1:
        return prediction, target
    longer, shorter = (prediction, target) if len(left) > len(right) else (target, prediction)
    if longer.shape is None or shorter.shape is None or longer.shape[-1] != 1:
        return prediction, target
    if len(shorter.shape) == 1:
        changed = Node("expand_dims", (shorter,), {"axis": -1}, shape=(*shorter.shape, 1), place=shorter.place)
        return (prediction, changed) if shorter is target else (changed, target)
    changed = Node("squeeze", (longer,), {"axis": -1}, shape=longer.shape[:-1], place=longer.place)
    return (changed, target) if longer is prediction else (prediction, changed)
