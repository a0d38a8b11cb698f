"""How large a step a training run can bear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainlint.core import Unknown
from trainlint.facts.once import once_a_run
from trainlint.stability.bound import StabilityBound

if TYPE_CHECKING:
    from trainlint.facts.run import TrainingRun


@once_a_run
def stability(run: TrainingRun) -> StabilityBound | Unknown:
    """The bound of one run, computed once however many rules ask (runs are compared by identity); the measured one, if any."""
    if run.measured is not None:
        return run.measured
    from trainlint.stability.verdict import judge

    return judge(run)
