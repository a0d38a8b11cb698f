"""Losses that are added up batch by batch and divided by the number of samples, though each is the mean of its batch already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from trainlint.core import Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.passes import every_event, innermost_loop
from trainlint.facts.run import Script
from trainlint.facts.syntax import Names, enclosing, names_of, node_at, readers
from trainlint.interpret.torch.losses import reduction_of
from trainlint.interpret.values import Array, Literal, Object

if TYPE_CHECKING:
    import libcst as cst

MAXIMUM_STEPS = 20


class DividedTwice(NamedTuple):
    """A total of batch means (`name`), where it is divided by a number of samples, that number's text, and the batch size."""

    place: Place
    name: str
    by: str
    added: Place
    batch: int | None


def divided_twice(script: Script) -> Iterator[DividedTwice]:
    """Totals of mean losses that are divided by a number of samples, each once."""
    seen: set[object] = set()
    for event in every_event(script):
        value, loop, place = event.values.get("value"), innermost_loop(event), event.place
        if event.kind != "accumulated" or not isinstance(value, Array) or loop is None or place is None or place in seen:
            continue
        seen.add(place)
        size = _batch_size(loader_over(loop))
        found = _division(place) if size != 1 and _is_batch_mean(value) else None
        if found is not None and found[0] not in seen:
            seen.add(found[0])
            yield DividedTwice(*found, place, size)


def _is_batch_mean(value: Array) -> bool:
    """Whether a number is what a mean loss of a batch gave, read out or not."""
    for _ in range(MAXIMUM_STEPS):
        loss = value.attributes.get("loss")
        if value.op == "loss":
            return isinstance(loss, Object) and reduction_of(loss) == "mean"
        above = value.inputs[0] if value.op in ("detach", "cast", "identity") and value.inputs else None
        if not isinstance(above, Array):
            return False
        value = above
    return False


def _batch_size(loader: object) -> int | None:
    """How many samples a batch of a loader has, where that is known."""
    given = loader.arguments.get("batch_size") if isinstance(loader, Object) else None
    count = given.value if isinstance(given, Literal) else 1 if isinstance(loader, Object) and given is None else None
    return count if isinstance(count, int) else None


def _division(place: Place) -> tuple[Place, str, str] | None:
    """Where the total that a value is added to is divided by a number of samples, its name, and that number as it is written."""
    import libcst as cst

    from trainlint.source.parse import NodePlace

    names, statement = names_of(place), enclosing(place, cst.AugAssign, cst.Assign)
    target = statement.target if isinstance(statement, cst.AugAssign) else None
    if isinstance(statement, cst.Assign):
        target = statement.targets[0].target
    if names is None or not isinstance(target, cst.Name) or not isinstance(place, NodePlace):
        return None
    for one in readers(place, target.value):
        above = names.parents[id(one)]
        if isinstance(above, cst.AugAssign) and above.target is one and not isinstance(above.operator, cst.AddAssign):
            by = above.value if isinstance(above.operator, cst.DivideAssign) else None
        elif isinstance(above, cst.BinaryOperation) and above.left is one and isinstance(above.operator, cst.Divide):
            by = above.right
        else:
            continue
        if by is None:
            return None  # scaled in some other way
        if _counts_samples(place, names, by):
            return place.tree.place(above), target.value, place.tree.text_of(by)
    return None


def _counts_samples(place: Place, names: Names, node: cst.BaseExpression) -> bool:
    """Whether a number is `len(loader.dataset)`, or a name for it or for a count of the samples of each batch."""
    import libcst as cst

    if not isinstance(node, cst.Name):
        return _is_size(node, names)
    place_node = node_at(place)
    around = names.around(place_node) if place_node is not None else ()
    own = next((one for one in around if isinstance(one, cst.FunctionDef | cst.Module)), None)
    given = [_value_of(one, names) for one in names.bound.get(node.value, ()) if names.within(one, own)]
    above = [names.parents[id(one)] for one in readers(place, node.value)]
    added = [one.value for one in above if isinstance(one, cst.AugAssign) and isinstance(one.operator, cst.AddAssign)]
    sizes = [one for one in (*given, *added) if not isinstance(one, cst.Integer | cst.Float)]
    return bool(given) and bool(sizes) and all(one is not None and _is_size(one, names) for one in sizes)


def _value_of(target: cst.CSTNode, names: Names) -> cst.BaseExpression | None:
    """What an assignment binds a name to, also as one of several; None where that is no expression of its own."""
    import libcst as cst

    statement = next((one for one in names.around(target) if isinstance(one, cst.BaseSmallStatement | cst.For)), None)
    if not isinstance(statement, cst.Assign):
        return None
    bound, value = statement.targets[0].target, statement.value
    if bound is target:
        return value
    if isinstance(bound, cst.Tuple) and isinstance(value, cst.Tuple) and len(bound.elements) == len(value.elements):
        pairs = zip(bound.elements, value.elements, strict=True)
        return next((given.value for one, given in pairs if one.value is target), None)
    return None


def _is_size(node: cst.BaseExpression, names: Names) -> bool:
    """`len(loader.dataset)`, and `x.size(0)`, `x.shape[0]` or `len(x)` of what comes from a batch that a loop goes over."""
    import libcst as cst

    if isinstance(node, cst.Subscript):
        shape = node.value
        index = node.slice[0].slice if len(node.slice) == 1 else None
        first = isinstance(index, cst.Index) and isinstance(index.value, cst.Integer) and index.value.value == "0"
        whole = isinstance(shape, cst.Attribute) and shape.attr.value == "shape"
        return first and isinstance(shape, cst.Attribute) and whole and _is_of_a_batch(shape.value, names)
    if not isinstance(node, cst.Call) or len(node.args) != 1:
        return False
    given, called = node.args[0].value, node.func
    if isinstance(called, cst.Attribute) and called.attr.value == "size":
        return isinstance(given, cst.Integer) and given.value == "0" and _is_of_a_batch(called.value, names)
    if not isinstance(called, cst.Name) or called.value != "len":
        return False
    data_set = isinstance(given, cst.Attribute) and given.attr.value == "dataset"
    return data_set or (isinstance(given, cst.Name) and _is_of_a_batch(given, names))


def _is_of_a_batch(node: cst.BaseExpression, names: Names) -> bool:
    """Whether an expression is made of what a loop binds at each pass, if need be by way of other names."""
    import libcst as cst

    waiting: list[cst.BaseExpression] = [node]
    for _ in range(MAXIMUM_STEPS):
        if not waiting:
            return False
        one = waiting.pop()
        if isinstance(one, cst.Attribute | cst.Subscript):
            waiting.append(one.value)
        elif isinstance(one, cst.Call):
            waiting.extend((one.func, *(argument.value for argument in one.args)))
        elif isinstance(one, cst.Name):
            for bound in names.bound.get(one.value, ()):
                loops = (up for up in names.around(bound) if isinstance(up, cst.For))
                if any(loop.target is bound or names.within(bound, loop.target) for loop in loops):
                    return True
                value = _value_of(bound, names)
                waiting.extend([value] if value is not None else [])
    return False
