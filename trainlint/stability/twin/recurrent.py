"""Rows of the twin's table: recurrent layers.

Kernels are (in, gates * units) and (units, gates * units), gates in Keras' order. A bias is (gates * units), or
(2, gates * units) where the product with the state has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from trainlint.stability.twin.directional import matmul, sigmoid, tanh
from trainlint.stability.twin.operation import (
    Attributes,
    Forward,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    integer,
    nonlinear,
    one_input,
    require,
)

MAXIMUM_STEPS = 512

State: TypeAlias = "tuple[Tensor, ...]"
"""What one time step hands to the next; its output comes first."""

Back: TypeAlias = "Callable[[State], tuple[Tensor, Tensor, State]]"
"""From the gradient of the state after a step: those of what drives it, of what it sees, and of the state apart from that."""

Cell: TypeAlias = "Callable[[Tensor, Tensor, State, Attributes], tuple[State, Back]]"
"""One time step from x W + b (what drives it), h U + c (what it sees) and the state before."""


def _lstm(driven: Tensor, seen: Tensor, state: State, attributes: Attributes) -> tuple[State, Back]:
    """Gates i, f, g, o (Hochreiter & Schmidhuber 1997); Keras' `unit_forget_bias` is a constant beside a bias of zero."""
    cell = state[1]
    first, forget, new, last = np.split(driven + seen, 4, axis=1)
    i, f = sigmoid(first), sigmoid(forget + (1.0 if attributes.get("unit_forget_bias") is True else 0.0))
    g, o = tanh(new), sigmoid(last)
    after = f * cell + i * g
    squashed = tanh(after)

    def back(gradient: State) -> tuple[Tensor, Tensor, State]:
        to_cell = gradient[1] + gradient[0] * o * (1 - squashed**2)
        gates = (to_cell * g * i * (1 - i), to_cell * cell * f * (1 - f), to_cell * i * (1 - g**2))
        to_gates = np.concatenate([*gates, gradient[0] * squashed * o * (1 - o)], axis=1)
        return to_gates, to_gates, (np.zeros(after.shape), to_cell * f)

    return (o * squashed, after), back


def _gru(driven: Tensor, seen: Tensor, state: State, _attributes: Attributes) -> tuple[State, Back]:
    """Gates z, r, n with the reset after the product, as both libraries' default is (Cho et al. 2014)."""
    (before,) = state
    own, given = np.split(seen, 3, axis=1), np.split(driven, 3, axis=1)
    z, r = sigmoid(given[0] + own[0]), sigmoid(given[1] + own[1])
    n = tanh(given[2] + r * own[2])

    def back(gradient: State) -> tuple[Tensor, Tensor, State]:
        to_new = gradient[0] * (1 - z) * (1 - n**2)
        to_update, to_reset = gradient[0] * (before - n) * z * (1 - z), to_new * own[2] * r * (1 - r)
        to_seen = np.concatenate([to_update, to_reset, to_new * r], axis=1)
        return np.concatenate([to_update, to_reset, to_new], axis=1), to_seen, (gradient[0] * z,)

    return (z * before + (1 - z) * n,), back


def _simple(driven: Tensor, seen: Tensor, _state: State, attributes: Attributes) -> tuple[State, Back]:
    """H' = tanh(x W + b + h U), or ReLU."""
    inner = driven + seen
    rectified = attributes.get("nonlinearity") == "relu"
    value = np.where(inner.real > 0, inner, 0.0) if rectified else tanh(inner)
    slope = np.where(inner.real > 0, 1.0, 0.0) if rectified else 1 - value**2

    def back(gradient: State) -> tuple[Tensor, Tensor, State]:
        to_inner = gradient[0] * slope
        return to_inner, to_inner, (np.zeros(value.shape),)

    return (value,), back


class _Kind(NamedTuple):
    cell: Cell
    gates: int
    states: int


