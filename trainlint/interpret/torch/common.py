"""What all PyTorch handlers share: arguments of layers, numbers in them, and which values are modules."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.interpret.dispatch import Arguments, Call, bind
from trainlint.interpret.events import Frame
from trainlint.interpret.limits import MAXIMUM_INTEGER
from trainlint.interpret.values import Choice, Instance, List, Literal, Object, Tuple, Unknown, Value, alternatives
from trainlint.knowledge.rows import Row
from trainlint.knowledge.torch_ecosystem_rows import LIGHTNING_MODULE

MODULE_BASES = ("torch.nn.Module", LIGHTNING_MODULE)
MODULE_KINDS = (*MODULE_BASES, "torch.layer", "torch.module", "torch.loss", "torch.model", "torchvision.model", "timm.model")
"""Receiver kinds (`dispatch.receiver_kinds`) of all that is a `torch.nn.Module`."""

Module = Object | Instance


def make_object(call: Call, row: Row) -> Object:
    """The object of a call of a row other than the one it was dispatched by."""
    bound = bind(row, call.arguments)
    return Object(row, bound.arguments, bound.extra, {}, call.spelled or call.name, call.place, bound.places)


def is_module(value: Value) -> bool:
    """Whether a value is a `torch.nn.Module`."""
    if not isinstance(value, Object | Instance) or value.row is None:
        return False
    row = value.row
    return row.name in MODULE_BASES or f"{row.library}.{row.makes}" in MODULE_KINDS


def is_index(name: str) -> bool:
    """Whether a name is an index of a container."""
    return name.isdecimal() and len(name) < 9


def children(module: Module) -> Iterator[tuple[str, Module]]:
    """The modules that a module registers, by name, in the order in which it does (containers: by index)."""
    cells = [(key, value) for key, value in module.cells.items() if isinstance(key, str)]
    if all(is_index(key) for key, value in cells if any(map(is_module, alternatives(value)))):
        cells.sort(key=lambda cell: int(cell[0]) if is_index(cell[0]) else -1)
    for key, value in cells:
        for one in alternatives(value):
            if isinstance(one, Object | Instance) and is_module(one):
                yield key, one


MAXIMUM_MODULES = 2_000


def descendants(module: Module) -> Iterator[tuple[str, Module]]:
    """The module itself (named "") and all below it, each once, parents first; at most `MAXIMUM_MODULES`."""
    stack: list[tuple[str, Module]] = [("", module)]
    seen: set[int] = set()
    while stack and len(seen) < MAXIMUM_MODULES:
        name, one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield name, one
        below = [(f"{name}.{key}" if name else key, child) for key, child in children(one)]
        stack.extend(reversed(below))


def argument_of(layer: Module, name: str) -> Value | None:
    """An argument a layer was made with, by canonical name, or its default as a Literal; None if there is neither."""
    passed = layer.arguments.get(name) if isinstance(layer, Object) else layer.cells.get(("argument", name))
    if passed is not None or layer.row is None:
        return passed
    default = layer.row.default(name)
    return Literal(default) if default is None or isinstance(default, bool | int | float | str) else None


def keep_arguments(instance: Instance, row: Row, arguments: Arguments) -> None:
    """Remember what a script's subclass of a library layer passed to the layer's constructor."""
    for name, value in bind(row, arguments).arguments.items():
        instance.cells["argument", name] = value


def integer(value: Value | None) -> int | None:
    """The int that a Literal holds, if it is one that an extent can be as large as."""
    held = value.value if isinstance(value, Literal) else None
    return held if isinstance(held, int) and not isinstance(held, bool) and abs(held) < MAXIMUM_INTEGER else None


def integers(value: Value | None, count: int) -> tuple[int | None, ...]:
    """`count` ints from one int or from a tuple or list of them; what is not known is None."""
    items = items_of(value)
    if items is None:
        return (integer(value),) * count
    return tuple(integer(items[index]) if index < len(items) else None for index in range(count))


def items_of(value: Value | None) -> tuple[Value, ...] | None:
    """The items of a tuple or of a list of which all items are known."""
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, List) and "open" not in value.cells:
        items = value.cells.get("items")
        return items.items if isinstance(items, Tuple) else None
    return None


def known_bool(value: Value | None) -> bool | None:
    """The truth of a Literal."""
    return bool(value.value) if isinstance(value, Literal) else None


def dimensions(row: Row) -> int | None:
    """The n of `Conv2d`, `max_pool1d`, ..."""
    digits = [letter for letter in row.name.rpartition(".")[2] if letter.isdigit()]
    return int(digits[0]) if digits and digits[0] in "123" else None


def device_of(call: Call) -> Value | None:
    """The device that `x.to(...)`, `.cuda()` or `.cpu()` names: a text without its index; None if only a type is named."""
    if call.name in ("cuda", "cpu"):
        return Literal(call.name, call.place)
    given = call.arguments.keywords.get("device") or call.argument(0)
    if isinstance(given, Literal) and isinstance(given.value, int) and not isinstance(given.value, bool):
        return Literal("cuda", given.place)
    if isinstance(given, Literal) and isinstance(given.value, str):
        return Literal(given.value.partition(":")[0], given.place)
    return given if isinstance(given, Choice | Unknown) else None


def in_forward(frames: tuple[Frame, ...]) -> bool:
    """Whether the interpreter is inside the forward pass of some module."""
    return any(frame.kind == "forward" for frame in frames)
