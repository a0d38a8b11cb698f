"""Constant factors inside a network, and the trainable layer whose step each of them changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from trainlint.facts.graph import Node, walk
from trainlint.facts.queries import (
    AVERAGING,
    NORMALIZERS,
    RESHAPING,
    TRAINABLE_LAYERS,
    Factor,
    constant_factor,
    depends_on_weights,
    next_below,
    root_of,
    skip_upwards,
    trainable,
    users_of,
)
from trainlint.facts.run import TrainingRun

SMALL, LARGE = 0.1, 10.0
"""Factors between these change a step by less than any learning-rate search would notice."""

RESIDUAL = 0.05
"""Residual branches are scaled by this to 1 on purpose."""

THROUGH = (RESHAPING | AVERAGING) - {"batch_norm"}

OUTPUT_SCALES = frozenset(
    {"mean_squared_error", "mean_absolute_error", "huber", "subtract", "softmax", "log_softmax", "cross_entropy", "matmul"}
)
"""Where a factor is the scale of a regression's targets, a temperature, or 1/sqrt(d) of an attention."""


def rescalings(run: TrainingRun) -> Iterator[tuple[Factor, Node, str]]:
    """Each factor that changes the step of a layer: the factor, the layer, and "after" or "before" it.

    "after": the factor multiplies a trainable layer's output ahead of its activation. "before": it multiplies a trainable
    layer's input which is another layer's output.
    """
    root = root_of(run)
    nodes = [] if root is None else list(walk(root))
    if root is None or any(node.op == "gradient" for node in nodes):
        return  # a differential equation has its factors from nature: the output is read beside them, by its derivatives
    users = users_of(root)
    for node in nodes:
        factor = constant_factor(node)
        if factor is None or SMALL < abs(factor.value) < LARGE:
            continue
        below = next_below(node, users, THROUGH)
        if below is not None and (below.op in NORMALIZERS or _residual(factor, below)):
            continue
        above = skip_upwards(factor.operand, THROUGH)
        if below is not None and below.op in TRAINABLE_LAYERS and trainable(below) and depends_on_weights(factor.operand):
            if above.op not in NORMALIZERS and above.op != "embedding":
                yield factor, below, "before"
        elif _feeds_only(above, node, users) and not _scales_output(below):
            yield factor, above, "after"


def _feeds_only(layer: Node, node: Node, users: Mapping[int, tuple[Node, ...]]) -> bool:
    """Whether a trainable layer's output is read through this factor only."""
    return (
        layer.op in TRAINABLE_LAYERS - {"embedding"} and trainable(layer) and next_below(layer, users, THROUGH | {"add"}) is node
    )


def _residual(factor: Factor, below: Node) -> bool:
    """Whether a branch is added to another: by a usual factor, or by c where the other has 1 - c."""
    if below.op != "add":
        return False
    others = [constant_factor(one) for one in below.inputs]
    mixed = any(one is not None and math.isclose(one.value + factor.value, 1, abs_tol=1e-6) for one in others)
    return mixed or RESIDUAL <= abs(factor.value) <= 1


def _scales_output(below: Node | None) -> bool:
    return below is None or below.op in OUTPUT_SCALES


def weights_are_set(layer: Node) -> bool:
    """Whether the script gives a layer its first weights itself (`set_weights`) in place of an initialiser."""
    return bool(layer.parameters) and layer.parameters[0].initializer.kind in ("values", "unknown")
