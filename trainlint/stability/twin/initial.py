"""Initial values of parameters: one row for each kind of `facts.graph.Initializer`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from trainlint.facts.graph import Initializer
from trainlint.stability.twin.operation import RefusalError, Shape, Tensor

Numbers: TypeAlias = "Mapping[str, float]"
Draw: TypeAlias = "Callable[[np.random.Generator, Shape, Numbers, float, float], Tensor]"

TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of N(0, 1) cut at +-2: Keras divides by it (keras.initializers.VarianceScaling)."""


def _uniform(rng: np.random.Generator, shape: Shape, edge: float) -> Tensor:
    return rng.uniform(-edge, edge, shape)


def _truncated(rng: np.random.Generator, shape: Shape, deviation: float) -> Tensor:
    drawn = rng.standard_normal(shape)
    for _ in range(40):
        outside = np.abs(drawn) > 2
        if not outside.any():
            break
        drawn[outside] = rng.standard_normal(int(outside.sum()))
    return np.asarray(np.clip(drawn, -2, 2) * deviation, dtype=np.float64)


def _scaled(variance: Callable[[float, float], float], *, uniform: bool) -> Draw:
    """A kind whose variance follows from the fans; `scale` multiplies the values (PyTorch's gain)."""

    def draw(rng: np.random.Generator, shape: Shape, numbers: Numbers, fan_in: float, fan_out: float) -> Tensor:
        fans = numbers.get("fan_in", fan_in), numbers.get("fan_out", fan_out)
        deviation = math.sqrt(variance(max(fans[0], 1.0), max(fans[1], 1.0))) * numbers.get("scale", 1.0)
        if uniform:
            return _uniform(rng, shape, math.sqrt(3) * deviation)
        return _truncated(rng, shape, deviation / TRUNCATED_DEVIATION)

    return draw


def _orthogonal(rng: np.random.Generator, shape: Shape, numbers: Numbers, _fan_in: float, _fan_out: float) -> Tensor:
    if len(shape) < 2:
        return rng.standard_normal(shape)
    rows, columns = math.prod(shape[:-1]), shape[-1]
    if min(rows, columns) > 1024:
        raise RefusalError("an orthogonal matrix too large to be drawn here")
    basis, triangle = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    basis = basis * np.sign(np.diag(triangle))
    return np.asarray((basis if rows >= columns else basis.T).reshape(shape) * numbers.get("scale", 1.0), dtype=np.float64)


KINDS: Mapping[str, Draw] = {
    "zeros": lambda _r, shape, _n, _i, _o: np.zeros(shape),
    "ones": lambda _r, shape, _n, _i, _o: np.ones(shape),
    "constant": lambda _r, shape, numbers, _i, _o: np.full(shape, numbers.get("value", 0.0)),
    "uniform": lambda rng, shape, numbers, _i, _o: rng.uniform(numbers.get("low", -0.05), numbers.get("high", 0.05), shape),
    "normal": lambda rng, shape, n, _i, _o: n.get("mean", 0.0) + n.get("stddev", 0.05) * rng.standard_normal(shape),
    "truncated_normal": lambda rng, shape, n, _i, _o: n.get("mean", 0.0) + _truncated(rng, shape, n.get("stddev", 0.05)),
    "glorot_uniform": _scaled(lambda fan_in, fan_out: 2 / (fan_in + fan_out), uniform=True),
    "glorot_normal": _scaled(lambda fan_in, fan_out: 2 / (fan_in + fan_out), uniform=False),
    "he_uniform": _scaled(lambda fan_in, _fan_out: 2 / fan_in, uniform=True),
    "he_normal": _scaled(lambda fan_in, _fan_out: 2 / fan_in, uniform=False),
    "lecun_uniform": _scaled(lambda fan_in, _fan_out: 1 / fan_in, uniform=True),
    "lecun_normal": _scaled(lambda fan_in, _fan_out: 1 / fan_in, uniform=False),
    "torch_default": lambda rng, shape, n, fan_in, _o: _uniform(rng, shape, 1 / math.sqrt(max(n.get("fan_in", fan_in), 1.0))),
    "orthogonal": _orthogonal,
}
"""(Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014; torch.nn.Linear.reset_parameters.)"""

FIXED = frozenset({"zeros", "ones", "constant", "values"})
"""Kinds that give the same start each time."""


def known(initializer: Initializer) -> bool:
    """Whether the start, or the distribution that it is drawn from, is known."""
    return initializer.data is not None if initializer.kind == "values" else initializer.kind in KINDS


def draw(initializer: Initializer, rng: np.random.Generator, shape: Shape, fans: tuple[float, float]) -> Tensor:
    """Values for one parameter. An initialiser that is not known is taken for Glorot's (see `known`)."""
    if initializer.kind == "values" and initializer.data is not None:
        if initializer.data.dtype.kind not in "biuf":
            raise RefusalError("initial weights that are no real numbers")
        values: Tensor = np.array(initializer.data, dtype=np.float64)
        if values.shape != shape or not np.isfinite(values).all():
            raise RefusalError("initial weights do not fit their layer")
        return values
    kind = initializer.kind if initializer.kind in KINDS else "glorot_uniform"
    return np.asarray(KINDS[kind](rng, shape, initializer.numbers, *fans), dtype=np.float64)
