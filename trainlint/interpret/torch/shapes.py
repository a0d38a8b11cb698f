"""The shape of what a layer gives, by the layer's kind. Axis 0 is the batch; None stands for an extent that is not known.

Formulas are those of the layers' documentation (https://docs.pytorch.org/docs/stable/nn.html).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from trainlint.interpret.torch.common import (
    Module,
    argument_of,
    descendants,
    dimensions,
    integer,
    integers,
    is_module,
    items_of,
    known_bool,
)
from trainlint.interpret.values import Instance, Literal, Object, Shape

ShapeOf: TypeAlias = Callable[[Module, Shape], "Shape | None"]


def output_shape(layer: Module, shape: Shape | None) -> Shape | None:
    """The shape of a layer's output for an input shape; None if it is not known."""
    kind = layer.row.kind if layer.row is not None else ""
    if shape is None:
        return None
    return SHAPES.get(kind, _not_known)(layer, shape)


def _not_known(_layer: Module, _shape: Shape) -> Shape | None:
    return None


def _same(_layer: Module, shape: Shape) -> Shape | None:
    return shape


def _dense(layer: Module, shape: Shape) -> Shape | None:
    return (*shape[:-1], integer(argument_of(layer, "units"))) if shape else None


def _embedding(layer: Module, shape: Shape) -> Shape | None:
    return (*shape, integer(argument_of(layer, "units")))


def _embedding_bag(layer: Module, shape: Shape) -> Shape | None:
    """One row for each row of indices (for indices in one axis the offsets say how many there are)."""
    return (shape[0], integer(argument_of(layer, "units"))) if len(shape) == 2 else None


def _spatial(layer: Module, shape: Shape) -> tuple[int, Shape] | None:
    """The number of spatial axes, if the shape has them (with the channels, and perhaps the batch, before them)."""
    count = dimensions(layer.row) if layer.row is not None else None
    return None if count is None or len(shape) not in (count + 1, count + 2) else (count, shape[-count:])


