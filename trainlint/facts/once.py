"""What is computed once of a training run, however many rules ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from trainlint.facts.run import TrainingRun

T = TypeVar("T")


def once_a_run(compute: Callable[[TrainingRun], T]) -> Callable[[TrainingRun], T]:
    """Keep the result with the run: it goes when the run goes, with the trees that its places hold; no replaced run has it."""
    name = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def kept(run: TrainingRun) -> T:
        if name not in run.computed:
            run.computed[name] = compute(run)
        return cast(T, run.computed[name])

    return kept
