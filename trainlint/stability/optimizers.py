"""The optimizer of a run as numbers: what the closed forms and the simulation need, or why it is not known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.queries import clips
from trainlint.facts.run import OptimizerFacts
from trainlint.stability.bounds import Descent, adaptive_bound, nadam_bound, nadam_momentum
from trainlint.stability.simulate import RULES
from trainlint.stability.updates import Settings

DESCENT = frozenset({"sgd"})
"""Optimizers that are gradient descent, with or without momentum."""

UNBOUNDED = frozenset({"lion", "lamb", "lars", "rprop", "lbfgs", "signsgd"})
"""Steps of a fixed size, or a line search: no learning rate is too large for the curvature, but the first step may overshoot."""

UNSUPPORTED = {"maximize": False, "gradient_accumulation_steps": 1, "lr_decay": 0, "line_search_fn": None}
"""Settings that change the update in ways which are not followed, and the values at which they do nothing (beside None)."""

EPSILONS = {"torch": 1e-8, "keras": 1e-7}


def settings_of(optimizer: OptimizerFacts) -> Settings | Unknown:
    """The numbers of the update rule; Unknown for a rule without a step-size bound or with a number that is not known."""
    name = optimizer.name
    rule = RULES.get(name)
    if rule is None or (rule[1] and optimizer.library not in rule[1]):
        reason = f"{name} has no step-size bound" if name in UNBOUNDED else f"the step size of {name} is not judged"
        return Unknown(reason, optimizer.place)
    for other, harmless in UNSUPPORTED.items():
        if optimizer.parameters.get(other) is not None and optimizer.parameters[other] != harmless:
            return Unknown(f"`{other}` of the optimizer is not taken into account", optimizer.place)
    numbers: dict[str, float] = {}
    known = {"rate": optimizer.learning_rate, "momentum": optimizer.momentum, "decay": optimizer.weight_decay}
    for key, fact in {**known, "epsilon": optimizer.epsilon}.items():
        if isinstance(fact, Unknown):
            return Unknown(f"the {_WORDS[key]} is not known: {fact.reason}", fact.place or optimizer.place)
        if fact is not None:
            if not math.isfinite(fact.value):
                return Unknown(f"the {_WORDS[key]} is not finite", fact.place)
            numbers[key] = float(fact.value)
    if not numbers["rate"] > 0:
        return Unknown("the learning rate is not positive", optimizer.place)
    if not 0 <= numbers["momentum"] < 1 or numbers.get("decay", 0.0) < 0:
        return Unknown("momentum or weight decay is outside of its range", optimizer.place)
    if name == "muon" and optimizer.parameters.get("adam_weight_decay", numbers.get("decay")) != numbers.get("decay"):
        return Unknown("a weight decay for some weights only is not taken into account", optimizer.place)
    return _complete(optimizer, numbers)


_WORDS = {"rate": "learning rate", "momentum": "momentum", "decay": "weight decay", "epsilon": "epsilon"}


def _complete(optimizer: OptimizerFacts, numbers: dict[str, float]) -> Settings | Unknown:
    library = "torch" if optimizer.library == "torch" else "keras"
    extra = optimizer.parameters
    rho = _number(extra.get("rho", extra.get("alpha")), 0.99 if library == "torch" else 0.9)
    accumulator = _number(extra.get("initial_accumulator_value"), 0.0 if library == "torch" else 0.1)
    betas = optimizer.betas or (0.9, 0.999)
    if not (0 <= rho < 1 and 0 <= betas[0] < 1 and 0 <= betas[1] < 1 and 0 <= optimizer.dampening <= 1):
        return Unknown("the running averages of the optimizer are outside of their range", optimizer.place)
    return Settings(
        name=optimizer.name,
        library=library,
        rate=numbers["rate"],
        momentum=numbers["momentum"],
        nesterov=optimizer.nesterov,
        dampening=optimizer.dampening,
        decay=numbers.get("decay", 0.0),
        decoupled=optimizer.decoupled,
        epsilon=numbers.get("epsilon", EPSILONS[library]),
        betas=betas,
        amsgrad=optimizer.amsgrad,
        rho=rho,
        centered=extra.get("centered") is True,
        accumulator=accumulator,
        momentum_decay=_number(extra.get("momentum_decay"), 0.004 if library == "torch" else 1.0),
        clip=optimizer.clip if clips(optimizer) else None,
        more=extra,
    )


def frozen_bound(settings: Settings, sharpness: float, updates: int | None) -> float | None:
    """The rate above which an adaptive optimizer is unstable while what it divides by stands still; None for other optimizers.

    `sharpness` [L/P] is that of P^-1/2 H P^-1/2, `updates` the length of the run, over which NAdam's momentum grows.
    """
    row = FROZEN.get(settings.name)
    return None if row is None else row(settings, sharpness, updates or LATE)


LATE = 10_000
"""An update by which NAdam's momentum is taken to have grown, where the length of the run is not known."""


def _averaged(s: Settings, sharpness: float, _updates: int) -> float:
    return adaptive_bound(sharpness, s.betas[0], decay=s.decay if s.decoupled else 0.0)


def _heavy(s: Settings, sharpness: float, _updates: int) -> float:
    return adaptive_bound(sharpness, heavy=s.momentum, decay=s.decay if s.decoupled else 0.0)


def _nesterov(s: Settings, sharpness: float, updates: int) -> float:
    return nadam_bound(sharpness, s.betas[0], nadam_momentum(updates, s.betas[0], s.momentum_decay))


FROZEN: Mapping[str, Callable[[Settings, float, int], float]] = {
    **dict.fromkeys(("adam", "adamw", "adamax"), _averaged),
    **dict.fromkeys(("rmsprop", "adagrad"), _heavy),
    "nadam": _nesterov,
}


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def descent_of(settings: Settings) -> Descent:
    """The part of the settings that the closed forms need."""
    return Descent(
        settings.momentum, settings.nesterov and settings.momentum > 0, settings.dampening, settings.decay, settings.decoupled
    )


def formula_of(method: Descent) -> str:
    """The bound as a formula in λ, β (momentum), d (dampening) and w (weight decay)."""
    lam, decayed = "λ", method.decay > 0
    if method.momentum == 0:
        return "2/(λ+w)" if decayed else "2/λ"
    if method.decoupled and decayed:
        return "2(1+β)/((1+2β)λ+(1+β)w)" if method.nesterov else "2(1+β)/(λ+(1+β)w)"
    lam = "(λ+w)" if decayed else "λ"
    if method.nesterov:
        return f"2(1+β)/((1+2β){lam})"
    return f"2(1+β)/((1-d){lam})" if method.dampening else f"2(1+β)/{lam}"


def evidence_of(optimizer: OptimizerFacts, *more: Fact[int] | Unknown) -> Evidence:
    """How well the numbers of the optimizer, and further facts, are known."""
    facts = (optimizer.learning_rate, optimizer.momentum, optimizer.weight_decay, *more)
    return Evidence.weakest(Evidence.PROVED, *(one.evidence for one in facts if isinstance(one, Fact)))
