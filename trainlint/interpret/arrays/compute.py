"""What NumPy computes for each operation, on entries that are known. Bounds are checked by the caller, before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from trainlint.interpret.arrays.nodes import integer

Data: TypeAlias = "np.ndarray[Any, Any]"
Compute: TypeAlias = "Callable[[Sequence[Data], Mapping[str, Any]], Any]"


def ufunc(function: Callable[..., Any]) -> Compute:
    """A function of the inputs alone."""
    return lambda data, _attributes: function(*data)


def reduction(function: Callable[..., Any]) -> Compute:
    """A NumPy reduction with `axis` and `keepdims`."""

    def compute(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
        return function(data[0], axis=attributes.get("axis"), keepdims=bool(attributes.get("keepdims", False)))

    return compute


def spread(function: Callable[..., Any]) -> Compute:
    """Variance or deviation, divided by n - `correction`; refused where that is not positive."""

    def compute(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
        keep, ddof = bool(attributes.get("keepdims", False)), float(attributes.get("correction", 0))
        if data[0].size <= ddof * max(math.prod(attributes["result_shape"]), 1):
            raise ValueError("no degrees of freedom")
        return function(data[0], axis=attributes.get("axis"), keepdims=keep, ddof=ddof)

    return compute


def along(function: Callable[..., Any]) -> Compute:
    """A NumPy function with `axis`."""
    return lambda data, attributes: function(data[0], axis=attributes.get("axis"))


def rounded(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The entries with so many decimals."""
    return np.round(data[0], attributes.get("decimals") or 0)


def sort(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The entries in order along `axis`, in PyTorch and TensorFlow downwards where the call says so."""
    axis = attributes.get("axis")
    result = np.sort(data[0], axis=axis)
    downwards = attributes.get("descending") or attributes.get("direction") == "DESCENDING"
    return np.flip(result, axis=axis) if downwards else result


def sigmoid(x: Data) -> Data:
    """1/(1 + exp(-x)) without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softplus(x: Data) -> Data:
    """log(1 + exp(x)) without overflow."""
    return np.logaddexp(x, 0)


def softmax(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """exp(x)/sum(exp(x)) along `axis`."""
    e = np.exp(data[0] - data[0].max(axis=attributes["axis"], keepdims=True))
    return np.asarray(e / e.sum(axis=attributes["axis"], keepdims=True))


def log_softmax(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """The entries x - log(sum(exp(x))) along `axis`."""
    shifted = data[0] - data[0].max(axis=attributes["axis"], keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=attributes["axis"], keepdims=True)))


def power(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The entries x ** exponent, or x ** y."""
    return np.power(data[0], attributes["exponent"]) if len(data) == 1 else np.power(data[0], data[1])


def clip(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The entries x limited to [low, high]."""
    return np.clip(data[0], attributes.get("low"), attributes.get("high"))


def leaky_relu(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The entries x where positive, slope*x elsewhere."""
    return np.where(data[0] > 0, data[0], attributes["slope"] * data[0])


def elu(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The entries x where positive, alpha*(exp(x) - 1) elsewhere."""
    return np.where(data[0] > 0, data[0], attributes.get("alpha", 1.0) * np.expm1(np.minimum(data[0], 0)))


def one_hot(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """A row of the unit matrix for each label.

    Raises:
        IndexError: a label lies outside of 0..classes-1.
    """
    labels = data[0].astype(np.int64)
    if labels.size and (labels.min() < 0 or labels.max() >= attributes["classes"]):
        raise IndexError("a label is no class")
    return np.asarray(labels[..., None] == np.arange(attributes["classes"]))


def triangle(function: Callable[..., Any]) -> Compute:
    """`numpy.tril` or `triu` with the diagonal that it begins at."""

    def compute(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
        return function(data[0], int(attributes.get("diagonal", attributes.get("k", 0)) or 0))

    return compute


def reshape(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """The entries in the shape that the shape rule found."""
    return np.reshape(data[0], attributes["result_shape"])


def transpose(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """The axes in the order of `axes`."""
    axes = attributes.get("axes")
    return np.transpose(data[0], axes if isinstance(axes, tuple) else None)


def concatenate(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Inputs one after the other."""
    return np.concatenate(data, axis=attributes.get("axis", 0))


def stack(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Inputs along a new axis."""
    return np.stack(data, axis=attributes.get("axis", 0))


def repeat(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Each entry several times."""
    return np.repeat(data[0], integer(attributes["repeats"]) or 0, axis=attributes.get("axis"))


def tile(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """The whole several times."""
    return np.tile(data[0], attributes["repeats"])


def broadcast_to(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Broadcast to the shape that the shape rule found."""
    return np.broadcast_to(data[0], attributes["result_shape"])


def flip(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Entries in the opposite order along `axis`."""
    return np.flip(data[0], attributes.get("axis"))


def roll(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Entries moved round by `shift` along `axis`."""
    return np.roll(data[0], attributes["shift"], attributes.get("axis"))


def norm(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """Euclidean length, over all entries or along one axis."""
    order = attributes.get("ord")
    if order not in (None, 2, "fro", "euclidean"):
        raise ValueError("only Euclidean norms are followed")
    axis, keep = attributes.get("axis"), bool(attributes.get("keepdims", False))
    return np.sqrt(np.sum(np.abs(data[0]) ** 2, axis=axis, keepdims=keep))


def diff(data: Sequence[Data], attributes: Mapping[str, Any]) -> Data:
    """Differences of neighbours along `axis`."""
    return np.diff(data[0], axis=attributes.get("axis", -1))


def getitem(data: Sequence[Data], attributes: Mapping[str, Any]) -> Any:
    """The part that a known index picks."""
    return data[0][attributes["index"]]
