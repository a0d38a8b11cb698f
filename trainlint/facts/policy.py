"""A project's own limits on the facts of its training runs: `[tool.trainlint.policy]`.

A new limit is a new row of `settings.POLICY` and of `READ`. What is not known of a run breaks no limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from trainlint.core import Fact, Place
from trainlint.facts.passes import every_event
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, Script, TrainingRun
from trainlint.interpret.values import Literal, Object
from trainlint.settings import POLICY

Known = tuple[Any, Place | None]
"""A value that is known, and where it is set."""


def _of_optimizer(run: TrainingRun) -> Known | None:
    optimizer = run.optimizer
    return (optimizer.name, optimizer.place) if isinstance(optimizer, OptimizerFacts) else None


def _of_rate(run: TrainingRun) -> Known | None:
    optimizer = run.optimizer
    return _of_fact(optimizer.learning_rate, optimizer.place) if isinstance(optimizer, OptimizerFacts) else None


def _of_fact(fact: Any, place: Place | None = None) -> Known | None:
    return (fact.value, fact.place or place) if isinstance(fact, Fact) else None


def _of_loss(run: TrainingRun) -> Known | None:
    return (run.loss.name, run.loss.place) if isinstance(run.loss, LossFacts) else None


def _of_parameters(run: TrainingRun) -> Known | None:
    model = run.model
    known = isinstance(model, ModelFacts) and model.parameters is not None
    return (model.parameters, model.place) if isinstance(model, ModelFacts) and known else None


READ: Mapping[str, tuple[str, Callable[[TrainingRun], Known | None]]] = {
    "optimizers": ("the optimizer", _of_optimizer),
    "losses": ("the loss", _of_loss),
    "frameworks": ("the framework", lambda run: (run.framework, run.place)),
    "max-learning-rate": ("the learning rate", _of_rate),
    "min-learning-rate": ("the learning rate", _of_rate),
    "max-batch-size": ("the batch size", lambda run: _of_fact(run.batch_size)),
    "min-batch-size": ("the batch size", lambda run: _of_fact(run.batch_size)),
    "max-epochs": ("the number of epochs", lambda run: _of_fact(run.epochs)),
    "max-updates": ("the number of updates", lambda run: None if run.updates is None else (run.updates, None)),
    "max-parameters": ("the number of parameters", _of_parameters),
}
"""What each limit of `settings.POLICY` is about, in words, and how that is read from a run."""


class Breach(NamedTuple):
    """A limit of the policy (`key`) that a run does not keep: why, in words, and where the value is set."""

    key: str
    message: str
    place: Place


def breaches(script: Script) -> Iterator[Breach]:
    """What the script's runs do that `script.policy` does not allow."""
    for key, allowed in script.policy:
        for run in script.runs:
            if POLICY[key] == "required":
                if allowed and uses_mixed_precision(script, run) is False:
                    yield Breach(key, "this run trains in full precision; the policy requires mixed precision", run.place)
                continue
            what, of = READ[key]
            known = of(run)
            if known is not None and not _keeps(known[0], POLICY[key], allowed):
                message = f"{what} is {_shown(known[0])}; the policy allows {_allowed(key, allowed)}"
                yield Breach(key, message, known[1] or run.place)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | float) else f"{value:,}"


def _allowed(key: str, allowed: Any) -> str:
    return " or ".join(allowed) if isinstance(allowed, tuple) else f"{POLICY[key]} {_shown(allowed)}"


def _keeps(value: Any, how: str, allowed: Any) -> bool:
    if how == "one of":
        return value in allowed
    return bool(value <= allowed if how == "at most" else value >= allowed)


def uses_mixed_precision(script: Script, run: TrainingRun) -> bool | None:
    """Whether a run computes in mixed precision; None where that cannot be told."""
    if run.framework == "torch":
        passes = [event for event in run.events if event.kind == "forward"]
        managers = {frame.name for event in passes for frame in event.frames if frame.kind == "with"}
        if "autocast" in managers:
            return True
        by_hand = passes and any(event.kind == "step" for event in run.events)
        return False if by_hand and not managers else None
    objects = [event.values.get("object") for event in every_event(script) if event.kind == "made"]
    policies = [one.arguments.get("policy") for one in objects if isinstance(one, Object) and one.row.makes == "policy"]
    if not policies:
        return False
    named = policies[-1]
    return str(named.value).startswith("mixed") if isinstance(named, Literal) else None
