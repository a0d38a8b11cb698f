"""What stands where in a network: dropout on the output, softmax and sigmoids inside, layers that are frozen or not adapted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trainlint.core import Fact, Place, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.passes import moves_own_tensors, owner_of
from trainlint.facts.queries import (
    AVERAGING,
    DENSE_MAPS,
    NORMALIZERS,
    RESHAPING,
    TRAINABLE_LAYERS,
    input_width,
    output_width,
    trainable,
    users_of,
)
from trainlint.facts.registration import descendants, has_weights, is_module
from trainlint.facts.run import TrainingRun
from trainlint.facts.scaling import RECURRENT
from trainlint.interpret.subscripts import takes_all
from trainlint.interpret.values import Instance, Literal, Object, Value

ACTIVATED = frozenset({"relu", "sigmoid", "tanh", "softmax", "log_softmax", "leaky_relu", "elu", "gelu", "swish", "softplus"})
SLOPES = {"sigmoid": 0.25, "tanh": 0.42}
"""The share of a gradient that an activation passes: sigmoid at most 1/4, tanh 0.42 on average for unit inputs."""
POOLS = frozenset({"max_pool", "global_max_pool", "global_average_pool"})


def output_of(run: TrainingRun) -> Node | None:
    """The model's output node, where it is known."""
    return None if isinstance(run.model, Unknown) else run.model.output


def dropout_on_output(run: TrainingRun) -> Node | None:
    """The dropout between the last layer with weights and the loss."""
    node, found = output_of(run), None
    while node is not None and node.inputs:
        if node.op == "dropout":
            found = node
        elif node.op not in ACTIVATED | RESHAPING:
            break
        node = node.inputs[0]
    last = node is not None and node.op in DENSE_MAPS and trainable(node)
    return found if last else None


def softmax_inside(run: TrainingRun) -> Iterator[Node]:
    """Softmaxes of dense layers, convolutions or the states of recurrent layers whose every way on is a dense layer.

    Also over the sums of a residual network; not over a sum of softmaxes (a mean of predictions).
    """
    root = output_of(run)
    if root is None:
        return
    users = users_of(root)
    for node in walk(root):
        of_states = node.op in RECURRENT and node.attributes.get("activation") == "softmax" and trainable(node)
        plain = node.op == "softmax" and bool(node.inputs) and node.inputs[0].op in DENSE_MAPS and trainable(node.inputs[0])
        if not of_states and not plain:
            continue
        if _feeds_layers(node, users):
            yield node


ON_THE_WAY = RESHAPING | AVERAGING | POOLS | {"softmax"}


def _feeds_layers(node: Node, users: Mapping[int, tuple[Node, ...]]) -> bool:
    """Whether a node's output reaches only layers with weights, on each way and over residual sums."""
    waiting, seen = [node], {id(node)}
    while waiting:
        following = users.get(id(waiting.pop()), ())
        if not following:
            return False
        for below in following:
            if below.op in DENSE_MAPS and trainable(below):
                continue
            joins = below.op == "add" and not any(_is_share(other) for other in below.inputs if id(other) not in seen)
            if not joins and below.op not in ON_THE_WAY:
                return False
            if id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)
    return True


def _is_share(node: Node) -> bool:
    """Whether a node is a softmax itself, or a constant."""
    while node.inputs and node.op in RESHAPING | AVERAGING:
        node = node.inputs[0]
    return node.op in ("softmax", "parameter") or (node.op == "data" and not node.attributes.get("batched"))


class Saturating(NamedTuple):
    """A stack of saturating layers: how many, of what, and the estimated share of the gradient that reaches the first."""

    activation: str
    layers: int
    share: float
    first: Node


def saturating_stack(run: TrainingRun) -> Saturating | None:
    """Three or more sigmoid (eight tanh) layers in a row, behind which the gradient of the first is below 1/1000."""
    root = output_of(run)
    if root is None:
        return None
    for op, least in (("sigmoid", 3), ("tanh", 8)):
        chain = _longest(root, op)
        if len(chain) >= least:
            share = math.prod(SLOPES[op] * _gain(node.inputs[0]) for node in chain)
            if share < 1e-3:
                return Saturating(op, len(chain), share, chain[0])
    return None