def _sequence(kind: _Kind, x: Tensor, weights: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """One level in one direction, (rows, steps, units) from (rows, steps, features)."""
    kernel, recurrent = weights[:2]
    rows, steps, width = x.shape
    if kernel.shape[0] != width or recurrent.shape[1] != kernel.shape[1] or recurrent.shape[0] * kind.gates != kernel.shape[1]:
        raise RefusalError("a recurrent layer whose weights do not fit its input")
    require(rows, steps, kernel.shape[1])
    biases = weights[2].reshape(-1, kernel.shape[1]) if len(weights) > 2 else np.zeros((1, 1))
    flat = x.reshape(rows * steps, width)
    driven = (matmul(flat, kernel) + biases[0]).reshape(rows, steps, -1)
    state: State = (np.zeros((rows, recurrent.shape[0])),) * kind.states
    states, backs = [state], []
    for step in range(steps):
        seen = matmul(state[0], recurrent) + (biases[1] if len(biases) > 1 else 0.0)
        state, back = kind.cell(driven[:, step], seen, state, attributes)
        states.append(state)
        backs.append(back)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        flowing: State = (np.zeros(state[0].shape),) * kind.states
        found = []
        for step in reversed(range(steps)):
            *both, flowing = backs[step]((flowing[0] + gradient[:, step], *flowing[1:]))
            flowing = (flowing[0] + matmul(both[1], recurrent.T), *flowing[1:])
            found.append(both)
        to_driven, to_seen = (np.stack(one[::-1], axis=1).reshape(rows * steps, -1) for one in zip(*found, strict=True))
        before = np.stack([one[0] for one in states[:-1]], axis=1).reshape(rows * steps, -1)
        to_input = None if attributes.get("still") else matmul(to_driven, kernel.T).reshape(x.shape)
        to_kernels = (to_input, matmul(flat.T, to_driven), matmul(before.T, to_seen))
        if len(weights) < 3:
            return to_kernels
        to_biases = np.stack([to_driven.sum(axis=0), to_seen.sum(axis=0)])[: len(biases)]
        return *to_kernels, to_biases.reshape(weights[2].shape)

    return np.stack([one[0] for one in states[1:]], axis=1), pullback


def _both(kind: _Kind, x: Tensor, weights: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """One level in both directions, side by side, each output where its step is."""
    half = len(weights) // 2
    ahead, below = _sequence(kind, x, weights[:half], attributes)
    behind, above = _sequence(kind, x[:, ::-1], weights[half:], attributes)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        units = ahead.shape[-1]
        first, *own = below(gradient[..., :units])
        second, *others = above(gradient[:, ::-1, units:])
        to_input = None if first is None or second is None else first + second[:, ::-1]
        return to_input, *own[:half], *others[:half]

    return np.concatenate([ahead, behind[:, ::-1]], axis=-1), pullback


def _recurrent(kind: _Kind) -> Forward:
    """All levels; the whole sequence, or the last output of each direction."""

    def forward(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        _check(inputs[0], attributes)
        last_first = attributes.get("batch_first") is False
        x = np.moveaxis(inputs[0], 0, 1) if last_first else inputs[0]
        both = attributes.get("bidirectional") is True
        each = len(parameters) // max(1, integer(attributes, "num_layers", 1))
        value, levels = x, []
        for start in range(0, len(parameters), each):
            below = attributes if start == 0 else {**attributes, "still": False}
            value, pull = (_both if both else _sequence)(kind, value, parameters[start : start + each], below)
            levels.append(pull)
        units = value.shape[-1] // (2 if both else 1)
        sequences = attributes.get("return_sequences") is True
        whole = value

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            flowing: Tensor | None = np.moveaxis(gradient, 0, 1) if sequences and last_first else gradient
            if not sequences:
                flowing = np.zeros(whole.shape, dtype=gradient.dtype)
                flowing[:, -1, :units] = gradient[:, :units]
                flowing[:, 0, units:] += gradient[:, units:]
            own: list[Tensor | None] = []
            for level in reversed(levels):
                flowing, *found = level(np.asarray(flowing))
                own = [*found[:each], *own]
            return np.moveaxis(flowing, 0, 1) if flowing is not None and last_first else flowing, *own

        if sequences:
            return np.moveaxis(value, 0, 1) if last_first else value, pullback
        return np.concatenate([value[:, -1, :units], value[:, 0, units:]], axis=-1), pullback

    return forward


USUAL: Attributes = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "reset_after": True,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "proj_size": 0,
}
"""Settings of recurrent layers that are not followed, and their usual values."""


def _check(x: Tensor, attributes: Attributes) -> None:
    if x.ndim != 3 or x.shape[1] > MAXIMUM_STEPS or x.shape[0] > 2 * MAXIMUM_STEPS:
        raise RefusalError("a recurrent layer over too many steps, or over none")
    for name, usual in USUAL.items():
        if attributes.get(name) not in (usual, None):
            raise RefusalError(f"a recurrent layer with another `{name}` than the usual one")
    if attributes.get("nonlinearity", "tanh") not in ("tanh", "relu"):
        raise RefusalError("a recurrent layer with an unusual activation")


def _recurrent_parameters(gates: int) -> Callable[[Sequence[Shape], Attributes], tuple[Shape, ...]]:
    def shapes_of(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
        units, width = integer(attributes, "units", 0), shapes[0][-1]
        sides = 2 if attributes.get("bidirectional") is True else 1
        found: list[Shape] = []
        for _ in range(min(64, integer(attributes, "num_layers", 1))):
            bias = (2, gates * units) if attributes.get("biases") == 2 else (gates * units,)
            own: tuple[Shape, ...] = ((width, gates * units), (units, gates * units), bias)
            found.extend(own[: 2 + (attributes.get("use_bias", True) is not False)] * sides)
            width = units * sides
        if units < 1:
            raise RefusalError("the width of a recurrent layer is not known")
        return tuple(found)

    return shapes_of


RECURRENT: Mapping[str, Operation] = {
    name: Operation(_recurrent(kind), nonlinear, _recurrent_parameters(kind.gates))
    for name, kind in (("lstm", _Kind(_lstm, 4, 2)), ("gru", _Kind(_gru, 3, 1)), ("simple_rnn", _Kind(_simple, 1, 1)))
}
