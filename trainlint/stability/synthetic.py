"""Data of the declared or typical scale in place of data that is not known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from trainlint.facts.graph import Node, walk
from trainlint.stability.twin.losses import LOSSES
from trainlint.stability.twin.operation import MAXIMUM_ELEMENTS, RefusalError, Tensor

CLASS_NUMBERS = frozenset({"sparse_categorical_crossentropy", "sparse_softmax_cross_entropy_with_logits"})
CLASS_SHARES = frozenset({"categorical_crossentropy", "softmax_cross_entropy_with_logits"})
CLASS_EITHER = frozenset({"cross_entropy", "nll"})
BINARY = frozenset({"binary_crossentropy", "binary_cross_entropy_with_logits"})
HINGES = frozenset({"hinge", "squared_hinge"})
CURVED_IN_LABELS = frozenset({"binary_focal_crossentropy", "categorical_focal_crossentropy", "categorical_hinge"})
"""Losses of labels that a mean label does not stand for."""

POSITIVE = frozenset({"mean_absolute_percentage_error", "mean_squared_logarithmic_error"})
"""Losses of numbers that depend on how near to zero the targets are."""

RESHAPED = frozenset({"reshape", "flatten", "squeeze", "expand_dims", "cast", "getitem", "swapaxes", "transpose"})
"""Operations after which labels are labels still."""

TWO_VALUED = 1e-3
"""Sum of the parameters of a beta distribution below which 99 % of it lie within 1e-3 of the two ends."""

LARGEST = 1e100
"""Beyond it squares and products leave the range of numbers: such statistics count as unknown, a range below 1 / it as none."""


class Moments(NamedTuple):
    """What is known of an array's entries; `second` is the mean square."""

    low: float | None
    high: float | None
    mean: float | None
    second: float | None


class Synthetic:
    """Draws `rows` rows for the data leaves of one graph whose numbers are not known, as `Program` asks for them.

    Labels of classes are the same share of each class, unless they are `sure`: one class a row, whatever the inputs.
    `assumed` collects in words what was assumed beyond the known statistics.
    """

    def __init__(self, root: Node, seed: int, rows: int, *, sure: bool = False) -> None:
        self._sure = sure
        self.rows = rows
        self.assumed: list[str] = []
        self._rng = np.random.default_rng(seed)
        self._drawn: dict[int, Tensor] = {}
        self._inputs: Node | None = None
        self._labels: dict[int, tuple[str, Node, bool]] = {}
        self._indices: dict[int, int] = {}
        for node in walk(root):
            if node.op in LOSSES and len(node.inputs) > 1 and node.attributes.get("log_target") is not True:
                self._note_labels(node.op, *node.inputs[:2])
            for given, count in named_by(node):
                self._indices[id(_leaf(given))] = count

    def __call__(self, node: Node) -> Tensor:
        """The array of a leaf, the same each time."""
        if id(node) not in self._drawn:
            self._drawn[id(node)] = self._draw(node)
        return self._drawn[id(node)]

    def _note_labels(self, loss: str, prediction: Node, labels: Node) -> None:
        """The leaf that a loss compares a prediction with, as it is or in another shape; not what the model itself is given."""
        leaf = _leaf(labels)
        if all(node is not leaf for node in walk(prediction)):
            self._labels[id(leaf)] = (loss, prediction, leaf is not labels)

    def _draw(self, node: Node) -> Tensor:
        if id(node) in self._indices:
            return np.floor(self._rng.uniform(0, max(1, self._indices[id(node)]), self._shape(node)))
        op, prediction, is_reshaped = self._labels.get(id(node), ("", node, False))
        if is_reshaped and op in CLASS_NUMBERS | CLASS_EITHER:
            return self._rng.integers(0, self._axis_of_classes(op, prediction)[1], self._shape(node)).astype(np.float64)
        if is_reshaped and op in BINARY | HINGES:
            return self._rng.integers(0, 2, self._shape(node)).astype(np.float64)
        if op in CLASS_NUMBERS | CLASS_SHARES | CLASS_EITHER:
            return self._classes(op, prediction)
        if op in BINARY:
            shape = self._shape(prediction)
            return self._rng.integers(0, 2, shape).astype(np.float64) if self._sure else np.full(shape, 0.5)
        if op in HINGES or op == "binary_focal_crossentropy":
            return self._rng.integers(0, 2, self._shape(prediction)).astype(np.float64)
        if op in CURVED_IN_LABELS or op == "kl_divergence":
            return self._classes("categorical_crossentropy", prediction, sure=op in CURVED_IN_LABELS)
        moments = moments_of(node)
        if op in POSITIVE:
            if moments is None:
                raise RefusalError("the scale of the targets is not known")
            return draw(self._rng, self._shape(node if node.shape else prediction), moments)
        if op:
            return self._targets(self._shape(node if node.shape else prediction), moments)
        if moments is None:
            raise RefusalError("the scale of the inputs is not known")
        self._inputs = self._inputs or node
        return _with_columns(node, self._shape(node), lambda shape, one: draw(self._rng, shape, one), moments)

    def _shape(self, node: Node) -> tuple[int, ...]:
        if not node.shape or any(size is None for size in node.shape[1:]):
            raise RefusalError("the shape of the data is not known")
        shape = (self.rows, *(int(size or 0) for size in node.shape[1:]))
        if math.prod(shape) > MAXIMUM_ELEMENTS:
            raise RefusalError("the data is too large to be imitated here")
        return shape

    def _targets(self, shape: tuple[int, ...], moments: Moments | None) -> Tensor:
        """Numbers that a linear function of the inputs explains, with the known mean and deviation."""
        if moments is None:
            self.assumed.append("targets of unit scale are assumed")
            moments = Moments(None, None, 0.0, 1.0)
        centre, deviation = location(moments)
        drawn = self._rng.standard_normal(shape)
        if self._inputs is not None:
            rows = self._drawn[id(self._inputs)].reshape(self.rows, -1)
            drawn = ((rows - rows.mean(axis=0)) @ self._rng.standard_normal((rows.shape[1], drawn[0].size))).reshape(shape)
        spread = drawn.std(axis=0, keepdims=True)
        return np.asarray(centre + deviation * (drawn - drawn.mean(axis=0)) / np.where(spread > 0, spread, 1.0))

    def _classes(self, op: str, prediction: Node, *, sure: bool = False) -> Tensor:
        """Shares of classes: labels that know nothing of the inputs are the same share of each, but for noise of few rows."""
        shape = self._shape(prediction)
        axis, classes = self._axis_of_classes(op, prediction)
        if not self._sure and not sure:
            return np.full(shape, 1 / classes)
        labels = self._rng.integers(0, classes, (*shape[:axis], *shape[axis + 1 :]))
        return np.moveaxis(np.eye(classes)[labels], -1, axis)

    def _axis_of_classes(self, op: str, prediction: Node) -> tuple[int, int]:
        """The axis of a prediction along which the classes lie, and how many there are."""
        shape = self._shape(prediction)
        axis = 1 if op in CLASS_EITHER and len(shape) > 1 else len(shape) - 1
        return axis, max(1, shape[axis])


