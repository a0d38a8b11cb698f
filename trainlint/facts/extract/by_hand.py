"""Updates that the script writes itself: the optimizer that `w -= lr * w.grad` is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trainlint.core import Fact, Unknown
from trainlint.facts.extract.scalars import first_number, number
from trainlint.facts.run import OptimizerFacts
from trainlint.interpret import values as v
from trainlint.interpret.events import Event

MAXIMUM_FACTOR_DEPTH = 50
MAXIMUM_UPDATE_NODES = 500
SUMS = frozenset({"add", "subtract"})


def optimizer_by_hand(steps: Sequence[Event]) -> OptimizerFacts:
    """Plain gradient descent written out; the rate is unknown where the parameters have different ones."""
    rates = [_rate_by_hand(one) for one in steps]
    known = [one for one in rates if isinstance(one, Fact)]
    rate: Fact[float] | Unknown = rates[0]
    if known and len({one.value for one in known}) > 1:
        rate = Unknown("the parameters have learning rates of their own", steps[0].place)
    elif known:
        rate = known[0]
    name = "sgd" if all(_is_descent(one.values.get("update")) for one in steps) else "custom"
    return OptimizerFacts(name, _library(steps[0]), rate, place=steps[0].place, written_by_hand=True)


def _is_descent(update: v.Value | None) -> bool:
    """Whether an update is a factor times the gradient; sums with other tensors (momentum) and divisions by some are not."""
    value = update
    for _ in range(MAXIMUM_FACTOR_DEPTH):
        if not isinstance(value, v.Array) or value.op == "gradient":
            return True
        rest = [one for one in value.inputs if isinstance(number(one), Unknown)]
        if value.op in SUMS and len(rest) == len(value.inputs):
            return False
        if len(rest) != 1 or value.op == "sqrt":
            return not any(_holds_gradient(one) for one in rest)
        value = rest[0]
    return False


def _holds_gradient(value: v.Value) -> bool:
    stack, seen = [value], 0
    while stack and seen < MAXIMUM_UPDATE_NODES:
        one = stack.pop()
        seen += 1
        if isinstance(one, v.Array):
            if one.op == "gradient":
                return True
            stack.extend(one.inputs)
    return False


def _rate_by_hand(step: Event) -> Fact[float] | Unknown:
    """The learning rate of an update: as the event says, or the constant factors of `rate * gradient`."""
    if "learning_rate" in step.values:
        return first_number(step.values["learning_rate"], step.argument_places.get("learning_rate") or step.place)
    value = step.values.get("update")
    rate: Fact[float] | Unknown = Unknown("the factor of the gradient could not be followed", step.place)
    for _ in range(MAXIMUM_FACTOR_DEPTH):
        if not isinstance(value, v.Array) or value.op not in ("multiply", "negative") or not value.inputs:
            return rate
        factors = [(one, number(one, step.place)) for one in value.inputs]
        constants = [fact for _, fact in factors if isinstance(fact, Fact)]
        rest = [one for one, fact in factors if isinstance(fact, Unknown)]
        if len(rest) != 1 or len(constants) > 1:
            return rate
        if constants:
            found = replace(constants[0], value=abs(constants[0].value))
            rate = found if isinstance(rate, Unknown) else replace(rate, value=rate.value * found.value)
        value = rest[0]
    return rate


def _library(step: Event) -> str:
    parameter = step.values.get("parameter")
    return parameter.library if isinstance(parameter, v.Array) else "numpy"
