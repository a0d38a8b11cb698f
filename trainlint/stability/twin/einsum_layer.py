"""Row of the twin's table: Keras' `EinsumDense`."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence

from trainlint.stability.twin.einsum import EINSUM
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    one_input,
    product,
    unbroadcast,
)


def _terms(attributes: Attributes, rank: int) -> tuple[str, str, str]:
    """The letters of input, kernel and output; an ellipsis in front stands for as many axes as the input has beside."""
    equation = attributes.get("equation")
    left, _, output = equation.replace(" ", "").partition("->") if isinstance(equation, str) else ("", "", "")
    given, _, kernel = left.partition(",")
    if given.startswith("...") and output.startswith("..."):
        free = [one for one in string.ascii_letters if one not in left + output]
        ahead = "".join(free[: max(0, rank - len(given) + 3)])
        given, output = ahead + given[3:], ahead + output[3:]
    if not (given.isalpha() and kernel.isalpha() and output.isalpha()) or len(given) != rank:
        raise RefusalError("the equation of an `EinsumDense` is not known, or does not fit its input")
    return given, kernel, output


def contracted(kernel: Shape, rank: int, attributes: Attributes) -> int:
    """How many products each entry of the result adds up, for an input of so many axes."""
    _, letters, output = _terms(attributes, rank)
    return math.prod(size for letter, size in zip(letters, kernel, strict=True) if letter not in output)


def _einsum_dense(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Sums of products of input and kernel, and a bias on the axes that `bias_axes` names."""
    one_input(inputs)
    given, kernel, output = _terms(attributes, inputs[0].ndim)
    value, below = EINSUM["einsum"].forward([inputs[0], parameters[0]], (), {"equation": f"{given},{kernel}->{output}"})
    if len(parameters) < 2:
        return value, below
    bias = parameters[1]
    return value + bias, lambda gradient: (*below(gradient), unbroadcast(gradient, bias.shape))


def _einsum_dense_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    given, kernel, output = _terms(attributes, len(shapes[0]))
    sizes = dict(zip(given, shapes[0], strict=True))
    wanted = attributes.get("output_shape")
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for letter, size in zip(reversed(output), reversed(wanted), strict=False):
        if isinstance(size, int) and sizes.setdefault(letter, size) != size:
            raise RefusalError("the output of an `EinsumDense` does not fit its input")
    biased = attributes.get("bias_axes")
    if not set(kernel) <= set(sizes) or not isinstance(biased, str | None) or not set(biased or "") <= set(output):
        raise RefusalError("the shape of an `EinsumDense` is not known")
    found = tuple(sizes[letter] for letter in kernel)
    if not biased:
        return (found,)
    first = min(output.index(letter) for letter in biased)
    return found, tuple(sizes[letter] if letter in biased else 1 for letter in output[first:])


EINSUM_LAYER: Mapping[str, Operation] = {"einsum_dense": Operation(_einsum_dense, product, _einsum_dense_parameters)}
