"""The loss of a run: a library's by its row, one written by hand by the shape of its graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainlint.core import Place, Unknown
from trainlint.facts.extract.cross_entropy import written_entropy
from trainlint.facts.extract.scalars import items_of, passed, plain, plain_setting
from trainlint.facts.graph import Node, walk
from trainlint.facts.queries import constant_factor, scalar
from trainlint.facts.run import LossFacts
from trainlint.interpret import values as v
from trainlint.knowledge import find

TAKES_LOGITS: Mapping[str, bool] = {
    "cross_entropy": True,
    "binary_cross_entropy_with_logits": True,
    "softmax_cross_entropy_with_logits": True,
    "sparse_softmax_cross_entropy_with_logits": True,
    "binary_crossentropy": False,
    "categorical_crossentropy": False,
    "sparse_categorical_crossentropy": False,
}
"""What losses expect of the prediction where no `from_logits` says otherwise; a loss that is not here has no such notion."""

MEAN = frozenset({"mean", "auto", "sum_over_batch_size", "elementwise_mean", "mean_with_sample_weight", "sum_by_nonzero_weights"})
"""Names under which libraries average over the batch."""

DETAILS = (
    *("delta", "beta", "label_smoothing", "margin", "pos_weight", "weight", "ignore_index", "alpha", "gamma", "log_input"),
    "unclipped",
)
"""Settings of losses that change their value."""

WEIGHTS = ("weight", "pos_weight")
MAXIMUM_DIFFERENCES = 50
MAXIMUM_NAMED = 8
LOSS_MAKERS = ("loss", "loss_function", "function", "operation")
PASSED_THROUGH = frozenset({"reshape", "squeeze", "cast", "linear"})
LOSS_OPS = frozenset(
    {
        "mean_squared_error", "mean_absolute_error", "huber", "smooth_l1", "binary_crossentropy", "categorical_crossentropy",
        "sparse_categorical_crossentropy", "cross_entropy", "binary_cross_entropy_with_logits", "nll", "kl_divergence", "hinge",
        "squared_hinge", "categorical_hinge", "poisson", "log_cosh", "ctc", "cosine_similarity_loss", "gaussian_nll",
        "mean_squared_logarithmic_error", "mean_absolute_percentage_error", "soft_margin", "multi_margin", "margin_ranking",
        "triplet_margin", "hinge_embedding", "cosine_embedding", "multilabel_margin", "multilabel_soft_margin",
        "softmax_cross_entropy_with_logits", "sparse_softmax_cross_entropy_with_logits", "dice", "focal",
        "binary_focal_crossentropy", "categorical_focal_crossentropy",
    }
)  # fmt: skip
"""Operations of a graph that are a library's loss."""


def loss_facts(value: v.Value | None, era: str) -> LossFacts | Unknown:
    """The loss that a value stands for: a library object, function or name, or `custom` for a function of the script."""
    place: Place | None = getattr(value, "place", None)
    if value is None or (isinstance(value, v.Literal) and value.value is None):
        return Unknown("no loss is given", place)
    if isinstance(value, v.Unknown):
        return Unknown(value.why, place)
    if isinstance(value, v.Choice):
        return Unknown("the loss depends on a branch", place)
    if isinstance(value, v.Object) and value.row.makes not in LOSS_MAKERS:
        return Unknown(f"a {value.row.makes} stands where the loss belongs", place)
    if isinstance(value, v.List | v.Tuple | v.Dict):
        return _of_outputs(value, era, place)
    name = _kind(value)
    if name is None:
        return LossFacts("custom", "unknown", None, place)
    return LossFacts(name, *_settings(name, value, era), place)


def _of_outputs(value: v.Value, era: str, place: Place | None) -> LossFacts | Unknown:
    """The loss that all outputs share; outputs without one do not count."""
    held = tuple(value.cells.values()) if isinstance(value, v.Dict) else items_of(value)
    items = [one for one in held or () if not (isinstance(one, v.Literal) and one.value is None)]
    found = [loss_facts(one, era) for one in items if not isinstance(one, v.List | v.Tuple | v.Dict)]
    named = [one for one in found if isinstance(one, LossFacts)]
    if not named or len(named) != len(items):
        return Unknown("each output has a loss of its own", place)
    if len({(one.name, one.reduction, one.from_logits) for one in named}) == 1:
        return named[0]
    return Unknown(f"each output has a loss of its own: {', '.join(one.name for one in named[:MAXIMUM_NAMED])}", place)


