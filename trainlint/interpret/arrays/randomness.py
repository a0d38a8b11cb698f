"""Random arrays: never drawn, only described by their shape and the moments of their distribution."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from trainlint.interpret.arrays import dtypes, statistics as known
from trainlint.interpret.arrays.creation import finished, shape_argument
from trainlint.interpret.arrays.functions import Application, apply_row, makes
from trainlint.interpret.arrays.nodes import as_array, integer
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import Call, method
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Instance, Literal, Scope, Shape, Statistics, Value
from trainlint.knowledge import find


def _random(application: Application, statistics: Statistics, distribution: str, kind: int = 2, **numbers: Any) -> Value:
    """A random array of the call's shape (of the shape of `x` for the `_like` functions)."""
    model = application.arguments.get("x")
    like = model if isinstance(model, Array) else None
    given = application.arguments.get("shape")
    shape: Shape | None = like.shape if like is not None else shape_argument(given)
    if model is None and (given is None or (isinstance(given, Literal) and given.value is None)):
        shape = _shape_of_numbers(application)
    library = "numpy" if application.row.library == "random" else application.row.library
    natural = like.dtype if like is not None and like.dtype else dtypes.default(kind, library)
    dtype = application.dtype() or natural
    if kind == 2 and library == "numpy":
        dtype = application.dtype() or "float64"
    attributes = {"distribution": distribution, **{name: one for name, one in numbers.items() if one is not None}}
    made = Array("random", (), attributes, shape, dtype, library, None, statistics, place=application.place)
    return finished(application, made)


def _shape_of_numbers(application: Application) -> Shape | None:
    """Without a shape there is one number, or one for each of the entries of the distribution's own arguments."""
    arrays = [one for one in application.arguments.values() if isinstance(one, Array) and one.shape != ()]
    return arrays[0].shape if arrays else ()


@makes("random_unit")
def unit(application: Application) -> Value:
    """Even over [0, 1)."""
    return _random(application, known.uniform(0.0, 1.0), "uniform", low=0.0, high=1.0)


@makes("random_uniform")
def uniform(application: Application) -> Value:
    """Even over [low, high)."""
    low, high = application.number("low"), application.number("high")
    if application.row.library == "tensorflow" and dtypes.category(application.dtype()) == 1:
        return integers(application)
    statistics = UNKNOWN_STATISTICS if low is None or high is None else known.uniform(low, high)
    return _random(application, statistics, "uniform", low=low, high=high)


@makes("random_standard_normal")
def standard_normal(application: Application) -> Value:
    """Normal with mean 0 and deviation 1."""
    return _random(application, known.normal(0.0, 1.0), "normal", mean=0.0, deviation=1.0)


@makes("random_normal")
def normal(application: Application) -> Value:
    """Normal with `mean` and `deviation`."""
    mean, deviation = application.number("mean"), application.number("deviation")
    statistics = _normal_columns(application) if mean is None or deviation is None else known.normal(mean, deviation)
    return _random(application, statistics, "normal", mean=mean, deviation=deviation)


def _normal_columns(application: Application) -> Statistics:
    """The mean and mean square over columns that have means or deviations of their own: `normal([90, 95], [2, 3], (n, 2))`."""
    held = [application.arguments.get(name) for name in ("mean", "deviation")]
    arrays = [None if one is None else as_array(one, application.place) for one in held]
    numbers = [one.data for one in arrays if one is not None and one.data is not None and one.data.dtype.kind in "iuf"]
    if len(numbers) < 2 or not all(one.size for one in numbers):
        return UNKNOWN_STATISTICS
    with np.errstate(all="ignore"):  # what is not finite is left out
        means, deviations = (one.astype(float) for one in numbers)  # broadcasting repeats each entry alike: no need to do it
        mean, moment = float(means.mean()), float((means**2).mean() + (deviations**2).mean())
    return known.settled(Statistics(None, None, mean, moment, "declared"))


TRUNCATED_VARIANCE = 0.7737413035760335
"""The variance of a normal distribution cut off at two deviations: 1 - 4 phi(2)/(2 Phi(2) - 1)."""


