"""Rows of the twin's table: convolutions, pools and what else moves over spatial axes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trainlint.stability.twin import directional
from trainlint.stability.twin.operation import (
    Attributes,
    Forward,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    integer,
    integers,
    nonlinear,
    one_input,
    per_axis,
    product,
    require,
    same,
)

MAXIMUM_GROUPS = 64


def channels_first(attributes: Attributes) -> bool:
    """Whether the channels come before the spatial axes."""
    return attributes.get("data_format") == "channels_first"


def spatial(forward: Forward) -> Forward:
    """Let an operation that is written for (rows, *space, channels) take either data format."""

    def wrapped(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        if inputs[0].ndim < 3:
            raise RefusalError("a spatial layer whose input has no spatial axes")
        if not channels_first(attributes):
            return forward(inputs, parameters, attributes)
        value, below = forward([np.moveaxis(inputs[0], 1, -1)], parameters, attributes)

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            first, *rest = below(np.moveaxis(gradient, 1, -1) if gradient.ndim > 2 else gradient)
            return (None if first is None else np.moveaxis(first, -1, 1), *rest)

        return np.moveaxis(value, -1, 1) if value.ndim > 2 else value, pullback

    return wrapped


class Geometry(NamedTuple):
    """Where the windows of a layer lie: one entry for each spatial axis."""

    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    extent: tuple[int, ...]

    def taps(self) -> itertools.product[tuple[int, ...]]:
        """The places inside a window."""
        return itertools.product(*(range(size) for size in self.window))

    def at(self, tap: tuple[int, ...]) -> tuple[slice, ...]:
        """The entries of the padded input that one place of the window sees, over all windows."""
        starts = (one * wide for one, wide in zip(tap, self.dilation, strict=True))
        steps = zip(starts, self.strides, self.extent, strict=True)
        return (slice(None), *(slice(start, start + (count - 1) * stride + 1, stride) for start, stride, count in steps))


def _geometry(space: Shape, window: tuple[int, ...], strides: tuple[int, ...], attributes: Attributes) -> Geometry:
    dilation = per_axis(attributes, "dilation", len(space), 1)
    if min((*window, *strides, *dilation)) < 1:
        raise RefusalError("a window or stride below 1")
    reach = tuple((size - 1) * wide + 1 for size, wide in zip(window, dilation, strict=True))
    padding = tuple(
        padding_of(attributes.get("padding", "valid"), axis, space[axis], reach[axis], strides[axis])
        for axis in range(len(space))
    )
    extent = tuple(
        (size + low + high - far) // stride + 1
        for size, (low, high), far, stride in zip(space, padding, reach, strides, strict=True)
    )
    if min(extent) < 1:
        raise RefusalError("a window is larger than its input")
    return Geometry(window, strides, dilation, padding, extent)


def padding_of(padding: object, axis: int, size: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros below and above one axis. "same" splits the odd one above, as TensorFlow and PyTorch do."""
    if padding is None or padding == "valid":
        return 0, 0
    if padding == "same":
        total = max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2
    if padding == "causal":
        return reach - 1, 0
    pairs = padding if isinstance(padding, tuple) else ()
    pair = pairs[axis] if axis < len(pairs) else None
    sides = integers(pair, "padding")
    if len(sides) != 2 or min(sides) < 0:
        raise RefusalError("the padding is not known")
    return sides[0], sides[1]


def _padded(x: Tensor, geometry: Geometry, fill: float) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """An array with its padding around it, and the way to cut such a one back to its size."""
    if not any(low or high for low, high in geometry.padding):
        return x, lambda full: full
    around = ((0, 0), *geometry.padding, (0, 0))
    inside = tuple(slice(low, low + size) for (low, _), size in zip(around, x.shape, strict=True))
    return np.pad(x, around, constant_values=fill), lambda full: np.asarray(full[inside])


def _patches(x: Tensor, geometry: Geometry, fill: float) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """All windows as (rows, *extent, taps, channels), and the sum of such an array's entries back where they came from."""
    require(len(x), *geometry.extent, *geometry.window, x.shape[-1])
    padded, unpadded = _padded(x, geometry, fill)
    found = np.stack([padded[geometry.at(tap)] for tap in geometry.taps()], axis=-2)

    def scatter(gradient: Tensor) -> Tensor:
        full = np.zeros(padded.shape, dtype=gradient.dtype)
        for index, tap in enumerate(geometry.taps()):
            full[geometry.at(tap)] += gradient[..., index, :]
        return unpadded(full)

    return found, scatter