def _kind(value: v.Value) -> str | None:
    """The canonical name of a library's loss."""
    if isinstance(value, v.Object):
        return value.row.kind
    if isinstance(value, v.Symbol):
        row = find(value.name)
        return row.kind if row is not None else None
    if isinstance(value, v.Literal) and isinstance(value.value, str):
        row = find(f"keras.losses.{value.value}")
        return row.kind if row is not None else None
    return None


def _settings(name: str, value: object, era: str) -> tuple[str, bool | None]:
    """Reduction and from_logits of a library's loss."""
    from_logits = TAKES_LOGITS.get(name)
    if not isinstance(value, v.Object):
        return "mean", from_logits
    if from_logits is not None and value.row.parameter("from_logits") is not None:
        written = plain_setting(value, era, "from_logits")
        from_logits = written if isinstance(written, bool) else None if isinstance(written, Unknown) else from_logits
    return reduction_of(value, era), from_logits


def reduction_of(loss: v.Object, era: str) -> str:
    """mean, sum, none or unknown; PyTorch's old `size_average` and `reduce` count (torch.nn._reduction)."""
    for name, meaning in (("reduce", "none"), ("size_average", "sum")):
        held = passed(loss, name)
        if isinstance(held, v.Literal) and held.value is False:
            return meaning
    written = plain_setting(loss, era, "reduction")
    if isinstance(written, Unknown):
        return "unknown"
    if written is None:
        return "mean" if passed(loss, "reduction") is None else "none"
    name = str(written).lower()
    return "mean" if name in MEAN else name if name in ("sum", "none") else "unknown"


def loss_node_parts(loss: object, attributes: Mapping[str, Any], era: str) -> tuple[str, dict[str, Any]]:
    """Operation and attributes of a library loss as a node; one whose settings weight the samples is `custom`.

    `reduction` is as in `LossFacts`, but a Keras "sum" is "sum_over_batch": the sum over the batch of each sample's mean. Keras
    losses have `aligns`: ranks are made equal, probabilities clipped to its epsilon, and "none" averages over the last axis.
    """
    if not isinstance(loss, v.Object):
        kind = _kind(loss) if isinstance(loss, v.Symbol | v.Literal) else None
        if kind is None:
            return "custom", {"name": "loss"}
        found = {key: value for key, value in attributes.items() if key != "loss" and not isinstance(value, v.Unknown)}
        return kind, {"reduction": "mean", "from_logits": TAKES_LOGITS.get(kind), "aligns": True, **found}
    kind = loss.row.kind
    reduction, from_logits = _settings(kind, loss, era)
    if reduction == "sum" and loss.row.library != "torch":
        reduction = "sum_over_batch"
    parts: dict[str, Any] = {"reduction": reduction, "from_logits": from_logits}
    if loss.row.library == "keras":
        parts["aligns"] = True
    for name in DETAILS:
        held = passed(loss, name)
        if held is None and loss.row.parameter(name) is not None:
            held_plain = plain_setting(loss, era, name)
        else:
            held_plain = None if held is None else plain(held)
        if held_plain is not None:
            parts[name] = held_plain
    if any(name in parts for name in WEIGHTS):
        return "custom", {"name": kind, **parts}
    return kind, parts


def loss_of_node(node: Node) -> str:
    """The library's loss that a node is, also one that weights its samples; "" if it is something else."""
    name = node.attributes.get("name") if node.op == "custom" else node.op
    return name if isinstance(name, str) and name in LOSS_OPS and len(node.inputs) >= 2 else ""


