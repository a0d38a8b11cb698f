"""Functions of neural networks that are several operations on arrays, or one with settings of its own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays.functions import Application, makes, operation
from trainlint.interpret.arrays.nodes import constant, integer
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import Call, attribute
from trainlint.interpret.values import Array, Literal, Shape, Tuple, Unknown, Value

MAXIMUM_STEPS = 1_024


@makes("scaled_dot_product_attention")
def attention(application: Application) -> Value:
    """softmax(q k' scale + mask) v; a boolean mask says what is seen. Shapes (..., steps, width)."""
    names = ("x", "y", "z")
    given = [application.arguments.get(name) for name in names]
    place, library = application.place, "torch"
    q, k, v = (one if isinstance(one, Array) else application.unknown("an attention of something unknown") for one in given)
    shape = q.shape if isinstance(q, Array) else None
    scale = application.value("scale")
    if scale is None and shape and shape[-1]:
        scale = 1 / math.sqrt(shape[-1])
    if not isinstance(scale, int | float) or application.value("enable_gqa") not in (None, False):
        return application.unknown("an attention whose scale is not known")
    turned = operate("swapaxes", (k,), {"first": -2, "second": -1}, place, library)
    scores: Value = operate("multiply", (operate("matmul", (q, turned), {}, place, library), Literal(scale)), {}, place, library)
    mask = application.arguments.get("mask")
    if application.value("is_causal") is True:
        steps = (shape or (None, None))[-2], (turned.shape or (None,))[-1]
        if steps[0] is None or steps[1] is None:
            return application.unknown("a causal attention over an unknown number of steps")
        scores = operate("add", (scores, causal(steps[0], steps[1], place)), {}, place, library)
    elif isinstance(mask, Array) and mask.dtype == "bool":
        scores = operate("where", (mask, scores, Literal(-math.inf)), {}, place, library)
    elif mask is not None and not (isinstance(mask, Literal) and mask.value is None):
        scores = operate("add", (scores, mask), {}, place, library)
    shares = operate("softmax", (scores,), {"axis": -1}, place, library)
    return operate("matmul", (shares, v), {}, place, library)


def causal(steps: int, others: int, place: Place | None) -> Value:
    """What is added to scores so that no step sees a later one: zero, and minus infinity above the diagonal."""
    if max(steps, others) > MAXIMUM_STEPS:
        return Unknown("a mask over too many steps", place)
    return constant(np.triu(np.full((steps, others), -np.inf, dtype=np.float32), 1), place, "torch")


def additive(call: Call, mask: Value) -> Value:
    """A mask as what is added to scores: of a boolean one, minus infinity where it is true."""
    if isinstance(mask, Array) and mask.dtype == "bool":
        return operate("where", (mask, Literal(-math.inf), Literal(0.0)), {}, call.place, "torch")
    return mask


@makes("causal_mask")
def square_mask(application: Application) -> Value:
    """`nn.Transformer.generate_square_subsequent_mask(n)`."""
    count = integer(application.value("sz"))
    if count is None or count < 0:
        return application.unknown("a mask over an unknown number of steps")
    return causal(count, count, application.place)


@makes("interpolate")
def interpolated(application: Application) -> Value:
    """`torch.nn.functional.interpolate`: the spatial extents behind rows and channels, by `size` or by `scale_factor`."""
    made = operation(application, "interpolate", data_format="channels_first")
    x = application.arguments.get("x")
    if not isinstance(made, Array) or not isinstance(x, Array):
        return made
    attributes = dict(made.attributes)
    if attributes.get("size") is not None:
        attributes["extents"] = attributes.pop("size")
    return replace(made, attributes=attributes, shape=_resized(x.shape, attributes), dtype=x.dtype)


def _resized(shape: Shape | None, attributes: dict[str, object]) -> Shape | None:
    axes = len(shape) - 2 if shape is not None else 0
    if shape is None or axes < 1:
        return None
    wanted = attributes.get("extents", attributes.get("scale_factor"))
    parts = wanted if isinstance(wanted, tuple) else (wanted,) * axes
    if len(parts) != axes:
        return None
    if "extents" in attributes:
        return (*shape[:2], *(integer(one) for one in parts))
    grown = (
        math.floor(old * by) if old is not None and isinstance(by, int | float) and 0 < by < 1_000 else None
        for old, by in zip(shape[2:], parts, strict=True)
    )
    return (*shape[:2], *grown)


@makes("unpacked")
def unpacked(application: Application) -> Value:
    """`pad_packed_sequence`: the sequence, and the lengths that it was packed with (as they were not kept)."""
    x = application.arguments.get("x")
    if x is None:
        return application.unknown("a sequence that is not passed")
    lengths = Array("lengths", (x,), {}, (None,), "int64", "torch", place=application.place)
    return Tuple((x, lengths), application.place)


@attribute("tuple", "values", "indices")
def _named_result(call: Call) -> Value:
    """`x.max(1).values`: the first or the second of the two results."""
    held = call.receiver
    if not isinstance(held, Tuple) or len(held.items) != 2:
        return call.unknown(f"`{call.name}` of a tuple")
    return held.items[0 if call.name == "values" else 1]