@makes("random_truncated_normal")
def truncated_normal(application: Application) -> Value:
    """Normal, drawn again outside of two deviations."""
    mean, deviation = application.number("mean"), application.number("deviation")
    if mean is None or deviation is None:
        return _random(application, UNKNOWN_STATISTICS, "truncated_normal")
    ends, moment = (mean - 2 * deviation, mean + 2 * deviation), mean * mean + deviation * deviation * TRUNCATED_VARIANCE
    statistics = known.settled(Statistics(min(ends), max(ends), mean, moment, "declared"))
    return _random(application, statistics, "truncated_normal", mean=mean, deviation=deviation)


@makes("random_integers")
def integers(application: Application) -> Value:
    """Whole numbers from low to high - 1 (`endpoint=True`: to high); one bound alone is the upper one."""
    low, high = application.value("low"), application.value("high")
    if high is None:
        low, high = 0, low
    first, last = integer(low if low is not None else 0), integer(high)
    if last is not None and not application.value("endpoint"):
        last -= 1
    return _random(application, drawn_whole_numbers(first, last), "integers", 1, low=first, high=last)


def drawn_whole_numbers(first: int | None, last: int | None) -> Statistics:
    """The statistics of whole numbers drawn evenly from first..last, where both are known."""
    if first is None or last is None or first > last or max(abs(first), abs(last)) >= 2**62:
        return UNKNOWN_STATISTICS
    return known.integers(first, last)


@makes("random_permutation")
def permutation(application: Application) -> Value:
    """`permutation(n)`: 0..n-1 in random order; of an array: its rows in random order."""
    x = application.arguments.get("x")
    array = None if x is None else as_array(x, application.place, application.row.library)
    if array is not None and array.shape != ():
        made = operate("shuffle", (array,), {"axis": 0}, application.place, array.library)
        return replace(made, statistics=known.without_columns(array.statistics))
    count = integer(application.value("x"))
    if count is None or count < 1:
        return Array(
            "random", (), {"distribution": "permutation"}, (None,), "int64", application.row.library, place=application.place
        )
    statistics = replace(known.integers(0, count - 1), known="exact")
    attributes = {"distribution": "permutation"}
    return Array("random", (), attributes, (count,), "int64", application.row.library, None, statistics, place=application.place)


@makes("random_rows")
def rows(application: Application) -> Value:
    """`tf.random.shuffle(x)`: the rows in random order."""
    return permutation(application)


@makes("random_choice")
def choice(application: Application) -> Value:
    """Some of the entries of an array, or of 0..n-1."""
    x = application.arguments.get("x")
    count = integer(application.value("x"))
    if count is not None and count > 0:
        return _choice_of(application, known.integers(0, count - 1), "int64", None)
    array = None if x is None else as_array(x, application.place, application.row.library)
    if array is None:
        return application.unknown("a choice from something that is not known")
    s = array.statistics
    if application.arguments.get("p") is not None or s.known == "unknown":
        s = known.between(s.low, s.high)
    return _choice_of(application, replace(s, known=known.weakest("declared", s.known), columns=()), array.dtype, array)


def _choice_of(application: Application, statistics: Statistics, dtype: str | None, array: Array | None) -> Value:
    given = application.arguments.get("shape")
    shape = () if given is None else shape_argument(given)
    attributes = {"distribution": "choice"}
    inputs = () if array is None else (array,)
    return Array("random", inputs, attributes, shape, dtype, application.row.library, None, statistics, place=application.place)


@makes("random_exponential")
def exponential(application: Application) -> Value:
    """Exponential with mean `scale`: mean square 2 scale^2."""
    scale = application.number("scale")
    statistics = known.between(0.0, None) if scale is None else Statistics(0.0, None, scale, 2 * scale * scale, "declared")
    return _random(application, known.settled(statistics), "exponential", scale=scale)


@makes("random_binomial")
def binomial(application: Application) -> Value:
    """Successes among n trials: mean n*p, variance n*p*(1 - p)."""
    n, p = application.number("n"), application.number("p")
    if n is None or p is None or not 0 <= p <= 1 or n < 0:
        return _random(application, known.between(0.0, n), "binomial", 1)
    moment = n * p * (1 - p) + (n * p) ** 2
    return _random(application, known.settled(Statistics(0.0, n, n * p, moment, "declared")), "binomial", 1, n=n, p=p)


@makes("random_bernoulli")
def bernoulli(application: Application) -> Value:
    """0 or 1 with the probabilities in `x`."""
    return _random(application, known.between(0.0, 1.0), "bernoulli")


