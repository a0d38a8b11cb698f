"""Whether a training run could be judged, and if not, why."""

from __future__ import annotations

from trainlint.core import Unknown
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.stability import stability


def why_not_judged(run: TrainingRun) -> Unknown | None:
    """What kept a run from being judged, None if it was judged.

    The first of optimizer, learning rate, loss and model that is not known, else why its step size has no bound.
    """
    if not isinstance(run.optimizer, OptimizerFacts):
        return run.optimizer
    if isinstance(run.optimizer.learning_rate, Unknown):
        return run.optimizer.learning_rate
    for fact, kind in ((run.loss, LossFacts), (run.model, ModelFacts)):
        if not isinstance(fact, kind):
            return fact if isinstance(fact, Unknown) else None
    bound = stability(run)
    return bound if isinstance(bound, Unknown) else None
