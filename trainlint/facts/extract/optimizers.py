"""The optimizer of a run: its settings with defaults by version, in the library's own parametrisation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from trainlint.core import Fact, Origin, Unknown
from trainlint.facts.extract.scalars import first_number, flag, items_of, number, plain_setting, setting, shown
from trainlint.facts.extract.schedules import initial_rate, inverse_time, is_schedule, schedule_facts
from trainlint.facts.run import OptimizerFacts, ScheduleFacts
from trainlint.interpret import values as v
from trainlint.interpret.events import Event
from trainlint.interpret.members import find_in_class

RATE = ("learning_rate", "lr")
EPSILON = ("epsilon", "eps")
DECOUPLED_IN_TORCH = frozenset({"adamw", "adafactor", "muon", "lion"})
"""PyTorch optimizers whose weight decay does not pass through the gradient; in Keras all do so (STABILITY.md 2)."""

CLIPPING = (("clipnorm", "norm"), ("global_clipnorm", "global_norm"), ("clipvalue", "value"))
"""Keras arguments and the kind of clipping each is: per variable, over all variables, elementwise."""

UNKNOWN_THRESHOLD = math.nan
"""The threshold of a clip that is there but whose number is not known."""

READ = frozenset(
    {
        "learning_rate", "lr", "epsilon", "eps", "momentum", "nesterov", "use_nesterov", "dampening", "weight_decay", "betas",
        "decoupled_weight_decay", "beta_1", "beta_2", "beta1", "beta2", "amsgrad", "params", "decay", "clipnorm",
        "global_clipnorm", "clipvalue",
    }
)  # fmt: skip
"""Parameters that have a field of their own."""

UNINTERESTING = frozenset(
    {
        "name", "use_ema", "ema_momentum", "ema_overwrite_frequency", "jit_compile", "foreach", "fused", "capturable",
        "differentiable", "maximize", "use_locking",
    }
)  # fmt: skip
"""Parameters that are listed only if the script gives them."""

WRAPPED = ("inner_optimizer", "optimizer", "inner", "opt")
"""Where wrappers (`LossScaleOptimizer`, `Lookahead`) keep the optimizer that they wrap."""


def unwrapped(value: v.Value | None) -> v.Value | None:
    """The optimizer inside of wrappers, or the value itself."""
    for _ in range(4):
        if isinstance(value, v.Instance) and not _steps_itself(value):
            value = value.cells.get("as a library's optimizer", value)
        if not isinstance(value, v.Object):
            return value
        inner = next((one for name in WRAPPED if (one := value.arguments.get(name)) is not None), None)
        if value.row.makes == "schedule" or not isinstance(inner, v.Object) or inner.row.makes != "optimizer":
            return value
        value = inner
    return value


def _steps_itself(optimizer: v.Instance) -> bool:
    """Whether a script's subclass of an optimizer has a `step` of its own."""
    return find_in_class(optimizer.cls, "step") is not None


def rate_assignments(optimizer: v.Value | None, events: Iterable[Event]) -> list[Event]:
    """The events that assign an optimizer's learning rate after it was made, in order.

    PyTorch: `optimizer.param_groups[0]["lr"] = x`; Keras: `optimizer.lr = x`, `K.set_value(optimizer.lr, x)`.
    """
    held = unwrapped(optimizer)
    found = []
    for event in events:
        name = event.values.get("name")
        if event.kind == "set_learning_rate":
            target = event.values.get("optimizer")
        elif event.kind == "set_attribute" and isinstance(name, v.Literal) and name.value in RATE:
            target = event.values.get("target")
        else:
            continue
        if isinstance(held, v.Object) and unwrapped(target) is held:
            found.append(event)
    return found


def assigned_rate(event: Event) -> v.Value | None:
    """The rate that an assignment gives."""
    return event.values.get("learning_rate") or event.values.get("value")


def optimizer_facts(value: v.Value | None, era: str, assigned: v.Value | None = None) -> OptimizerFacts | Unknown:
    """The facts of an optimizer object; Unknown says what stands in its place. `assigned` is a rate given to it later."""
    value = unwrapped(value)
    if isinstance(value, v.Object) and value.row.makes == "optimizer":
        return _facts(value, era, assigned)
    return Unknown(_not_an_optimizer(value), getattr(value, "place", None))


