"""Rows of the twin's table: losses of a prediction and a target, with their reductions.

`aligns` is set for Keras, which squeezes a last axis of 1 where ranks differ and averages over the last axis under the
reduction "none"; otherwise shapes broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from trainlint.stability.twin.activations import log_softmax, softmax
from trainlint.stability.twin.directional import absolute, clip, exp, log, power, sigmoid, softplus, tanh
from trainlint.stability.twin.magnitudes import MAGNITUDES
from trainlint.stability.twin.operation import (
    Attributes,
    Forward,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    broadcast,
    nonlinear,
    number,
    one_input,
    require,
    unbroadcast,
)

SMALLEST_PROBABILITY = 1e-7
"""Keras' `epsilon`: probabilities are clipped to [1e-7, 1 - 1e-7] before their logarithm."""

SMALLEST_LOG = -100.0
"""PyTorch's `BCELoss` clamps logarithms from below."""

_Elementwise: TypeAlias = "Callable[[Tensor, Tensor, Attributes], tuple[Tensor, Tensor, Tensor | None]]"
_ByClass: TypeAlias = "Callable[[Tensor, Tensor, Attributes], tuple[Tensor, Tensor]]"


def _reduced(values: Tensor, attributes: Attributes, averages_last: bool) -> tuple[Tensor, Tensor]:
    """The reduced loss, and the share that each element has in it (for "none", in its own entry)."""
    reduction, width = attributes.get("reduction", "mean"), values.shape[-1] if values.ndim > 1 and averages_last else 1
    if reduction == "mean":
        weight = 1 / max(1, values.size)
    elif reduction == "sum":
        weight = 1.0
    elif reduction == "sum_over_batch":
        weight = 1 / width
    elif reduction == "none":
        averaged = averages_last and bool(attributes.get("aligns")) and values.ndim > 1
        return (values.mean(axis=-1), np.asarray(1 / width)) if averaged else (values, np.asarray(1.0))
    else:
        raise RefusalError("the reduction of the loss is not known")
    return values.sum() * np.asarray(weight), np.asarray(weight)


