"""Whether a layer can take a shape: what Keras checks when it builds a layer."""

from __future__ import annotations

from trainlint.interpret.keras.common import Owner, dimensions, integer, integers, kind_of, passed, setting, shape_from
from trainlint.interpret.keras.shapes import channels_first, product
from trainlint.interpret.torch.fitting import Misfit
from trainlint.interpret.values import Shape

WINDOWS = {"conv": "kernel_size", "separable_conv": "kernel_size", "max_pool": "pool_size", "average_pool": "pool_size"}


def misfit(layer: Owner, shape: Shape | None) -> Misfit | None:
    """Why a layer raises for a shape; None where it does not, or that is not known."""
    kind = kind_of(layer)
    if shape is None:
        return None
    if kind in ("lstm", "gru", "simple_rnn"):
        return Misfit("axes", 3, len(shape)) if len(shape) < 3 else None
    if kind == "reshape":
        return _reshape(layer, shape)
    return _window(layer, shape, WINDOWS[kind]) if kind in WINDOWS else None


def _reshape(layer: Owner, shape: Shape) -> Misfit | None:
    target, held = shape_from(passed(layer, "target_shape")), product(shape[1:])
    wanted = None if target is None else product(tuple(one for one in target if one != -1))
    if target is None or held is None or not wanted:
        return None
    fits = held % wanted == 0 if -1 in target else held == wanted
    return None if fits else Misfit("numbers", wanted, held)


def _window(layer: Owner, shape: Shape, name: str) -> Misfit | None:
    """A map with too few axes, or smaller than the window on one of them."""
    count = dimensions(layer.row) if layer.row is not None else 0
    if count and len(shape) < count + 2:
        return Misfit("axes", count + 2, len(shape))
    padding = setting(layer, "padding")
    if not count or len(shape) != count + 2 or not isinstance(padding, str) or padding.lower() != "valid":
        return None
    first = channels_first(layer)
    if first is None:
        return None
    extents = shape[2:] if first else shape[1:-1]
    sizes = integers(setting(layer, name) if setting(layer, name) is not None else 2, count)
    spread = integers(setting(layer, "dilation_rate") or 1, count)
    for extent, size, dilation in zip(extents, sizes, spread, strict=True):
        if extent is not None and integer(size) is not None and dilation is not None and size is not None:
            reach = dilation * (size - 1) + 1
            if extent < reach:
                return Misfit("window", reach, extent)
    return None
