"""How large a step a training run can bear."""

from __future__ import annotations

from functools import lru_cache

from trainlint.core import Unknown
from trainlint.facts.run import TrainingRun
from trainlint.stability.bound import StabilityBound


@lru_cache(maxsize=256)
def stability(run: TrainingRun) -> StabilityBound | Unknown:
    """The bound of one run, computed once however many rules ask (runs are compared by identity)."""
    from trainlint.stability.verdict import judge

    return judge(run)
