"""Rows of the twin's table: what gives a picture other extents. Each is one matrix for each spatial axis, or a rearrangement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

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
    require,
    same,
)
from trainlint.stability.twin.windows import spatial

BY_WEIGHTS = frozenset({"linear", "bilinear", "trilinear"})


def along_axes(x: Tensor, matrices: Sequence[Tensor]) -> Tensor:
    """Apply one matrix (new size, old size) to each spatial axis."""
    for axis, matrix in enumerate(matrices, start=1):
        require(x.size // x.shape[axis], matrix.shape[0])
        x = np.moveaxis(np.tensordot(matrix, x, axes=([1], [axis])), 0, axis)
    return x


def _resampled(matrices: Callable[[Shape, Attributes], list[Tensor]]) -> Forward:
    """An operation that is one matrix for each spatial axis."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        found = matrices(inputs[0].shape[1:-1], attributes)
        return along_axes(inputs[0], found), lambda gradient: (along_axes(gradient, [one.T for one in found]),)

    return spatial(forward)


def bins(size: int, count: int) -> list[tuple[int, int]]:
    """Where the windows of an adaptive pool begin and end."""
    return [(row * size // count, -(-(row + 1) * size // count)) for row in range(count)]


def _wanted(space: Shape, attributes: Attributes) -> tuple[int, ...]:
    """The extents that an adaptive pool gives; None keeps one."""
    given = attributes.get("output_size")
    sizes = given if isinstance(given, tuple | list) else (given,) * len(space)
    if len(sizes) != len(space):
        raise RefusalError("`output_size` does not fit the input")
    found = tuple(size if one is None else integers(one, "output_size")[0] for one, size in zip(sizes, space, strict=True))
    if min(found) < 1:
        raise RefusalError("an adaptive pool to nothing")
    return found


def _adaptive(space: Shape, attributes: Attributes) -> list[Tensor]:
    found = []
    for size, count in zip(space, _wanted(space, attributes), strict=True):
        require(count, size)
        matrix = np.zeros((count, size))
        for row, (start, end) in enumerate(bins(size, count)):
            matrix[row, start:end] = 1 / (end - start)
        found.append(matrix)
    return found


def _adaptive_max(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The first of the largest entries of each window, axis by axis."""
    value, ways = inputs[0], []
    for axis, count in enumerate(_wanted(inputs[0].shape[1:-1], attributes), start=1):
        below, edges = value, bins(value.shape[axis], count)
        places = np.stack([below.real.take(range(*edge), axis=axis).argmax(axis=axis) + edge[0] for edge in edges], axis=axis)
        value = np.take_along_axis(below, places, axis=axis)
        ways.append((axis, places, below.shape))

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        for axis, places, shape in reversed(ways):
            full = np.zeros(shape, dtype=gradient.dtype)
            index = tuple(places if at == axis else one for at, one in enumerate(np.indices(places.shape, sparse=True)))
            np.add.at(full, index, gradient)
            gradient = full
        return (gradient,)

    return value, pullback


def _extents(space: Shape, attributes: Attributes) -> list[tuple[int, float]]:
    """New extents, with the old entries that one new entry spans; `size` is a factor, `extents` what it gives."""
    if attributes.get("extents") is not None:
        sizes = per_axis(attributes, "extents", len(space), 1)
        return [(new, old / max(1, new)) for new, old in zip(sizes, space, strict=True)]
    given = attributes.get("size", attributes.get("scale_factor"))
    factors = tuple(given) if isinstance(given, tuple | list) else (2 if given is None else given,) * len(space)
    if len(factors) != len(space) or not all(isinstance(one, int | float) and 0 < one < 1_000 for one in factors):
        raise RefusalError("`scale_factor` of an operation is not known")
    return [(int(old * by), 1 / by) for by, old in zip(factors, space, strict=True)]


def _interpolated(space: Shape, attributes: Attributes) -> list[Tensor]:
    """Nearest neighbours, or the linear interpolation between two (with `align_corners` from the first entry to the last)."""
    mode = attributes.get("interpolation") or attributes.get("mode") or "nearest"
    if mode != "nearest" and mode not in BY_WEIGHTS:
        raise RefusalError(f"an interpolation other than nearest and linear: `{mode}`")
    found = []
    for old, (new, ratio) in zip(space, _extents(space, attributes), strict=True):
        if new < 1:
            raise RefusalError("a picture without entries")
        require(new, old)
        matrix, places = np.zeros((new, old)), np.arange(new)
        if mode == "nearest":
            matrix[places, np.minimum(np.floor(places * ratio).astype(np.int64), old - 1)] = 1.0
        else:
            corners = attributes.get("align_corners") is True
            at = (
                places * ((old - 1) / (new - 1) if new > 1 else 0.0) if corners else np.maximum((places + 0.5) * ratio - 0.5, 0.0)
            )
            first = np.minimum(np.floor(at).astype(np.int64), old - 1)
            share = np.where(first < old - 1, at - first, 0.0)
            matrix[places, first] += 1 - share
            matrix[places, np.minimum(first + 1, old - 1)] += share
        found.append(matrix)
    return found


def _zero_pad(space: Shape, attributes: Attributes) -> list[Tensor]:
    padding = attributes.get("padding")
    axes = len(space)
    if isinstance(padding, tuple) and all(isinstance(one, tuple) for one in padding):
        pairs = [integers(one, "padding") for one in padding]
    else:
        sides = integers(padding, "padding")
        if len(sides) == 2 * axes:  # (low, high) of the last axis first, as PyTorch has it
            pairs = [sides[2 * axis : 2 * axis + 2] for axis in reversed(range(axes))]
        else:
            pairs = [(side, side) for side in (sides * axes if len(sides) == 1 else sides)]
    if len(pairs) != axes or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise RefusalError("the padding is not known")
    found = []
    for size, (low, high) in zip(space, pairs, strict=True):
        require(low + size + high, size)
        found.append(np.pad(np.eye(size), ((low, high), (0, 0))))
    return found


def _any_pad(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Zeros around the spatial axes; `F.pad(x, (left, right, top, ...))` names its axes from the last one on."""
    one_input(inputs)
    if "pad" not in attributes:
        return _PADDED(inputs, parameters, attributes)
    x, sides = inputs[0], integers(attributes["pad"], "pad")
    if len(sides) % 2 or len(sides) > 2 * x.ndim or attributes.get("mode", "constant") != "constant":
        raise RefusalError("a padding of an unusual kind")
    pairs = [sides[at : at + 2] for at in range(0, len(sides), 2)]
    around = [(0, 0)] * (x.ndim - len(pairs)) + [(pair[0], pair[1]) for pair in reversed(pairs)]
    if any(min(pair) < 0 for pair in around):
        raise RefusalError("a padding that cuts off entries")
    fill = attributes.get("value")
    if fill is not None and (isinstance(fill, bool) or not isinstance(fill, int | float)):
        raise RefusalError("`value` of an operation is not known")
    require(*(low + size + high for (low, high), size in zip(around, x.shape, strict=True)))
    inside = tuple(slice(low, low + size) for (low, _), size in zip(around, x.shape, strict=True))
    return np.pad(x, around, constant_values=fill or 0.0), lambda gradient: (gradient[inside],)


_PADDED = _resampled(_zero_pad)


def _pixel_shuffle(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Blocks of r^2 channels become r times r pixels (Shi et al. 2016)."""
    one_input(inputs)
    x, by = inputs[0], integer(attributes, "upscale_factor", 0)
    if by < 1 or x.ndim != 4 or x.shape[1] % by**2:
        raise RefusalError("channels that cannot be made pixels")
    rows, channels, height, width = x.shape
    split = x.reshape(rows, channels // by**2, by, by, height, width)
    value = split.transpose(0, 1, 4, 2, 5, 3)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        return (gradient.reshape(value.shape).transpose(0, 1, 3, 5, 2, 4).reshape(x.shape),)

    return value.reshape(rows, channels // by**2, height * by, width * by), pullback


RESAMPLING: Mapping[str, Operation] = {
    "adaptive_average_pool": Operation(_resampled(_adaptive), same),
    "adaptive_max_pool": Operation(spatial(_adaptive_max), nonlinear),
    "upsample": Operation(_resampled(_interpolated), same),
    "interpolate": Operation(_resampled(_interpolated), same),
    "zero_pad": Operation(_any_pad, same),
    "pixel_shuffle": Operation(_pixel_shuffle, same),
}