def _aligned(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if prediction.ndim == target.ndim + 1 and prediction.shape[-1] == 1:
        return prediction[..., 0], target
    if target.ndim == prediction.ndim + 1 and target.shape[-1] == 1:
        return prediction, target[..., 0]
    return prediction, target


def _elementwise(rule: _Elementwise) -> Forward:
    """A loss from a function (prediction, target, attributes) -> (values, derivatives by both; None for labels)."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs, 2)
        prediction, target = _aligned(*inputs[:2]) if attributes.get("aligns") else (inputs[0], inputs[1])
        broadcast(prediction, target)
        values, slope, to_target = rule(prediction, target, attributes)
        value, weight = _reduced(values, attributes, averages_last=True)
        spread = values.shape

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            each = gradient[..., None] if gradient.ndim == len(spread) - 1 and gradient.ndim else gradient
            scaled = np.broadcast_to(each * weight, spread)
            first = unbroadcast(scaled * slope, prediction.shape).reshape(inputs[0].shape)
            if to_target is None:
                return first, None
            return first, unbroadcast(scaled * to_target, target.shape).reshape(inputs[1].shape)

        return value, pullback

    return forward


def _squared(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, Tensor]:
    return (p - t) ** 2, 2 * (p - t), 2 * (t - p)


def _absolute(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, Tensor]:
    return absolute(p - t), np.sign(p.real - t.real), np.sign(t.real - p.real)


def _huber(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, Tensor]:
    delta, error = number(attributes, "delta", 1.0), p - t
    size = absolute(error)
    slope = clip(error, -delta, delta)
    return np.where(size.real <= delta, error**2 / 2, delta * (size - delta / 2)), slope, -slope


def _smooth_l1(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, Tensor]:
    beta, error = number(attributes, "beta", 1.0), p - t
    if beta <= 0:
        return _absolute(p, t, attributes)
    slope, size = clip(error / beta, -1, 1), absolute(error)
    return np.where(size.real < beta, error**2 / (2 * beta), size - beta / 2), slope, -slope


def _log_cosh(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, Tensor]:
    error, slope = p - t, tanh(p - t)
    return softplus(2 * error) - error - np.log(2), slope, -slope


def _smoothed_binary(t: Tensor, attributes: Attributes) -> Tensor:
    smoothing = number(attributes, "label_smoothing", 0.0)
    return t * (1 - smoothing) + 0.5 * smoothing


def _binary_with_logits(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    wanted = _smoothed_binary(t, attributes)
    return softplus(p) - p * wanted, sigmoid(p) - wanted, None


def _binary(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    if attributes.get("from_logits"):
        return _binary_with_logits(p, t, attributes)
    wanted = _smoothed_binary(t, attributes)
    if attributes.get("aligns"):
        clipped = clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        slope = np.where(clipped == p, (clipped - wanted) / (clipped * (1 - clipped)), 0.0)
        return -(wanted * log(clipped) + (1 - wanted) * log(1 - clipped)), slope, None
    if p.size and (p.real.min() < 0 or p.real.max() > 1):
        raise RefusalError("the loss needs probabilities and gets something else")
    yes, no = (clip(log(one), SMALLEST_LOG, math.inf) for one in (p, 1 - p))
    return -(wanted * yes + (1 - wanted) * no), (p - wanted) / clip(p * (1 - p), 1e-12, math.inf), None


def _hinge(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    signs = 2 * t - 1 if t.size and np.isin(t, (0, 1)).all() else t
    return clip(1 - signs * p, 0.0, math.inf), -signs * (signs * p.real < 1), None


def _squared_hinge(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    values, slope, _ = _hinge(p, t, attributes)
    return values**2, 2 * values * slope, None


def _poisson(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    shifted = p + SMALLEST_PROBABILITY
    return p - t * log(shifted), 1 - t / shifted, None


def _gaussian(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """PyTorch's `GaussianNLLLoss`: (log v + (p - t)^2 / v) / 2 with variances v, which count as `eps` at least."""
    one_input(inputs, 3)
    p, t, given = inputs[:3]
    broadcast(p, t)
    if given.shape not in (p.shape, (*p.shape[:-1], 1)):
        raise RefusalError("variances that do not fit the predictions")
    least = number(attributes, "eps", 1e-6)
    v = np.where(given.real < least, least, given)
    error = p - t
    values = 0.5 * (log(v) + error**2 / v)
    value, weight = _reduced(values, attributes, averages_last=False)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        scaled = np.broadcast_to(gradient * weight, values.shape)
        to_error, to_variance = scaled * error / v, scaled * 0.5 * (1 / v - (error / v) ** 2)
        return unbroadcast(to_error, p.shape), unbroadcast(-to_error, t.shape), unbroadcast(to_variance, given.shape)

    return value, pullback


def _divergence(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    """PyTorch's: of logarithms of probabilities `p` from probabilities `t`, or their logarithms."""
    shares, logs = (exp(t), t) if attributes.get("log_target") is True else (t, np.log(np.where(t > 0, t, 1.0)))
    return shares * (logs - p), -shares, None


def _divergence_by_class(p: Tensor, shares: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor]:
    """Keras': both clipped to [1e-7, 1]."""
    wanted, clipped = np.clip(shares, SMALLEST_PROBABILITY, 1.0), clip(p, SMALLEST_PROBABILITY, 1.0)
    return (wanted * (np.log(wanted) - log(clipped))).sum(axis=-1), np.where(clipped == p, -wanted / clipped, 0.0)


def _kl_divergence(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    row = _by_class(_divergence_by_class, -1) if attributes.get("aligns") else _elementwise(_divergence)
    return row(inputs, parameters, attributes)


def _by_class(rule: _ByClass, axis: int) -> Forward:
    """A loss over classes from a function (prediction, target shares, attributes) with the classes on the last axis."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs, 2)
        if inputs[0].ndim < 1:
            raise RefusalError("a loss over classes of a single number")
        place = axis if inputs[0].ndim > 1 else 0
        prediction = np.moveaxis(inputs[0], place, -1)
        shares = _shares(inputs[1], prediction, place)
        smoothing = number(attributes, "label_smoothing", 0.0)
        shares = shares * (1 - smoothing) + smoothing / prediction.shape[-1]
        values, slope = rule(prediction, shares, attributes)
        value, weight = _reduced(values, attributes, averages_last=False)

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            scaled = np.broadcast_to(gradient * weight, values.shape)[..., None] * slope
            return np.moveaxis(scaled, -1, place), None

        return value, pullback

    return forward


def _shares(target: Tensor, prediction: Tensor, place: int) -> Tensor:
    """Targets as shares of each class: one-hot of class numbers, or rows of shares as they are."""
    moved = np.moveaxis(target, place, -1) if target.ndim == prediction.ndim else target
    if moved.shape == prediction.shape:
        return moved
    rows = target.reshape(prediction.shape[:-1]) if target.size == prediction.size // prediction.shape[-1] else None
    if rows is None:
        raise RefusalError(f"targets of shape {target.shape} do not fit a prediction of shape {prediction.shape}")
    classes = prediction.shape[-1]
    if rows.size and (rows.min() < 0 or rows.max() >= classes or (rows != np.floor(rows)).any()):
        raise RefusalError("a label is outside of the classes")
    require(rows.size, classes)
    found = np.zeros(prediction.shape)
    np.put_along_axis(found, rows.astype(np.int64)[..., None], 1.0, axis=-1)
    return found


def _logits(p: Tensor, shares: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor]:
    values = -(shares * log_softmax(p, -1)).sum(axis=-1)
    return values, softmax(p, -1) * shares.sum(axis=-1, keepdims=True) - shares


def _log_probabilities(p: Tensor, shares: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor]:
    return -(shares * p).sum(axis=-1), -shares


def _probabilities(p: Tensor, shares: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor]:
    """Keras' cross-entropy of probabilities: scaled to sum 1, clipped, and only then the logarithm."""
    if attributes.get("from_logits"):
        return _logits(p, shares, attributes)
    total = p.sum(axis=-1, keepdims=True)
    scaled = p / total
    clipped = clip(scaled, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    pull = np.where(clipped == scaled, -shares / clipped, 0.0)
    return -(shares * log(clipped)).sum(axis=-1), (pull - (pull * scaled).sum(axis=-1, keepdims=True)) / total


def _relative(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    """Keras' percentage error: 100 |p - t| / |t|."""
    scale = 100 / np.maximum(np.abs(t.real), SMALLEST_PROBABILITY)
    return absolute(p - t) * scale, np.sign(p.real - t.real) * scale, None


def _squared_logarithmic(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    """Keras': (log(1 + p) - log(1 + t))^2, both clipped to 1e-7 from below."""
    above, wanted = clip(p, SMALLEST_PROBABILITY, math.inf), np.maximum(t.real, SMALLEST_PROBABILITY)
    error = log(above + 1) - np.log(wanted + 1)
    return error**2, np.where(above == p, 2 * error / (above + 1), 0.0), None


def _binary_focal(p: Tensor, t: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor, None]:
    """Keras' (Lin et al. 2017): the binary cross-entropy times (1 - p)^gamma, p the probability of the true label."""
    gamma, logits = number(attributes, "gamma", 2.0), bool(attributes.get("from_logits"))
    wanted, chance = _smoothed_binary(t, attributes), sigmoid(p) if logits else p
    entropy, slope, _ = _binary(chance, wanted, {"aligns": True})
    missed = 1 - (wanted * chance + (1 - wanted) * (1 - chance))
    factor = power(missed, gamma)
    rising = gamma * power(missed, gamma - 1) * (1 - 2 * wanted) if gamma else np.zeros_like(missed)
    slope = factor * slope + rising * entropy
    slope = slope * chance * (1 - chance) if logits else slope
    if attributes.get("apply_class_balancing") is True:
        alpha = number(attributes, "alpha", 0.25)
        factor, slope = ((wanted * alpha + (1 - wanted) * (1 - alpha)) * one for one in (factor, slope))
    return factor * entropy, slope, None


def _categorical_focal(p: Tensor, shares: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor]:
    """Keras': each class's part of the cross-entropy of scaled probabilities times alpha (1 - p)^gamma."""
    alpha, gamma = number(attributes, "alpha", 0.25), number(attributes, "gamma", 2.0)
    logits = bool(attributes.get("from_logits"))
    scaled = softmax(p, -1) if logits else p / p.sum(axis=-1, keepdims=True)
    clipped = clip(scaled, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    factor, logs = alpha * power(1 - clipped, gamma), log(clipped)
    rising = alpha * gamma * power(1 - clipped, gamma - 1) if gamma else np.zeros_like(clipped)
    pull = np.where(clipped == scaled, shares * (rising * logs - factor / clipped), 0.0)
    moved = pull - (pull * scaled).sum(axis=-1, keepdims=True)
    return -(shares * factor * logs).sum(axis=-1), scaled * moved if logits else moved / p.sum(axis=-1, keepdims=True)


def _hinge_by_class(p: Tensor, shares: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor]:
    """Keras': how far the largest wrong class comes within 1 of the right one."""
    wrong = (1 - shares) * p
    worst = wrong.real.argmax(axis=-1)[..., None]
    margin = np.take_along_axis(wrong, worst, -1)[..., 0] - (shares * p).sum(axis=-1) + 1
    chosen = np.zeros(p.shape)
    np.put_along_axis(chosen, worst, np.take_along_axis(1 - shares, worst, -1), -1)
    return clip(margin, 0.0, math.inf), (chosen - shares) * (margin.real > 0)[..., None]


def _cosine(p: Tensor, t: Tensor, _attributes: Attributes) -> tuple[Tensor, Tensor]:
    """Keras': minus the cosine of the angle between prediction and target, each 1e-7 long at least."""
    (left, below), (right, _) = (_unit([one], (), {"axis": -1, "eps": SMALLEST_PROBABILITY}) for one in (p, t))
    return -(left * right).sum(axis=-1), np.asarray(below(-right)[0])


def _by_row(rule: _ByClass) -> Forward:
    """A Keras loss of vectors, from a function (prediction, target, attributes) with the vectors on the last axis."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs, 2)
        prediction, target = _aligned(*inputs[:2])
        last = attributes.get("axis", -1) in (-1, prediction.ndim - 1)
        if not attributes.get("aligns") or not last or prediction.shape != target.shape or not prediction.ndim:
            raise RefusalError("a loss of vectors along another axis, or of other shapes")
        values, slope = rule(prediction, target, attributes)
        value, weight = _reduced(values, attributes, averages_last=False)

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            scaled = np.broadcast_to(gradient * weight, values.shape)[..., None] * slope
            return scaled.reshape(inputs[0].shape), None

        return value, pullback

    return forward


_unit = MAGNITUDES["l2_normalize"].forward


def _squared_degree(degrees: tuple[float, ...], _own: bool, _attributes: Attributes) -> float:
    return 2 * max(degrees, default=0.0)


LOSSES: Mapping[str, Operation] = {
    "mean_squared_error": Operation(_elementwise(_squared), _squared_degree),
    **{
        name: Operation(_elementwise(rule), nonlinear)
        for name, rule in (
            ("mean_absolute_error", _absolute),
            ("huber", _huber),
            ("smooth_l1", _smooth_l1),
            ("log_cosh", _log_cosh),
            ("binary_crossentropy", _binary),
            ("binary_cross_entropy_with_logits", _binary_with_logits),
            ("hinge", _hinge),
            ("squared_hinge", _squared_hinge),
            ("poisson", _poisson),
            ("mean_absolute_percentage_error", _relative),
            ("mean_squared_logarithmic_error", _squared_logarithmic),
            ("binary_focal_crossentropy", _binary_focal),
        )
    },
    "categorical_crossentropy": Operation(_by_class(_probabilities, -1), nonlinear),
    "sparse_categorical_crossentropy": Operation(_by_class(_probabilities, -1), nonlinear),
    "categorical_focal_crossentropy": Operation(_by_class(_categorical_focal, -1), nonlinear),
    "categorical_hinge": Operation(_by_class(_hinge_by_class, -1), nonlinear),
    "cosine_similarity": Operation(_by_row(_cosine), nonlinear),
    "softmax_cross_entropy_with_logits": Operation(_by_class(_logits, -1), nonlinear),
    "sparse_softmax_cross_entropy_with_logits": Operation(_by_class(_logits, -1), nonlinear),
    "cross_entropy": Operation(_by_class(_logits, 1), nonlinear),
    "kl_divergence": Operation(_kl_divergence, nonlinear),
    "gaussian_nll": Operation(_gaussian, nonlinear),
    "nll": Operation(_by_class(_log_probabilities, 1), nonlinear),
}
