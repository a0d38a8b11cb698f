"""Row of the twin's table: multi-head attention (Vaswani et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin.activations import softmax
from trainlint.stability.twin.directional import matmul
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    broadcast,
    integer,
    nonlinear,
    one_input,
    require,
)

UNUSUAL = ("output_shape", "attention_axes", "use_gate", "kdim", "vdim", "add_bias_kv", "add_zero_attn")
"""Settings that are not followed."""


def _projected(x: Tensor, kernel: Tensor, bias: Tensor | None) -> tuple[Tensor, Pullback]:
    flat = x.reshape(-1, x.shape[-1])
    value = matmul(flat, kernel)
    value = value if bias is None else value + bias

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        below = gradient.reshape(value.shape)
        return matmul(below, kernel.T).reshape(x.shape), matmul(flat.T, below), below.sum(axis=0)

    return value.reshape(*x.shape[:-1], -1), pullback


def _split(x: Tensor, heads: int) -> Tensor:
    """(rows, steps, heads * size) as (rows, heads, steps, size)."""
    return np.moveaxis(x.reshape(*x.shape[:2], heads, -1), 2, 1)


def _joined(x: Tensor) -> Tensor:
    moved = np.moveaxis(x, 1, 2)
    return moved.reshape(*moved.shape[:2], -1)


def _attention(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Rows first, or (PyTorch's default) steps first."""
    if attributes.get("batch_first") is not False:
        return _rows_first(inputs, parameters, attributes)
    masks = len(_masked(attributes))
    turned = [id(one) for one in inputs[: len(inputs) - masks] if one.ndim == 3]
    moved = {id(one): np.swapaxes(one, 0, 1) if id(one) in turned else one for one in inputs}
    value, below = _rows_first([moved[id(one)] for one in inputs], parameters, attributes)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        found = below(np.swapaxes(gradient, 0, 1))
        sequences = len(inputs) - masks
        to_inputs = (None if one is None else np.swapaxes(one, 0, 1) for one in found[:sequences])
        return *to_inputs, *found[sequences:]

    return np.swapaxes(value, 0, 1), pullback


def _masked(attributes: Attributes) -> tuple[str, ...]:
    """What the last inputs are: "attention" (steps, steps), or one such for each row and head, or "padding" (rows, steps)."""
    names = attributes.get("masks", ())
    if not isinstance(names, tuple) or any(one not in ("attention", "padding") for one in names):
        raise RefusalError("an attention with an unusual mask")
    return names


def _hidden(masks: Sequence[Tensor], names: tuple[str, ...], scores: Shape) -> Tensor:
    """What is added to the scores (rows, heads, steps, steps): zero, or very little where nothing may be seen."""
    total = np.zeros((1, 1, 1, 1))
    for name, mask in zip(names, masks, strict=True):
        wide = mask.real
        if name == "padding" and wide.ndim == 2:
            wide = wide[:, None, None, :]
        elif name == "attention" and wide.ndim == 3:
            wide = wide.reshape(-1, scores[1], *wide.shape[1:]) if len(wide) % scores[1] == 0 else wide
        elif name == "padding" or wide.ndim not in (2, 4):
            raise RefusalError("a mask that does not fit its attention")
        broadcast(wide, np.broadcast_to(0.0, scores))
        total = total + wide
    return total


def _rows_first(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """softmax(q k' / sqrt(size) + masks) v for each head; of three inputs the second and the third must be the same."""
    one_input(inputs)
    names = _masked(attributes)
    inputs, masks = inputs[: len(inputs) - len(names)], inputs[len(inputs) - len(names) :]
    one_input(inputs)
    if any(attributes.get(name) not in (None, False) for name in UNUSUAL) or "heads" not in attributes:
        raise RefusalError("an attention with unusual settings")
    if attributes.get("value_dim") not in (None, attributes.get("key_dim")):
        raise RefusalError("an attention whose values have a size of their own")
    heads, biased = integer(attributes, "heads", 1), len(parameters) == 8
    query, context = inputs[0], inputs[1] if len(inputs) > 1 else inputs[0]
    if query.ndim != 3 or context.ndim != 3 or len(parameters) not in (4, 8) or any(one is not context for one in inputs[2:]):
        raise RefusalError("an attention whose inputs cannot be told apart")
    if heads < 1 or parameters[0].shape[-1] % heads:
        raise RefusalError("the number of heads of an attention does not divide its width")
    biases = parameters[4:] if biased else [None] * 4
    parts = [_projected(x, parameters[i], biases[i]) for i, x in enumerate((query, context, context))]
    q, k, v = (_split(one, heads) for one, _ in parts)
    scale = 1 / math.sqrt(q.shape[-1])
    require(*q.shape[:3], k.shape[2])
    scores = matmul(q, np.swapaxes(k, -1, -2)) * scale
    shares = softmax(scores + _hidden(masks, names, scores.shape) if names else scores, -1)
    value, above = _projected(_joined(matmul(shares, v)), parameters[3], biases[3])

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        to_mixed, to_kernel, to_bias = above(gradient)
        below = _split(np.asarray(to_mixed), heads)
        to_shares = matmul(below, np.swapaxes(v, -1, -2))
        to_scores = shares * (to_shares - (to_shares * shares).sum(axis=-1, keepdims=True)) * scale
        flowing = (matmul(to_scores, k), matmul(np.swapaxes(to_scores, -1, -2), q), matmul(np.swapaxes(shares, -1, -2), below))
        found = [pull(_joined(one)) for (_, pull), one in zip(parts, flowing, strict=True)]
        first, *others = (np.asarray(one[0]) for one in found)
        to_context = others[0] + others[1]
        to_inputs = (first + to_context,) if len(inputs) == 1 else (first, to_context, np.zeros(context.shape))[: len(inputs)]
        kernels = (*(np.zeros(one.shape) for one in masks), *(one[1] for one in found), to_kernel)
        return *to_inputs, *kernels, *((*(one[2] for one in found), to_bias) if biased else ())

    return value, pullback


def _attention_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    model, context = shapes[0][-1], shapes[min(1, len(shapes) - 1)][-1]
    heads, size = integer(attributes, "heads", 1), integer(attributes, "key_dim", 0)
    inner = heads * size or model
    kernels = ((model, inner), (context, inner), (context, inner), (inner, model))
    return kernels if attributes.get("use_bias", True) is False else (*kernels, (inner,), (inner,), (inner,), (model,))


ATTENTION: Mapping[str, Operation] = {"attention": Operation(_attention, nonlinear, _attention_parameters)}
