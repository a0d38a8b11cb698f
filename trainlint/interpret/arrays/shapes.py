"""Which shape an operation gives. A rule takes the shapes of the inputs (None: not known) and the attributes of the node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from trainlint.interpret.arrays.nodes import integer
from trainlint.interpret.values import Array, Shape

Shapes: TypeAlias = "Sequence[Shape | None]"
Attributes: TypeAlias = "Mapping[str, Any]"
ShapeRule: TypeAlias = "Callable[[Shapes, Attributes], Shape | None]"

MAXIMUM_AXES = 32
MAXIMUM_EQUATION = 100


def broadcast(shapes: Shapes, _attributes: Attributes | None = None) -> Shape | None:
    """The shape to which all broadcast; None if one is not known or they do not fit. An unknown axis beside n > 1 is n."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or not known:
        return None
    result: list[int | None] = []
    for position in range(-max(map(len, known)), 0):
        extents = {shape[position] for shape in known if len(shape) >= -position} - {1}
        numbers = extents - {None}
        if len(numbers) > 1:
            return None
        result.append(numbers.pop() if numbers else None if extents else 1)
    return tuple(result)


def first(shapes: Shapes, _attributes: Attributes) -> Shape | None:
    """The shape of the first input."""
    return shapes[0] if shapes else None


def limited(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """The shape of the first input where it is limited by numbers."""
    return first(shapes, attributes) if all(_is_number(attributes.get(name)) for name in ("low", "high")) else None


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float)


def unknown(_shapes: Shapes, _attributes: Attributes) -> Shape | None:
    """Nothing can be said."""
    return None


def scalar(_shapes: Shapes, _attributes: Attributes) -> Shape | None:
    """One number."""
    return ()


def axes_of(axis: object, rank: int) -> tuple[int, ...] | None:
    """The axes that an `axis` attribute names, none of them negative; None if it is not known or out of range. None is all."""
    if axis is None:
        return tuple(range(rank))
    named = axis if isinstance(axis, tuple) else (axis,)
    axes = [integer(one) for one in named]
    if any(one is None or not -rank <= one < rank for one in axes):
        return None
    result = tuple(one % rank for one in axes if one is not None)
    return result if len(set(result)) == len(result) else None


