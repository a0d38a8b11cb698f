"""Learning-rate schedules: what they are called, their numbers, and the rate that they start from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainlint.core import Fact, Origin, Unknown
from trainlint.facts.extract.scalars import items_of, number, passed, plain_setting, setting
from trainlint.facts.run import ScheduleFacts
from trainlint.interpret import values as v

INITIAL = ("initial_learning_rate", "learning_rate", "base_lr")
"""The parameters under which schedules take the rate they begin with."""

STATE = frozenset({"optimizer", "last_epoch", "name", "verbose", "self", "schedulers"})
"""Parameters that say nothing about the course of the rate."""


def schedule_facts(schedule: v.Object, era: str) -> ScheduleFacts:
    """A schedule with all its parameters as plain Python (`Unknown` where one cannot be followed)."""
    parameters: dict[str, Any] = {}
    for one in schedule.row.parameters:
        if one.name in STATE or one.variadic:
            continue
        value = plain_setting(schedule, era, one.name)
        if value is not None or one.name in schedule.arguments:
            parameters[one.name] = value
    return ScheduleFacts(schedule.row.kind, parameters, schedule.place)


def is_schedule(value: v.Value | None) -> bool:
    """Whether a value is a library's schedule."""
    return isinstance(value, v.Object) and value.row.makes == "schedule"


def scheduled_by(schedule: v.Object) -> v.Value | None:
    """The optimizer that a PyTorch scheduler moves; a `ChainedScheduler` that is given none moves that of its first one."""
    inner = items_of(schedule.arguments.get("schedulers")) or ()
    owner = inner[0] if inner and "optimizer" not in schedule.arguments else schedule
    return owner.arguments.get("optimizer") if isinstance(owner, v.Object) else None


def initial_rate(schedule: v.Object, era: str) -> Fact[float] | Unknown:
    """The learning rate of the first step under a Keras schedule, origin `SCHEDULE`."""
    held = passed(schedule, "values")
    items = items_of(held) if held is not None else None
    rate: Fact[float] | Unknown | None = number(items[0], schedule.place) if items else setting(schedule, era, *INITIAL)
    if rate is None:
        return Unknown(f"the schedule `{schedule.row.name.rpartition('.')[2]}` decides the learning rate", schedule.place)
    if isinstance(rate, Unknown):
        return rate
    return replace(rate, origin=Origin.SCHEDULE, why=("initial rate of the schedule", *rate.why))


def first_rate_under(schedule: v.Object, era: str, base: Fact[float] | Unknown) -> Fact[float] | Unknown:
    """The first learning rate of a PyTorch optimizer whose rate `base` a scheduler has taken over.

    `OneCycleLR` starts at `max_lr / div_factor`, `CyclicLR` at `base_lr`, `LinearLR` and `ConstantLR` at a factor of the base
    (torch.optim.lr_scheduler), `LambdaLR` at what its function gives for 0; the others start at the base. What warms up from zero
    has no rate to speak of in its first step.
    """
    kind = schedule.row.kind
    if kind == "one_cycle":
        return _scaled(setting(schedule, era, "max_lr"), setting(schedule, era, "div_factor"), divide=True)
    if kind == "cyclic":
        return _scaled(setting(schedule, era, "base_lr"), Fact(1.0))
    if kind == "linear":
        return _scaled(base, setting(schedule, era, "start_factor"))
    if kind == "constant":
        return _scaled(base, setting(schedule, era, "factor"))
    if kind == "lambda":
        return _under_function(schedule, base)
    if kind in ("sequential", "chained"):
        inner = items_of(schedule.arguments.get("schedulers")) or ()
        for one in inner[:1] if kind == "sequential" else inner:
            base = first_rate_under(one, era, base) if isinstance(one, v.Object) else Unknown("one of the schedules is not known")
        return base if inner else Unknown("the schedules are not known", schedule.place)
    return base


def _under_function(schedule: v.Object, base: Fact[float] | Unknown) -> Fact[float] | Unknown:
    factor = number(schedule.cells.get("first_factor"), schedule.place)
    if isinstance(factor, Unknown):
        return Unknown("a function decides the learning rate", schedule.place)
    if factor.value == 1:
        return base
    return _scaled(base, factor) if factor.value > 0 else Unknown("a function warms the learning rate up from 0", schedule.place)


def _scaled(
    rate: Fact[float] | Unknown | None, factor: Fact[float] | Unknown | None, *, divide: bool = False
) -> Fact[float] | Unknown:
    for one in (rate, factor):
        if isinstance(one, Unknown):
            return one
    if not isinstance(rate, Fact) or not isinstance(factor, Fact) or (divide and factor.value == 0):
        return Unknown("the schedule decides the learning rate")
    value = rate.value / factor.value if divide else rate.value * factor.value
    return replace(rate, value=value, origin=Origin.SCHEDULE, why=("initial rate of the schedule", *rate.why))


def inverse_time(optimizer: v.Object, era: str) -> ScheduleFacts | None:
    """The schedule that the `decay` of old Keras optimizers is: `lr / (1 + decay * updates)`; None without it."""
    if optimizer.row.library != "keras" or optimizer.row.parameter("decay") is None:
        return None
    decay = setting(optimizer, era, "decay")
    if decay is None or (isinstance(decay, Fact) and decay.value == 0):
        return None
    held: Any = decay.value if isinstance(decay, Fact) else decay
    return ScheduleFacts("inverse_time", {"decay_rate": held, "decay_steps": 1}, decay.place)


CALLBACKS = {"learning_rate_scheduler": "function", "reduce_on_plateau": "reduce_on_plateau"}
"""Callbacks that change the learning rate, by kind, and the schedule that each is."""


def callback_schedule(callbacks: v.Value | None, era: str) -> ScheduleFacts | None:
    """The schedule among the callbacks of a Keras `fit`, None if there is none."""
    items = items_of(callbacks) if callbacks is not None else None
    for one in items if items is not None else (callbacks,):
        if isinstance(one, v.Object) and one.row.kind in CALLBACKS:
            facts = schedule_facts(one, era)
            return replace(facts, name=CALLBACKS[one.row.kind])
    return None
