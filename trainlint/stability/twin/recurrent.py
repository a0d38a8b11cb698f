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
    unbroadcast,
)

MAXIMUM_STEPS = 512

State: TypeAlias = "tuple[Tensor, ...]"
"""What one time step hands to the next; its output comes first."""

Back: TypeAlias = "Callable[[State], tuple[Tensor, Tensor, State]]"
"""From the gradient of the state after a step: those of what drives it, of what it sees, and of the state apart from that."""

Cell: TypeAlias = "Callable[[Tensor, Tensor, State, Attributes], tuple[State, Back]]"
"""One time step from x W + b (what drives it), h U + c (what it sees) and the state before."""


def lstm(driven: Tensor, seen: Tensor, state: State, attributes: Attributes) -> tuple[State, Back]:
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


class _Level(NamedTuple):
    """What one direction of one level gives: all outputs, its last state, and the way back.

    `back(gradient of the outputs, gradient of the last state)` gives those of the input, of the weights and of the first state.
    """

    outputs: Tensor
    last: State
    back: Callable[[Tensor, State], tuple[Tensor | None, list[Tensor], State]]


def _sequence(kind: _Kind, x: Tensor, weights: Sequence[Tensor], attributes: Attributes, state: State) -> _Level:
    """One level in one direction, (rows, steps, units) from (rows, steps, features)."""
    kernel, recurrent = weights[:2]
    rows, steps, width = x.shape
    require(rows, steps, kernel.shape[1])
    biases = weights[2].reshape(-1, kernel.shape[1]) if len(weights) > 2 else np.zeros((1, 1))
    flat = x.reshape(rows * steps, width)
    driven = (matmul(flat, kernel) + biases[0]).reshape(rows, steps, -1)
    states, backs = [state], []
    for step in range(steps):
        seen = matmul(state[0], recurrent) + (biases[1] if len(biases) > 1 else 0.0)
        state, back = kind.cell(driven[:, step], seen, state, attributes)
        states.append(state)
        backs.append(back)

    def pullback(gradient: Tensor, flowing: State) -> tuple[Tensor | None, list[Tensor], State]:
        found = []
        for step in reversed(range(steps)):
            *both, flowing = backs[step]((flowing[0] + gradient[:, step], *flowing[1:]))
            flowing = (flowing[0] + matmul(both[1], recurrent.T), *flowing[1:])
            found.append(both)
        to_driven, to_seen = (np.stack(one[::-1], axis=1).reshape(rows * steps, -1) for one in zip(*found, strict=True))
        before = np.stack([one[0] for one in states[:-1]], axis=1).reshape(rows * steps, -1)
        to_input = None if attributes.get("still") else matmul(to_driven, kernel.T).reshape(x.shape)
        own = [matmul(flat.T, to_driven), matmul(before.T, to_seen)]
        if len(weights) > 2:
            to_biases = np.stack([to_driven.sum(axis=0), to_seen.sum(axis=0)])[: len(biases)]
            own.append(to_biases.reshape(weights[2].shape))
        return to_input, own, flowing

    return _Level(np.stack([one[0] for one in states[1:]], axis=1), state, pullback)


def _sides(kind: _Kind, x: Tensor, weights: Sequence[Tensor], attributes: Attributes, starts: Sequence[State]) -> list[_Level]:
    """One level in one direction or in both; what the second gives is turned round, so that each output is at its step."""
    if len(starts) == 1:
        return [_sequence(kind, x, weights, attributes, starts[0])]
    half = len(weights) // 2
    ahead = _sequence(kind, x, weights[:half], attributes, starts[0])
    behind = _sequence(kind, x[:, ::-1], weights[half:], attributes, starts[1])

    def back(gradient: Tensor, flowing: State) -> tuple[Tensor | None, list[Tensor], State]:
        to_input, own, first = behind.back(gradient[:, ::-1], flowing)
        return None if to_input is None else to_input[:, ::-1], own, first

    return [ahead, _Level(behind.outputs[:, ::-1], behind.last, back)]


def _starts(inputs: Sequence[Tensor], rows: int, units: int, kind: _Kind, count: int) -> list[State]:
    """The first state of each direction of each level: zeros, or those given as (levels, rows, units)."""
    given = inputs[1:]
    if not given:
        return [(np.zeros((rows, units)),) * kind.states] * count
    if len(given) != kind.states or any(one.ndim != 3 or one.shape[::2] != (count, units) for one in given):
        raise RefusalError("a state that does not fit its recurrent layer")
    if any(one.shape[1] not in (1, rows) for one in given):
        raise RefusalError("a state of other rows than the input has")
    return [tuple(np.broadcast_to(one[place], (rows, units)) for one in given) for place in range(count)]


