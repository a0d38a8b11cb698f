"""What the leaves of a graph hold: numbers, or the reason why none are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from trainlint.facts.graph import Node, walk
from trainlint.stability.twin.losses import LOSSES
from trainlint.stability.twin.operation import MAXIMUM_ELEMENTS, Attributes, NumbersUnknownError, RefusalError, Tensor
from trainlint.stability.twin.recurrent import RECURRENT, STATES

Supply: TypeAlias = "Callable[[Node], Tensor]"
"""Numbers for a data leaf that has none; raises `RefusalError` where none can be made up."""

SHIFTS, TARGETS = frozenset({"add", "subtract"}), frozenset({"mean_squared_error"})
"""Operations of whose unknown operand the curvature does not depend; of the second kind only the target may be unknown."""


def batched(root: Node) -> list[Node]:
    """The data leaves that mini-batches are drawn from."""
    return [node for node in walk(root) if node.op == "data" and node.attributes.get("batched")]


def by_rows(root: Node) -> list[Node]:
    """The data leaves of which each row is one example: those of mini-batches, else (full batch) all, if equally long."""
    leaves = [node for node in walk(root) if node.op == "data" and not is_scalar(node)]
    found = [node for node in leaves if node.attributes.get("batched")]
    if found:
        return found
    shapes = [node.shape if node.data is None else node.data.shape for node in leaves]
    lengths = {shape[0] if shape else -1 for shape in shapes} - {None}
    return leaves if len(lengths) == 1 and -1 not in lengths else []


def absent_targets(nodes: Sequence[Node], supply: Supply | None) -> set[int]:
    """Leaves without numbers that are only added to or subtracted from what is trained: targets, but not noise on inputs."""

    def unknown(node: Node) -> bool:
        leaf = node.op in ("data", "unknown", "input") and not node.inputs
        return leaf and node.data is None and (supply is None or node.op != "data")

    found = {id(node) for node in nodes if unknown(node)}
    behind = {one: {one} for one in found}  # the leaves behind each target: `y - mean` is as little known as y
    trained: set[int] = set()
    for node in nodes:
        if any(one.trainable for one in node.parameters) or any(id(one) in trained for one in node.inputs):
            trained.add(id(node))
        missing: set[int] = set().union(*(behind.get(id(one), ()) for one in node.inputs))
        known = [one for one in node.inputs if id(one) not in behind]
        if not missing or (node.op in TARGETS and known == list(node.inputs[:1])):
            continue
        if node.op not in SHIFTS or len(node.inputs) != 2:
            found -= missing
        elif not any(id(one) in trained for one in known):
            behind[id(node)] = missing
    return found - behind.get(id(nodes[-1]), set()) if nodes else found


def is_scalar(node: Node) -> bool:
    """Whether a leaf is one number of the script, not data."""
    return node.op == "data" and node.data is not None and node.data.ndim == 0


def settled_attributes(node: Node, aligns: bool, still: bool) -> Attributes:
    """The attributes of a node, with what the rows need to know beside them.

    `aligns` (Keras) is passed to losses; `still` says that no weight reaches the inputs, whose gradient nobody needs then.
    """
    found = dict(node.attributes)
    if node.op == "power" and "exponent" not in found and len(node.inputs) > 1:
        exponent = node.inputs[1].data
        if node.inputs[1].op == "data" and exponent is not None and exponent.size == 1:
            found["exponent"] = float(exponent.reshape(-1)[0])
    if node.op == "getitem" and found.get("part") == "hidden" and node.inputs:
        found["index"] = _last_step(node.inputs[0])
    if aligns and node.op in LOSSES:
        found["aligns"] = True
    if still:
        found["still"] = True
    return found


def needs_states(node: Node) -> bool:
    """Whether a node is a recurrent layer's last states, of which its outputs do not have all (`recurrent`, `result`)."""
    part = node.attributes.get("part")
    layer = node.inputs[0] if len(node.inputs) == 1 and node.op == "getitem" else None
    if layer is None or layer.op not in RECURRENT or layer.op.endswith("_cell") or part not in STATES:
        return False
    return part == "cell" or _last_step(layer) is None


def states(node: Node) -> Node:
    """The layer that gives such states, in place of the subscript."""
    layer = node.inputs[0]
    return replace(layer, attributes={**layer.attributes, "result": node.attributes["part"]}, shape=node.shape)


def _last_step(layer: Node) -> tuple[object, ...] | None:
    """PyTorch's `h_n` as a subscript of all outputs: the last one, below a first axis for levels and directions of one each."""
    known = layer.attributes
    if known.get("bidirectional") is True or known.get("num_layers", 1) != 1 or known.get("return_sequences") is not True:
        return None
    return (None, -1) if known.get("batch_first") is False else (None, slice(None), -1)


HIDDEN = -1e30
"""Stands for the minus infinity that masks add to scores: its exponential is zero as well, but it has differences."""


def numbers_of(values: object, *, masks: bool = False) -> Tensor:
    """The entries of a leaf in float64; refuses what is not numeric, not finite (in `masks` -inf is `HIDDEN`) or too large."""
    if values is None:
        raise NumbersUnknownError("the numbers of the data are not known")
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise RefusalError("the data is not numeric")
    if not array.size:
        raise RefusalError("the data is empty")
    if array.size > MAXIMUM_ELEMENTS:
        raise RefusalError("the data is too large to be repeated here")
    found = array.astype(np.float64)
    if masks:
        found[found == -np.inf] = HIDDEN
    if not np.isfinite(found).all():
        raise RefusalError("the data has entries that are not finite")
    return found
