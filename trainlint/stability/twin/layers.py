"""Rows of the twin's table: layers with parameters, and normalisers. Kernels are laid out (inputs, outputs) in both libraries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin import directional
from trainlint.stability.twin.operation import (
    NONLINEAR,
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    axes_of,
    integer,
    integers,
    normal_axis,
    number,
    one_input,
    product,
    require,
    same,
)


def _dense(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    x, turned = inputs[0], attributes.get("transposed") is True
    kernel = parameters[0].T if turned else parameters[0]
    rows = x.reshape(-1, x.shape[-1])
    require(len(rows), kernel.shape[1])
    value = directional.matmul(rows, kernel)
    if len(parameters) > 1:
        value = value + parameters[1]

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        flat = gradient.reshape(value.shape)
        to_input = None if attributes.get("still") else directional.matmul(flat, kernel.T).reshape(x.shape)
        to_kernel = directional.matmul(flat.T, rows) if turned else directional.matmul(rows.T, flat)
        return to_input, to_kernel, flat.sum(axis=0)

    return value.reshape(*x.shape[:-1], kernel.shape[1]), pullback


def _dense_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    units = integer(attributes, "units", 0)
    if units < 1 or not shapes or not shapes[0]:
        raise RefusalError("the width of a dense layer is not known")
    kernel = (units, shapes[0][-1]) if attributes.get("transposed") is True else (shapes[0][-1], units)
    return (kernel, (units,))[: 1 + (attributes.get("use_bias", True) is not False)]


def _embedding(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    turned = attributes.get("transposed") is True
    rows, table = inputs[0].real.astype(np.int64), parameters[0].T if turned else parameters[0]
    if rows.size and (rows.min() < 0 or rows.max() >= len(table)):
        raise RefusalError("an index lies outside of the embedding")
    require(rows.size, table.shape[1])

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = np.zeros(table.shape, dtype=gradient.dtype)
        np.add.at(full, rows.reshape(-1), gradient.reshape(-1, table.shape[1]))
        return None, full.T if turned else full

    return table[rows], pullback


def _embedding_parameters(_shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    shape = integer(attributes, "rows", 0), integer(attributes, "units", 0)
    return (shape[::-1] if attributes.get("transposed") is True else shape,)


def _embedding_degree(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    return NONLINEAR if any(degrees) else float(own)


def _normalized(x: Tensor, axes: tuple[int, ...], epsilon: float) -> tuple[Tensor, Pullback]:
    """(x - mean) / sqrt(variance + epsilon) over some axes, with the biased variance that both libraries train with."""
    centred = x - x.mean(axis=axes, keepdims=True)
    deviation = directional.sqrt((centred**2).mean(axis=axes, keepdims=True) + epsilon)
    value = centred / deviation

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        along = value * (gradient * value).mean(axis=axes, keepdims=True)
        return ((gradient - gradient.mean(axis=axes, keepdims=True) - along) / deviation,)

    return value, pullback


def _affine(
    inner: tuple[Tensor, Pullback], kept: tuple[int, ...], parameters: Sequence[Tensor], attributes: Attributes
) -> tuple[Tensor, Pullback]:
    """Multiply by a scale and add an offset that live on the axes `kept`, where the layer has them."""
    value, below = inner
    shape = tuple(size if axis in kept else 1 for axis, size in enumerate(value.shape))
    others = tuple(axis for axis in range(value.ndim) if axis not in kept)
    scaled = attributes.get("scale", True) is not False and bool(parameters)
    scale = parameters[0].reshape(shape) if scaled else np.ones(shape)
    output = value * scale
    if len(parameters) > scaled:
        output = output + parameters[int(scaled)].reshape(shape)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        own = [(gradient * value).sum(axis=others)] if scaled else []
        if len(parameters) > scaled:
            own.append(gradient.sum(axis=others))
        return (*below(gradient * scale), *(one.reshape(given.shape) for one, given in zip(own, parameters, strict=True)))

    return output, pullback


def _batch_norm_axis(ndim: int, attributes: Attributes) -> int:
    """The axis of the features: Keras has `axis`, PyTorch (which has `affine`) normalises axis 1."""
    return normal_axis(integer(attributes, "axis", 1 if "affine" in attributes else -1), ndim)


def _batch_norm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    x = inputs[0]
    feature = _batch_norm_axis(x.ndim, attributes)
    axes = tuple(axis for axis in range(x.ndim) if axis != feature)
    inner = _normalized(x, axes, number(attributes, "epsilon", 1e-3))
    return _affine(inner, (feature,), parameters, attributes)


def _layer_norm_axes(ndim: int, attributes: Attributes) -> tuple[int, ...]:
    normalized = attributes.get("normalized_shape")
    if normalized is not None:
        return tuple(range(ndim - len(integers(normalized, "normalized_shape")), ndim))
    return axes_of({"axis": attributes.get("axis", -1)}, ndim)


def _layer_norm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    axes = _layer_norm_axes(inputs[0].ndim, attributes)
    inner = _normalized(inputs[0], axes, number(attributes, "epsilon", 1e-3))
    return _affine(inner, axes, parameters, attributes)


def _group_norm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    return _grouped(inputs, parameters, attributes, integer(attributes, "groups", 32))


def _instance_norm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    return _grouped(inputs, parameters, attributes, inputs[0].shape[_batch_norm_axis(inputs[0].ndim, attributes)])


def _grouped(
    inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes, groups: int
) -> tuple[Tensor, Pullback]:
    """Normalise each row over groups of channels and all of space."""
    one_input(inputs)
    x = inputs[0]
    axis = _batch_norm_axis(x.ndim, attributes)
    first = np.moveaxis(x, axis, 1)
    if groups < 1 or first.shape[1] % groups:
        raise RefusalError("groups that do not divide the channels")
    flat, below = _normalized(first.reshape(len(x), groups, -1), (2,), number(attributes, "epsilon", 1e-3))

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        (found,) = below(np.moveaxis(gradient, axis, 1).reshape(flat.shape))
        return (None if found is None else np.moveaxis(found.reshape(first.shape), 1, axis),)

    return _affine((np.moveaxis(flat.reshape(first.shape), 1, axis), pullback), (axis,), parameters, attributes)


def _rms_norm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Division by the root mean square: x / sqrt(mean(x^2) + epsilon)."""
    one_input(inputs)
    x = inputs[0]
    axes = _layer_norm_axes(x.ndim, attributes)
    root = directional.sqrt(
        (x**2).mean(axis=axes, keepdims=True) + number(attributes, "epsilon", float(np.finfo(np.float32).eps))
    )
    value = x / root

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        return ((gradient - value * (gradient * value).mean(axis=axes, keepdims=True)) / root,)

    return _affine((value, pullback), axes, parameters, attributes)


