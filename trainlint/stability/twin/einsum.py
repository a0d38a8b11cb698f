"""Row of the twin's table: sums of products over named axes (`einsum`), each as one matrix product."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin.directional import matmul
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    one_input,
    product,
    require,
)


def _terms(equation: object, count: int) -> tuple[list[str], str]:
    """The letters of each operand, and those of the result (without an arrow those that stand once, by the alphabet)."""
    left, arrow, right = equation.replace(" ", "").partition("->") if isinstance(equation, str) else ("", "", "")
    terms = left.split(",")
    letters = "".join(terms)
    right = right if arrow else "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    plain = all(one.isalpha() and len(set(one)) == len(one) for one in terms) and len(set(right)) == len(right)
    if len(terms) != count or count > 2 or not plain or not set(right) <= set(letters):
        raise RefusalError("an `einsum` of an unusual kind")
    return terms, right


def _ordered(x: Tensor, letters: str, wanted: str) -> Tensor:
    """The axes in another order, without those that are summed."""
    x = x.sum(axis=tuple(axis for axis, one in enumerate(letters) if one not in wanted))
    left = [one for one in letters if one in wanted]
    return np.transpose(x, [left.index(one) for one in wanted])


def _contracted(first: Tensor, one: str, second: Tensor, other: str, result: str) -> Tensor:
    """The product of two operands, summed over what the result does not name."""
    shared = [letter for letter in one if letter in other and letter in result]
    summed = [letter for letter in one if letter in other and letter not in result]
    rows = [letter for letter in one if letter not in other and letter in result]
    columns = [letter for letter in other if letter not in one and letter in result]
    sizes = {**dict(zip(other, second.shape, strict=True)), **dict(zip(one, first.shape, strict=True))}
    extent = [math.prod(sizes[letter] for letter in part) for part in (shared, rows, summed, columns)]
    require(extent[0], extent[1], extent[3])
    left = _ordered(first, one, "".join(shared + rows + summed)).reshape(extent[0], extent[1], extent[2])
    right = _ordered(second, other, "".join(shared + summed + columns)).reshape(extent[0], extent[2], extent[3])
    found = matmul(left, right).reshape([sizes[letter] for letter in shared + rows + columns])
    return np.transpose(found, [(shared + rows + columns).index(letter) for letter in result])


def _repeated(x: Tensor, letters: str, wanted: str, shape: tuple[int, ...]) -> Tensor:
    """An array with these letters, repeated along those of `wanted` that it lacks."""
    kept = [one for one in wanted if one in letters]
    x = x.transpose([letters.index(one) for one in kept])
    x = x.reshape([size if one in letters else 1 for one, size in zip(wanted, shape, strict=True)])
    return np.broadcast_to(x, shape)


def _einsum(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    terms, result = _terms(attributes.get("equation"), len(inputs))
    sizes: dict[str, int] = {}
    for term, x in zip(terms, inputs, strict=True):
        if len(term) != x.ndim or any(sizes.setdefault(letter, size) != size for letter, size in zip(term, x.shape, strict=True)):
            raise RefusalError("an `einsum` whose operands do not fit")
    if len(inputs) == 1:
        (x,), (term,) = inputs, terms
        return _ordered(x, term, result), lambda gradient: (_repeated(gradient, result, term, x.shape),)
    first, second = inputs
    one, other = terms

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        seen = [
            "".join(letter for letter in term if letter in result or letter in rest)
            for term, rest in ((one, other), (other, one))
        ]
        to_first = _contracted(gradient, result, second, other, seen[0])
        to_second = _contracted(gradient, result, first, one, seen[1])
        return _repeated(to_first, seen[0], one, first.shape), _repeated(to_second, seen[1], other, second.shape)

    return _contracted(first, one, second, other, result), pullback


EINSUM: Mapping[str, Operation] = {"einsum": Operation(_einsum, product)}
