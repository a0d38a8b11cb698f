"""Logarithms, roots and quotients on the way to the loss whose argument reaches 0, and cross-entropies summed along the batch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Edit, Place, Severity
from trainlint.facts.graph import Node, walk
from trainlint.facts.queries import RESHAPING, depends_on_weights, trainable
from trainlint.facts.run import TrainingRun

LOGARITHMS = frozenset({"log", "log2", "log10"})
LOG_SOFTMAX = re.compile(r"[\w.]+\.log\(((?:\w+\.)*)softmax\(([^()]*(?:\([^()]*\)[^()]*)*)\)\)\Z")
CALL = re.compile(r"([\w.]+\.(?:log|sqrt))\((.+)\)\Z")
SQUARES = frozenset({"square", "relu"})
EFFECTS = {
    "log relu": "the logarithm of a relu output of 0 is -inf, and the loss infinite or NaN",
    "log softmax": "a softmax output that underflows to 0 gives a logarithm of -inf. `log_softmax` does not",
    "log sigmoid": "a sigmoid output that underflows to 0 gives a logarithm of -inf. A loss on logits does not",
    "sqrt": "the derivative of a square root at 0 is infinite: a row of zeros gives the gradient inf·0 = NaN. Add 1e-7 before it",
    "divide": "a row whose relu outputs are all 0 divides by 0: NaN. Add 1e-7 to the divisor",
}


class Unguarded(NamedTuple):
    """An operation that leaves the finite numbers at 0: what happens, how sure that is to come, where, and on what output."""

    effect: str
    severity: Severity
    place: Place
    on_output: bool
    edits: tuple[Edit, ...] = ()


def unguarded(run: TrainingRun) -> Iterator[Unguarded]:
    """What on the way to the differentiated loss reaches 0 where it must not."""
    root = run.loss_graph
    seen: set[Place] = set()
    for node in walk(root) if root is not None else ():
        found = _reaches_zero(node)
        if found is not None and node.place is not None and node.place not in seen and depends_on_weights(node.inputs[0]):
            seen.add(node.place)
            severity = Severity.INFO if found in ("log softmax", "log sigmoid") else Severity.WARNING
            if severity is Severity.INFO and _is_small_regression(node, run):
                continue
            yield Unguarded(EFFECTS[found], severity, node.place, found.startswith("log"), _edits(found, node.place))


def _edits(found: str, place: Place) -> tuple[Edit, ...]:
    """`log_softmax(x)` for `log(softmax(x))`, a small constant in `log(x)` and `sqrt(x)`; nothing for other spellings."""
    text = getattr(place, "text", "")
    if "\n" in text or "#" in text:
        return ()
    softmax = LOG_SOFTMAX.match(text)
    if softmax is not None:
        return (Edit(place.span, f"{softmax[1]}log_softmax({softmax[2]})"),) if found == "log softmax" else ()
    call = CALL.match(text)
    return (Edit(place.span, f"{call[1]}({call[2]} + 1e-7)"),) if call is not None and found in ("log relu", "sqrt") else ()


def _reaches_zero(node: Node) -> str | None:
    """Which of `EFFECTS` an operation is."""
    if not node.inputs:
        return None
    if node.op in LOGARITHMS:
        inner = _plain(node.inputs[0])
        return f"log {inner.op}" if inner.op in ("relu", "softmax", "sigmoid") else None
    if node.op == "sqrt" and len(node.shape or ()) >= 1:
        inner = _plain(node.inputs[0])
        reduced = inner.op == "sum" and inner.attributes.get("axis") is not None and bool(inner.inputs)
        return "sqrt" if reduced and _is_square(inner.inputs[0]) else None
    if node.op == "divide" and len(node.inputs) == 2:
        inner = _plain(node.inputs[1])
        reduced = inner.op in ("sum", "mean", "max") and inner.attributes.get("axis") is not None and bool(inner.inputs)
        return "divide" if reduced and _plain(inner.inputs[0]).op == "relu" else None
    return None


def _is_small_regression(node: Node, run: TrainingRun) -> bool:
    """Whether one layer maps inputs that are not large: its logits stay far from ±100, where a float32 softmax underflows."""
    layers = sum(trainable(one) or one.op == "parameter" for one in walk(node) if one.op != "batch_norm")
    hidden = any(one.op in ("relu", "tanh", "conv") for one in walk(node))
    return layers <= 2 and not hidden and run.inputs.scale not in ("byte", "unnormalized")


def _is_square(node: Node) -> bool:
    if node.op == "multiply":
        return len(node.inputs) == 2 and node.inputs[0] is node.inputs[1]
    return node.op in SQUARES or (node.op == "power" and node.attributes.get("exponent") == 2)


def _plain(node: Node) -> Node:
    """The node above operations that leave the numbers alone."""
    while node.op in RESHAPING - {"input", "dropout"} and node.inputs:
        node = node.inputs[0]
    return node


def sign_left_out(run: TrainingRun) -> Place | None:
    """Where a cross-entropy of labels in [0, 1] is written out without its minus sign."""
    from trainlint.facts.extract.cross_entropy import without_minus

    found = without_minus(run.loss_graph) if run.loss_graph is not None and run.framework == "keras" else None
    low, high = run.targets.low, run.targets.high
    labels = low is not None and low >= 0 and high is not None and high <= 1
    return found.place if found is not None and labels else None


def summed_over_batch(run: TrainingRun) -> Iterator[Unguarded]:
    """Where a cross-entropy that is written out is summed along the batch and then averaged over the classes."""
    from trainlint.facts.extract.cross_entropy import written_entropy

    found = written_entropy(run.loss_graph) if run.loss_graph is not None else None
    if found is None or found.axis != 0 or found.reduction != "mean" or found.summed is None:
        return
    shape = found.prediction.shape
    if shape is not None and len(shape) == 2 and shape[1] is not None and shape[1] >= 2 and shape[0] != 1:
        effect = (
            f"this sums over the batch, and the mean then goes over {shape[1]} classes: the loss and its gradient grow with the "
            "batch. Sum along axis 1, average over the batch"
        )
        yield Unguarded(effect, Severity.WARNING, found.summed, False)
