"""The script's optimizer: its rate now and at its largest, its other numbers, and what it divides by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...protocol import OptimizerState
from .vectors import Vector, array

SETTINGS = {
    "momentum": "momentum",
    "nesterov": "nesterov",
    "beta_1": "beta_1",
    "beta_2": "beta_2",
    "epsilon": "epsilon",
    "rho": "rho",
    "centered": "centered",
    "amsgrad": "amsgrad",
    "weight_decay": "weight_decay",
    "clipnorm": "clipnorm",
    "clipvalue": "clipvalue",
    "global_clipnorm": "global_clipnorm",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "initial_accumulator_value": "initial_accumulator_value",
    "learning_rate_power": "learning_rate_power",
    "decay": "decay",
}
"""Attributes of a Keras optimizer, and the settings that they are."""

SECOND_MOMENT = frozenset({"adam", "adamw", "nadam", "rmsprop", "adagrad", "adadelta", "lamb", "adafactor", "muon"})
LARGEST = frozenset({"adamax"})
SIGN = frozenset({"lion"})
FLOOR = 0.01  # of the mean of P: coordinates that hardly ever get a gradient would make any figure
SCHEDULE_POINTS = 200
HORIZON = 1_000_000


def name_of(optimizer: Any) -> str:
    """The optimizer's class, of the inner one where a loss scale is wrapped around it."""
    return type(inner(optimizer)).__name__


def inner(optimizer: Any) -> Any:
    """The optimizer that takes the steps, without the loss scale around it."""
    return getattr(optimizer, "inner_optimizer", None) or getattr(optimizer, "_optimizer", None) or optimizer


def is_adaptive(name: str) -> bool:
    """Whether each coordinate's step is divided by a size of its own gradients."""
    return name.lower() in SECOND_MOMENT | LARGEST | SIGN


def build(optimizer: Any, variables: list[Any]) -> None:
    """Make the optimizer's own variables now, so that they can be put back: before its first step it has none."""
    if hasattr(optimizer, "built"):
        if not optimizer.built:
            optimizer.build(variables)
            optimizer.built = True
    elif hasattr(optimizer, "build"):  # of tf_keras: does nothing the second time
        optimizer.build(variables)
    elif hasattr(optimizer, "_create_all_weights"):
        optimizer._create_all_weights(variables)


def describe(optimizer: Any) -> OptimizerState:
    """The numbers of a Keras (or tf_keras) optimizer as it stands."""
    own = inner(optimizer)
    settings = {}
    for attribute, setting in SETTINGS.items():
        value = number(getattr(own, attribute, None))
        if value is None and hasattr(own, "_hyper"):
            value = number(own._hyper.get(attribute))
        if value is not None:
            settings[setting] = value
    rate = learning_rate(own)
    return OptimizerState(type(own).__name__, rate, max(peak(own), rate), settings)


def number(value: Any) -> float | None:
    """`value` as a float if it is one number."""
    if value is None:
        return None
    try:
        return float(array(value))
    except (TypeError, ValueError):
        return None


def learning_rate(optimizer: Any) -> float:
    """The rate of the next step."""
    for attribute in ("learning_rate", "_learning_rate", "lr"):
        value = getattr(optimizer, attribute, None)
        value = value(getattr(optimizer, "iterations", 0)) if callable(value) and not hasattr(value, "shape") else value
        found = number(value)
        if found is not None:
            return found
    return float("nan")


def peak(optimizer: Any) -> float:
    """The largest rate that the optimizer's schedule will reach: sampled, densely at first and then ever more widely."""
    schedule = getattr(optimizer, "_learning_rate", None)
    if schedule is None or hasattr(schedule, "shape") or not callable(schedule):
        schedule = getattr(optimizer, "_hyper", {}).get("learning_rate")
        if schedule is None or hasattr(schedule, "shape") or not callable(schedule):
            return learning_rate(optimizer)
    import inspect

    if not inspect.signature(schedule).parameters:
        return learning_rate(optimizer)
    steps = sorted({*range(50), *(int(step) for step in np.geomspace(50, HORIZON, SCHEDULE_POINTS))} | _knots(schedule))
    rates = [number(schedule(np.float32(step))) for step in steps]
    return max((rate for rate in rates if rate is not None), default=learning_rate(optimizer))


def _knots(schedule: Any) -> set[int]:
    """Steps at which the schedule turns, where it names them."""
    named = [getattr(schedule, name, None) for name in ("warmup_steps", "decay_steps", "first_decay_steps", "boundaries")]
    flat = [one for value in named for one in (value if isinstance(value, (list, tuple)) else [value])]
    return {int(value) for one in flat if (value := number(one)) is not None and 0 <= value <= HORIZON}


def loss_scale(optimizer: Any) -> float:
    """What the script's loss was multiplied by before it was differentiated."""
    if hasattr(optimizer, "dynamic_scale") or hasattr(optimizer, "initial_scale"):
        built = bool(getattr(optimizer, "built", False))
        value = number(optimizer.dynamic_scale if built else optimizer.initial_scale)
        return value or 1.0
    return number(getattr(optimizer, "loss_scale_factor", None)) or number(getattr(optimizer, "loss_scale", None)) or 1.0


@contextmanager
def at_rate(optimizer: Any, rate: float | None) -> Iterator[None]:
    """Give the optimizer a constant rate for a while, in place of its schedule if it has one; None leaves it its own."""
    own = inner(optimizer)
    if rate is None or own is None:
        yield
        return
    before = vars(own).get("_learning_rate")
    last = 0.0
    value = array(before) if hasattr(before, "assign") else None
    if value is not None and before is not None:
        before.assign(rate)
    elif before is not None:
        own.__dict__["_learning_rate"] = rate
    else:
        last, own.learning_rate = learning_rate(own), rate
    try:
        yield
    finally:
        if value is not None and before is not None:
            before.assign(value)
        elif before is not None:
            own.__dict__["_learning_rate"] = before
        else:
            own.learning_rate = last


def preconditioner(name: str, epsilon: float, gradients: list[Vector]) -> Vector | None:
    """What an adaptive optimizer divides its steps by, averaged over the batches' gradients; None for others."""
    kind = name.lower()
    if not is_adaptive(name) or not gradients:
        return None
    stack = np.abs(np.stack(gradients))
    if kind in LARGEST:
        scale = stack.max(axis=0)
    elif kind in SIGN:
        scale = stack.mean(axis=0)
    else:
        scale = np.sqrt(np.mean(stack**2, axis=0))
    scale = scale + epsilon
    return np.maximum(scale, FLOOR * scale.mean())