def _rms_norm_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return _layer_norm_parameters(shapes, attributes)[:1]


def _norm_parameters(shape: Shape, attributes: Attributes) -> tuple[Shape, ...]:
    if attributes.get("affine", True) is False:
        return ()
    count = (attributes.get("scale", True) is not False) + (attributes.get("center", True) is not False)
    return (shape,) * count


def _batch_norm_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return _norm_parameters((shapes[0][_batch_norm_axis(len(shapes[0]), attributes)],), attributes)


def _layer_norm_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axes = _layer_norm_axes(len(shapes[0]), attributes)
    return _norm_parameters(tuple(shapes[0][axis] for axis in axes), attributes)


def _norm_degree(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    return NONLINEAR if any(degrees) else float(own)


def _normalization(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Keras' `Normalization`: (x - mean) / sqrt(variance) with numbers that are given or were adapted (`adapted`)."""
    one_input(inputs)
    deviation = np.maximum(np.sqrt(_constant(attributes.get("variance"))), 1e-7)
    return (inputs[0] - _constant(attributes.get("mean"))) / deviation, lambda gradient: (gradient / deviation,)


def adapted(x: Tensor, attributes: Attributes) -> Attributes:
    """The attributes of a `Normalization` that was adapted to this data and has no numbers of its own."""
    if attributes.get("mean") is not None and attributes.get("variance") is not None:
        return attributes
    kept = axes_of({"axis": attributes.get("axis", -1)}, x.ndim) if attributes.get("axis", -1) is not None else ()
    axes = tuple(axis for axis in range(x.ndim) if axis not in kept)
    return {**attributes, "mean": x.mean(axis=axes, keepdims=True), "variance": x.var(axis=axes, keepdims=True)}


def _constant(value: object) -> Tensor:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.asarray(math.nan)
    if not np.isfinite(found).all():
        raise RefusalError("the numbers of a normalization are not known")
    return found


def fan(shape: Shape) -> tuple[float, float]:
    """(fan_in, fan_out) of a kernel laid out (*window, inputs, outputs), as both libraries count them."""
    if len(shape) < 1:
        return 1.0, 1.0
    if len(shape) == 1:
        return float(shape[0]), float(shape[0])
    window = math.prod(shape[:-2])
    return float(shape[-2] * window), float(shape[-1] * window)


LAYERS: Mapping[str, Operation] = {
    "dense": Operation(_dense, product, _dense_parameters),
    "embedding": Operation(_embedding, _embedding_degree, _embedding_parameters),
    "batch_norm": Operation(_batch_norm, _norm_degree, _batch_norm_parameters),
    "layer_norm": Operation(_layer_norm, _norm_degree, _layer_norm_parameters),
    "group_norm": Operation(_group_norm, _norm_degree, _batch_norm_parameters),
    "instance_norm": Operation(_instance_norm, _norm_degree, _batch_norm_parameters),
    "rms_norm": Operation(_rms_norm, _norm_degree, _rms_norm_parameters),
    "normalization": Operation(_normalization, same),
}