def _not_an_optimizer(value: v.Value | None) -> str:
    if value is None or (isinstance(value, v.Literal) and value.value is None):
        return "no optimizer is given"
    if isinstance(value, v.Unknown):
        return value.why
    if isinstance(value, v.Choice):
        kinds = dict.fromkeys(one.row.name.rpartition(".")[2] for one in value.alternatives if isinstance(one, v.Object))
        return f"the optimizer is {' or '.join(kinds) or 'one of several'}, depending on a branch"
    if isinstance(value, v.Instance):
        return f"the optimizer is of the script's own class `{value.cls.name}`"
    if isinstance(value, v.Literal):
        return f"{shown(value.value)} is not an optimizer"
    if isinstance(value, v.Object):
        return f"a {value.row.makes} stands where the optimizer belongs"
    return "the optimizer could not be followed"


def _facts(optimizer: v.Object, era: str, assigned: v.Value | None) -> OptimizerFacts:
    library = optimizer.row.library
    momentum = setting(optimizer, era, "momentum")
    if momentum is None:
        momentum = Fact(0.0, optimizer.place, origin=Origin.LIBRARY_DEFAULT)
    dampening = setting(optimizer, era, "dampening")
    return OptimizerFacts(
        name=optimizer.row.kind,
        library=library,
        learning_rate=learning_rate(optimizer, era, assigned),
        momentum=momentum,
        nesterov=flag(optimizer, era, "nesterov", "use_nesterov"),
        dampening=dampening.value if isinstance(dampening, Fact) else 0.0,
        weight_decay=_weight_decay(optimizer, era),
        decoupled=_decoupled(optimizer, era),
        epsilon=setting(optimizer, era, *EPSILON),
        betas=_betas(optimizer, era),
        amsgrad=flag(optimizer, era, "amsgrad"),
        clip=_clip(optimizer, era),
        parameters=_other_parameters(optimizer, era),
        place=optimizer.place,
    )


def made_rate(optimizer: v.Object) -> v.Value | None:
    """The learning rate that the optimizer was made with; what is assigned later are events, since cells hold the last state."""
    return next((optimizer.arguments[name] for name in RATE if name in optimizer.arguments), None)


def learning_rate(optimizer: v.Object, era: str, assigned: v.Value | None = None) -> Fact[float] | Unknown:
    """The learning rate of the first step: the number, the start of a schedule, or why it is not known."""
    value = made_rate(optimizer) if assigned is None else assigned
    if isinstance(value, v.Object) and is_schedule(value):
        return initial_rate(value, era)
    if isinstance(value, v.Function | v.BoundMethod | v.Partial | v.Instance):
        return Unknown("a function of the script decides the learning rate", value.place or optimizer.place)
    group_rate = _group_rates(optimizer) if assigned is None else None
    if group_rate is not None:
        return group_rate
    if value is not None and assigned is not None:
        return first_number(value, optimizer.place)
    if value is not None:
        return number(value, optimizer.argument_places.get(RATE[0]) or optimizer.place)
    default = setting(replace(optimizer, cells={}), era, *RATE)
    return Unknown("no learning rate is given", optimizer.place) if default is None else default


def _group_rates(optimizer: v.Object) -> Fact[float] | Unknown | None:
    """The rate that parameter groups of a PyTorch optimizer bring with them; None if none of them has one of its own."""
    groups = items_of(optimizer.arguments.get("params"))
    if not groups:
        return None
    own = [one.cells["lr"] for one in groups if isinstance(one, v.Dict) and "lr" in one.cells]
    if not own:
        return None
    rates = [number(one, optimizer.place) for one in own]
    known = [one for one in rates if isinstance(one, Fact)]
    if len(known) == len(groups) and len({one.value for one in known}) == 1:
        return known[0]
    return Unknown("the parameter groups have learning rates of their own", optimizer.place)