@makes("random_poisson")
def poisson(application: Application) -> Value:
    """Counts with mean and variance `rate`."""
    rate = application.number("rate")
    if rate is None or rate < 0:
        return _random(application, known.between(0.0, None), "poisson", 1)
    return _random(
        application, known.settled(Statistics(0.0, None, rate, rate + rate * rate, "declared")), "poisson", 1, rate=rate
    )


@makes("random_laplace")
def laplace(application: Application) -> Value:
    """Double exponential: variance 2 scale^2."""
    mean, scale = application.number("mean"), application.number("scale")
    statistics = UNKNOWN_STATISTICS if mean is None or scale is None else known.normal(mean, math.sqrt(2) * scale)
    return _random(application, statistics, "laplace", mean=mean, scale=scale)


@makes("random_positive")
def positive(application: Application) -> Value:
    """Gamma, chi-square and other distributions of positive numbers."""
    return _random(application, known.between(0.0, None), "positive")


@makes("random_probability")
def probability(application: Application) -> Value:
    """Beta: numbers in [0, 1]."""
    return _random(application, known.between(0.0, 1.0), "probability")


@makes("random_shares")
def shares(application: Application) -> Value:
    """Dirichlet: rows of k numbers in [0, 1] that add up to 1, so that their mean is 1/k."""
    alpha = application.arguments.get("alpha")
    held = None if alpha is None else as_array(alpha, application.place, application.row.library)
    made = _random(application, known.between(0.0, 1.0), "shares")
    if held is None or held.shape is None or len(held.shape) != 1 or not isinstance(made, Array):
        return application.unknown("the shares of a Dirichlet distribution are not known")
    given = application.arguments.get("shape")
    rows = () if given is None or (isinstance(given, Literal) and given.value is None) else made.shape
    count = held.shape[0]
    statistics = replace(made.statistics, mean=1 / count) if count else made.statistics
    return replace(made, shape=None if rows is None else (*rows, count), statistics=statistics)


@makes("random_any")
def anything(application: Application) -> Value:
    """Distributions whose moments are not followed."""
    return _random(application, UNKNOWN_STATISTICS, "any")


GENERATOR_METHODS = (
    *(
        "random",
        "normal",
        "standard_normal",
        "uniform",
        "integers",
        "choice",
        "permutation",
        "permuted",
        "exponential",
        "binomial",
    ),
    *("poisson", "laplace", "gamma", "beta", "dirichlet", "multivariate_normal", "rand", "randn", "randint", "random_sample"),
    *("lognormal", "chisquare", "multinomial", "standard_t", "standard_cauchy", "logistic", "gumbel", "rayleigh", "weibull"),
)


@method("object:random_generator", *GENERATOR_METHODS)
def drawn(call: Call) -> Value:
    """`default_rng(0).normal(...)` and `RandomState(0).randn(...)`: as the functions of `numpy.random`."""
    row = find(f"numpy.random.Generator.{call.name}") or find(f"numpy.random.{call.name}")
    return call.unknown(f"`{call.name}` of a random generator is not known") if row is None else apply_row(call, row)


@method("object:random_generator", "shuffle")
def shuffled(call: Call) -> Value:
    """`rng.shuffle(x)` in place."""
    array = call.argument(0, "x")
    if array is not None:
        call.interpreter.emit("shuffle", call.place, {}, array=array, by=Literal("numpy.random.Generator.shuffle"))
        forget_order(call, array)
    return Literal(None)


def forget_order(call: Call, value: Value) -> None:
    """After `rng.shuffle(order)` the names that held the numbers 0 to n-1 hold them in an order that is not known."""
    if not isinstance(value, Array) or not _is_count(value):
        return
    shuffled_numbers = replace(value, op="random", inputs=(), attributes={"distribution": "permutation"}, data=None)
    scope: Scope | None = getattr(call.interpreter, "scope", None)
    while scope is not None:
        owners: list[Scope | Instance] = [scope, *(one for one in scope.cells.values() if isinstance(one, Instance))]
        for owner in owners:
            for key in [key for key, held in owner.cells.items() if held is value]:
                call.interpreter.heap.write(owner, key, shuffled_numbers)
        scope = scope.parent


def _is_count(value: Array) -> bool:
    """Whether an array holds the numbers 0 to n-1 in order, with n known or not."""
    if value.data is None:
        return value.op == "arange"
    numbers = value.data
    return numbers.ndim == 1 and numbers.dtype.kind in "iu" and np.array_equal(numbers, np.arange(numbers.size))
