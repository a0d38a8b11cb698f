"""The outputs of a model with several: what they are called, and what of a list or dict belongs to which."""

from __future__ import annotations

from trainlint.interpret.keras.common import items_of
from trainlint.interpret.values import Array, Dict, List, Literal, Object, Tuple, Value

MAXIMUM_OUTPUTS = 16


def arrays_of(outputs: Value | None) -> tuple[Value, ...]:
    """The outputs in their order; none where there is but one, or too many."""
    found = tuple(outputs.cells.values()) if isinstance(outputs, Dict) else items_of(outputs) or ()
    return found if 1 < len(found) <= MAXIMUM_OUTPUTS else ()


def names_of(outputs: Value | None) -> list[str]:
    """The names of the outputs: their keys, else what their layers are called ("" where the script does not say)."""
    if isinstance(outputs, Dict):
        return [str(key) for key in outputs.cells]
    return [_name(one) for one in items_of(outputs) or ()]


def _name(output: Value) -> str:
    layer = output.attributes.get("layer") if isinstance(output, Array) else None
    held = layer.arguments.get("name") if isinstance(layer, Object) else None
    return held.value if isinstance(held, Literal) and isinstance(held.value, str) else ""


def part_of(value: Value | None, index: int, names: list[str], *, shared: bool) -> Value | None:
    """What one output has of a list, of a dict, or (`shared`: a loss) of what all outputs have together."""
    if isinstance(value, Dict):
        return value.cells.get(names[index]) if names[index] else None
    items = items_of(value) if isinstance(value, List | Tuple) else None
    if items is not None:
        return items[index] if len(items) == len(names) else None
    return value if shared else None
