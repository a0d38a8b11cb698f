"""How much of the loss is the penalty on the weights, and how fast weight decay shrinks them, at the start of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Fact, Unknown
from trainlint.facts.graph import Node, Parameter, walk
from trainlint.facts.queries import DENSE_MAPS, output_width, root_of, trainable
from trainlint.facts.run import LossFacts, OptimizerFacts, TrainingRun
from trainlint.facts.scaling import fans, layers_of, normalized_anywhere
from trainlint.facts.starting import deviation
from trainlint.interpret.values import Symbol

BINARY = frozenset({"binary_crossentropy", "binary_cross_entropy_with_logits"})
CLASSES = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy", "cross_entropy", "nll"})

ADDS_PENALTIES = "tensorflow.losses.get_regularization_loss"
"""How a loop that is written out gets the penalties of the layers; other ways are not followed, and the loss is unknown then."""


class Penalty(NamedTuple):
    """The penalty `sum of factor * w**2` at the start, in the unit of the loss, at least: only known kernels are counted.

    `factor` is that of `layer`, the one with the largest share; `data_loss` what an untrained model loses on its data, `of` says
    what that is ("ln 10"). `from_optimizer`: it is the optimizer's coupled weight decay.
    """

    value: float
    factor: float
    layer: Node
    data_loss: float
    of: str
    from_optimizer: bool


def initial_penalty(run: TrainingRun) -> Penalty | None:
    """The penalty on the weights at the start, against the first loss; None where either is not known.

    A kernel of n entries that start with a root mean square s has an expected sum of squares of n * s**2. A normalised network
    does not depend on the scale of its weights: None there. PyTorch's coupled weight decay w is w/2 times the sum of squares.
    """
    root, data = root_of(run), _first_loss(run)
    if root is None or data is None or normalized_anywhere(run) or any(one.op in ("backbone", "unknown") for one in walk(root)):
        return None
    coupled, counted = _coupled_decay(run), _penalties_count(run)
    shares = [((kernel.l2 * counted + coupled / 2) * squares, node, kernel) for node, kernel, squares in _kernels(root)]
    if not shares or not any(one[0] > 0 for one in shares):
        return None
    _, layer, kernel = max(shares, key=lambda one: one[0])
    own = kernel.l2 * counted
    return Penalty(sum(one[0] for one in shares), own or coupled, layer, *data, from_optimizer=not own)


def _penalties_count(run: TrainingRun) -> bool:
    """Whether the layers' penalties are part of what is differentiated: `fit` adds them, other loops only if the script does."""
    called = (event.values.get("callee") for event in run.events if event.kind == "call")
    fitted = any(event.kind == "fit" for event in run.events)
    return fitted or any(isinstance(one, Symbol) and one.name == ADDS_PENALTIES for one in called)


def _kernels(root: Node) -> Iterator[tuple[Node, Parameter, float]]:
    """Each trainable kernel of known shape and start, once, with its expected sum of squares."""
    seen: set[int] = set()
    for node in walk(root):
        if node.op not in DENSE_MAPS or not trainable(node) or id(node.parameters[0]) in seen:
            continue
        kernel, (fan_in, fan_out) = node.parameters[0], fans(node)
        seen.add(id(kernel))
        spread = None if fan_in is None or fan_out is None else deviation(kernel, fan_in, fan_out)
        if kernel.shape is not None and spread is not None:
            yield node, kernel, math.prod(kernel.shape) * spread**2


def _coupled_decay(run: TrainingRun) -> float:
    optimizer = run.optimizer
    if isinstance(optimizer, Unknown) or optimizer.decoupled or not isinstance(optimizer.weight_decay, Fact):
        return 0.0
    return optimizer.weight_decay.value


def _first_loss(run: TrainingRun) -> tuple[float, str] | None:
    """What a model loses that has learned nothing: ln C for C classes, the variance of the targets for a squared error."""
    loss, targets, layers = run.loss, run.targets, layers_of(run)
    if not isinstance(loss, LossFacts) or loss.reduction not in ("mean", "sum_over_batch"):
        return None
    if loss.name in BINARY:
        return math.log(2), "ln 2"
    units = output_width(layers[-1]) if layers else None
    if loss.name in CLASSES and units is not None and units > 1:
        return math.log(units), f"ln {units}"
    if loss.name == "mean_squared_error" and targets.mean is not None and targets.second_moment is not None:
        variance = targets.second_moment - targets.mean**2
        return (variance, "the variance of the targets") if variance > 0 else None
    return None


class Shrinking(NamedTuple):
    """What weight decay alone does to the weights: `step` is lr * wd, `share` what an epoch of `updates` leaves of them.

    `normalized`: the network has normalisers, in front of which the size of weights does not matter.
    """

    step: float
    share: float | None
    updates: int | None
    normalized: bool


def shrinking(run: TrainingRun) -> Shrinking | None:
    """How fast decay shrinks the weights; None without it, or where it is divided by the size of the gradients as well.

    Both a decoupled decay and a coupled one under plain gradient descent subtract lr * wd times the weight at each step
    (STABILITY.md section 2); Adam with a coupled decay does not.
    """
    optimizer, epoch = run.optimizer, run.steps_per_epoch
    if not isinstance(optimizer, OptimizerFacts) or optimizer.library not in ("torch", "keras"):
        return None
    rate, decay = optimizer.learning_rate, optimizer.weight_decay
    if not isinstance(rate, Fact) or not isinstance(decay, Fact) or not (optimizer.decoupled or optimizer.name == "sgd"):
        return None
    step = rate.value * decay.value
    if not 0 < step < math.inf:
        return None
    known = isinstance(epoch, Fact) and step < 1 and run.schedule is None and optimizer.decoupled
    updates = epoch.value if known and isinstance(epoch, Fact) else None
    share = None if updates is None else (1 - step) ** updates
    return Shrinking(step, share, updates, normalized_anywhere(run))
