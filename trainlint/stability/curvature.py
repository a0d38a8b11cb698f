"""The curvature of a loss: exact where it is quadratic in the parameters, at a point by Lanczos' method where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from trainlint.stability.budget import Purse, of_curvature, of_product, usual_products
from trainlint.stability.twin.operation import RefusalError, Tensor
from trainlint.stability.twin.problem import Problem, Rows

DENSE_DIMENSION = 64
"""Up to this many parameters the whole Hessian is built, one product for each column."""

ROUGH_DIMENSION = 16
"""The same where a rough value will do."""

LANCZOS_STEPS = 120
ROW_PRODUCTS, ROW_ENTRIES = 2_000, 2**21
"""The most Hessian columns that are computed, and numbers that are held, to know the Hessian of each row."""

PER_ENTRY = 1_000
"""Multiplications that take as long as what is done with each of these numbers: it is made, compared, and has eigenvalues."""

NEGLIGIBLE = 1e-9
"""Eigenvalues below this share of the largest are rounding."""

ROUGH = 1e-2
"""A tolerance at which few products from a good start will do."""


class Curvature(NamedTuple):
    """The ends of the Hessian's spectrum [L/P^2]; `smallest` is the smallest that is not zero, None where it was not computed.

    `direction` is the unit eigenvector of the largest. `settled` is false if Lanczos' method stopped before its residual was
    small.
    """

    largest: float
    smallest: float | None
    direction: Tensor
    lowest: float
    settled: bool = True


def curvature(
    problem: Problem, weights: Tensor, rows: Rows | None = None, *, tolerance: float = 1e-8, purse: Purse | None = None
) -> Curvature:
    """The largest Hessian eigenvalue at `weights` over some rows (None: all), penalties included.

    Dense up to 64 parameters (16 for a tolerance above 1e-8), else Lanczos to a relative residual of `tolerance` (the error
    of the eigenvalue is then of the order of its square: Parlett 1980). Exact for a quadratic loss. Raises `RefusalError`,
    `TooMuchWorkError` where the `purse` does not pay for it.
    """
    dimension = weights.size
    if dimension == 0:
        raise RefusalError("the model has no weights to train")
    if not np.isfinite(weights).all():
        raise RefusalError("the initial weights are not finite")
    dense = dimension <= (DENSE_DIMENSION if tolerance <= 1e-8 else ROUGH_DIMENSION)
    if purse is not None:
        purse.pay(of_curvature(problem.program, tolerance, None if rows is None else len(rows)))

    def product(vector: Tensor) -> Tensor:
        return problem.hessian_vector(weights, vector, rows)

    if dense:
        return spectrum(hessian(product, dimension))
    start = np.random.default_rng(0).standard_normal(dimension)
    if tolerance >= ROUGH:
        gradient = problem.gradient(weights, rows)[1]
        length = float(np.linalg.norm(gradient))
        start = start / np.linalg.norm(start) + (3 * gradient / length if 0 < length < math.inf else 0.0)
    return lanczos(product, start, tolerance)


def hessian(product: Callable[[Tensor], Tensor], dimension: int) -> Tensor:
    """The dense Hessian (d, d) from d products."""
    columns = np.stack([product(unit) for unit in np.eye(dimension)], axis=1)
    return np.asarray((columns + columns.T) / 2, dtype=np.float64)


def spectrum(matrix: Tensor) -> Curvature:
    """The ends of a symmetric matrix's spectrum."""
    if not np.isfinite(matrix).all():
        raise RefusalError("the curvature overflows")
    values, vectors = np.linalg.eigh(matrix)
    largest = float(values[-1])
    above = values[values > NEGLIGIBLE * max(largest, 0.0)]
    return Curvature(largest, float(above[0]) if len(above) else None, vectors[:, -1], float(values[0]))