def _longest(root: Node, op: str) -> list[Node]:
    """The activations of one kind on the straight path to the output, the first layer's first; norms and forks end it."""
    chain: list[Node] = []
    node = root
    hidden = False
    while node.inputs:
        if node.op == op and hidden and node.inputs[0].op in DENSE_MAPS:
            chain.append(node)
        elif node.op in NORMALIZERS or node.op in TRAINABLE_LAYERS - DENSE_MAPS or len(node.inputs) > 1:
            break
        hidden = hidden or node.op in DENSE_MAPS
        node = node.inputs[0]
    return list(reversed(chain))


def _gain(node: Node) -> float:
    """How a layer scales a gradient on its way back: the root of (units x variance of the kernel), Glorot's where unknown."""
    width, entering = output_width(node), input_width(node)
    kind = node.parameters[0].initializer.kind if node.parameters else ""
    if width is None or entering is None or not entering:
        return 1.0
    if kind == "torch_default":
        return math.sqrt(width / (3 * entering))
    return math.sqrt(2 * width / (width + entering))


def never_adapted(run: TrainingRun) -> Iterator[Node]:
    """Keras `Normalization` layers of a trained model that have no mean and variance."""
    root = output_of(run)
    loaded = any(event.kind == "set_weights" for event in run.events)
    for node in walk(root) if root is not None and not loaded else ():
        if node.op == "normalization" and not node.attributes.get("adapted") and node.attributes.get("mean") is None:
            yield node


def all_is_frozen(run: TrainingRun) -> bool:
    """Whether the loss has weights and the optimizer may move none of them."""
    if _model_is_frozen(run) or _optimizer_holds_frozen(run):
        return True
    if any(moves_own_tensors(event.values.get("optimizer")) for event in run.events if event.kind == "step"):
        return False
    root = output_of(run)
    nodes = list(walk(root)) if root is not None else []
    parts = ("unknown", "custom", "backbone", "gradient")  # a gradient depends on all weights of its loss
    open_parts = [node for node in nodes if node.op in parts and not node.attributes.get("frozen")]
    if root is None or open_parts or run.refrozen:
        return False
    parameters = [one for node in nodes for one in node.parameters]
    return bool(parameters) and not any(one.trainable for one in parameters)


def _is_false(value: Value | None) -> bool:
    return isinstance(value, Literal) and value.value is False


def _model_is_frozen(run: TrainingRun) -> bool:
    """Whether a Keras model is frozen as a whole when it is compiled, and nothing is thawed after that."""
    compiled = next((event for event in run.events if event.kind == "compile"), None)
    sets = [event for event in run.events if event.kind in ("set_attribute", "set_member") and event.place is not None]
    model = compiled.values.get("model") if compiled is not None else None
    own = [at for at, event in enumerate(sets) if event.values.get("target") is model]
    if model is None or compiled is None or not own:
        return False
    since = sets[own[-1] :]
    certain = [frame for frame in since[0].frames if frame.kind in ("branch", "loop")] == [
        frame for frame in compiled.frames if frame.kind in ("branch", "loop")
    ]
    return certain and all(_is_false(event.values.get("value")) for event in since)


def _optimizer_holds_frozen(run: TrainingRun) -> bool:
    """Whether all modules whose parameters a PyTorch optimizer holds were frozen before it was made."""
    step = next((event for event in run.events if event.kind == "step"), None)
    optimizer = step.values.get("optimizer") if step is not None else None
    owner = owner_of(optimizer) if isinstance(optimizer, Object) else None
    if not isinstance(owner, Object | Instance) or not isinstance(optimizer, Object) or not is_module(owner):
        return False
    modules = [one for _, one in descendants(owner)]
    held = [one.cells.get("requires_grad") for one in modules]
    weights = any(has_weights(one) for one in modules)
    return weights and all(_is_false(one) and _stands_before(one, optimizer.place) for one in held)


