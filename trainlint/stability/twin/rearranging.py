"""Rows of the twin's table: Keras layers that rearrange their input, or in training change it at random around itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin.arithmetic import ARITHMETIC
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    integer,
    integers,
    number,
    one_input,
    require,
    same,
)
from trainlint.stability.twin.windows import spatial

MOVES = frozenset({"RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear"})
"""Random layers that move pixels and leave their values alone."""

RANDOM = frozenset({"augmentation", "gaussian_noise"})
"""Operations that change the numbers of the data at random: what is computed without that is an estimate."""

NOTES: Mapping[str, str] = {
    "augmentation": "pictures count as they are, without their random flips and moves",
    "gaussian_noise": "the noise of a layer is left out",
    "masking": "no step of the sequences is taken to be masked",
}
"""What is assumed where an operation is taken for the identity, in words."""


def _permute(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The axes behind that of the rows, in another order."""
    dims = integers(attributes.get("dims"), "dims")
    return ARITHMETIC["transpose"].forward(inputs, parameters, {"axes": (0, *dims)})


def _repeat_vector(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """One row as so many steps of a sequence."""
    one_input(inputs)
    x, count = inputs[0], integer(attributes, "n", 0)
    if x.ndim != 2 or count < 1:
        raise RefusalError("a vector that is repeated has two axes, and is repeated at least once")
    require(len(x), count, x.shape[1])
    return np.repeat(x[:, None, :], count, axis=1), lambda gradient: (gradient.sum(axis=1),)


def _cropping(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The inner part of each spatial axis: one number, one for each axis, or a (low, high) pair for each."""
    x, given = inputs[0], attributes.get("cropping")
    axes = x.ndim - 2
    sides = given if isinstance(given, tuple) else (given,)
    if axes == 1 and len(sides) == 2:
        sides = (sides,)
    sides = sides * axes if len(sides) == 1 else sides
    pairs = [pair * 2 if len(pair) == 1 else pair for pair in (integers(one, "cropping") for one in sides)]
    if len(pairs) != axes or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise RefusalError("the cropping is not known")
    kept = [slice(low, size - high) for size, (low, high) in zip(x.shape[1:-1], pairs, strict=True)]
    inner = (slice(None), *kept, slice(None))
    value = x[inner]
    if not value.size:
        raise RefusalError("a cropping that leaves nothing")

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = np.zeros(x.shape, dtype=gradient.dtype)
        full[inner] = gradient
        return (full,)

    return value, pullback


def _masking(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The identity where no step is masked: what a mask does to the layers behind it is not followed."""
    one_input(inputs)
    if not attributes.get("still"):
        raise RefusalError("a mask of what the network itself computes")
    if (inputs[0].real == number(attributes, "mask_value", 0.0)).all(axis=-1).any():
        raise RefusalError("a sequence with masked steps")
    return ARITHMETIC["identity"].forward(inputs, parameters, attributes)


def _augmentation(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The identity for what only moves pixels."""
    if attributes.get("name") not in MOVES:
        raise RefusalError(f"`{attributes.get('name')}` changes the values of pictures at random")
    return ARITHMETIC["identity"].forward(inputs, parameters, attributes)


REARRANGING: Mapping[str, Operation] = {
    "permute": Operation(_permute, same),
    "repeat_vector": Operation(_repeat_vector, same),
    "cropping": Operation(spatial(_cropping), same),
    "masking": Operation(_masking, same),
    "gaussian_noise": ARITHMETIC["identity"],
    "augmentation": Operation(_augmentation, same),
}