def lanczos(product: Callable[[Tensor], Tensor], start: Tensor, tolerance: float) -> Curvature:
    """The largest eigenvalue by Lanczos' method with full reorthogonalisation.

    Stops when residual <= tolerance * eigenvalue, not before 15 products; for a rough tolerance also when two products have
    raised the eigenvalue by less than that, not before 5. Source: Lanczos (1950); Parlett (1980), The Symmetric Eigenvalue
    Problem.
    """
    dimension, rough = start.size, tolerance >= ROUGH
    most = min(dimension, 2 * usual_products(tolerance) if tolerance > 1e-8 else LANCZOS_STEPS)
    basis = np.empty((most + 1, dimension))
    basis[0] = start / np.linalg.norm(start)
    diagonal: list[float] = []
    beside: list[float] = []
    theta, shape, residual, lowest = 0.0, np.ones(1), math.inf, 0.0
    before = [0.0, 0.0]
    for step in range(most):
        image, known = product(basis[step]), basis[: step + 1]
        if not np.isfinite(image).all():
            raise RefusalError("the curvature overflows")
        diagonal.append(float(image @ basis[step]))
        for _ in range(1 if rough else 2):
            image -= (known @ image) @ known
        length = float(np.linalg.norm(image))
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        theta, shape, lowest = float(values[-1]), vectors[:, -1], float(values[0])
        residual = length * abs(float(shape[-1]))
        scale = max(abs(theta), abs(lowest))
        if length <= 1e-12 * scale or (step >= (4 if rough else 14) and residual <= tolerance * scale):
            residual = 0.0
            break
        if rough and step >= 5 and theta <= (1 + tolerance) * before[0]:
            break
        before = [before[1], theta]
        beside.append(length)
        basis[step + 1] = image / length
    return Curvature(theta, None, shape @ basis[: len(shape)], lowest, residual == 0.0 or residual <= 1e-3 * abs(theta))


def row_hessians(problem: Problem, purse: Purse) -> Tensor | None:
    """The Hessian of each row's own loss (n, d, d), for a quadratic loss that is the mean of its rows' losses.

    None if that is not so (normalisation over the batch, sums), or if it would cost too much.
    """
    samples, dimension = problem.program.samples, problem.start.size
    if samples is None or dimension > 64 or samples * dimension**2 > ROW_ENTRIES:
        return None

    def of_rows(rows: Rows | None) -> Tensor:
        return hessian(lambda vector: problem.hessian_vector(problem.start, vector, rows), dimension)

    entries, products = PER_ENTRY * samples * dimension**2, samples * dimension * of_product(problem.program, 1)
    if not purse.affords(entries):
        return None
    found = _of_squares(problem, samples)
    if found is None and (samples * dimension > ROW_PRODUCTS or not purse.affords(entries + products)):
        return None
    purse.pay(entries if found is not None else entries + products)
    if found is None:
        found = np.stack([of_rows(np.array([row])) for row in range(samples)])
    every_other = slice(None, None, 2)  # with statistics of the batch the rows fit the whole, and no part of it
    for expected, rows in ((of_rows(None), found), (of_rows(np.arange(samples)[every_other]), found[every_other])):
        if not np.allclose(rows.mean(axis=0), expected, rtol=1e-8, atol=1e-8 * float(np.abs(expected).max(initial=0.0))):
            return None
    return found


def _of_squares(problem: Problem, samples: int) -> Tensor | None:
    """The same from the derivatives J (n, k, d) of a linear model's k outputs, for their mean squared error: 2 J'J / k."""
    last = problem.program.steps[-1]
    if last.node.op != "mean_squared_error" or last.attributes.get("reduction", "mean") != "mean":
        return None
    base = problem.value(last.inputs[0], problem.start)
    if base.ndim < 1 or base.shape[0] != samples:
        return None
    units = np.eye(problem.start.size)
    moved = [problem.value(last.inputs[0], problem.start + unit) - base for unit in units]
    slopes = np.stack([one.reshape(samples, -1) for one in moved], axis=-1)
    penalties = 2 * np.diag(problem.penalty)
    return np.asarray(2 / slopes.shape[1] * np.einsum("nki,nkj->nij", slopes, slopes) + penalties, dtype=np.float64)
