"""Whether a training run could be judged, and if not, why."""

from __future__ import annotations

from trainlint.core import Unknown
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability import stability


def why_not_judged(run: TrainingRun) -> Unknown | None:
    """What kept a run from being judged, None if it was judged.

    The first of optimizer, learning rate, loss and model that is not known, else why its step size has no bound.
    """
    if run.measured is not None:
        return None
    rate = run.optimizer.learning_rate if isinstance(run.optimizer, OptimizerFacts) else None
    together = bool(run.heads) and run.loss_graph is not None  # the losses of several outputs, judged as one
    facts = {"optimizer": run.optimizer, "learning rate": rate} | ({} if together else {"loss": run.loss, "model": run.model})
    for name, fact in facts.items():
        if isinstance(fact, Unknown):
            return Unknown(f"the {name} is not known ({fact.reason})", fact.place or run.place)
    bound = stability(run)
    return bound if isinstance(bound, Unknown) else None