def _conv(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    x, kernel = inputs[0], parameters[0]
    axes, groups = x.ndim - 2, integer(attributes, "groups", 1)
    if groups > MAXIMUM_GROUPS:
        raise RefusalError(f"a convolution of more than {MAXIMUM_GROUPS} groups")
    geometry = _geometry(x.shape[1:-1], kernel.shape[:axes], per_axis(attributes, "strides", axes, 1), attributes)
    patches, scatter = _patches(x, geometry, 0.0)
    weights = kernel.reshape(-1, kernel.shape[-2], kernel.shape[-1])
    channels, filters = kernel.shape[-2], kernel.shape[-1] // groups
    seen = [slice(group * channels, (group + 1) * channels) for group in range(groups)]
    made = [slice(group * filters, (group + 1) * filters) for group in range(groups)]
    parts = [_by_matrix(patches[..., i], weights[..., o]) for i, o in zip(seen, made, strict=True)]
    value = np.concatenate(parts, axis=-1) + (parameters[1] if len(parameters) > 1 else 0.0)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        still, to_weights = attributes.get("still"), np.zeros(weights.shape, dtype=gradient.dtype)
        to_patches = np.zeros(0) if still else np.zeros(patches.shape, dtype=gradient.dtype)
        rows = tuple(range(axes + 1))
        for i, o in zip(seen, made, strict=True):
            if not still:
                to_patches[..., i] = _by_matrix(gradient[..., o], np.moveaxis(weights[..., o], -1, 0), axes=1)
            flat = patches[..., i].reshape(-1, len(weights) * channels)
            to_weights[..., o] = directional.matmul(flat.T, gradient[..., o].reshape(len(flat), -1)).reshape(
                weights[..., o].shape
            )
        return None if still else scatter(to_patches), to_weights.reshape(kernel.shape), gradient.sum(axis=rows)

    return value, pullback


def _by_matrix(first: Tensor, second: Tensor, axes: int = 2) -> Tensor:
    """Contract the last `axes` axes of one array with the first ones of another."""
    inner = math.prod(second.shape[:axes])
    found = directional.matmul(first.reshape(-1, inner), second.reshape(inner, -1))
    return np.asarray(np.reshape(found, (*first.shape[: first.ndim - axes], *second.shape[axes:])))


def _conv_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axes, channels = len(shapes[0]) - 2, shapes[0][1 if channels_first(attributes) else -1]
    filters, groups = integer(attributes, "filters", 0), integer(attributes, "groups", 1)
    if axes < 1 or filters < 1 or groups < 1 or channels % groups:
        raise RefusalError("the shape of a convolution is not known")
    kernel = (*per_axis(attributes, "kernel_size", axes, 0), channels // groups, filters)
    return (kernel, (filters,))[: 1 + (attributes.get("use_bias", True) is not False)]


def _depthwise(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    x, kernel = inputs[0], parameters[0]
    axes = x.ndim - 2
    geometry = _geometry(x.shape[1:-1], kernel.shape[:axes], per_axis(attributes, "strides", axes, 1), attributes)
    patches, scatter = _patches(x, geometry, 0.0)
    weights = kernel.reshape(-1, *kernel.shape[-2:])  # taps, channels, multiplier
    require(*patches.shape[:-2], weights.shape[1], weights.shape[2])
    value = np.einsum("...kc,kcm->...cm", patches, weights)
    wide = value.shape
    value = value.reshape(*wide[:-2], -1) + (parameters[1] if len(parameters) > 1 else 0.0)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        split = gradient.reshape(wide)
        to_weights = np.einsum("nkc,ncm->kcm", patches.reshape(-1, *weights.shape[:2]), split.reshape(-1, *weights.shape[1:]))
        to_input = scatter(np.einsum("...cm,kcm->...kc", split, weights))
        return to_input, to_weights.reshape(kernel.shape), gradient.sum(axis=tuple(range(axes + 1)))

    return value, pullback


def _depthwise_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axes, channels = len(shapes[0]) - 2, shapes[0][1 if channels_first(attributes) else -1]
    multiplier = integer(attributes, "depth_multiplier", 1)
    kernel = (*per_axis(attributes, "kernel_size", axes, 0), channels, multiplier)
    return (kernel, (channels * multiplier,))[: 1 + (attributes.get("use_bias", True) is not False)]


def _separable(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """A depthwise convolution without bias, then a pointwise one."""
    middle, below = _depthwise(inputs, parameters[:1], attributes)
    value, above = _conv([middle], parameters[1:], {})

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        to_middle, *own = above(gradient)
        first, depthwise, _ = below(np.zeros_like(middle) if to_middle is None else to_middle)
        return first, depthwise, *own

    return value, pullback


def _separable_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    depthwise = _depthwise_parameters(shapes, {**attributes, "use_bias": False})[0]
    filters, axes = integer(attributes, "filters", 0), len(shapes[0]) - 2
    kernels = (depthwise, (*(1,) * axes, depthwise[-2] * depthwise[-1], filters))
    return kernels if attributes.get("use_bias", True) is False else (*kernels, (filters,))


def _separable_degree(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    return max(degrees, default=0.0) + 2 * own


def _placed(x: Tensor, attributes: Attributes) -> Geometry:
    """The windows of a pool."""
    axes = x.ndim - 2
    window = per_axis(attributes, "pool_size", axes, 2)
    strides = window if attributes.get("strides") is None else per_axis(attributes, "strides", axes, 1)
    return _geometry(x.shape[1:-1], window, strides, attributes)


def _max_pool(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The first of the largest entries of each window."""
    x, geometry = inputs[0], _placed(inputs[0], attributes)
    require(len(x), *geometry.extent, *geometry.window, x.shape[-1])
    padded, unpadded = _padded(x, geometry, -math.inf)
    value, *others = (np.ascontiguousarray(padded[geometry.at(tap)]) for tap in geometry.taps())
    beaten = []
    for entry in others:
        beaten.append(entry.real > value.real)
        value = np.where(beaten[-1], entry, value) if np.iscomplexobj(entry) else np.maximum(value, entry)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full, first, *taps = np.zeros(padded.shape, dtype=gradient.dtype), *geometry.taps()
        for tap, larger in zip(reversed(taps), reversed(beaten), strict=True):
            share = gradient * larger
            full[geometry.at(tap)] += share
            gradient = gradient - share
        full[geometry.at(first)] += gradient
        return (unpadded(full),)

    return value, pullback


def _average_pool(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The mean over each window; with the padding "same" over what it has of the input alone."""
    x, geometry = inputs[0], _placed(inputs[0], attributes)
    patches, scatter = _patches(x, geometry, 0.0)
    counted = np.ones((1,) * patches.ndim)
    if attributes.get("padding") == "same":
        counted = _patches(np.ones((1, *x.shape[1:-1], 1)), geometry, 0.0)[0]
    weights = counted / (counted * np.ones((patches.shape[-2], 1))).sum(axis=-2, keepdims=True)
    return (patches * weights).sum(axis=-2), lambda gradient: (
        scatter(np.broadcast_to(weights, patches.shape) * gradient[..., None, :]),
    )


def _global_pool(largest: bool) -> Forward:
    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        x = inputs[0]
        flat = x.reshape(len(x), -1, x.shape[-1])
        weights = np.full(flat.shape, 1 / flat.shape[1])
        if largest:
            weights = np.zeros(flat.shape)
            np.put_along_axis(weights, flat.real.argmax(axis=1)[:, None, :], 1.0, axis=1)
        value = (flat * weights).sum(axis=1)
        kept = (len(x), *(1,) * (x.ndim - 2), x.shape[-1]) if attributes.get("keepdims") else value.shape
        return value.reshape(kept), lambda gradient: ((weights * gradient.reshape(len(x), 1, -1)).reshape(x.shape),)

    return spatial(forward)


WINDOWS: Mapping[str, Operation] = {
    "conv": Operation(spatial(_conv), product, _conv_parameters),
    "depthwise_conv": Operation(spatial(_depthwise), product, _depthwise_parameters),
    "separable_conv": Operation(spatial(_separable), _separable_degree, _separable_parameters),
    "max_pool": Operation(spatial(_max_pool), nonlinear),
    "average_pool": Operation(spatial(_average_pool), same),
    "global_average_pool": Operation(_global_pool(largest=False), same),
    "global_max_pool": Operation(_global_pool(largest=True), nonlinear),
}
