"""How the weights of a run start: constant kernels whose units never differ, and what the layers make of a signal's scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.graph import Initializer, Node, Parameter, walk
from trainlint.facts.queries import (
    DENSE_MAPS,
    NORMALIZERS,
    RESHAPING,
    TRAINABLE_LAYERS,
    output_width,
    root_of,
    skip_upwards,
    trainable,
    users_of,
)
from trainlint.facts.run import TrainingRun
from trainlint.facts.scaling import BOUNDED, fans

ACTIVATIONS = frozenset(
    {
        *("relu", "relu6", "sigmoid", "tanh", "softmax", "log_softmax", "leaky_relu", "elu", "selu", "gelu", "swish", "softplus"),
        *("softsign", "hard_sigmoid", "mish", "linear", "exponential"),
    }
)
CUT_AT_ZERO = frozenset({"relu", "relu6"})
AROUND_ZERO = frozenset({"tanh", "softsign"})
"""Bounded activations that hand small signals on as they are."""
KEEPS_ZERO = CUT_AT_ZERO | AROUND_ZERO | {"leaky_relu", "elu", "selu", "gelu", "swish", "mish", "linear"}
"""Activations that make 0 of 0."""
POOLING = frozenset({"max_pool", "average_pool", "global_average_pool", "global_max_pool", "upsample"})
BETWEEN = RESHAPING | ACTIVATIONS | POOLING | NORMALIZERS
"""What may lie between two layers of a chain: each unit stays by itself."""

MAXIMUM_DISTANCE = 200
TRUNCATED = 0.8796
"""Standard deviation of a normal distribution cut off at two deviations, as a share of `stddev`."""


class ConstantStart(NamedTuple):
    """A hidden layer whose kernel starts with one number everywhere.

    `effect`: "dead" (zeros into relu: output and gradient stay 0), "still" (the layers behind start as 0 too: neither gets a
    gradient), "equal" (they start as some other constant: the units stay equal), "told-apart" (something random tells the units
    apart: `by`, "the layer behind", "dropout", "its biases").
    """

    node: Node
    value: float
    units: int
    effect: str
    place: Place | None
    by: str = ""


def constant_starts(run: TrainingRun) -> Iterator[ConstantStart]:
    """The hidden dense and convolutional layers with two or more units whose kernel starts constant, in order.

    A dead one is told wherever it stands, at the end of a residual branch too: what is added to it does not move it.
    """
    root = root_of(run)
    if root is None:
        return
    users = users_of(root)
    for node in walk(root):
        units = output_width(node)
        if node.op not in DENSE_MAPS or not trainable(node) or units is None or units < 2:
            continue
        value = constant_value(node.parameters[0].initializer)
        if value is None:
            continue
        behind, dead = _behind(node, users), _is_dead(node, value, users)
        if not behind and not dead:
            continue
        place = node.parameters[0].initializer.place or node.place
        effect, by = ("dead", "") if dead else _effect(node, behind, users)
        yield ConstantStart(node, value, units, effect, place, by)


def _is_dead(node: Node, value: float, users: Mapping[int, tuple[Node, ...]]) -> bool:
    """Whether a layer starts as 0 with its biases, and only a relu reads it: no gradient comes through that."""
    below = users.get(id(node), ())
    cut = len(below) == 1 and below[0].op in CUT_AT_ZERO
    return value == 0 and cut and all(constant_value(one.initializer) == 0 for one in node.parameters[1:])


def _effect(node: Node, behind: tuple[Node, ...], users: Mapping[int, tuple[Node, ...]]) -> tuple[str, str]:
    if any(constant_value(one.initializer) is None for one in node.parameters[1:]):
        return "told-apart", "its biases"
    constant = all(one.parameters and constant_value(one.parameters[0].initializer) is not None for one in behind)
    zeros = all(constant_value(one.initializer) == 0 for one in node.parameters)
    if zeros and _keeps_zero(node, users) and all(constant_value(one.parameters[0].initializer) == 0 for one in behind):
        return "still", ""
    if constant and not _dropped_out(node, users):
        return "equal", ""
    return "told-apart", "dropout" if constant else "the layer behind"


def _keeps_zero(node: Node, users: Mapping[int, tuple[Node, ...]]) -> bool:
    """Whether a layer's zeros reach the one next layer as zeros."""
    below = users.get(id(node), ())
    for _ in range(MAXIMUM_DISTANCE):
        if len(below) != 1 or below[0].op in TRAINABLE_LAYERS:
            return len(below) == 1
        if below[0].op not in RESHAPING | POOLING | KEEPS_ZERO:
            return False
        below = users.get(id(below[0]), ())
    return False


def _behind(node: Node, users: Mapping[int, tuple[Node, ...]]) -> tuple[Node, ...]:
    """The trainable layers that read a layer's output; none if anything else reads it (a sum, a product, an attention)."""
    found: list[Node] = []
    stack, seen = list(users.get(id(node), ())), 0
    while stack and seen < MAXIMUM_DISTANCE:
        one = stack.pop()
        seen += 1
        if one.op in TRAINABLE_LAYERS:
            found.append(one)
        elif one.op in BETWEEN:
            stack.extend(users.get(id(one), ()))
        else:
            return ()
    return tuple(found)


