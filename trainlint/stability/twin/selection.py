"""Rows of the twin's table: entries that are compared, chosen, limited or repeated.

What is decided by comparing is decided by real parts alone: the derivative is that of what is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from trainlint.interpret.arrays.table import COMPARISONS
from trainlint.stability.twin import directional
from trainlint.stability.twin.operation import (
    NONLINEAR,
    Attributes,
    Forward,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    axes_of,
    broadcast,
    integer,
    integers,
    nonlinear,
    normal_axis,
    number,
    one_input,
    require,
    same,
    unbroadcast,
)


def _compared(rule: Callable[[Tensor, Tensor], Tensor]) -> Forward:
    """1 where a comparison holds, else 0; no gradient goes through it."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs, 2)
        first, second = inputs[:2]
        broadcast(first, second)
        value = rule(first.real, second.real).astype(np.float64)
        return value, lambda _gradient: (np.zeros(first.shape), np.zeros(second.shape))

    return forward


def _not(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    return (inputs[0].real == 0).astype(np.float64), lambda _gradient: (np.zeros(inputs[0].shape),)


def _where(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs, 3)
    condition, first, second = inputs[:3]
    broadcast(first, second)
    chosen = condition.real != 0
    broadcast(chosen, np.broadcast_to(0.0, np.broadcast_shapes(first.shape, second.shape)))
    value = np.where(chosen, first, second)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        taken = (np.where(chosen, gradient, 0.0), np.where(chosen, 0.0, gradient))
        return np.zeros(condition.shape), unbroadcast(taken[0], first.shape), unbroadcast(taken[1], second.shape)

    return value, pullback


def _where_degree(degrees: tuple[float, ...], _own: bool, _attributes: Attributes) -> float:
    return NONLINEAR if degrees[:1] != (0.0,) else max(degrees)


def _clip(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    if len(inputs) > 1:
        raise RefusalError("bounds that are arrays")
    x, low, high = inputs[0], number(attributes, "low", -math.inf), number(attributes, "high", math.inf)
    inside = (x.real >= low) & (x.real <= high)
    return directional.clip(x, low, high), lambda gradient: (gradient * inside,)


def _extreme(largest: bool) -> Forward:
    """The largest or smallest entry along some axes, the first of equal ones."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        x = inputs[0]
        axes = axes_of(attributes, x.ndim)
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        moved = x.transpose(*kept, *axes) if x.ndim else x
        flat = moved.reshape(*(x.shape[axis] for axis in kept), -1)
        place = (flat.real.argmax(axis=-1) if largest else flat.real.argmin(axis=-1))[..., None]
        value = np.take_along_axis(flat, place, axis=-1)[..., 0]
        if attributes.get("keepdims"):
            value = value.reshape(tuple(1 if axis in axes else size for axis, size in enumerate(x.shape)))

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            full = np.zeros(flat.shape, dtype=gradient.dtype)
            np.put_along_axis(full, place, gradient.reshape(place.shape), axis=-1)
            back = full.reshape(moved.shape)
            return (back.transpose(tuple(np.argsort([*kept, *axes]))) if x.ndim else back,)

        return value, pullback

    return forward


def _expand(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Repeated along axes of one entry. A first extent of None is the rows, along which all operations repeat by themselves."""
    one_input(inputs)
    x, wanted = inputs[0], attributes.get("shape")
    sizes = list(wanted) if isinstance(wanted, tuple | list) else [wanted]
    extra = len(sizes) - x.ndim
    if extra < 0:
        raise RefusalError("an array is repeated to fewer axes than it has")
    own = (1,) * extra + x.shape
    if sizes and sizes[0] is None:
        sizes[0] = -1
    shape = tuple(old if new == -1 else new for old, new in zip(own, integers(tuple(sizes), "shape"), strict=True))
    require(*shape)
    broadcast(x, np.broadcast_to(0.0, shape))
    return np.broadcast_to(x, shape), lambda gradient: (unbroadcast(gradient, x.shape),)


def _tile(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The whole array so many times along each axis. A first count of None is for the rows, as in `_expand`."""
    one_input(inputs)
    x, wanted = inputs[0], attributes.get("repeats")
    counts = tuple(wanted) if isinstance(wanted, tuple | list) else (wanted,)
    times = integers((*(1,) * (x.ndim - len(counts)), *(1 if one is None else one for one in counts)), "repeats")
    own = (1,) * (len(times) - x.ndim) + x.shape
    if min(times, default=1) < 1:
        raise RefusalError("an array is repeated less than once")
    require(*(size * count for size, count in zip(own, times, strict=True)))

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        parts = [size for pair in zip(times, own, strict=True) for size in pair]
        return (gradient.reshape(parts).sum(axis=tuple(range(0, len(parts), 2))).reshape(x.shape),)

    return np.tile(x, times), pullback


def _one_hot(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    labels, classes = inputs[0].real, integer(attributes, "classes", -1)
    if attributes.get("on_value") not in (None, 1, 1.0) or attributes.get("off_value") not in (None, 0, 0.0):
        raise RefusalError("one-hot rows of other numbers than 0 and 1")
    if classes < 1 or (labels.size and (labels.min() < 0 or labels.max() >= classes)):
        raise RefusalError("a label is outside of the classes")
    if attributes.get("axis") not in (None, -1):
        raise RefusalError("one-hot labels along another axis than the last")
    require(labels.size, classes)
    value = (labels[..., None] == np.arange(classes)).astype(np.float64)
    return value, lambda _gradient: (np.zeros(labels.shape),)


def _triangle(keep: Callable[..., Tensor]) -> Forward:
    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        if inputs[0].ndim < 2:
            raise RefusalError("a triangle of something that is no matrix")
        kept = keep(np.ones(inputs[0].shape[-2:]), integer(attributes, "diagonal", 0))
        return inputs[0] * kept, lambda gradient: (gradient * kept,)

    return forward


def _index(inputs: Sequence[Tensor], attributes: Attributes) -> tuple[object, ...]:
    """A subscript with its arrays: known ones as they stand, others ("?") as the further inputs, in order.

    Where the first axis is subscripted with 0, 1, 2, ... of a whole batch, that stands for all rows, however many there are.
    """
    index, others = attributes.get("index"), iter(inputs[1:])
    items: list[object] = []
    for one in index if isinstance(index, tuple) else (index,):
        part: object = one
        if isinstance(one, str):
            given = next(others, None)
            if given is None:
                raise RefusalError("a subscript that is not known")
            part = given.real.astype(np.int64)
        elif isinstance(one, np.ndarray) and one.dtype.kind in "iu":
            part = one
        elif not (one is None or one is Ellipsis or isinstance(one, int | slice)):
            raise RefusalError("a subscript that is not known")
        if isinstance(part, slice) and not all(end is None or isinstance(end, int) for end in (part.start, part.stop, part.step)):
            raise RefusalError("a subscript that is not known")
        items.append(part)
    if not items or index is None:
        raise RefusalError("a subscript that is not known")
    arrays = [one for one in items if isinstance(one, np.ndarray)]
    first = items[0]
    if isinstance(first, np.ndarray) and len(arrays) > 1 and np.array_equal(first, np.arange(first.size)):
        rows = len(inputs[0])
        if any(one.shape[:1] == (rows,) for one in arrays[1:]):
            items[0] = np.arange(rows)
    return tuple(items)


def _getitem(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    array, items = inputs[0], _index(inputs, attributes)
    try:
        value = array[items]  # type: ignore[index]
    except IndexError:
        raise RefusalError("a subscript that does not fit its array") from None
    require(*value.shape)
    several = any(isinstance(one, np.ndarray) for one in items)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = np.zeros(array.shape, dtype=gradient.dtype)
        if several:
            np.add.at(full, items, gradient)  # type: ignore[arg-type]
        else:
            full[items] = gradient  # type: ignore[index]
        return full, *(np.zeros(one.shape) for one in inputs[1:])

    return value, pullback


def _gather(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """`torch.gather`: the entries that an array of the result's shape names along one axis."""
    one_input(inputs, 2)
    x, places = inputs[0], inputs[1].real.astype(np.int64)
    axis = normal_axis(integer(attributes, "axis", 0), x.ndim)
    others = [at for at in range(x.ndim) if at != axis]
    fits = places.ndim == x.ndim and all(places.shape[at] <= x.shape[at] for at in others)
    if not fits or (places.size and (places.min() < 0 or places.max() >= x.shape[axis])):
        raise RefusalError("indices that do not fit what they are of")
    cut = x[tuple(slice(None) if at == axis else slice(size) for at, size in enumerate(places.shape))]
    index = (*np.indices(places.shape, sparse=True)[:axis], places, *np.indices(places.shape, sparse=True)[axis + 1 :])

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = np.zeros(x.shape, dtype=gradient.dtype)
        np.add.at(full, index, gradient)
        return full, np.zeros(places.shape)

    return np.take_along_axis(cut, places, axis=axis), pullback


SELECTION: Mapping[str, Operation] = {
    **{name: Operation(_compared(rule), nonlinear) for name, rule in COMPARISONS.items()},
    "logical_not": Operation(_not, nonlinear),
    "where": Operation(_where, _where_degree),
    "clip": Operation(_clip, nonlinear),
    "max": Operation(_extreme(largest=True), nonlinear),
    "min": Operation(_extreme(largest=False), nonlinear),
    "expand": Operation(_expand, same),
    "tile": Operation(_tile, same),
    "one_hot": Operation(_one_hot, nonlinear),
    "tril": Operation(_triangle(np.tril), same),
    "triu": Operation(_triangle(np.triu), same),
    "getitem": Operation(_getitem, same),
    "gather": Operation(_gather, same),
}
