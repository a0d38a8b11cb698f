"""Lists in which one item stands for many: `model.layers` of a network that continues a pretrained one.

`cells["folded"]` of such a List holds the position of that item, and what stands for one of the many.
"""

from __future__ import annotations

from collections.abc import Hashable

from trainlint.core import Place
from trainlint.interpret.values import List, Literal, Tuple, Value

FOLDED = "folded"


def folded(items: tuple[Value, ...], position: int, one: Value, place: Place | None) -> List:
    """A list whose item at `position` stands for a number of items that is not known; `one` stands for any of them."""
    cells: dict[Hashable, Value] = {"items": Tuple(items, place), FOLDED: Tuple((Literal(position), one))}
    return List(cells, place)


def item_of_folded(container: List, index: int) -> Value | None:
    """`container[index]`: exact in front of the folded item and, counted from the end, behind it. None if the list changed."""
    parts = _parts(container)
    if parts is None:
        return None
    items, position, one = parts
    return items[index] if -(len(items) - 1 - position) <= index < position else one


def part_of_folded(container: List, bounds: slice | None, place: Place | None) -> List | None:
    """`container[bounds]`: exact where both ends are counted from the end of the list that they are near to."""
    parts = _parts(container)
    if parts is None:
        return None
    items, position, one = parts
    some = List({"items": Tuple((one,)), "open": Literal(True)}, place)
    if bounds is None or bounds.step not in (None, 1):
        return some
    behind = len(items) - 1 - position
    start, stop = bounds.start or 0, bounds.stop
    if start == 0 and stop is None:
        return List(dict(container.cells), place)
    near_end = (start == 0 or -behind <= start < 0) and (stop is None or -behind <= stop < 0)
    near_front = 0 <= start <= position and stop is not None and 0 <= stop <= position
    return List({"items": Tuple(items[bounds])}, place) if near_end or near_front else some


def _parts(container: List) -> tuple[tuple[Value, ...], int, Value] | None:
    """The items, the position of the folded one, and what stands for one of the many; None where branches left two lists."""
    held, about = container.cells.get("items"), container.cells.get(FOLDED)
    position = about.items[0] if isinstance(about, Tuple) else None
    if not isinstance(held, Tuple) or not isinstance(about, Tuple) or not isinstance(position, Literal):
        return None
    at = position.value
    return (held.items, at, about.items[1]) if isinstance(at, int) and at < len(held.items) else None
