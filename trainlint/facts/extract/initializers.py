"""Initialisers and penalties of weights, as the script and the libraries name them."""

from __future__ import annotations

import math
from dataclasses import replace

from trainlint.core import Fact
from trainlint.facts.extract.scalars import setting
from trainlint.facts.graph import Initializer
from trainlint.interpret import values as v

UNKNOWN_INITIALIZER = Initializer("unknown")
KERAS_NAMES = {
    "uniform": ("uniform", {"low": -0.05, "high": 0.05}),
    "random_uniform": ("uniform", {"low": -0.05, "high": 0.05}),
    "normal": ("normal", {"mean": 0.0, "stddev": 0.05}),
    "random_normal": ("normal", {"mean": 0.0, "stddev": 0.05}),
    "truncated_normal": ("truncated_normal", {"mean": 0.0, "stddev": 0.05}),
    "zero": ("zeros", {}),
    "zeros": ("zeros", {}),
    "one": ("ones", {}),
    "ones": ("ones", {}),
    "orthogonal": ("orthogonal", {}),
    "glorot_uniform": ("glorot_uniform", {}),
    "glorot_normal": ("glorot_normal", {}),
    "he_uniform": ("he_uniform", {}),
    "he_normal": ("he_normal", {}),
    "lecun_uniform": ("lecun_uniform", {}),
    "lecun_normal": ("lecun_normal", {}),
}
"""Initialisers that Keras knows by name (keras.initializers), with the numbers of their defaults."""

NUMBERS = {"value": "value", "mean": "mean", "stddev": "stddev", "scale": "scale", "gain": "scale",
           "minval": "low", "maxval": "high", "low": "low", "high": "high"}  # fmt: skip
"""Arguments of initialisers and what `Initializer.numbers` calls them."""


def named_initializer(name: str) -> Initializer:
    """The Keras initialiser of a name, with the numbers of its defaults."""
    kind, numbers = KERAS_NAMES.get(name.lower(), ("unknown", {}))
    return Initializer(kind, numbers)


def initializer(value: object, era: str) -> Initializer | None:
    """The initialiser that a value of the script stands for; None if it cannot be followed."""
    if isinstance(value, Initializer):
        return value
    if isinstance(value, str):
        return named_initializer(value)
    if isinstance(value, v.Literal):
        return replace(named_initializer(value.value), place=value.place) if isinstance(value.value, str) else None
    if isinstance(value, v.Symbol):
        return replace(named_initializer(_snake(value.name.rpartition(".")[2])), place=value.place)
    if isinstance(value, v.Array):
        return _of_values(value, era)
    if not isinstance(value, v.Object):
        return None
    numbers = {}
    for one in value.row.parameters:
        if one.name in NUMBERS:
            fact = setting(value, era, one.name)
            if fact is not None and not isinstance(fact, Fact):
                return None
            if isinstance(fact, Fact):
                numbers[NUMBERS[one.name]] = fact.value
    return Initializer(value.row.kind, numbers, place=value.place)


def _of_values(array: v.Array, era: str) -> Initializer | None:
    """A tensor of starting values: known ones, or drawn from a known distribution."""
    if array.data is not None:
        return Initializer("values", data=array.data, place=array.place)
    held = array.attributes.get("initializer")
    if held is not None and not isinstance(held, v.Array):
        return initializer(held, era)
    statistics = array.statistics
    if array.op == "random" and array.attributes.get("distribution") == "uniform" and statistics.low is not None:
        return Initializer("uniform", {"low": statistics.low, "high": statistics.high or 0.0}, place=array.place)
    if array.op == "random" and statistics.mean is not None and statistics.second_moment is not None and statistics.low is None:
        stddev = math.sqrt(max(statistics.second_moment - statistics.mean**2, 0.0))
        return Initializer("normal", {"mean": statistics.mean, "stddev": stddev}, place=array.place)
    return _of_changed(array, era)


CHANGES = frozenset({"multiply", "divide", "add", "subtract", "negative"})
"""Operations with a number that leave a distribution of its kind."""


def _of_changed(array: v.Array, era: str) -> Initializer | None:
    """A known distribution that is scaled or shifted by a number: `torch.randn(3, 4) * 0.1`, `2 * torch.rand(5) - 1`."""
    operands = [one for one in array.inputs if isinstance(one, v.Array)]
    numbers = [one for one in operands if one.data is not None and one.data.size == 1]
    drawn = [one for one in operands if one.data is None]
    if array.op not in CHANGES or len(drawn) != 1 or len(operands) != len(array.inputs) or len(numbers) + 1 != len(operands):
        return None
    start, number = _of_values(drawn[0], era), float(numbers[0].data.item()) if numbers and numbers[0].data is not None else 0.0
    if start is None or (array.op in ("multiply", "divide", "add", "subtract") and not numbers):
        return None
    behind = operands[0] is drawn[0]
    factor = {"multiply": number, "negative": -1.0}.get(array.op, 1.0)
    if array.op == "divide":
        if not behind or number == 0:
            return None
        factor = 1 / number
    shift = number if array.op == "add" else 0.0
    if array.op == "subtract":
        factor, shift = (1.0, -number) if behind else (-1.0, number)
    return _moved(start, factor, shift)


def _moved(start: Initializer, factor: float, shift: float) -> Initializer | None:
    """`factor` times a distribution, plus `shift`."""
    held = start.numbers
    if start.kind == "uniform" and "low" in held and "high" in held:
        ends = sorted(factor * held[name] + shift for name in ("low", "high"))
        return replace(start, numbers={"low": ends[0], "high": ends[1]})
    if start.kind == "normal" and "mean" in held and "stddev" in held:
        return replace(start, numbers={"mean": factor * held["mean"] + shift, "stddev": abs(factor) * held["stddev"]})
    return None


def _snake(name: str) -> str:
    return "".join("_" + one.lower() if one.isupper() and index else one.lower() for index, one in enumerate(name))


def regularizer_l2(value: object, era: str) -> float:
    """The factor of `l2 * sum(w**2)` that a Keras regulariser adds to the loss; 0 without one or if it cannot be followed."""
    if isinstance(value, v.Literal):
        return 0.01 if value.value in ("l2", "L2", "l1_l2", "L1L2") else 0.0
    if not isinstance(value, v.Object) or "l2" not in value.row.kind:
        return 0.0
    factor = setting(value, era, "l2", "l")
    return factor.value if isinstance(factor, Fact) else 0.0
