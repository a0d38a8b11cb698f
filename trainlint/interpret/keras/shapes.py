"""The output shape of each kind of Keras layer (keras.io/api/layers). None where it is not known; the batch axis comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from trainlint.interpret.keras.common import Owner, dimensions, integer, integers, kind_of, passed, setting, shape_from
from trainlint.interpret.values import Instance, Object, Shape

Shapes: TypeAlias = "Sequence[Shape | None]"
ShapeRule: TypeAlias = "Callable[[Owner, Shapes], Shape | None]"


def output_shape(layer: Owner, inputs: Shapes) -> Shape | None:
    """The shape that a layer gives for inputs of these shapes."""
    rule = _RULES.get(kind_of(layer))
    if rule is None or not inputs:
        return None
    return rule(layer, inputs)


def _same(layer: Owner, inputs: Shapes) -> Shape | None:  # noqa: ARG001
    return inputs[0]


def _dense(layer: Owner, inputs: Shapes) -> Shape | None:
    shape = inputs[0]
    return None if not shape else (*shape[:-1], integer(setting(layer, "units")))


def channels_first(layer: Owner) -> bool | None:
    """Whether the channels come right behind the batch (`data_format`, `dim_ordering="th"`); None if that is not known."""
    order = setting(layer, "data_format")
    return order in ("channels_first", "th") if order is None or isinstance(order, str) else None


def _split(layer: Owner, shape: Shape | None, rank: int) -> tuple[int | None, Shape, int | None] | None:
    """Batch, spatial axes and channels of a map with `rank` spatial axes."""
    if shape is None or len(shape) != rank + 2 or channels_first(layer) is None:
        return None
    if channels_first(layer):
        return shape[0], shape[2:], shape[1]
    return shape[0], shape[1:-1], shape[-1]


def _joined(layer: Owner, batch: int | None, spatial: Shape, channels: int | None) -> Shape:
    return (batch, channels, *spatial) if channels_first(layer) else (batch, *spatial, channels)


def _window(size: int | None, kernel: int | None, stride: int | None, dilation: int | None, padding: object) -> int | None:
    """The extent that a sliding window leaves of one axis; None if unknown or too small for the window."""
    if size is None or stride is None or stride < 1:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    if padding != "valid" or kernel is None or dilation is None:
        return None
    left = size - dilation * (kernel - 1)
    return -(-left // stride) if left > 0 else None


def _slide(
    layer: Owner, inputs: Shapes, size: str, filters: Callable[[int | None], int | None], missing: int | None = None
) -> Shape | None:
    rank = dimensions(layer.row) if layer.row is not None else 0
    parts = _split(layer, inputs[0], rank)
    if parts is None:
        return None
    batch, spatial, channels = parts
    given = setting(layer, size)
    kernel = integers(missing if given is None else given, rank)
    strides = setting(layer, "strides")
    steps = kernel if strides is None else integers(strides, rank)
    dilation = integers(setting(layer, "dilation_rate") or 1, rank)
    padding = setting(layer, "padding")
    padding = padding.lower() if isinstance(padding, str) else padding
    extents = tuple(
        _window(extent, one, step, spread, padding)
        for extent, one, step, spread in zip(spatial, kernel, steps, dilation, strict=True)
    )
    return _joined(layer, batch, extents, filters(channels))


def _conv(layer: Owner, inputs: Shapes) -> Shape | None:
    return _slide(layer, inputs, "kernel_size", lambda _: integer(setting(layer, "filters")))


def _depthwise(layer: Owner, inputs: Shapes) -> Shape | None:
    multiplier = integer(setting(layer, "depth_multiplier"))
    return _slide(
        layer, inputs, "kernel_size", lambda channels: None if channels is None or multiplier is None else channels * multiplier
    )


def _pool(layer: Owner, inputs: Shapes) -> Shape | None:
    # before Keras 3 every pool had a default size of 2; today's AveragePooling has none
    return _slide(layer, inputs, "pool_size", lambda channels: channels, missing=2)


def _conv_transpose(layer: Owner, inputs: Shapes) -> Shape | None:
    rank = dimensions(layer.row) if layer.row is not None else 0
    parts = _split(layer, inputs[0], rank)
    if parts is None or setting(layer, "output_padding") is not None:
        return None if parts is None else _joined(layer, parts[0], (None,) * rank, integer(setting(layer, "filters")))
    batch, spatial, _ = parts
    kernel, steps = integers(setting(layer, "kernel_size"), rank), integers(setting(layer, "strides"), rank)
    dilation = integers(setting(layer, "dilation_rate") or 1, rank)
    padding = setting(layer, "padding")
    extents: list[int | None] = []
    for extent, one, step, spread in zip(spatial, kernel, steps, dilation, strict=True):
        if extent is None or one is None or step is None or spread is None or padding not in ("same", "valid"):
            extents.append(None)
        else:
            window = spread * (one - 1) + 1
            extents.append(extent * step + (max(window - step, 0) if padding == "valid" else 0))
    return _joined(layer, batch, tuple(extents), integer(setting(layer, "filters")))


def _global_pool(layer: Owner, inputs: Shapes) -> Shape | None:
    rank = dimensions(layer.row) if layer.row is not None else 0
    parts = _split(layer, inputs[0], rank)
    if parts is None:
        return None
    return _joined(layer, parts[0], (1,) * rank, parts[2]) if setting(layer, "keepdims") is True else (parts[0], parts[2])


def _upsample(layer: Owner, inputs: Shapes) -> Shape | None:
    rank = dimensions(layer.row) if layer.row is not None else 0
    parts = _split(layer, inputs[0], rank)
    if parts is None:
        return None
    factors = integers(setting(layer, "size"), rank)
    extents = tuple(None if e is None or f is None else e * f for e, f in zip(parts[1], factors, strict=True))
    return _joined(layer, parts[0], extents, parts[2])


def _sides(value: object, rank: int) -> list[int | None]:
    """The sum of both sides for each axis of a `padding` or `cropping` argument."""
    if isinstance(value, int):
        return [2 * value] * rank
    if not isinstance(value, tuple):
        return [None] * rank
    if rank == 1:
        value = (value,) if len(value) == 2 else value
    if len(value) != rank:
        return [None] * rank
    totals: list[int | None] = []
    for one in value:
        pair = integers(one, 2) if isinstance(one, tuple) else (integer(one),) * 2
        totals.append(None if pair[0] is None or pair[1] is None else pair[0] + pair[1])
    return totals


def _resized(layer: Owner, inputs: Shapes, name: str, sign: int) -> Shape | None:
    rank = dimensions(layer.row) if layer.row is not None else 0
    parts = _split(layer, inputs[0], rank)
    if parts is None:
        return None
    sides = _sides(setting(layer, name), rank)
    extents = tuple(
        None if extent is None or side is None or extent + sign * side < 1 else extent + sign * side
        for extent, side in zip(parts[1], sides, strict=True)
    )
    return _joined(layer, parts[0], extents, parts[2])


def _zero_pad(layer: Owner, inputs: Shapes) -> Shape | None:
    return _resized(layer, inputs, "padding", 1)


def _cropping(layer: Owner, inputs: Shapes) -> Shape | None:
    return _resized(layer, inputs, "cropping", -1)


def product(shape: Shape) -> int | None:
    """The number of elements; None if an extent is not known."""
    total = 1
    for extent in shape:
        if extent is None:
            return None
        total *= extent
    return total


def _flatten(layer: Owner, inputs: Shapes) -> Shape | None:  # noqa: ARG001
    shape = inputs[0]
    if shape is None:
        return (None, None)
    return (*shape[:1], product(shape[1:])) if shape else (1, 1)


def _reshape(layer: Owner, inputs: Shapes) -> Shape | None:
    target, shape = shape_from(passed(layer, "target_shape")), inputs[0]
    if target is None:
        return None
    batch = shape[0] if shape else None
    if -1 in target:
        whole = product(shape[1:]) if shape is not None else None
        rest = product(tuple(one for one in target if one != -1))
        inferred = whole // rest if whole is not None and rest else None
        target = tuple(inferred if one == -1 else one for one in target)
    return (batch, *target)


def _permute(layer: Owner, inputs: Shapes) -> Shape | None:
    dims, shape = setting(layer, "dims"), inputs[0]
    if not shape or not isinstance(dims, tuple) or not all(isinstance(one, int) for one in dims):
        return None
    return (shape[0], *(shape[one] for one in dims)) if sorted(dims) == list(range(1, len(shape))) else None


def _repeat_vector(layer: Owner, inputs: Shapes) -> Shape | None:
    shape = inputs[0]
    return None if shape is None or len(shape) != 2 else (shape[0], integer(setting(layer, "n")), shape[1])


def _embedding(layer: Owner, inputs: Shapes) -> Shape | None:
    shape = inputs[0]
    return None if shape is None else (*shape, integer(setting(layer, "output_dim")))


def _recurrent(layer: Owner, inputs: Shapes) -> Shape | None:
    shape = inputs[0]
    if shape is None or len(shape) != 3:
        return None
    units = integer(setting(layer, "units"))
    return (shape[0], shape[1], units) if setting(layer, "return_sequences") is True else (shape[0], units)


def _bidirectional(layer: Owner, inputs: Shapes) -> Shape | None:
    inner = passed(layer, "layer")
    shape = output_shape(inner, inputs) if isinstance(inner, Object | Instance) else None
    if shape is None or setting(layer, "merge_mode") != "concat":
        return shape
    return (*shape[:-1], None if shape[-1] is None else 2 * shape[-1])


def _time_distributed(layer: Owner, inputs: Shapes) -> Shape | None:
    inner, shape = passed(layer, "layer"), inputs[0]
    if not isinstance(inner, Object | Instance) or shape is None or len(shape) < 2:
        return None
    within = output_shape(inner, [(shape[0], *shape[2:])])
    return None if within is None else (shape[0], shape[1], *within[1:])


def _wrapper(layer: Owner, inputs: Shapes) -> Shape | None:
    inner = passed(layer, "layer")
    return output_shape(inner, inputs) if isinstance(inner, Object | Instance) else None


def _merge(layer: Owner, inputs: Shapes) -> Shape | None:  # noqa: ARG001
    """Elementwise merging broadcasts; equal ranks are what scripts use."""
    known = [shape for shape in inputs if shape is not None]
    if len(known) < len(inputs) or len({len(shape) for shape in known}) != 1:
        return None
    merged: list[int | None] = []
    for extents in zip(*known, strict=True):
        numbers = {one for one in extents if one not in (None, 1)}
        merged.append(numbers.pop() if len(numbers) == 1 else None if numbers or None in extents else 1)
    return tuple(merged)


def _concatenate(layer: Owner, inputs: Shapes) -> Shape | None:
    known = [shape for shape in inputs if shape is not None]
    axis = integer(setting(layer, "axis"))
    if axis is None or len(known) < len(inputs) or len({len(shape) for shape in known}) != 1:
        return None
    rank = len(known[0])
    if not -rank <= axis < rank:
        return None
    extents = [shape[axis] for shape in known]
    total = None if None in extents else sum(one for one in extents if one is not None)
    joined = list(_merge(layer, [tuple(1 if i == axis % rank else e for i, e in enumerate(shape)) for shape in known]) or ())
    if not joined:
        return None
    joined[axis % rank] = total
    return tuple(joined)


def _attention(layer: Owner, inputs: Shapes) -> Shape | None:
    given = shape_from(passed(layer, "output_shape"))
    return inputs[0] if given is None or inputs[0] is None else (*inputs[0][:-1], *given)


def _resize(layer: Owner, inputs: Shapes) -> Shape | None:
    shape = inputs[0]
    size = (integer(setting(layer, "height")), integer(setting(layer, "width")))
    if shape is not None and len(shape) == 3:  # one picture, in the `map` of a data set
        return (shape[0], *size) if channels_first(layer) else (*size, shape[2])
    if shape is None or len(shape) != 4:
        return None
    return _joined(layer, shape[0], size, shape[1] if channels_first(layer) else shape[3])


def _backbone(layer: Owner, inputs: Shapes) -> Shape | None:
    batch = inputs[0][0] if inputs[0] else None
    top = setting(layer, "include_top")
    if top is True:
        return (batch, integer(setting(layer, "classes")))
    if top is not False:
        return None
    return (batch, None) if setting(layer, "pooling") in ("avg", "max") else (batch, None, None, None)


def _text_vectorization(layer: Owner, inputs: Shapes) -> Shape | None:
    batch = inputs[0][0] if inputs[0] else None
    return (batch, integer(setting(layer, "output_sequence_length"))) if setting(layer, "output_mode") == "int" else None


def _dot(layer: Owner, inputs: Shapes) -> Shape | None:
    """The axes of both inputs without the rows of the second and without those that are summed over; a column of vectors."""
    axes = setting(layer, "axes")
    both = axes if isinstance(axes, tuple) else (axes, axes)
    if len(inputs) != 2 or len(both) != 2 or not all(isinstance(one, int) for one in both):
        return None
    rest: list[int | None] = []
    for shape, axis in zip(inputs, both, strict=True):
        if shape is None or not -len(shape) < axis < len(shape) or axis % len(shape) == 0:
            return None
        rest.extend(extent for at, extent in enumerate(shape) if at not in (0, axis % len(shape)))
    return (inputs[0][0] if inputs[0] else None, *(rest or (1,)))


def _conv_lstm(layer: Owner, inputs: Shapes) -> Shape | None:
    """As a convolution of each step."""
    shape = inputs[0]
    one = None if shape is None or len(shape) < 4 else _conv(layer, [(shape[0], *shape[2:])])
    if one is None or shape is None:
        return None
    return (one[0], shape[1], *one[1:]) if setting(layer, "return_sequences") is True else one


_SAME_KINDS = (
    "activation dropout gaussian_noise activity_regularization identity masking batch_norm layer_norm group_norm rms_norm "
    "unit_norm normalization relu leaky_relu elu prelu thresholded_relu softmax rescaling augmentation "
    "dot_attention additive_attention"
)
_RULES: dict[str, ShapeRule] = {
    **dict.fromkeys(_SAME_KINDS.split(), _same),
    **dict.fromkeys(("conv", "separable_conv", "locally_connected"), _conv),
    **dict.fromkeys(("max_pool", "average_pool"), _pool),
    **dict.fromkeys(("global_max_pool", "global_average_pool"), _global_pool),
    **dict.fromkeys(("lstm", "gru", "simple_rnn"), _recurrent),
    **dict.fromkeys(("add", "subtract", "multiply", "average", "maximum", "minimum"), _merge),
    "dense": _dense,
    "depthwise_conv": _depthwise,
    "conv_transpose": _conv_transpose,
    "upsample": _upsample,
    "zero_pad": _zero_pad,
    "cropping": _cropping,
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "repeat_vector": _repeat_vector,
    "embedding": _embedding,
    "bidirectional": _bidirectional,
    "time_distributed": _time_distributed,
    "wrapper": _wrapper,
    "concatenate": _concatenate,
    "dot": _dot,
    "conv_lstm": _conv_lstm,
    "attention": _attention,
    "resize": _resize,
    "crop": _resize,
    "backbone": _backbone,
    "text_vectorization": _text_vectorization,
}