def _window(
    extent: int | None, size: int | None, stride: int | None, padding: int | None, dilation: int | None, *, up: bool
) -> int | None:
    """How often a window of `size` fits: floor((n + 2p - d(k - 1) - 1)/s + 1), or the ceiling of it (`ceil_mode`)."""
    if extent is None or size is None or not stride or padding is None or dilation is None:
        return None
    free = extent + 2 * padding - dilation * (size - 1) - 1
    count = (-(-free // stride) if up else free // stride) + 1
    if up and (count - 1) * stride >= extent + padding:
        count -= 1  # a window may not begin in the padding behind
    return count if count > 0 else None


def _conv(layer: Module, shape: Shape) -> Shape | None:
    found = _spatial(layer, shape)
    if found is None:
        return None
    count, extents = found
    padding = argument_of(layer, "padding")
    word = padding.value if isinstance(padding, Literal) and isinstance(padding.value, str) else ""
    sizes, strides = integers(argument_of(layer, "kernel_size"), count), integers(argument_of(layer, "strides"), count)
    dilations = integers(argument_of(layer, "dilation"), count)
    paddings = (0,) * count if word == "valid" else integers(padding, count)
    channels = integer(argument_of(layer, "filters"))
    if word == "same":
        return (*shape[: -count - 1], channels, *extents)
    windows = zip(extents, sizes, strides, paddings, dilations, strict=True)
    return (*shape[: -count - 1], channels, *(_window(*one, up=False) for one in windows))


def _conv_transpose(layer: Module, shape: Shape) -> Shape | None:
    """(n - 1)s - 2p + d(k - 1) + output_padding + 1."""
    found = _spatial(layer, shape)
    if found is None:
        return None
    count, extents = found
    names = ("kernel_size", "strides", "padding", "dilation", "output_padding")
    settings = (integers(argument_of(layer, name), count) for name in names)
    grown = (_grown(known) if None not in known else None for known in zip(extents, *settings, strict=True))
    return (*shape[: -count - 1], integer(argument_of(layer, "filters")), *grown)


def _grown(known: tuple[int | None, ...]) -> int | None:
    extent, size, stride, padding, dilation, more = (one or 0 for one in known)
    return (extent - 1) * stride - 2 * padding + dilation * (size - 1) + more + 1


def _pool(layer: Module, shape: Shape) -> Shape | None:
    found = _spatial(layer, shape)
    if found is None or known_bool(argument_of(layer, "return_indices")):
        return None
    count, extents = found
    size, stride = argument_of(layer, "pool_size"), argument_of(layer, "strides")
    sizes = integers(size, count)
    strides = sizes if isinstance(stride, Literal) and stride.value is None else integers(stride, count)
    paddings = integers(argument_of(layer, "padding") or Literal(0), count)
    dilations = integers(argument_of(layer, "dilation") or Literal(1), count)
    up = known_bool(argument_of(layer, "ceil_mode"))
    windows = zip(extents, sizes, strides, paddings, dilations, strict=True)
    return None if up is None else (*shape[:-count], *(_window(*one, up=up) for one in windows))


def _adaptive_pool(layer: Module, shape: Shape) -> Shape | None:
    found = _spatial(layer, shape)
    if found is None or known_bool(argument_of(layer, "return_indices")):
        return None
    count, extents = found
    wanted = argument_of(layer, "output_size")
    items = items_of(wanted) or (wanted,) * count
    kept = [extents[i] if isinstance(one, Literal) and one.value is None else integer(one) for i, one in enumerate(items[:count])]
    return (*shape[:-count], *kept) if len(kept) == count else None


def _flatten(layer: Module, shape: Shape) -> Shape | None:
    start, end = integer(argument_of(layer, "start_dim")), integer(argument_of(layer, "end_dim"))
    return None if start is None or end is None else flattened(shape, start, end)


def flattened(shape: Shape, start: int, end: int) -> Shape | None:
    """The shape with the axes from `start` to `end` (inclusive) made one."""
    first, last = start % len(shape) if shape else 0, end % len(shape) if shape else 0
    if not shape or first > last:
        return None
    middle = shape[first : last + 1]
    known = [one for one in middle if one is not None]
    return (*shape[:first], math.prod(known) if len(known) == len(middle) else None, *shape[last + 1 :])


def _unflatten(layer: Module, shape: Shape) -> Shape | None:
    axis, sizes = integer(argument_of(layer, "dim")), items_of(argument_of(layer, "unflattened_size"))
    if axis is None or sizes is None or not -len(shape) <= axis < len(shape):
        return None
    axis %= len(shape)
    extents = [integer(one) for one in sizes]
    if extents.count(-1) > 1:
        return None
    if -1 in extents:
        rest = math.prod(one for one in extents if one is not None and one != -1)
        whole = shape[axis]
        known = None not in extents and whole is not None and rest > 0
        extents[extents.index(-1)] = whole // rest if known and whole is not None else None
    return (*shape[:axis], *extents, *shape[axis + 1 :])


def _recurrent(layer: Module, shape: Shape) -> Shape | None:
    units = integer(argument_of(layer, "proj_size")) or integer(argument_of(layer, "units"))
    both = known_bool(argument_of(layer, "bidirectional"))
    if len(shape) not in (2, 3):
        return None
    return (*shape[:-1], None if units is None or both is None else units * (1 + both))


def state_shape(layer: Module, shape: Shape | None, which: str) -> Shape | None:
    """The shape of the last state, "hidden" or "cell": (layers x directions, batch, units); a projection is of the hidden one."""
    if shape is None or len(shape) not in (2, 3):
        return None
    units, count = integer(argument_of(layer, "units")), integer(argument_of(layer, "num_layers"))
    units = (integer(argument_of(layer, "proj_size")) if which == "hidden" else None) or units
    both, first = known_bool(argument_of(layer, "bidirectional")), known_bool(argument_of(layer, "batch_first"))
    states = None if count is None or both is None else count * (1 + both)
    if len(shape) == 2:
        return (states, units)
    return (states, None if first is None else shape[0 if first else 1], units)


def _upsample(layer: Module, shape: Shape) -> Shape | None:
    count = len(shape) - 2
    factor, size = argument_of(layer, "scale_factor"), argument_of(layer, "size")
    if count < 1:
        return None
    if isinstance(factor, Literal) and factor.value is None:
        return (*shape[:2], *integers(size, count))
    factors = [one.value if isinstance(one, Literal) else None for one in items_of(factor) or (factor,) * count]
    grown = [
        math.floor(extent * by) if extent is not None and isinstance(by, int | float) and 0 < by < 1_000 else None
        for extent, by in zip(shape[2:], factors, strict=False)
    ]
    return (*shape[:2], *grown) if len(grown) == count else None


def _zero_pad(layer: Module, shape: Shape) -> Shape | None:
    found = _spatial(layer, shape)
    if found is None:
        return None
    count, extents = found
    sides = integers(argument_of(layer, "padding"), 2 * count)  # last axis first: left, right, top, bottom, ...
    grown = []
    for axis, extent in enumerate(extents):
        before, after = sides[2 * (count - 1 - axis)], sides[2 * (count - 1 - axis) + 1]
        grown.append(None if extent is None or before is None or after is None else extent + before + after)
    return (*shape[:-count], *grown)


def _pixel_shuffle(layer: Module, shape: Shape) -> Shape | None:
    by = integer(argument_of(layer, "upscale_factor"))
    if len(shape) < 3 or not by:
        return None
    channels, height, width = shape[-3:]
    return (
        *shape[:-3],
        None if channels is None else channels // by**2,
        None if height is None else height * by,
        None if width is None else width * by,
    )


def _backbone(network: Module, shape: Shape) -> Shape | None:
    """(batch, classes) of an image classifier: the units of what the script puts in place of its last layer, else its classes."""
    heads = [network.cells[name] for name in ("fc", "classifier", "head", "heads") if name in network.cells]
    for head in heads:
        below = [one for _, one in descendants(head)] if isinstance(head, Object | Instance) and is_module(head) else []
        dense = [one for one in below if one.row is not None and one.row.kind == "dense"]
        return (shape[0], integer(argument_of(dense[-1], "units"))) if dense and shape else None
    classes = network.arguments.get("num_classes") if isinstance(network, Object) else None
    return (shape[0], 1000 if classes is None else integer(classes)) if shape else None


_UNCHANGED = (
    "identity dropout batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm channel_shuffle prelu "
    "attention transformer_encoder transformer_encoder_layer transformer_decoder transformer_decoder_layer"
)

SHAPES: Mapping[str, ShapeOf] = {
    **dict.fromkeys(_UNCHANGED.split(), _same),
    "dense": _dense,
    "backbone": _backbone,
    "bilinear": _dense,
    "embedding": _embedding,
    "embedding_bag": _embedding_bag,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    **dict.fromkeys(("max_pool", "average_pool", "lp_pool"), _pool),
    **dict.fromkeys(("adaptive_average_pool", "adaptive_max_pool"), _adaptive_pool),
    "flatten": _flatten,
    "unflatten": _unflatten,
    **dict.fromkeys(("simple_rnn", "lstm", "gru"), _recurrent),
    **dict.fromkeys(("rnn_cell", "gru_cell", "lstm_cell"), _dense),
    "upsample": _upsample,
    **dict.fromkeys(("zero_pad", "pad"), _zero_pad),
    "pixel_shuffle": _pixel_shuffle,
}


def parameter_shape(layer: Module, name: str) -> Shape | None:
    """The shape of a layer's `weight` or `bias`, where it follows from the arguments."""
    kind = layer.row.kind if layer.row is not None else ""
    units, channels = integer(argument_of(layer, "units")), integer(argument_of(layer, "channels"))
    if kind == "dense":
        return (units,) if name == "bias" else (units, integer(argument_of(layer, "in_features")))
    if kind == "embedding":
        return (integer(argument_of(layer, "rows")), units)
    if kind in ("batch_norm", "instance_norm", "group_norm"):
        return (channels,)
    if kind == "layer_norm":
        wanted = argument_of(layer, "normalized_shape")
        items = items_of(wanted)
        return tuple(map(integer, items)) if items is not None else (integer(wanted),)
    if kind in ("conv", "conv_transpose"):
        return _kernel_shape(layer, kind, name)
    return None


def _kernel_shape(layer: Module, kind: str, name: str) -> Shape | None:
    count = dimensions(layer.row) if layer.row is not None else None
    filters, entering = integer(argument_of(layer, "filters")), integer(argument_of(layer, "in_channels"))
    groups = integer(argument_of(layer, "groups"))
    if name == "bias":
        return (filters,)
    if count is None or not groups:
        return None
    sizes = integers(argument_of(layer, "kernel_size"), count)
    first, second = (filters, entering) if kind == "conv" else (entering, filters)
    return (first, None if second is None else second // groups, *sizes)
