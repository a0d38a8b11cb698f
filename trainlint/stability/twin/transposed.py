"""Row of the twin's table: transposed convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin import directional
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    integer,
    per_axis,
    product,
    require,
)
from trainlint.stability.twin.windows import Geometry, channels_first, padding_of, spatial


def _conv_transpose(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The transpose of a convolution: each entry adds its multiple of the kernel (*window, filters, in) to the output."""
    x, kernel = inputs[0], parameters[0]
    axes = x.ndim - 2
    if integer(attributes, "groups", 1) != 1:
        raise RefusalError("a transposed convolution with groups")
    strides, dilation = per_axis(attributes, "strides", axes, 1), per_axis(attributes, "dilation", axes, 1)
    if min((*strides, *dilation, *kernel.shape)) < 1:
        raise RefusalError("a window or stride below 1")
    geometry = Geometry(kernel.shape[:axes], strides, dilation, ((0, 0),) * axes, x.shape[1:-1])
    sides = [_cut(attributes, axis, geometry) for axis in range(axes)]
    flat, filters = kernel.reshape(-1, kernel.shape[-1]), kernel.shape[-2]
    made = _matmul_last(x, flat.T).reshape(*x.shape[:-1], -1, filters)
    spread = [
        max(low + size, (count - 1) * stride + (taps - 1) * wide + 1)
        for (low, size), count, stride, taps, wide in zip(
            sides, x.shape[1:-1], strides, kernel.shape[:axes], dilation, strict=True
        )
    ]
    require(len(x), *spread, filters)
    full = np.zeros((len(x), *spread, filters), dtype=made.dtype)
    for index, tap in enumerate(geometry.taps()):
        full[geometry.at(tap)] += made[..., index, :]
    inside = (slice(None), *(slice(low, low + size) for low, size in sides))
    value = full[inside] + (parameters[1] if len(parameters) > 1 else 0.0)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        whole = np.zeros(full.shape, dtype=gradient.dtype)
        whole[inside] = gradient
        below = np.stack([whole[geometry.at(tap)] for tap in geometry.taps()], axis=-2).reshape(-1, len(flat))
        to_kernel = directional.matmul(below.T, x.reshape(-1, x.shape[-1])).reshape(kernel.shape)
        return directional.matmul(below, flat).reshape(x.shape), to_kernel, gradient.sum(axis=tuple(range(axes + 1)))

    return value, pullback


def _cut(attributes: Attributes, axis: int, geometry: Geometry) -> tuple[int, int]:
    """What is cut off below, and what remains, along one axis of a transposed convolution."""
    count, stride = geometry.extent[axis], geometry.strides[axis]
    reach = (geometry.window[axis] - 1) * geometry.dilation[axis] + 1
    padding = attributes.get("padding", "valid")
    if padding in ("valid", None) and attributes.get("data_format") != "channels_first":
        return 0, count * stride + max(reach - stride, 0)
    if padding == "same":
        return max(reach - stride, 0) // 2, count * stride
    low, high = (0, 0) if padding in ("valid", None) else padding_of(padding, axis, count, reach, stride)
    more = per_axis(attributes, "output_padding", len(geometry.window), 0)[axis]
    size = (count - 1) * stride + reach - low - high + more
    if size < 1 or not 0 <= more <= stride:
        raise RefusalError("the padding is not known")
    return low, size


def _matmul_last(x: Tensor, matrix: Tensor) -> Tensor:
    """Contract the last axis of an array with the first of a matrix."""
    return np.asarray(directional.matmul(x.reshape(-1, x.shape[-1]), matrix).reshape(*x.shape[:-1], -1))


def _transposed_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axes, channels = len(shapes[0]) - 2, shapes[0][1 if channels_first(attributes) else -1]
    filters = integer(attributes, "filters", 0)
    if axes < 1 or filters < 1:
        raise RefusalError("the shape of a convolution is not known")
    kernel = (*per_axis(attributes, "kernel_size", axes, 0), filters, channels)
    return (kernel, (filters,))[: 1 + (attributes.get("use_bias", True) is not False)]


TRANSPOSED: Mapping[str, Operation] = {
    "conv_transpose": Operation(spatial(_conv_transpose), product, _transposed_parameters),
}
