"""What a script writes out: cross-entropy `-sum(y * log(p))`, softmax `exp(z) / sum(exp(z))`, sigmoid `1 / (1 + exp(-z))`."""

from __future__ import annotations

from dataclasses import dataclass

from trainlint.core import Place
from trainlint.facts.graph import Node, walk
from trainlint.facts.queries import depends_on_weights, scalar

MAXIMUM_DEPTH = 100
GUARDS = frozenset({"clip", "maximum", "minimum", "add", "subtract"})
"""Operations by which a script keeps a logarithm from 0."""

SMALL = 1e-2
"""A constant up to this is a guard, not part of the formula."""


@dataclass(frozen=True, slots=True)
class WrittenEntropy:
    """A cross-entropy written out: its canonical name, what it compares, and how it is reduced.

    `reduction` is the outermost one (over the batch); `axis` that of the innermost, None where it takes all axes; `summed` is
    where the innermost is a sum.
    """

    name: str
    prediction: Node
    target: Node
    reduction: str
    axis: int | None
    place: Place | None
    summed: Place | None = None


def written_entropy(root: Node) -> WrittenEntropy | None:
    """The one cross-entropy that is written out in a graph; None if there is none, or several of different outputs."""
    straight: list[tuple[Node, Node, Node]] = []
    complements: list[Node] = []
    for node in walk(root):
        term = _term(node)
        if term is None:
            continue
        prediction, target, complement = term
        if complement:
            complements.append(prediction)
        else:
            straight.append((node, prediction, target))
    if len({id(prediction) for _, prediction, _ in straight}) != 1:
        return None
    node, prediction, target = straight[0]
    binary = any(one is prediction for one in complements)
    if complements and not binary:
        return None
    reductions = _reductions(root, node)
    if not reductions:
        return None
    axis = _axis(reductions[-1])
    name = "binary_crossentropy" if binary else "categorical_crossentropy"
    inner = reductions[-1]
    return WrittenEntropy(
        name, prediction, target, reductions[0].op, axis, node.place, inner.place if inner.op == "sum" else None
    )


def without_minus(root: Node) -> Node | None:
    """The `y * log(p)` of a root that only sums and averages it: a cross-entropy that is written out without its minus sign."""
    found = written_entropy(root)
    node = root
    while node.inputs and node.op in ("mean", "sum", "cast", "squeeze", "reshape"):
        node = node.inputs[0]
    terms = node.inputs if node.op == "add" else (node,)
    plain = all(_term(one) is not None and all(part.op != "negative" for part in one.inputs) for one in terms)
    return node if found is not None and plain else None


def _term(node: Node) -> tuple[Node, Node, bool] | None:
    """Prediction and target of `y * log(p)`, and whether it is the complement `(1 - y) * log(1 - p)`."""
    if node.op != "multiply" or len(node.inputs) != 2:
        return None
    for logarithm, target in (node.inputs, node.inputs[::-1]):
        factor = logarithm.inputs[0] if logarithm.op == "negative" and logarithm.inputs else logarithm
        if factor.op == "log" and factor.inputs and not depends_on_weights(target) and scalar(target) is None:
            inner = _unguarded(factor.inputs[0])
            complement = _complemented(inner)
            prediction = inner if complement is None else _unguarded(complement)
            return (prediction, _unsigned(target), complement is not None) if depends_on_weights(prediction) else None
    return None


def _unsigned(node: Node) -> Node:
    """A target without the minus sign of the formula."""
    return node.inputs[0] if node.op == "negative" and node.inputs else node


def _complemented(node: Node) -> Node | None:
    """The p of `1 - p`."""
    if node.op != "subtract" or len(node.inputs) != 2:
        return None
    number = scalar(node.inputs[0])
    return node.inputs[1] if number is not None and abs(number - 1) <= SMALL else None


def _unguarded(node: Node) -> Node:
    """What is inside of clips and small constants."""
    for _ in range(MAXIMUM_DEPTH):
        if node.op not in GUARDS or not node.inputs:
            return node
        rest = [one for one in node.inputs if not _is_small(one, bound=node.op in ("clip", "maximum", "minimum"))]
        if len(rest) != 1 or (node.op == "subtract" and rest[0] is not node.inputs[0]):
            return node
        node = rest[0]
    return node


def _is_small(node: Node, *, bound: bool) -> bool:
    number = scalar(node)
    return number is not None and (abs(number) <= SMALL or (bound and abs(number - 1) <= SMALL))


def _reductions(root: Node, target: Node) -> list[Node]:
    """The sums and means between the root and a node, the outermost first."""
    above = {id(target)}
    for node in walk(root):
        if any(id(one) in above for one in node.inputs):
            above.add(id(node))
    found, node = [], root
    for _ in range(MAXIMUM_DEPTH):
        if node is target:
            break
        if node.op in ("sum", "mean"):
            found.append(node)
        below = next((one for one in node.inputs if id(one) in above), None)
        if below is None:
            break
        node = below
    return found


def _axis(reduction: Node) -> int | None:
    axis = reduction.attributes.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    return axis if isinstance(axis, int) and not isinstance(axis, bool) else None


def activation(node: Node) -> Node:
    """A quotient as the softmax or sigmoid that it writes out; any other node as it is."""
    if node.op != "divide" or len(node.inputs) != 2:
        return node
    top, bottom = node.inputs
    if top.op == "exp" and bottom.op == "sum" and bottom.inputs:
        axis, inner = _axis(bottom), bottom.inputs[0]
        aligned = bottom.attributes.get("keepdims") is True or axis == 0  # broadcasting puts an axis that is gone in front
        if axis is not None and aligned and inner.op == "exp" and (inner is top or inner.inputs == top.inputs):
            return Node("softmax", (_shifted(top.inputs[0], axis),), {"axis": axis}, shape=node.shape, place=node.place)
    if scalar(top) == 1 and bottom.op == "add" and len(bottom.inputs) == 2:
        for one, other in (bottom.inputs, bottom.inputs[::-1]):
            if scalar(one) == 1 and other.op == "exp" and other.inputs[0].op == "negative":
                return Node("sigmoid", other.inputs[0].inputs, {}, shape=node.shape, place=node.place)
    return node


def _shifted(node: Node, axis: int) -> Node:
    """The z of `z - max(z)` along the axis of a softmax, which does not change it."""
    if node.op == "subtract" and len(node.inputs) == 2 and node.inputs[1].op == "max":
        value, largest = node.inputs
        if largest.inputs == (value,) and _axis(largest) == axis:
            return value
    return node
