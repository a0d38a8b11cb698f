"""How the scale of the data meets the network: what reaches the first layer, and what a run can still move."""

from __future__ import annotations

import math

from trainlint.core import Fact, Place, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.provenance import main_path
from trainlint.facts.queries import (
    AVERAGING,
    DENSE_MAPS,
    NORMALIZERS,
    RESHAPING,
    constant_factor,
    input_width,
    next_below,
    output_width,
    raw_leaf,
    root_of,
    trainable,
    users_of,
)
from trainlint.facts.run import DataFacts, TrainingRun
from trainlint.wording import figure

SEEN_THROUGH = (RESHAPING | AVERAGING | {"max_pool"}) - {"batch_norm"}
"""Operations behind which raw values are still raw values."""

ROWS_OF = frozenset({"getitem", "shuffle", "batch", "split", "cast", "copy"})
"""Operations that take rows of a table, or all of it."""

SOONER = {"rmsprop": {"keras": 10, "torch": 100}}
"""By how many steps RMSprop is ahead of lr a step: without bias correction its first 1/(1 - decay) steps are longer."""

LARGE_FACTOR = 10.0
"""A factor inside the network from which on it may be there to reach the targets' scale."""

RECURRENT = frozenset({"lstm", "gru", "simple_rnn"})
BOUNDED = frozenset({"sigmoid", "hard_sigmoid", "tanh", "softsign", "softmax"})
"""Activations whose outputs are at most 1, whatever goes in."""


def first_layer_on_raw_inputs(run: TrainingRun) -> Node | None:
    """A trainable layer that the inputs reach with their numbers unchanged, and whose output no normaliser takes up."""
    root = root_of(run)
    if root is None:
        return None
    users = users_of(root)
    for node in walk(root):
        if node.op in DENSE_MAPS | RECURRENT and trainable(node) and node.inputs:
            leaf = raw_leaf(node.inputs[0], SEEN_THROUGH)
            if leaf is None or not holds_the_inputs(leaf, root, run):
                continue
            below = next_below(node, users, SEEN_THROUGH)
            return None if below is not None and below.op in NORMALIZERS else node
    return None


def holds_the_inputs(leaf: Node, root: Node, run: TrainingRun) -> bool:
    """Whether the facts of a run's inputs are those of this leaf: not of another of its model's inputs."""
    row = None if run.inputs.shape is None else run.inputs.shape[1:]
    if leaf.op == "data":
        own = leaf.attributes.get("statistics")
        same = own is None or (own.second_moment, own.high) == (run.inputs.second_moment, run.inputs.high)
        return same and (row is None or leaf.shape is None or leaf.shape[1:] == row)
    others = [one for one in walk(root) if one.op == "input" and one is not leaf]
    if not others:
        return True
    return (
        row is not None
        and leaf.shape is not None
        and leaf.shape[1:] == row
        and all(row != (one.shape or row)[1:] for one in others)
    )


def layers_of(run: TrainingRun) -> tuple[Node, ...]:
    """The trainable affine and recurrent layers of a run, in order of computation."""
    root = root_of(run)
    return () if root is None else tuple(one for one in walk(root) if one.op in DENSE_MAPS | RECURRENT and trainable(one))


def normalized_anywhere(run: TrainingRun) -> bool:
    """Whether the model has a layer that cancels the scale of what goes into it."""
    root = root_of(run)
    return root is not None and any(node.op in NORMALIZERS for node in walk(root))


def recurrent_or_attention(run: TrainingRun) -> bool:
    """Whether the model goes along a sequence: its curvature at the start says little about training."""
    root = root_of(run)
    return root is not None and any(node.op in RECURRENT | {"attention"} for node in walk(root))


def initial_output_scale(node: Node, inputs: float) -> float | None:
    """Root mean square of a layer's outputs at the start, before its activation, for inputs of that root mean square.

    Glorot: the weights have variance 2/(fan_in + fan_out), He 2/fan_in, PyTorch's default 1/(3·fan_in); a sum over fan_in
    independent weights then has variance fan_in times that times the mean square of the inputs. None of a recurrent layer, whose
    gates bound its outputs.
    """
    fan_in, fan_out = fans(node) if node.op in DENSE_MAPS else (None, None)
    kind = node.parameters[0].initializer.kind if node.parameters else ""
    if fan_in is None or fan_out is None:
        return None
    gain = {"glorot": 2 * fan_in / (fan_in + fan_out), "he": 2.0, "lecun": 1.0, "torch": 1 / 3}.get(kind.partition("_")[0])
    return None if gain is None else inputs * math.sqrt(gain)


