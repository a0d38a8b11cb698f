"""Questions that several rules ask of a run's graph: what reaches what, through which operations, and by which factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from trainlint.core import Fact, Place, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.ranks import inferred_rank
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.facts.syntax import names_of, targets_of
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, List, Object, Tuple, Value, alternatives
from trainlint.wording import figure, row_in_words

RESHAPING = frozenset(
    {"reshape", "flatten", "transpose", "squeeze", "expand_dims", "cast", "linear", "dropout", "getitem", "zero_pad", "input"}
)
"""Operations that leave the numbers alone, as far as scale and linearity go."""

AVERAGING = frozenset({"average_pool", "global_average_pool", "upsample", "batch_norm"})
"""Operations that are linear in their input for given weights and statistics."""

DENSE_MAPS = frozenset({"dense", "conv", "conv_transpose", "depthwise_conv", "separable_conv"})
"""Layers that are linear (affine) in their input."""

TRAINABLE_LAYERS = DENSE_MAPS | {"embedding", "lstm", "gru", "simple_rnn", "attention"}

NORMALIZERS = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "normalization"})
"""Layers whose output does not depend on the scale of their input."""


class Factor(NamedTuple):
    """A constant that multiplies an activation: `operand` times `value`; `divides` says how the script spells it."""

    node: Node
    operand: Node
    value: float
    divides: bool


def root_of(run: TrainingRun) -> Node | None:
    """The node to walk from: the differentiated loss, or the model's output where the loss could not be followed."""
    if run.loss_graph is not None:
        return run.loss_graph
    return None if isinstance(run.model, Unknown) else run.model.output


def users_of(root: Node) -> Mapping[int, tuple[Node, ...]]:
    """The nodes that read each node, by identity of the node read."""
    users: dict[int, list[Node]] = {}
    for node in walk(root):
        for one in node.inputs:
            users.setdefault(id(one), []).append(node)
    return {key: tuple(value) for key, value in users.items()}


def trainable(node: Node) -> bool:
    """Whether a node owns weights that the optimizer moves."""
    return any(one.trainable for one in node.parameters)


def depends_on_weights(root: Node) -> bool:
    """Whether some parameter lies at or above a node."""
    return any(node.parameters for node in walk(root))


def scalar(node: Node) -> float | None:
    """The number that a constant leaf stands for."""
    if node.op == "data" and node.data is not None and node.data.size == 1 and node.data.dtype.kind in "iuf":
        return float(node.data.reshape(-1)[0])
    return None


def constant_factor(node: Node) -> Factor | None:
    """The factor, when a node multiplies or divides one value by one constant."""
    if node.op not in ("multiply", "divide") or len(node.inputs) != 2:
        return None
    left, right = node.inputs
    number = scalar(right)
    if number is not None:
        divides = node.op == "divide"
        return None if divides and number == 0 else Factor(node, left, 1 / number if divides else number, divides)
    number = scalar(left)
    return Factor(node, right, number, False) if number is not None and node.op == "multiply" else None


def skip_upwards(node: Node, through: frozenset[str]) -> Node:
    """The first node above (towards the data) that is none of `through`; a bias that is added is passed too."""
    while node.inputs:
        if node.op in through or (node.op == "add" and node.inputs[1].op == "parameter"):
            node = node.inputs[0]
        else:
            break
    return node


def next_below(node: Node, users: Mapping[int, tuple[Node, ...]], through: frozenset[str]) -> Node | None:
    """The first node below (towards the loss) that is none of `through`; None where the path ends or forks."""
    while True:
        below = users.get(id(node), ())
        if len(below) != 1:
            return None
        node = below[0]
        if node.op not in through:
            return node


def output_width(node: Node) -> int | None:
    """Units or filters of a layer."""
    width = node.attributes.get("units", node.attributes.get("filters"))
    return width if isinstance(width, int) else None


