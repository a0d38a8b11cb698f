"""The largest eigenvalues of a symmetric operator of which only products with vectors are known.

Lanczos with full orthogonalisation, restarted with its best Ritz vectors when the basis is full (thick restart: Wu and Simon,
SIAM J. Matrix Anal. Appl. 22(2), 2000), so that memory is bounded and the top vector is at hand at the end. Vectors are opaque:
they support `+`, `-` and multiplication by a float from the right. Only numpy is imported, and that only when it runs.

A small residual says that some eigenvalue is near, not that it is the largest: a start vector that leans towards another
eigenvector finds that one first. What a start with a random part has to show of every eigenvector is therefore held against what
an eigenvalue that was missed can have had in it: the Christoffel function of the Lanczos polynomials bounds the mass that a
spectral measure with the moments seen so far can have at a point (Szego, Orthogonal Polynomials, section 3.41; Golub and
Meurant, Matrices, Moments and Quadrature, 2010, chapter 6).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Vector: TypeAlias = Any
FEWEST = 3  # products before the residual is trusted where nothing is known of the start vector
BEYOND = 10.0  # of the tolerance: how much larger than the one found an eigenvalue must be for its absence to be made sure of
NEAREST = 0.1  # the same as a share of the eigenvalue, at least: to part neighbours more sharply takes many products
TENTH = 0.0158  # the square that a normal number stays below one time in ten
NEGLIGIBLE = 1e-5  # of the size of the operator: what is left below it is single-precision rounding, the subspace is invariant


@dataclass(frozen=True)
class Ritz:
    """The Ritz values downwards with their residuals; `vector` belongs to the first and has norm 1.

    An eigenvalue lies within `errors[i]` of `values[i]` (Parlett, The Symmetric Eigenvalue Problem, theorem 4.5.1). The last
    value is never below the smallest eigenvalue. `converged`: whether the first residual was as small as asked and a larger
    eigenvalue was excluded as far as `largest` says.
    """

    values: tuple[float, ...]
    errors: tuple[float, ...]
    vector: Vector
    products: int
    converged: bool


def largest(
    product: Callable[[Vector], Vector],
    start: Vector,
    dot: Callable[[Vector, Vector], float],
    products: int = 30,
    tolerance: float = 0.01,
    *,
    kept: int = 32,
    dimension: int | None = None,
    subtract: Callable[[Vector, Vector, float], Vector] = lambda left, vector, share: left - vector * share,
    go_on: Callable[[], bool] = lambda: True,
) -> Ritz:
    """The algebraically largest eigenvalues of `product`, until the first one's residual is below `tolerance` of its size.

    `start` fixes the result; `kept` vectors are held at most (4 or more); `subtract(left, vector, share)` gives
    left - vector * share and may do so in `left`, which is never used again; `go_on` is asked before every product but the first.
    `dimension` is that of a space in which `start` is a uniformly random unit vector, plus whatever else. Where it is given, the
    search ends only when such a start would have shown, nine times in ten, an eigenvalue larger than the one found by ten
    tolerances of it (a tenth of it at least); else after three products at the earliest, when the value has settled.

    Raises:
        ArithmeticError: a product is not finite, or `start` is zero.
        ImportError: there is no numpy.
    """
    search = Search(start, dot, products, tolerance, kept=kept, dimension=dimension, subtract=subtract)
    while not search.done:
        search.give(product(search.vector))
        if not search.done and not go_on():
            break
    return search.result()


class Search:
    """Lanczos from outside: multiply `vector`, `give` the image, until `done`; `result` at any time after the first image.

    The basis q is orthonormal, T = Q'AQ, and A Q = Q T + beta `vector` e'.
    """

    def __init__(
        self,
        start: Vector,
        dot: Callable[[Vector, Vector], float],
        products: int = 30,
        tolerance: float = 0.01,
        *,
        kept: int = 32,
        dimension: int | None = None,
        subtract: Callable[[Vector, Vector, float], Vector] = lambda left, vector, share: left - vector * share,
    ) -> None:
        import numpy as np

        self.subtract = subtract
        self.numpy, self.dot, self.products, self.tolerance, self.kept = np, dot, products, tolerance, max(kept, 4)
        self.basis: list[Vector] = []
        self.matrix = np.zeros((self.kept, self.kept))
        self.beta, self.count = 0.0, 0
        self.done = self.converged = False
        self.values: Any = np.zeros(0)
        norm = self._norm(start)
        if norm == 0:
            raise ArithmeticError("the start vector is zero")
        self.vector = start * (1 / norm)
        self.least = None if dimension is None else TENTH / (dimension * norm**2)  # of the start, along every eigenvector
        self.anchor, self.grown = 0, 1.0  # a basis vector, and how much more of a missed eigenvector it has than the start

    def give(self, image: Vector) -> None:
        """Take A `vector`; the next vector to multiply is then in `vector`, unless `done`."""
        if len(self.basis) == self.kept:
            self._restart()
        self.basis.append(self.vector)
        self.count += 1
        invariant = self._extend(image)
        before = float(self.values[0]) if self.count > 1 else math.inf
        size = len(self.basis)
        values, vectors = self.numpy.linalg.eigh(self.matrix[:size, :size])
        self.values, self.combinations = values[::-1], vectors[:, ::-1]
        self.errors = self.numpy.abs(self.beta * self.combinations[-1])
        small = self.tolerance * abs(self.values[0])
        if self.least is None:
            sure = self.count >= FEWEST and abs(self.values[0] - before) <= small
        else:
            sure = self._has_no_larger(self.least)
        self.converged = bool(invariant or (self.errors[0] <= small and sure))
        self.done = self.converged or self.count >= self.products

    def result(self) -> Ritz:
        """What is known so far."""
        values, errors = tuple(map(float, self.values)), tuple(map(float, self.errors))
        return Ritz(values, errors, self._combine(self.combinations[:, 0]), self.count, self.converged)

    def _extend(self, image: Vector) -> bool:
        """Fill T's last column and make the next vector; whether nothing is left to make it of."""
        last = len(self.basis) - 1
        size = self._norm(image)
        left: Any = image
        for index in range(last, -1, -1):
            share = self.dot(self.basis[index], left)
            left = self.subtract(left, self.basis[index], share)
            self.matrix[index, last] = self.matrix[last, index] = share
        self.beta = self._norm(left)
        if self.beta <= NEGLIGIBLE * max(size, float(self.numpy.abs(self.matrix).max())):
            return True
        self.vector = left * (1 / self.beta)
        return False

    def _has_no_larger(self, least: float) -> bool:
        """Whether an eigenvector of a larger eigenvalue would have less than `least` of the start, as squares.

        Its parts along the whole basis add up to 1 at most, and how they compare follows from A Q = Q T + beta q e'.
        """
        parts = self._parts_of_missed()
        return bool(self.grown * least * (parts @ parts + 1) >= parts[self.anchor] ** 2)

    def _parts_of_missed(self) -> Any:
        """How an eigenvector of an eigenvalue beyond all found lies along the basis, if along `vector` it is 1."""
        found = float(self.values[0])
        missed = found + max(BEYOND * self.tolerance, NEAREST) * abs(found)
        if missed <= found:
            return self.numpy.full(len(self.basis), math.nan)  # which no comparison holds for
        return self.combinations @ (self.beta * self.combinations[-1] / (missed - self.values))

    def _restart(self) -> None:
        """Keep the better half of the Ritz vectors and go on from them."""
        keep = self.kept // 2
        self.grown /= max(float(self._parts_of_missed()[self.anchor]) ** 2, 1e-300)  # and grows with larger values later
        self.anchor = keep
        self.basis = [self._combine(self.combinations[:, index]) for index in range(keep)]
        self.matrix = self.numpy.zeros((self.kept, self.kept))
        for index in range(keep):
            self.matrix[index, index] = self.values[index]

    def _combine(self, weights: Any) -> Vector:
        total: Any = self.basis[0] * float(weights[0])
        for vector, weight in zip(self.basis[1:], weights[1:], strict=False):
            total = self.subtract(total, vector, -float(weight))
        return total

    def _norm(self, vector: Vector) -> float:
        square = self.dot(vector, vector)
        if not math.isfinite(square):
            raise ArithmeticError("a product with the Hessian is not finite")
        return math.sqrt(max(square, 0.0))