def loss_of_graph(root: Node, place: Place | None) -> LossFacts | Unknown:
    """The loss that a differentiated scalar computes: one library loss in it, or a squared or absolute error written out."""
    if root.op == "unknown":
        return Unknown(str(root.attributes.get("why", "the loss could not be followed")), place)
    named = [node for node in walk(root) if loss_of_node(node)]
    kinds = {loss_of_node(node) for node in named}
    if len(kinds) == 1:
        node = named[-1]
        reduction = str(node.attributes.get("reduction", "unknown"))
        reduction = _outer_reduction(root, node) if reduction == "none" else "sum" if reduction == "sum_over_batch" else reduction
        return LossFacts(loss_of_node(node), reduction, node.attributes.get("from_logits"), node.place or place)
    if not kinds:
        found = _by_hand(root)
        if found is not None:
            return LossFacts(*found, None, root.place or place)
        entropy = written_entropy(root)
        if entropy is not None:
            return LossFacts(entropy.name, entropy.reduction, False, entropy.place or place)
    return LossFacts("custom", _outer_reduction(root, None), None, place)


def peeled(node: Node) -> Node:
    """The node above constant factors and reshapings."""
    while True:
        factor = constant_factor(node)
        if factor is not None:
            node = factor.operand
        elif node.op in PASSED_THROUGH and node.inputs:
            node = node.inputs[0]
        else:
            return node


def _outer_reduction(root: Node, inner: Node | None) -> str:
    """The reductions between the scalar and the unreduced loss: mean, sum, or unknown for anything else."""
    node, found = peeled(root), set()
    while node.op in ("mean", "sum") and node.inputs:
        found.add(node.op)
        node = peeled(node.inputs[0])
        if node is inner:
            break
    return "sum" if "sum" in found else "mean" if found else "unknown"


def _by_hand(root: Node) -> tuple[str, str] | None:
    """Name and reduction of a squared or absolute error that is written out, a penalty beside it allowed; None otherwise."""
    node = peeled(root)
    if node.op == "add":
        found = [one for one in map(_by_hand, node.inputs[:2]) if one is not None]
        return found[0] if len(found) == 1 else None
    reductions = []
    while node.op in ("mean", "sum") and node.inputs:
        reductions.append(node.op)
        node = peeled(node.inputs[0])
    name = _error_name(node)
    if name is None or peeled(node.inputs[0]).op != "subtract" or (not reductions and root.shape not in ((), (1,), (1, 1))):
        return None
    return name, "sum" if "sum" in reductions else "mean"


def _error_name(node: Node) -> str | None:
    """Which error an elementwise operation on a difference is."""
    if not node.inputs:
        return None
    if node.op == "abs":
        return "mean_absolute_error"
    squares = node.op == "square" or (node.op == "power" and _exponent(node) == 2)
    squares = squares or (node.op == "multiply" and len(node.inputs) == 2 and node.inputs[0] is node.inputs[1])
    return "mean_squared_error" if squares else None


def _exponent(node: Node) -> float | None:
    written = node.attributes.get("exponent")
    if isinstance(written, int | float):
        return float(written)
    return scalar(node.inputs[1]) if len(node.inputs) == 2 else None


SYMMETRIC = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "smooth_l1"})
"""Losses of a difference, which scripts give the target first and lose nothing."""


def prediction_and_target(root: Node) -> tuple[Node, Node] | None:
    """Prediction and target of the loss in a graph: the inputs of its library loss, or of what is written by hand.

    Of a difference the side that reaches a weight is the prediction. Of several losses (of real and of made-up samples) it is
    the last whose prediction comes from the mini-batch.
    """
    nodes = [node for node in walk(root) if loss_of_node(node)]
    if nodes:
        chosen = next((node for node in reversed(nodes) if len(nodes) > 1 and _sees_batch(node.inputs[0])), nodes[-1])
        first, second = chosen.inputs[:2]
        exchanged = chosen.op in SYMMETRIC and _reaches_weight(second) and not _reaches_weight(first)
        return (second, first) if exchanged else (first, second)
    entropy = written_entropy(root)
    if entropy is not None:
        return entropy.prediction, entropy.target
    differences = [node for node in walk(root) if node.op == "subtract" and len(node.inputs) == 2]
    for node in reversed(differences[-MAXIMUM_DIFFERENCES:]):
        left, right = node.inputs
        sides = [_reaches_weight(side) for side in (left, right)]
        if sides == [True, False]:
            return left, right
        if sides == [False, True]:
            return right, left
    return None


def _reaches_weight(side: Node) -> bool:
    return any(one.parameters for one in walk(side))


def _sees_batch(prediction: Node) -> bool:
    return any(one.attributes.get("batched") is True for one in walk(prediction))
