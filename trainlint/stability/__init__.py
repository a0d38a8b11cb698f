"""How large a step a training run can bear."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from trainlint.core import Unknown
from trainlint.stability.bound import StabilityBound

if TYPE_CHECKING:
    from trainlint.facts.run import TrainingRun


@lru_cache(maxsize=256)
def stability(run: TrainingRun) -> StabilityBound | Unknown:
    """The bound of one run, computed once however many rules ask (runs are compared by identity); the measured one, if any."""
    if run.measured is not None:
        return run.measured
    from trainlint.stability.verdict import judge

    return judge(run)