def _dropped_out(node: Node, users: Mapping[int, tuple[Node, ...]]) -> bool:
    """Whether dropout lies between a layer and the next: it tells units apart."""
    below = users.get(id(node), ())
    for _ in range(MAXIMUM_DISTANCE):
        if len(below) != 1 or below[0].op in TRAINABLE_LAYERS:
            return False
        if below[0].op == "dropout":
            return True
        below = users.get(id(below[0]), ())
    return False


def constant_value(start: Initializer) -> float | None:
    """The one number that a weight starts as; None where it starts otherwise, or that is not known."""
    if start.kind in ("zeros", "ones"):
        return 0.0 if start.kind == "zeros" else 1.0
    if start.kind == "constant":
        return start.numbers.get("value")
    if start.kind in ("normal", "truncated_normal") and start.numbers.get("stddev") == 0:
        return start.numbers.get("mean", 0.0)
    if start.kind == "values" and start.data is not None and start.data.size > 1 and start.data.dtype.kind in "biuf":
        low, high = float(start.data.min()), float(start.data.max())
        return low if low == high else None
    return None


class SignalScale(NamedTuple):
    """What `layers` hidden layers make of a signal's root mean square at the start: `factor` in all; `worst` changes it most.

    `saturates`: whether an activation that has bounds follows one of the layers.
    """

    factor: float
    worst: Node
    worst_factor: float
    deviation: float
    fan_in: int
    layers: int
    saturates: bool


def signal_scale(run: TrainingRun) -> SignalScale | None:
    """The product of `deviation * sqrt(fan_in)` (times sqrt(1/2) behind relu) over the hidden layers.

    He et al. (2015), section 2.2. A bounded activation ends the product: what goes on from it is at most 1. None where the
    network normalises, branches, a deviation is not known, or the script leaves every weight to the library.
    """
    root = root_of(run)
    nodes = [] if root is None else [one for one in walk(root) if one.op in DENSE_MAPS and trainable(one)]
    if (
        root is None
        or len(nodes) < 2
        or any(one.op in NORMALIZERS | {"custom", "lstm", "gru", "simple_rnn"} for one in walk(root))
    ):
        return None
    users = users_of(root)
    runs: list[list[_Factor]] = [[]]
    saturates = False
    for before, node in zip([None, *nodes[:-2]], nodes[:-1], strict=True):
        fan_in, fan_out = fans(node)
        spread = None if fan_in is None or fan_out is None else deviation(node.parameters[0], fan_in, fan_out)
        if fan_in is None or spread is None or (before is not None and _above(node) is not before):
            return None
        below = users.get(id(node), ())
        activation = below[0].op if len(below) == 1 else ""
        halved = math.sqrt(0.5) if activation in CUT_AT_ZERO else 1.0
        runs[-1].append(_Factor(spread * math.sqrt(fan_in) * halved, node, spread, fan_in))
        saturates = saturates or activation in BOUNDED
        if activation in BOUNDED and (activation not in AROUND_ZERO or _product(runs[-1]) > 1):
            runs.append([])
    longest = max(runs, key=lambda one: _strength(_product(one)))
    factors = [one for one in longest if one.node.parameters[0].initializer.place is not None]
    if not factors:
        return None  # the library's own start
    worst = max(factors, key=lambda one: _strength(one.factor))
    return SignalScale(_product(longest), worst.node, worst.factor, worst.deviation, worst.fan_in, len(longest), saturates)


class _Factor(NamedTuple):
    """By how much one layer changes a signal, and the root mean square of its weights."""

    factor: float
    node: Node
    deviation: float
    fan_in: int


def _product(factors: list[_Factor]) -> float:
    return math.prod(one.factor for one in factors)


def _strength(factor: float) -> float:
    """How far a factor is from 1, whichever way."""
    return abs(math.log(factor)) if factor > 0 else math.inf


def _above(node: Node) -> Node | None:
    """The layer that a layer reads, through activations and pooling."""
    return skip_upwards(node.inputs[0], BETWEEN) if node.inputs else None


def deviation(parameter: Parameter, fan_in: int, fan_out: int) -> float | None:
    """The root mean square of a kernel's first values; None where it is not known."""
    start, numbers = parameter.initializer, parameter.initializer.numbers
    kind, _, spread = start.kind.partition("_")
    if start.kind in ("normal", "truncated_normal") and "stddev" in numbers:
        share = TRUNCATED if start.kind == "truncated_normal" else 1.0
        return math.hypot(share * numbers["stddev"], numbers.get("mean", 0.0))
    if start.kind == "uniform" and "low" in numbers and "high" in numbers:
        low, high = numbers["low"], numbers["high"]
        return math.sqrt(max((low * low + low * high + high * high) / 3, 0.0))
    if start.kind == "torch_default":
        return math.sqrt(1 / (3 * fan_in))
    if spread in ("uniform", "normal") and kind in ("glorot", "he", "lecun"):
        return math.sqrt({"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}[kind])
    if start.kind == "values" and start.data is not None and start.data.size > 1 and start.data.dtype.kind in "biuf":
        return math.sqrt(float((start.data.astype(float) ** 2).mean()))
    return None