def input_width(node: Node) -> int | None:
    """The size of the axis that a dense layer or a convolution sums over: from its kernel, else from its input's shape."""
    kernel = node.parameters[0].shape if node.parameters else None
    if kernel is not None and len(kernel) >= 2:
        return kernel[-2]
    shape = node.inputs[0].shape if node.inputs else None
    if not shape:
        return None
    first = node.op != "dense" and node.attributes.get("data_format") == "channels_first"
    return shape[1] if first and len(shape) > 1 else shape[-1]


def layer_name(node: Node) -> str:
    """What to call a layer: the script's name for it, else its kind and line."""
    name = node.name or _assigned_name(node.place)
    if name:
        return f"`{name}`"
    return f"the {node.op.replace('_', ' ')} layer" + line_of(node.place)


def _assigned_name(place: Place | None) -> str:
    """The variable or attribute that a layer or its output is bound to, if the file binds it only once and it says something."""
    bound, names = targets_of(place, through=True), names_of(place)
    name = bound[0].rpartition(".")[2] if len(bound) == 1 else ""
    return name if names is not None and len(name) >= 3 and len(names.bound.get(name, ())) == 1 else ""


def line_of(place: Place | None, beside: Place | None = None) -> str:
    """' of line 12', where the place is known; with the file's name where that is another than what is spoken of stands in."""
    if place is None:
        return ""
    name = place.span.filename.replace("\\", "/").rpartition("/")[2]
    elsewhere = beside is not None and beside.span.filename != place.span.filename
    return f" of {row_in_words(place)}{f' of {name}' if elsewhere else ''}"


def in_line(place: Place | None) -> str:
    """' in line 12', where the place is known."""
    return f" in {row_in_words(place)}" if place is not None else ""


def raw_leaf(node: Node, through: frozenset[str] = RESHAPING) -> Node | None:
    """The data or input leaf that reaches a node with its numbers unchanged, if that is so."""
    above = skip_upwards(node, through - {"input"})
    return above if above.op in ("data", "input") else None


def library_loss_of(root: Node) -> str:
    """The name of the library's loss in a graph, or of a squared or absolute error written out; "" if there is none."""
    from trainlint.facts.extract.losses import loss_of_node

    found = next((name for node in walk(root) if (name := loss_of_node(node))), "")
    return found or next((node.op for node in walk(root) if node.op in ("square", "abs")), "")


def loss_is_negated(run: TrainingRun) -> bool:
    """Whether the differentiated scalar is surely minus something, at its outermost operation but for means and sums."""
    node = run.loss_graph
    while node is not None and node.inputs and node.op in ("mean", "sum", "cast", "squeeze", "reshape"):
        node = node.inputs[0]
    if node is None:
        return False
    factor = constant_factor(node)
    return node.op == "negative" or (factor is not None and factor.value < 0)


def planned_updates(run: TrainingRun) -> tuple[int, str]:
    """The optimizer steps of the run, and in words; a lower guess of a million where only many epochs are known (0: short)."""
    epochs = run.epochs.value if isinstance(run.epochs, Fact) else None
    if run.updates is not None:
        return run.updates, f"{figure(run.updates)} updates" + (f" ({epochs:,} epochs)" if epochs else "")
    explicit = any(event.kind == "fit" and "steps_per_epoch" in event.values for event in run.events)
    if epochs is not None and epochs >= MANY_EPOCHS and explicit:
        return LONG, f"{epochs:,} epochs"
    return 0, ""


MANY_EPOCHS, LONG = 1_000, 1_000_000


MAXIMUM_UPSTREAM = 5_000


def above(value: Value) -> Iterator[Value]:
    """A value and all that it was computed from, alternatives of branches included; not beyond 5,000 values."""
    stack: list[Value] = [*alternatives(value)]
    seen: set[int] = set()
    while stack and len(seen) < MAXIMUM_UPSTREAM:
        one = stack.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            if isinstance(one, Array):
                stack.extend(other for held in one.inputs for other in alternatives(held))