def outputs_in_words(run: TrainingRun, layer: Node, start: float | None) -> str:
    """How large a layer's outputs start, or the sums that a bounded activation of it gets; "" if that is not known."""
    root = root_of(run)
    below = users_of(root).get(id(layer), ()) if root is not None else ()
    if not start:
        return ""
    bounded = len(below) == 1 and below[0].op in BOUNDED
    sums = f"its {below[0].op.replace('_', ' ')} starts on sums of" if bounded else "its outputs start at"
    return f": {sums} about ±{figure(start)}"


def fans(node: Node) -> tuple[int | None, int | None]:
    """Fan-in and fan-out of a dense layer or a convolution; None of a layer without extents, which no library makes."""
    width, units, kernel = input_width(node), output_width(node), node.attributes.get("kernel_size", ())
    sides = (width, units, *(kernel if isinstance(kernel, tuple) else ()))
    known = [side for side in sides if type(side) is int and side > 0]
    if width is None or units is None or len(known) < len(sides):
        return None, None
    taps = math.prod(known[2:])
    return width * taps, units * taps


def reachable_output(run: TrainingRun, magnitude: float) -> float | None:
    """How far a rate of lr a step can move the output of a stack of dense layers in the whole run, at most.

    Each weight moves by at most lr a step (Adam family). Activations start at about the size of the inputs and grow with the
    weights; the bound lets all of them grow together, so a real run moves less. `magnitude` is that of the inputs.
    """
    optimizer, updates = run.optimizer, run.updates
    if isinstance(optimizer, Unknown) or not isinstance(optimizer.learning_rate, Fact) or updates is None:
        return None
    moved = optimizer.learning_rate.value * (updates + SOONER.get(optimizer.name, {}).get(run.framework, 0))
    layers, root = layers_of(run), root_of(run)
    if root is not None and any(abs(one.value) >= LARGE_FACTOR for one in map(constant_factor, walk(root)) if one is not None):
        return None
    if not layers or any(node.op != "dense" or input_width(node) is None for node in layers):
        return None
    size, grown = magnitude, 0.0
    for node in layers:
        width = input_width(node) or 0
        grown = moved * (width * (size + grown) + 1) + grown * math.sqrt(width) * _weight_size(node)
        size = max(size, 1.0)
    return grown


def _weight_size(node: Node) -> float:
    fan_in, fan_out = fans(node)
    return math.sqrt(2 / (fan_in + fan_out)) if fan_in and fan_out else 1.0


BYTE_RMS = 255 / math.sqrt(3)
"""Root mean square of bytes that are spread evenly over 0 to 255."""


def column_sizes(inputs: DataFacts) -> dict[int, float]:
    """Root mean square of each input column that is not constantly zero, where the columns are known.

    Column 0 stands for all where they are drawn from one distribution, and is the only one of a table of width 1.
    """
    square = inputs.second_moment
    if not inputs.columns and square is not None and square > 0 and (_one_column(inputs) or _drawn_alike(inputs)):
        return {0: math.sqrt(square)}
    if inputs.known == "unknown":
        return {}
    sizes = {index: math.sqrt(max(column[3], 0.0)) for index, column in enumerate(inputs.columns)}
    return {index: size for index, size in sizes.items() if size > 0}


def where_inputs_enter(run: TrainingRun) -> Place:
    """Where to say something of a run's inputs: at the fit that takes them; of a loop by hand at the data themselves.

    A loop in a helper's file is not where data come from: they are looked for in the files of the optimizer and the model too.
    """
    if run.framework == "keras":
        return run.place
    path = () if isinstance(run.inputs.value, Unknown) else tuple(main_path(run.inputs.value))
    for owner in (run.place, getattr(run.optimizer, "place", None), getattr(run.model, "place", None)):
        file = owner.span.filename if owner is not None else None
        places = [one.place for one in path if one.place is not None and one.place.span.filename == file]
        if places:
            return places[-1]
    return run.place


def _one_column(inputs: DataFacts) -> bool:
    shape = inputs.shape
    return shape is not None and (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1))


def _drawn_alike(inputs: DataFacts) -> bool:
    """Whether the inputs are, or are rows of, independent draws of one distribution."""
    from trainlint.interpret.arrays.statistics import is_drawn_alike

    for one in main_path(inputs.value):
        if one.op not in ROWS_OF:
            return is_drawn_alike(one)
    return False