def _weight_decay(optimizer: v.Object, era: str) -> Fact[float] | Unknown | None:
    groups = items_of(optimizer.arguments.get("params")) or ()
    own = [one.cells["weight_decay"] for one in groups if isinstance(one, v.Dict) and "weight_decay" in one.cells]
    if len({getattr(one, "value", None) for one in own}) > 1 or 0 < len(own) < len(groups):
        return Unknown("the parameter groups have weight decays of their own", optimizer.place)
    decay = setting(optimizer, era, "weight_decay") if not own else number(own[0], optimizer.place)
    return None if isinstance(decay, Fact) and decay.value == 0 and decay.origin is Origin.LIBRARY_DEFAULT else decay


def _decoupled(optimizer: v.Object, era: str) -> bool:
    if optimizer.row.library != "torch":
        return True
    return optimizer.row.kind in DECOUPLED_IN_TORCH or flag(optimizer, era, "decoupled_weight_decay")


def _betas(optimizer: v.Object, era: str) -> tuple[float, float] | None:
    if optimizer.row.parameter("betas") is not None:
        pair = plain_setting(optimizer, era, "betas")
    else:
        pair = tuple(plain_setting(optimizer, era, *names) for names in (("beta_1", "beta1"), ("beta_2", "beta2")))
    if isinstance(pair, tuple) and len(pair) == 2 and all(_is_number(one) for one in pair):
        return (float(pair[0]), float(pair[1]))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _clip(optimizer: v.Object, era: str) -> tuple[str, float] | None:
    for argument, kind in CLIPPING:
        if optimizer.row.parameter(argument) is None and argument not in optimizer.extra:
            continue
        threshold = setting(optimizer, era, argument)
        if threshold is None and argument in optimizer.extra:
            threshold = number(optimizer.extra[argument])
        if threshold is not None:
            return kind, threshold.value if isinstance(threshold, Fact) else UNKNOWN_THRESHOLD
    return None


def clip_of(maximum: v.Value | None, by: v.Value | None) -> tuple[str, float]:
    """What a clip of the script does: `torch.nn.utils.clip_grad_norm_` is over all parameters, `clip_grad_value_` elementwise."""
    threshold = number(maximum)
    kind = "value" if isinstance(by, v.Literal) and by.value == "value" else "global_norm"
    return kind, threshold.value if isinstance(threshold, Fact) else UNKNOWN_THRESHOLD


def _other_parameters(optimizer: v.Object, era: str) -> Mapping[str, Any]:
    """Every further setting; a learning rate (or momentum, decay, epsilon) that is no number stays here as it was given."""
    parameters: dict[str, Any] = {}
    for one in optimizer.row.parameters:
        if one.name in READ or one.variadic or (one.name in UNINTERESTING and one.name not in optimizer.arguments):
            continue
        value = plain_setting(optimizer, era, one.name)
        if value is not None and not isinstance(value, Unknown):
            parameters[one.name] = value
    rate = made_rate(optimizer)
    if isinstance(rate, v.Literal) and (isinstance(rate.value, bool) or not isinstance(rate.value, int | float)):
        parameters["learning_rate"] = rate.value
    parameters.update({name: one.value for name, one in _texts(optimizer)})
    return parameters


def _texts(optimizer: v.Object) -> Iterator[tuple[str, v.Literal]]:
    """Settings that should be numbers and are text."""
    for name in ("momentum", "weight_decay", "decay", *EPSILON):
        value = optimizer.arguments.get(name)
        if isinstance(value, v.Literal) and isinstance(value.value, str):
            yield name, value


def optimizer_schedule(value: v.Value | None, era: str) -> ScheduleFacts | None:
    """The schedule that a Keras optimizer carries as its learning rate or its `decay`."""
    value = unwrapped(value)
    if not isinstance(value, v.Object) or value.row.makes != "optimizer":
        return None
    rate = made_rate(value)
    if isinstance(rate, v.Object) and is_schedule(rate):
        return schedule_facts(rate, era)
    return inverse_time(value, era)


def with_clip(facts: OptimizerFacts | Unknown, clip: tuple[str, float] | None) -> OptimizerFacts | Unknown:
    """The facts with the clipping of the training loop."""
    return replace(facts, clip=clip) if clip is not None and isinstance(facts, OptimizerFacts) else facts