def reduced(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """A reduction over `axis`, with its axes kept as 1 if `keepdims`."""
    axis, keep = attributes.get("axis"), attributes.get("keepdims", False)
    if not isinstance(keep, bool | int | None):
        return None
    if axis is None and not keep:
        return ()
    shape = shapes[0] if shapes else None
    axes = None if shape is None else axes_of(axis, len(shape))
    if shape is None or axes is None:
        return None
    if keep:
        return tuple(1 if index in axes else extent for index, extent in enumerate(shape))
    return tuple(extent for index, extent in enumerate(shape) if index not in axes)


def along_axis(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """An operation along `axis` that keeps the shape; without an axis it works on the flattened array."""
    shape = shapes[0] if shapes else None
    if shape is None or attributes.get("axis") is not None:
        return shape
    return (_product(shape),)


def ordered(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """The positions of the entries along `axis`; a single number has one position."""
    return along_axis(shapes, attributes) or None


def _product(extents: Sequence[int | None]) -> int | None:
    numbers = [one for one in extents if one is not None]
    return math.prod(numbers) if len(numbers) == len(extents) else 0 if 0 in numbers else None


def _is_batch_of(value: object) -> bool:
    return isinstance(value, Array) and value.op == "dimension" and value.attributes.get("axis") == 0


def reshaped(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """The shape attribute, with one -1 inferred. `x.view(x.size(0), -1)` keeps an unknown batch axis apart."""
    target = attributes.get("shape")
    target = target if isinstance(target, tuple) else (target,)
    source = shapes[0] if shapes else None
    extents = [integer(one) for one in target]
    if None in target or any(one is not None and one < -1 for one in extents) or len(extents) > MAXIMUM_AXES:
        return None
    if extents.count(-1) > 1:
        return None
    if -1 not in extents:
        return _fill_one(extents, source)
    at = extents.index(-1)
    rest = extents[:at] + extents[at + 1 :]
    inferred: int | None = None
    if source is not None:
        batch_kept = source and source[0] is None and any(_is_batch_of(one) for one in target)
        whole = _product(source[1:] if batch_kept else source)
        part = _product([one for one in rest if one is not None] if batch_kept else rest)
        if whole is not None and part is not None:
            if part == 0 or whole % part:
                return None
            inferred = whole // part
    return tuple(inferred if index == at else one for index, one in enumerate(extents))


def _fill_one(extents: list[int | None], source: Shape | None) -> Shape | None:
    """A target without -1: one unknown extent follows from the size, and a size that does not fit is an error."""
    whole = None if source is None else _product(source)
    known = [one for one in extents if one is not None]
    part = math.prod(known)
    missing = len(extents) - len(known)
    if whole is not None and missing <= 1:
        if (missing == 0 and part != whole) or (missing and (part == 0 or whole % part)):
            return None
        return tuple(whole // part if one is None else one for one in extents)
    return tuple(extents)


def flattened(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Axes `start` to `end` joined to one."""
    shape = shapes[0] if shapes else None
    if shape is None:
        return (None,) if attributes.get("start") == 0 and attributes.get("end") == -1 else None
    if not shape:
        return (1,)
    bounds = axes_of((attributes.get("start"),), len(shape)), axes_of((attributes.get("end"),), len(shape))
    if bounds[0] is None or bounds[1] is None:
        return None
    start, end = bounds[0][0], bounds[1][0]
    return None if start > end else (*shape[:start], _product(shape[start : end + 1]), *shape[end + 1 :])


def transposed(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """The axes in the order of `axes`; reversed if that is None."""
    shape, axes = (shapes[0] if shapes else None), attributes.get("axes")
    if shape is None:
        return None
    if axes is None:
        return tuple(reversed(shape))
    order = axes_of(axes, len(shape))
    return None if order is None or len(order) != len(shape) else tuple(shape[one] for one in order)


def swapped(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Two axes exchanged."""
    shape = shapes[0] if shapes else None
    if shape is None:
        return None
    pair = [integer(attributes.get(name)) for name in ("first", "second")]
    axes = axes_of(tuple(set(pair)), len(shape))
    if axes is None or None in pair:
        return None
    result = list(shape)
    one, other = (0 if index is None else index % len(shape) for index in pair)
    result[one], result[other] = result[other], result[one]
    return tuple(result)


def squeezed(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Axes of extent 1 removed: those of `axis`, or all. An axis of another extent stays (PyTorch) or is an error."""
    shape, axis = (shapes[0] if shapes else None), attributes.get("axis")
    if shape is None:
        return None
    if axis is None:
        return None if None in shape else tuple(one for one in shape if one != 1)
    axes = axes_of(axis, len(shape))
    if axes is None or any(shape[one] is None for one in axes):
        return None
    return tuple(extent for index, extent in enumerate(shape) if index not in axes or extent != 1)


def expanded(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """A new axis of extent 1 at `axis`, counted in the result."""
    shape, axis = (shapes[0] if shapes else None), attributes.get("axis")
    if shape is None or axis is None:
        return None
    new = len(axis) if isinstance(axis, tuple) else 1
    axes = axes_of(axis, len(shape) + new)
    if axes is None:
        return None
    rest = iter(shape)
    return tuple(1 if index in axes else next(rest) for index in range(len(shape) + new))


def concatenated(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Inputs one after the other along `axis`; None flattens them first."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or not known:
        return None
    axis = attributes.get("axis", 0)
    if axis is None:
        sizes = [_product(shape) for shape in known]
        return (None if None in sizes else sum(one or 0 for one in sizes),)
    axes = axes_of(axis, len(known[0]))
    if axes is None or len(axes) != 1 or any(len(shape) != len(known[0]) for shape in known):
        return None
    joined: list[int | None] = []
    for index, extents in enumerate(zip(*known, strict=True)):
        numbers = {one for one in extents if one is not None}
        if index == axes[0]:
            joined.append(None if None in extents else sum(one or 0 for one in extents))
        elif len(numbers) > 1:
            return None
        else:
            joined.append(numbers.pop() if numbers else None)
    return tuple(joined)


def stacked(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Inputs of one shape along a new axis."""
    merged = shapes[0] if shapes else None
    if merged is None or any(shape is None or len(shape) != len(merged) for shape in shapes):
        return None
    extents = [{one for one in column if one is not None} for column in zip(*[shape or () for shape in shapes], strict=True)]
    if any(len(one) > 1 for one in extents):
        return None
    merged = tuple(one.pop() if one else None for one in extents)
    axes = axes_of(attributes.get("axis", 0), len(merged) + 1)
    return None if axes is None or len(axes) != 1 else (*merged[: axes[0]], len(shapes), *merged[axes[0] :])


def multiplied(shapes: Shapes, _attributes: Attributes) -> Shape | None:
    """Matrix product, as `@`: vectors lose their axis, further axes broadcast."""
    if len(shapes) != 2 or shapes[0] is None or shapes[1] is None or not shapes[0] or not shapes[1]:
        return None
    left, right = shapes[0], shapes[1]
    inner = left[-1], right[-2] if len(right) > 1 else right[-1]
    if None not in inner and inner[0] != inner[1]:
        return None
    batch = broadcast((left[:-2], right[:-2]))
    if batch is None:
        return None
    return (*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ()))


def dotted(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """`numpy.dot`: the last axis of the left with the last but one of the right; a number multiplies."""
    if len(shapes) != 2 or shapes[0] is None or shapes[1] is None:
        return None
    left, right = shapes[0], shapes[1]
    if not left or not right:
        return left or right
    if len(left) <= 2 and len(right) <= 2:
        return multiplied(shapes, attributes)
    inner = right[-2] if len(right) > 1 else right[-1]
    if left[-1] is not None and inner is not None and left[-1] != inner:
        return None
    return (*left[:-1], *(right[:-2] if len(right) > 1 else ()), *(right[-1:] if len(right) > 1 else ()))


def outer(shapes: Shapes, _attributes: Attributes) -> Shape | None:
    """Every pair of entries of the two inputs."""
    if len(shapes) != 2 or shapes[0] is None or shapes[1] is None:
        return None
    return (_product(shapes[0]), _product(shapes[1]))


def one_hot(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """One new last axis of `classes` entries."""
    shape = shapes[0] if shapes else None
    return None if shape is None else (*shape, integer(attributes.get("classes")))


def repeated(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Each entry `repeats` times along `axis`; without an axis of the flattened array."""
    shape, repeats, axis = (shapes[0] if shapes else None), integer(attributes.get("repeats")), attributes.get("axis")
    if shape is None:
        return None
    if axis is None:
        whole = _product(shape)
        return (None if whole is None or repeats is None else whole * max(repeats, 0),)
    axes = axes_of(axis, len(shape))
    if axes is None or len(axes) != 1:
        return None
    extent = shape[axes[0]]
    times = None if extent is None or repeats is None else extent * max(repeats, 0)
    return (*shape[: axes[0]], times, *shape[axes[0] + 1 :])


def tiled(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """The whole array `repeats` times along each axis."""
    shape, repeats = (shapes[0] if shapes else None), attributes.get("repeats")
    if shape is None:
        return None
    times = [integer(one) for one in (repeats if isinstance(repeats, tuple) else (repeats,))]
    if len(times) > MAXIMUM_AXES:
        return None
    padded = (1,) * (len(times) - len(shape)) + tuple(shape)
    factors = [1] * (len(padded) - len(times)) + times
    return tuple(None if e is None or t is None else e * max(t, 0) for e, t in zip(padded, factors, strict=True))


def expanded_to(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """Broadcast to the shape attribute, in which -1 keeps an axis."""
    target, source = attributes.get("shape"), (shapes[0] if shapes else None)
    target = target if isinstance(target, tuple) else (target,)
    extents = [integer(one) for one in target]
    if source is None or len(extents) < len(source):
        return tuple(extents) if source is None and -1 not in extents else None
    padded = (1,) * (len(extents) - len(source)) + tuple(source)
    return broadcast((padded, tuple(old if new == -1 else new for old, new in zip(padded, extents, strict=True))))


def cross_entropy_rows(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """A loss of each row over its last axis, reduced as `reduction` says."""
    if attributes.get("reduction", "none") != "none":
        return ()
    shape = shapes[0] if shapes else None
    return None if not shape else shape[:-1]


def einsum(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """`ij,jk->ik`: the extents of the letters after the arrow (in order of the alphabet, those that stand once, without one)."""
    equation = attributes.get("equation")
    if not isinstance(equation, str) or "." in equation or len(equation) > MAXIMUM_EQUATION:
        return None
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    extents: dict[str, int | None] = {}
    if len(terms) != len(shapes) or not all(term.isalpha() or not term for term in terms):
        return None
    for term, shape in zip(terms, shapes, strict=True):
        if shape is None or len(shape) != len(term):
            return None
        for letter, extent in zip(term, shape, strict=True):
            held = extents.get(letter)
            if held is None or held == 1:
                extents[letter] = extent
            elif extent not in (None, 1, held):
                return None
    letters = "".join(terms)
    kept = right if arrow else "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    return tuple(extents[one] for one in kept) if set(kept) <= set(extents) else None


def tensordot(shapes: Shapes, attributes: Attributes) -> Shape | None:
    """The last `axes` axes of the left summed with the first of the right (a number of axes only)."""
    count = attributes.get("axes", 2)
    if len(shapes) != 2 or shapes[0] is None or shapes[1] is None or not isinstance(count, int):
        return None
    left, right = shapes[0], shapes[1]
    if not 0 <= count <= min(len(left), len(right)):
        return None
    return (*left[: len(left) - count], *right[count:])