def _stands_before(value: Value | None, place: Place | None) -> bool:
    own = value.place.span if isinstance(value, Literal) and value.place is not None else None
    return own is not None and place is not None and own.filename == place.span.filename and own.row < place.span.row


def batch_taken_for_time(run: TrainingRun) -> Iterator[tuple[Node, Place | None]]:
    """PyTorch's recurrent layers without `batch_first` that get samples first.

    They get the mini-batch of a loader as it comes, or their last step is taken along the second axis (then that place).
    """
    root = output_of(run)
    found: dict[int, tuple[Node, Place | None]] = {}
    for node in walk(root) if root is not None and run.framework == "torch" else ():
        if node.op == "getitem" and node.inputs and _takes_last_of_second(node) and _has_time_first(node.inputs[0]):
            found[id(node.inputs[0])] = (node.inputs[0], node.place)
        if not _has_time_first(node) or not node.inputs:
            continue
        above = node.inputs[0]
        while above.op == "cast" and above.inputs:
            above = above.inputs[0]
        axes = above.shape or ()
        single = axes[1:2] == (1,) and isinstance(run.batch_size, Fact) and run.batch_size.value == 1  # both axes are 1 long
        if above.op == "data" and above.attributes.get("batched") is True and len(axes) == 3 and not single:
            found.setdefault(id(node), (node, None))
    yield from found.values()


def samples_taken_for_steps(run: TrainingRun) -> Iterator[Place]:
    """Where the last sample of a batch is taken, `output[-1]`, of recurrent layers with `batch_first=True` that get batches."""
    root = output_of(run)
    for node in walk(root) if root is not None and run.framework == "torch" else ():
        layer = node.inputs[0] if node.op == "getitem" and node.inputs else None
        if layer is None or layer.op not in ("lstm", "gru", "simple_rnn") or "output" in layer.attributes or node.place is None:
            continue
        index = node.attributes.get("index")
        last = isinstance(index, tuple) and len(index) == 1 and type(index[0]) is int and index[0] == -1
        above = tuple(walk(layer))
        batches = any(one.op == "data" and one.attributes.get("batched") is True for one in above)
        batches = batches and not any(one.op in ("squeeze", "getitem", "reshape") for one in above)  # of one sample, perhaps
        if last and layer.attributes.get("batch_first") is True and (batches or len(layer.shape or ()) == 3):
            yield node.place


def _has_time_first(node: Node) -> bool:
    return node.op in ("lstm", "gru", "simple_rnn") and node.attributes.get("batch_first", False) is False


def _takes_last_of_second(node: Node) -> bool:
    """Whether a subscript is `[:, -1]` or `[:, -1, :]`."""
    index = node.attributes.get("index")
    if not isinstance(index, tuple) or len(index) not in (2, 3):
        return False
    first, second, rest = index[0], index[1], index[2:]
    return all(map(takes_all, (first, *rest))) and type(second) is int and second == -1


def _is_error_written_out(node: Node) -> bool:
    """Whether a scalar is the mean or sum of squares or absolute values of a difference: `mean(abs(wanted - found))`."""
    while node.op in ("mean", "sum", "sqrt") and node.inputs:
        node = node.inputs[0]
    if node.op in ("square", "abs") and node.inputs:
        node = node.inputs[0]
        return node.op == "subtract"
    return node.op == "squared_difference"


TO_FALL = frozenset(
    {
        *("categorical_crossentropy", "sparse_categorical_crossentropy", "cross_entropy", "binary_crossentropy", "nll", "huber"),
        *("mean_squared_error", "mean_absolute_error", "binary_cross_entropy_with_logits", "hinge"),
    }
)
"""Losses that training is there to lower."""


def ascends(run: TrainingRun) -> Place | None:
    """Where an update climbs the loss: the script negates the gradients that it gives to the optimizer, and not the loss."""
    node = run.loss_graph
    if node is None or node.op != "negative" or not node.attributes.get("turned"):
        return None
    inner = node.inputs[0] if node.inputs else node
    falls = _is_error_written_out(inner) or any(one.op in TO_FALL for one in walk(inner))
    negated = any(one.op == "negative" for one in walk(inner))
    return node.place if falls and not negated else None
