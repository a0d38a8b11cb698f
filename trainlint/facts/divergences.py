"""Losses that a script writes out, and the sign that they stand in the objective with."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.core import Place
from trainlint.facts.graph import Node
from trainlint.facts.guards import sign_left_out
from trainlint.facts.opponents import helped_critic
from trainlint.facts.queries import DENSE_MAPS, constant_factor, skip_upwards
from trainlint.facts.run import TrainingRun

PASSED = frozenset({"sum", "mean", "cast", "reshape", "squeeze", "flatten", "expand_dims", "identity", "linear", "getitem"})
REDUCING = ("sum", "mean")
MAXIMUM_TERMS = 200

LABELS = "labels times logarithms lack their minus sign: each step makes the right classes less probable. Negate the sum"
DIVERGENCE = (
    "the divergence has the wrong sign: minus μ² and minus exp(s) fall without end as both run away from 0. Negate the sum"
)
HELPED = (
    "the generator's loss pushes the critic's answer to generated rows to the same side as the critic's own loss does: it learns"
    " to be told apart. Turn its sign, or its labels, round"
)


def signs_left_out(run: TrainingRun) -> Iterator[tuple[Place, str]]:
    """Where a loss that is written out has the wrong sign, and what that does."""
    found = ((sign_left_out(run), LABELS), (unbounded_divergence(run), DIVERGENCE), (helped_critic(run), HELPED))
    for place, text in found:
        if place is not None:
            yield place, text


def unbounded_divergence(run: TrainingRun) -> Place | None:
    """Where minus a square and minus an exponential of two linear outputs stand in the loss: it falls without end.

    That is the divergence 0.5 (μ² + exp(s) - 1 - s) between N(μ, exp(s)) and N(0, 1), with the wrong sign: each step pushes μ and
    s away from 0. A loss that is right holds both with a plus sign.
    """
    squares: list[Place | None] = []
    exponentials: list[Place | None] = []
    waiting: list[tuple[Node, float, Place | None]] = [(run.loss_graph, 1.0, None)] if run.loss_graph is not None else []
    for _ in range(MAXIMUM_TERMS):
        if not waiting:
            break
        node, sign, place = waiting.pop()
        above = node.inputs[0] if node.inputs else None
        factor = constant_factor(node)
        if factor is not None:
            waiting.append((factor.operand, sign * factor.value, place))
        elif node.op in ("add", "subtract") and len(node.inputs) == 2:
            waiting.extend([(node.inputs[0], sign, place), (node.inputs[1], sign if node.op == "add" else -sign, place)])
        elif node.op == "negative" and above is not None:
            waiting.append((above, -sign, place))
        elif node.op in PASSED and above is not None:
            waiting.append((above, sign, node.place if node.op in REDUCING else place))
        elif above is not None and _is_linear(above):
            kept = squares if _squares(node) else exponentials if node.op == "exp" else None
            if kept is not None and sign > 0:
                return None
            if kept is not None and sign < 0:
                kept.append(place or node.place)
    return exponentials[0] if squares and exponentials else None


def _squares(node: Node) -> bool:
    if node.op == "multiply":
        return len(node.inputs) == 2 and node.inputs[0] is node.inputs[1]
    return node.op == "square" or (node.op == "power" and node.attributes.get("exponent") == 2)


def _is_linear(node: Node) -> bool:
    """Whether a node is the output of a layer, with no activation that bounds it."""
    return skip_upwards(node, PASSED - set(REDUCING)).op in DENSE_MAPS
