"""Row of the twin's table: a recurrent layer whose products are convolutions (Keras' `ConvLSTM`; Shi et al. 2015)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    integer,
    nonlinear,
    per_axis,
)
from trainlint.stability.twin.recurrent import State, lstm
from trainlint.stability.twin.windows import WINDOWS

MAXIMUM_STEPS = 128
USUAL = {"activation": "tanh", "recurrent_activation": "sigmoid", "data_format": "channels_last"}


def _check(x: Tensor, parameters: Sequence[Tensor], attributes: Attributes) -> None:
    unusual = any(attributes.get(name, wanted) != wanted for name, wanted in USUAL.items())
    unusual = unusual or any(attributes.get(name) not in (None, False) for name in ("go_backwards", "stateful", "bidirectional"))
    if unusual or x.ndim < 4 or x.shape[1] > MAXIMUM_STEPS or len(parameters) < 2:
        raise RefusalError("a convolutional recurrent layer with unusual settings")


def _conv_lstm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Maps (rows, steps, *space, channels); a convolution of the input, and one that keeps the extents of the state."""
    x, recurrent = inputs[0], parameters[1]
    _check(x, parameters, attributes)
    (rows, steps), units = x.shape[:2], recurrent.shape[-2]
    conv, settings = WINDOWS["conv"].forward, {**attributes, "groups": 1}
    driven, to_below = conv([x.reshape(rows * steps, *x.shape[2:])], [parameters[0], *parameters[2:]], settings)
    space = driven.shape[1:-1]
    by_step = driven.reshape(rows, steps, -1, driven.shape[-1])
    state: State = (np.zeros((rows * math.prod(space), units)),) * 2
    outputs, backs = [], []
    for step in range(steps):
        seen, pull = conv([state[0].reshape(rows, *space, units)], [recurrent], {"padding": "same"})
        state, back = lstm(by_step[:, step].reshape(-1, 4 * units), seen.reshape(-1, 4 * units), state, attributes)
        outputs.append(state[0].reshape(rows, *space, units))
        backs.append((back, pull))
    sequences = attributes.get("return_sequences") is True

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        flowing: State = (np.zeros(state[0].shape), np.zeros(state[0].shape))
        to_recurrent, drives = np.zeros(recurrent.shape, dtype=gradient.dtype), []
        for step in reversed(range(steps)):
            own = gradient[:, step] if sequences else gradient if step == steps - 1 else None
            above = flowing[0] + (own.reshape(-1, units) if own is not None else 0.0)
            to_driven, to_seen, flowing = backs[step][0]((above, flowing[1]))
            to_state, to_kernel, _ = backs[step][1](to_seen.reshape(rows, *space, -1))
            flowing = (flowing[0] + np.asarray(to_state).reshape(-1, units), flowing[1])
            to_recurrent = to_recurrent + to_kernel
            drives.append(to_driven.reshape(rows, -1, 4 * units))
        to_input, kernel, bias = to_below(np.stack(drives[::-1], axis=1).reshape(driven.shape))
        return None if to_input is None else to_input.reshape(x.shape), kernel, to_recurrent, bias

    return np.stack(outputs, axis=1) if sequences else outputs[-1], pullback


def _conv_lstm_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axes, filters = len(shapes[0]) - 3, integer(attributes, "filters", 0)
    if axes < 1 or filters < 1:
        raise RefusalError("the shape of a convolution is not known")
    window = per_axis(attributes, "kernel_size", axes, 0)
    kernels = ((*window, shapes[0][-1], 4 * filters), (*window, filters, 4 * filters))
    return kernels if attributes.get("use_bias", True) is False else (*kernels, (4 * filters,))


RECURRENT_MAPS: Mapping[str, Operation] = {"conv_lstm": Operation(_conv_lstm, nonlinear, _conv_lstm_parameters)}
