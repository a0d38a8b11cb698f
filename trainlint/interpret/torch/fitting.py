"""Whether a layer can take a shape: what PyTorch's layers check when they are called."""

from __future__ import annotations

from typing import NamedTuple

from trainlint.interpret.subscripts import takes_all
from trainlint.interpret.torch.common import Module, argument_of, dimensions, integer, integers, known_bool
from trainlint.interpret.values import NONE, Array, Literal, Object, Shape, Value
from trainlint.knowledge.torch_layer_rows import ACTIVATIONS

COUNTED = {
    "dense": ("in_features", "features"),
    "simple_rnn": ("input_size", "features"),
    "lstm": ("input_size", "features"),
    "gru": ("input_size", "features"),
}
"""The argument that gives the extent of the last axis, by kind of layer."""


RECURRENT = frozenset({"simple_rnn", "lstm", "gru"})
KEEPS_SHAPE = (ACTIVATIONS - {"glu"}) | {"dropout", "identity", "batch_norm", "layer_norm", "cast", "detach"}
KEEPS_CHANNELS = KEEPS_SHAPE - {"layer_norm"} | {
    *("max_pool", "average_pool", "adaptive_average_pool", "adaptive_max_pool", "upsample", "instance_norm", "group_norm")
}
MAXIMUM_STEPS = 50


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


def misfit_by_width(layer: Module, value: Value) -> Misfit | None:
    """Why a layer raises for what another layer with a known width gave, where the shape in between is not known."""
    if not isinstance(layer, Object) or layer.row.name.startswith("torch.nn.Lazy"):
        return None
    kind, count = layer.row.kind, dimensions(layer.row)
    if kind in COUNTED:
        name, what = COUNTED[kind]
        return _differ(what, integer(argument_of(layer, name)), width_of(value))
    if kind in ("conv", "conv_transpose") and count is not None:
        return _differ("channels", integer(argument_of(layer, "in_channels")), channels_of(value, count))
    if kind == "batch_norm" and count is not None:
        return _differ("channels", integer(argument_of(layer, "channels")), channels_of(value, count))
    return None


def width_of(value: Value) -> int | None:
    """The extent of the last axis of what a layer gave, whatever its other axes; None if that is not known."""
    for _ in range(MAXIMUM_STEPS):
        if not isinstance(value, Array):
            return None
        layer = value.attributes.get("layer")
        kind = layer.row.kind if isinstance(layer, Object) else value.op
        if value.op == "layer" and isinstance(layer, Object) and kind in (*COUNTED, "embedding"):
            return _units(layer, kind, hidden=value.attributes.get("output") is not None)
        if value.op == "getitem" or (value.op in ("max", "mean", "sum") and value.attributes.get("axis") == 1):
            if not _keeps_last(value):
                return None
        elif kind not in KEEPS_SHAPE:
            return None
        value = value.inputs[0] if value.inputs else NONE
    return None


def _units(layer: Object, kind: str, *, hidden: bool) -> int | None:
    units = integer(argument_of(layer, "proj_size")) or integer(argument_of(layer, "units"))
    both = known_bool(argument_of(layer, "bidirectional"))
    if kind in ("dense", "embedding") or hidden:
        return None if hidden and kind == "lstm" else units  # the cell of an LSTM is not projected
    return None if units is None or both is None else units * (1 + both)


def _keeps_last(value: Array) -> bool:
    """Whether one step (or the largest, or the mean of them) of a batch of sequences is taken, as `batch_first=True` tells."""
    source = value.inputs[0] if value.inputs else None
    layer = source.attributes.get("layer") if isinstance(source, Array) else None
    if (
        not isinstance(layer, Object)
        or layer.row.kind not in RECURRENT
        or known_bool(argument_of(layer, "batch_first")) is not True
    ):
        return False
    if isinstance(source, Array) and source.attributes.get("output") is not None:
        return False
    index = value.attributes.get("index")
    if value.op != "getitem":
        return True
    return isinstance(index, tuple) and len(index) == 2 and takes_all(index[0]) and isinstance(index[1], int)


def channels_of(value: Value, count: int) -> int | None:
    """The channels of what a convolution over `count` axes gave; None if that is not known."""
    for _ in range(MAXIMUM_STEPS):
        if not isinstance(value, Array):
            return None
        layer = value.attributes.get("layer")
        kind = layer.row.kind if isinstance(layer, Object) else value.op
        if value.op == "layer" and isinstance(layer, Object) and kind in ("conv", "conv_transpose"):
            return integer(argument_of(layer, "filters")) if dimensions(layer.row) == count else None
        if kind not in KEEPS_CHANNELS or not value.inputs:
            return None
        value = value.inputs[0]
    return None


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
