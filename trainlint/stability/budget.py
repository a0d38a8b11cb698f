"""How much may be computed for one script, counted in multiplications: the same on every machine."""

from __future__ import annotations

from trainlint.facts.run import TrainingRun
from trainlint.stability.twin.operation import RefusalError
from trainlint.stability.twin.program import Program

WORK = 1e9
"""Multiplications for the first run of a script, about 80 ms on one core; each further run has half of the one before it,
so that no script takes more than twice this much."""

PRODUCT, GRADIENT = 6, 3
"""Evaluations of the loss that a Hessian product and a gradient cost."""


class TooMuchWorkError(RefusalError):
    """A computation that would cost more than a script may; a smaller one may do."""


def allowance(run: TrainingRun) -> float:
    """The multiplications for a run: the first of a script has most."""
    return float(WORK * run.effort * 0.5 ** min(max(run.order, 0), 60))


def ceiling(run: TrainingRun) -> float:
    """The multiplications for one eigenvalue of a run on the script's own data."""
    return float(WORK * run.effort)


def usual_products(tolerance: float) -> int:
    """How many Hessian products Lanczos' method usually needs."""
    return 6 if tolerance >= 1e-2 else 20 if tolerance > 1e-8 else 40


def of_curvature(program: Program, tolerance: float, rows: int | None = None) -> float:
    """The multiplications of one largest eigenvalue at some number of rows (None: those that the program has)."""
    products = min(program.dimension, usual_products(tolerance))
    return program.preparation(rows) + products * PRODUCT * program.cost(rows)


def of_product(program: Program, rows: int | None = None) -> float:
    """The multiplications of one Hessian product."""
    return PRODUCT * program.cost(rows)