def array_above(value: Value, op: str) -> Array | None:
    """An array of an operation among all that a value was computed from."""
    return next((one for one in above(value) if isinstance(one, Array) and one.op == op), None)


def array_rank(value: Value | None, events: Sequence[Event] = ()) -> tuple[int | None, str]:
    """Dimensions and library of an array; of several alternatives the fewest dimensions; None where that is not known.

    With `events`, an array of unknown shape has the dimensions that the model which its rows reach asks for.
    """
    found = [one for one in alternatives(value) if isinstance(one, Array)] if value is not None else []
    ranks = [inferred_rank(one, events) for one in found]
    known = [one for one in ranks if one is not None]
    if value is None or len(found) != len(alternatives(value)) or len(known) < len(found) or not known:
        return None, ""
    return min(known), found[0].library


def clips(optimizer: OptimizerFacts) -> bool:
    """Whether gradients are clipped; Keras takes a threshold of 0 for none."""
    return optimizer.clip is not None and not (optimizer.library != "torch" and optimizer.clip[1] == 0)


def summed_at_the_end(run: TrainingRun) -> bool:
    """Whether the differentiated scalar is a sum over the batch, with nothing else added to it and nothing dividing it."""
    node = run.loss_graph
    if node is None:
        return run.framework == "keras"
    if node.op == "add":  # a penalty on the weights beside it sees no data
        node = next((one for one in node.inputs if any(leaf.op in ("data", "input") for leaf in walk(one))), node)
    return (node.op == "sum" and node.attributes.get("axis") is None) or node.attributes.get("reduction") in (
        "sum",
        "sum_over_batch",
    )


class ReversedLoss(NamedTuple):
    """What turns the sign of a loss (a minus, a factor below 0, 1 over it), and the loss it stands before, alone or in a sum."""

    node: Node
    loss: str


def reversed_loss(run: TrainingRun, losses: frozenset[str]) -> ReversedLoss | None:
    """The minus sign (or factor -1) before one of these losses or a sum with one, or 1 over it, if that is all of the loss.

    Where the script turns round the gradients (`turned`) the loss itself has the right sign.
    """
    node = run.loss_graph
    while node is not None and node.inputs and node.op in ("mean", "sum", "cast", "squeeze", "reshape"):
        node = node.inputs[0]
    if node is None or not node.inputs or node.attributes.get("turned") or not _steps_one_model(run):
        return None
    if node.op == "divide" and (scalar(node.inputs[0]) or 0) > 0:
        found = next((one.op for one in _terms(node.inputs[-1]) if one.op in losses), None)
        return ReversedLoss(node, found) if found is not None else None
    factor = constant_factor(node)
    if node.op != "negative" and (factor is None or factor.value >= 0):
        return None
    inner = factor.operand if factor is not None else node.inputs[0]
    found = next((one.op for one in _terms(inner) if one.op in losses), None) if node.inputs[0] is inner else None
    return ReversedLoss(node, found) if found is not None else None


def _terms(node: Node) -> Iterator[Node]:
    """What a sum adds up, without the positive constants before each."""
    waiting = [node]
    for _ in range(MAXIMUM_UPSTREAM):
        if not waiting:
            return
        one = waiting.pop()
        factor = constant_factor(one)
        if one.op == "add":
            waiting.extend(reversed(one.inputs))
        elif factor is not None and factor.value > 0:
            waiting.append(factor.operand)
        else:
            yield one


def _steps_one_model(run: TrainingRun) -> bool:
    """Whether a loop steps one optimizer only, and that holds the parameters of a model (not an input that is attacked)."""
    stepped = [event.values.get("optimizer") for event in run.events if event.kind == "step"]
    if run.framework == "keras" or not stepped:
        return run.framework == "keras"
    first = stepped[0]
    params = first.arguments.get("params") if isinstance(first, Object) else None
    return all(one is first for one in stepped) and params is not None and not isinstance(params, List | Tuple | Array)
