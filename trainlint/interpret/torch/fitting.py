"""Whether a layer can take a shape: what PyTorch's layers check when they are called."""

from __future__ import annotations

from typing import NamedTuple

from trainlint.interpret.torch.common import Module, argument_of, dimensions, integer, integers
from trainlint.interpret.values import Literal, Object, Shape

COUNTED = {
    "dense": ("in_features", "features"),
    "simple_rnn": ("input_size", "features"),
    "lstm": ("input_size", "features"),
    "gru": ("input_size", "features"),
}
"""The argument that gives the extent of the last axis, by kind of layer."""


class Misfit(NamedTuple):
    """Why a layer cannot take a shape: `what` differs ("features", "channels", "window", "axes"), and the two numbers."""

    what: str
    expected: int
    found: int


def misfit(layer: Module, shape: Shape | None) -> Misfit | None:
    """Why a layer raises for a shape; None where it does not, or that is not known."""
    if shape is None or not shape or not isinstance(layer, Object) or layer.row.name.startswith("torch.nn.Lazy"):
        return None
    kind = layer.row.kind
    if kind in COUNTED:
        name, what = COUNTED[kind]
        return _differ(what, integer(argument_of(layer, name)), shape[-1])
    if kind in ("conv", "conv_transpose"):
        return _channels(layer, shape, "in_channels") or _window(layer, shape, "kernel_size")
    if kind == "batch_norm" and len(shape) >= 2:
        return _differ("channels", integer(argument_of(layer, "channels")), shape[1])
    return _window(layer, shape, "pool_size") if kind in ("max_pool", "average_pool") else None


def _differ(what: str, expected: int | None, found: int | None) -> Misfit | None:
    return None if expected is None or found is None or expected == found or expected < 1 else Misfit(what, expected, found)


def _channels(layer: Object, shape: Shape, name: str) -> Misfit | None:
    count = dimensions(layer.row)
    if count is None or len(shape) != count + 2:
        return None
    return _differ("channels", integer(argument_of(layer, name)), shape[1])


def _window(layer: Object, shape: Shape, name: str) -> Misfit | None:
    """The first axis that is smaller than the window, padding counted."""
    count = dimensions(layer.row)
    padding = argument_of(layer, "padding") or Literal(0)
    if count is None or len(shape) < count + 1 or layer.row.kind == "conv_transpose":
        return None
    if isinstance(padding, Literal) and isinstance(padding.value, str):
        return None
    sizes, sides = integers(argument_of(layer, name), count), integers(padding, count)
    spread = integers(argument_of(layer, "dilation") or Literal(1), count)
    for extent, size, side, dilation in zip(shape[-count:], sizes, sides, spread, strict=True):
        if extent is None or size is None or side is None or dilation is None:
            continue
        if extent + 2 * side < dilation * (size - 1) + 1:
            return Misfit("window", dilation * (size - 1) + 1, extent + 2 * side)
    return None
