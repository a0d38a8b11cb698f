"""How much may be computed for one script, counted in multiplications: the same on every machine."""

from __future__ import annotations

from trainlint.facts.run import TrainingRun
from trainlint.stability.twin.operation import TooMuchWorkError
from trainlint.stability.twin.program import Program

WORK = 8e8
"""Multiplications for the first run of a script, about 70 ms on one core; each further run has half of the one before it,
so that a script takes no more than about twice this much."""

LEAST = 0.01
"""The share of it that even the last of many runs has: enough for the closed form of a small model."""

PRODUCT, GRADIENT = 6, 2.5
"""Evaluations of the loss that a Hessian product and a gradient cost."""


class Purse:
    """What the judgement of one run may still cost, in multiplications: all that is computed for it is paid from here."""

    def __init__(self, run: TrainingRun) -> None:
        """The first run of a script has most."""
        self.left = float(WORK * run.effort * max(0.5 ** min(max(run.order, 0), 60), LEAST))

    def affords(self, cost: float) -> bool:
        """Whether so much is left."""
        return cost <= self.left

    def pay(self, cost: float) -> None:
        """Take from what is left. Raises `TooMuchWorkError` if that is less."""
        if not self.affords(cost):
            raise TooMuchWorkError("the model and its data are too large for the budget of a script (`--budget`)")
        self.left -= cost

    @property
    def largest_evaluation(self) -> float:
        """What one evaluation of the loss costs at most, if a single Hessian product is to be paid."""
        return self.left / PRODUCT


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