def _leaf(node: Node) -> Node:
    """What lies below changes of shape."""
    while node.op in RESHAPED and node.inputs:
        node = node.inputs[0]
    return node


def named_by(node: Node) -> list[tuple[Node, int]]:
    """The indices that an operation takes, each with how many entries they choose among (0 where that is not known)."""
    inputs, shape = node.inputs, node.inputs[0].shape if node.inputs else None
    if node.op in ("embedding", "embedding_bag") and inputs:
        rows = node.attributes.get("rows")
        return [(inputs[0], rows if isinstance(rows, int) else 0)]
    if node.op == "one_hot" and inputs:
        classes = node.attributes.get("classes")
        return [(inputs[0], classes if isinstance(classes, int) else 0)]
    index, axis = node.attributes.get("index"), node.attributes.get("axis")
    if node.op == "gather" and len(inputs) == 2 and shape and isinstance(axis, int) and -len(shape) <= axis < len(shape):
        return [(inputs[1], shape[axis] or 0)]
    if node.op != "getitem" or not isinstance(index, tuple) or not shape or any(one is None or one is ... for one in index):
        return []
    places = [axis for axis, one in enumerate(index[: len(shape)]) if isinstance(one, str)]
    return [(given, shape[axis] or 0) for given, axis in zip(inputs[1:], places, strict=False)]


def moments_of(node: Node) -> Moments | None:
    """The statistics of a leaf, where its range or its mean square is known."""
    held = node.attributes.get("statistics")
    values = [_finite(getattr(held, name, None)) for name in ("low", "high", "mean", "second_moment")]
    found = Moments(*values)
    ranged = found.low is not None and found.high is not None
    return found if ranged or found.second is not None else None


def _finite(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
    return float(value) if known and isinstance(value, int | float) else None


def draw(rng: np.random.Generator, shape: tuple[int, ...], known: Moments) -> Tensor:
    """Independent entries: of the known moments on the known range a beta distribution, else a uniform or a normal one.

    A spread as wide as the range is the limit of beta distributions: the two ends.
    """
    low, high = known.low, known.high
    if low is None or high is None:
        centre, deviation = location(known)
        return centre + deviation * rng.standard_normal(shape)
    if high - low < 1 / LARGEST:
        return np.full(shape, low)
    at, weight = _beta(known, low, high)
    if weight is None:
        return rng.uniform(low, high, shape)
    if weight < TWO_VALUED:
        return np.where(rng.random(shape) < at, high, low)
    return low + (high - low) * rng.beta(at * weight, (1 - at) * weight, shape)


def _beta(known: Moments, low: float, high: float) -> tuple[float, float | None]:
    """Mean on the range, and sum of the parameters of the beta distribution with these moments; None where none has them."""
    if known.mean is None or known.second is None:
        return 0.5, None
    at, spread = (known.mean - low) / (high - low), (known.second - known.mean**2) / (high - low) ** 2
    if spread <= 0 or not 0 < at < 1:
        return at, None
    weight = min(at * (1 - at) / spread - 1, LARGEST)
    return at, weight if weight > -TWO_VALUED else None


def location(known: Moments) -> tuple[float, float]:
    """Mean and standard deviation: as known, else of a uniform distribution on the range, else around zero."""
    low, high, mean, second = known
    if mean is not None and second is not None:
        return mean, math.sqrt(max(second - mean**2, 0.0))
    if low is not None and high is not None:
        return (low + high) / 2 if mean is None else mean, (high - low) / math.sqrt(12)
    return 0.0, math.sqrt(max(second or 0.0, 0.0))


def _with_columns(
    node: Node, shape: tuple[int, ...], drawn: Callable[[tuple[int, ...], Moments], Tensor], moments: Moments
) -> Tensor:
    """The entries column by column where the columns of the last axis are known apart."""
    columns: Any = getattr(node.attributes.get("statistics"), "columns", ())
    if len(shape) < 2 or len(columns) != shape[-1] or len(columns) > 1_000:
        return drawn(shape, moments)
    return np.stack([drawn(shape[:-1], Moments(*(_finite(one) for one in column))) for column in columns], axis=-1)
