"""Graphs of arrays: which layers and inputs lie in one, and the same graph on other inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from trainlint.interpret.keras import shapes
from trainlint.interpret.keras.common import shape_of
from trainlint.interpret.values import Array, Choice, Dict, Instance, List, Object, Tuple, Value

MAXIMUM_NODES = 20_000


def arrays_below(roots: tuple[Value, ...]) -> Iterator[Array]:
    """Every array upstream of the roots and the roots themselves, inputs before users, each once; without recursion."""
    seen: set[int] = set()
    stack: list[tuple[Value, bool]] = [(root, False) for root in reversed(roots)]
    while stack and len(seen) < MAXIMUM_NODES:
        value, ready = stack.pop()
        if ready and isinstance(value, Array):
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            stack.append((value, True))
            stack.extend((one, False) for one in reversed(_children(value)))


def _children(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Array):
        return value.inputs
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, Choice):
        return value.alternatives
    if isinstance(value, List):
        items = value.cells.get("items")
        return items.items if isinstance(items, Tuple) else ()
    return tuple(value.cells.values()) if isinstance(value, Dict) else ()


def layers_of(outputs: tuple[Value, ...]) -> tuple[Object | Instance, ...]:
    """The layers of a graph in order of computation, each once; inputs count, as in `model.layers`."""
    found: dict[int, Object | Instance] = {}
    for array in arrays_below(outputs):
        layer = array.attributes.get("layer")
        if isinstance(layer, Object | Instance):
            found.setdefault(id(layer.cells), layer)
    return tuple(found.values())


def inputs_of(outputs: tuple[Value, ...]) -> tuple[Array, ...]:
    """The symbolic inputs of a graph."""
    return tuple(array for array in arrays_below(outputs) if array.op == "input")


def substitute(output: Value, replacements: Mapping[int, Value]) -> Value:
    """The graph of `output` with other values in place of some arrays (by `id`); what does not depend on them is shared.

    Without recursion, so that the depth of a network does not matter.
    """
    made: dict[int, Value] = dict(replacements)
    for array in arrays_below((output,)):
        if id(array) in made:
            continue
        inputs = tuple(_replaced(one, made) for one in array.inputs)
        changed = any(one is not other for one, other in zip(inputs, array.inputs, strict=True))
        made[id(array)] = _rebuilt(array, inputs) if changed else array
    return _replaced(output, made)


def _replaced(value: Value, made: Mapping[int, Value]) -> Value:
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, Tuple):
        items = tuple(_replaced(one, made) for one in value.items)
        return value if all(one is other for one, other in zip(items, value.items, strict=True)) else Tuple(items, value.place)
    if isinstance(value, List):
        before = value.cells.get("items")
        after = None if before is None else _replaced(before, made)
        return value if after is None or after is before else List({**value.cells, "items": after}, value.place)
    if isinstance(value, Dict):
        cells = {key: _replaced(one, made) for key, one in value.cells.items()}
        return value if all(cells[key] is one for key, one in value.cells.items()) else Dict(cells, value.place)
    return value


def _rebuilt(array: Array, inputs: tuple[Value, ...]) -> Array:
    """The same operation on other inputs. A layer's shape is computed anew; of others only the batch axis can have changed."""
    layer = array.attributes.get("layer")
    if array.op == "layer" and isinstance(layer, Object | Instance) and "output" not in array.attributes:
        found = shapes.output_shape(layer, [shape_of(one) for one in inputs])
        if found is not None:
            return replace(array, inputs=inputs, shape=found)
    shape = array.shape
    if shape and shape[0] is None:
        pairs = zip(map(shape_of, array.inputs), map(shape_of, inputs), strict=True)
        batches = [new[0] for old, new in pairs if old and new and old[0] is None and new[0] is not None]
        shape = (batches[0], *shape[1:]) if batches else shape
    return replace(array, inputs=inputs, shape=shape)