def _recurrent(kind: _Kind) -> Forward:
    """All levels; the whole sequence, the last output of each direction, or with `result` the last "hidden" or "cell" states."""

    def forward(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        _check(inputs[0], attributes)
        last_first = attributes.get("batch_first") is False
        x = np.moveaxis(inputs[0], 0, 1) if last_first else inputs[0]
        sides, depth = 2 if attributes.get("bidirectional") is True else 1, max(1, integer(attributes, "num_layers", 1))
        each, units = len(parameters) // depth, parameters[1].shape[0]
        starts = _starts(inputs, len(x), units, kind, depth * sides)
        value, levels = x, []
        for level in range(depth):
            below = attributes if level == 0 else {**attributes, "still": False}
            own = parameters[level * each : (level + 1) * each]
            levels.append(_sides(kind, value, own, below, starts[level * sides : (level + 1) * sides]))
            value = np.concatenate([one.outputs for one in levels[-1]], axis=-1)
        result, sequences = attributes.get("result"), attributes.get("return_sequences") is True

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            ends = np.zeros((kind.states, depth * sides, len(x), units), dtype=gradient.dtype)
            flowing: Tensor | None = np.zeros(value.shape, dtype=gradient.dtype)
            if result in STATES:
                ends[STATES.index(result)] = gradient
            elif sequences:
                flowing = np.moveaxis(gradient, 0, 1) if last_first else gradient
            else:
                flowing = np.zeros(value.shape, dtype=gradient.dtype)
                flowing[:, -1, :units] = gradient[:, :units]
                flowing[:, 0, units:] += gradient[:, units:]
            to_input, own, firsts = _back(levels, flowing, ends)
            to_input = np.moveaxis(to_input, 0, 1) if to_input is not None and last_first else to_input
            to_states = [np.stack([first[at] for first in firsts]) for at in range(len(inputs) - 1)]
            return to_input, *(unbroadcast(one, x.shape) for one, x in zip(to_states, inputs[1:], strict=True)), *own

        if result in STATES:
            return np.stack([one.last[STATES.index(result)] for level in levels for one in level]), pullback
        if sequences:
            return np.moveaxis(value, 0, 1) if last_first else value, pullback
        return np.concatenate([value[:, -1, :units], value[:, 0, units:]], axis=-1), pullback

    return forward


def _back(levels: list[list[_Level]], flowing: Tensor | None, ends: Tensor) -> tuple[Tensor | None, list[Tensor], list[State]]:
    """Through all levels, the last first: the gradients of the input, of all weights, and of all first states."""
    own: list[Tensor] = []
    firsts: list[State] = []
    for depth in reversed(range(len(levels))):
        sides, parts = levels[depth], np.split(np.asarray(flowing), len(levels[depth]), axis=-1)
        at = depth * len(sides)
        found = [side.back(part, tuple(ends[:, at + i])) for i, (side, part) in enumerate(zip(sides, parts, strict=True))]
        to_inputs = [one[0] for one in found if one[0] is not None]
        flowing = None if len(to_inputs) < len(found) else np.sum(to_inputs, axis=0)
        own = [*(weight for one in found for weight in one[1]), *own]
        firsts = [*(one[2] for one in found), *firsts]
    return flowing, own, firsts


def _single(kind: _Kind) -> Forward:
    """One time step of its own (`LSTMCell`): inputs x and the state before, if there is one; gives the state, side by side."""

    def forward(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        x, (kernel, recurrent) = inputs[0], parameters[:2]
        given, units = inputs[1:], recurrent.shape[0]
        if x.ndim != 2 or len(given) not in (0, kind.states) or any(one.ndim != 2 or one.shape[1] != units for one in given):
            raise RefusalError("a state that does not fit its recurrent layer")
        if any(one.shape[0] not in (1, len(x)) for one in given):
            raise RefusalError("a state of other rows than the input has")
        state = tuple(np.broadcast_to(one, (len(x), units)) for one in given) or (np.zeros((len(x), units)),) * kind.states
        biases = parameters[2].reshape(-1, kernel.shape[1]) if len(parameters) > 2 else np.zeros((1, 1))
        driven = matmul(x, kernel) + biases[0]
        seen = matmul(state[0], recurrent) + (biases[1] if len(biases) > 1 else 0.0)
        after, back = kind.cell(driven, seen, state, attributes)

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            to_driven, to_seen, flowing = back(tuple(np.split(gradient, kind.states, axis=-1)))
            before = (flowing[0] + matmul(to_seen, recurrent.T), *flowing[1:])[: len(given)]
            to_input = None if attributes.get("still") else matmul(to_driven, kernel.T)
            own = [matmul(x.T, to_driven), matmul(state[0].T, to_seen)]
            if len(parameters) > 2:
                to_bias = np.stack([to_driven.sum(axis=0), to_seen.sum(axis=0)])[: len(biases)]
                own.append(to_bias.reshape(parameters[2].shape))
            to_states = (unbroadcast(one, have.shape) for one, have in zip(before, given, strict=True))
            return to_input, *to_states, *own

        return np.concatenate(after, axis=-1), pullback

    return forward


STATES = ("hidden", "cell")
"""PyTorch's names of the last states of a recurrent layer, in order."""

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


_KINDS: Mapping[str, _Kind] = {"lstm": _Kind(lstm, 4, 2), "gru": _Kind(_gru, 3, 1), "simple_rnn": _Kind(_simple, 1, 1)}
_CELLS: Mapping[str, str] = {"lstm_cell": "lstm", "gru_cell": "gru", "rnn_cell": "simple_rnn"}

RECURRENT: Mapping[str, Operation] = {
    **{name: Operation(_recurrent(kind), nonlinear, _recurrent_parameters(kind.gates)) for name, kind in _KINDS.items()},
    **{
        name: Operation(_single(_KINDS[whole]), nonlinear, _recurrent_parameters(_KINDS[whole].gates))
        for name, whole in _CELLS.items()
    },
}
