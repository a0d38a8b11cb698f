"""What the tree says around a place: what a statement binds, which code reads a name, what a node stands in.

Strings and comments are no code that reads a name. A place that is not one of a tree has nothing around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from trainlint.core import Place

if TYPE_CHECKING:
    import libcst as cst

    from trainlint.source.parse import Tree


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The names of a file: the nodes that bind each and that read each (attributes under their last name), and all parents."""

    bound: Mapping[str, Sequence[cst.CSTNode]]
    read: Mapping[str, Sequence[cst.CSTNode]]
    parents: Mapping[int, cst.CSTNode] = field(repr=False)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that a node stands in, the innermost first."""
        above = self.parents.get(id(node))
        while above is not None:
            yield above
            above = self.parents.get(id(above))

    def within(self, node: cst.CSTNode, outer: cst.CSTNode | None) -> bool:
        """Whether a node stands in another one."""
        return any(one is outer for one in self.around(node))


def node_at(place: Place | None) -> cst.CSTNode | None:
    """The node that a place is of."""
    from trainlint.source.parse import NodePlace

    return place.node if isinstance(place, NodePlace) else None


def names_of(place: Place | None) -> Names | None:
    """The names of the file that a place is in."""
    from trainlint.source.parse import NodePlace

    return _names(place.tree) if isinstance(place, NodePlace) else None


@lru_cache(maxsize=2)
def _names(tree: Tree) -> Names:
    import libcst as cst

    from trainlint.source.walk import children

    targets = {
        **dict.fromkeys((cst.AssignTarget, cst.AnnAssign, cst.For, cst.CompFor, cst.NamedExpr, cst.Del), "target"),
        **dict.fromkeys((cst.Param, cst.FunctionDef, cst.ClassDef, cst.AsName, cst.ImportAlias, cst.NameItem), "name"),
    }
    parents: dict[int, cst.CSTNode] = {}
    bound: dict[str, list[cst.CSTNode]] = {}
    read: dict[str, list[cst.CSTNode]] = {}
    binding: set[int] = set()
    parts: set[int] = set()  # names of attributes and of keywords: no variables
    stack: list[cst.CSTNode] = [tree.module]
    while stack:
        node = stack.pop()
        if type(node) in targets:
            binding.update(id(one) for one in _plain(getattr(node, targets[type(node)])))
        if isinstance(node, cst.Arg):
            parts.add(id(node.keyword))
        if isinstance(node, cst.Attribute):
            parts.add(id(node.attr))
        if isinstance(node, cst.Name | cst.Attribute) and id(node) not in parts:
            last = node.value if isinstance(node, cst.Name) else node.attr.value
            (bound if id(node) in binding else read).setdefault(last, []).append(node)
        below = list(children(node))
        parents.update((id(one), node) for one in below)
        stack.extend(reversed(below))
    return Names(bound, read, parents)


def _plain(target: object) -> Iterator[cst.CSTNode]:
    """The names and attributes that a target binds."""
    import libcst as cst

    if isinstance(target, cst.Name | cst.Attribute):
        yield target
    elif isinstance(target, cst.Tuple | cst.List):
        for one in target.elements:
            yield from _plain(one.value)


def targets_of(place: Place | None, *, through: bool = False) -> tuple[str, ...]:
    """The dotted names that the statement binds whose value stands at a place: `self.loss` of `self.loss = Loss()`.

    With `through` also of a value that begins with it: `score` of `score = model.evaluate(x, y)[1]`.
    """
    import libcst as cst
    from libcst.helpers import get_full_name_for_node

    names, node = names_of(place), node_at(place)
    if names is None or node is None:
        return ()
    for above in names.around(node):
        if (
            through
            and isinstance(above, cst.Attribute | cst.Subscript | cst.Call)
            and node
            in (
                getattr(above, "value", None),
                getattr(above, "func", None),
            )
        ):
            node = above
            continue
        if not isinstance(above, cst.Assign | cst.AnnAssign | cst.NamedExpr) or above.value is not node:
            return ()
        targets = [one.target for one in above.targets] if isinstance(above, cst.Assign) else [above.target]
        return tuple(get_full_name_for_node(one) or "" for target in targets for one in _plain(target))
    return ()


def assigned_name(place: Place | None) -> str:
    """The variable or attribute that a statement binds to the value at a place: `decay` of `self.decay = StepLR(...)`."""
    names = targets_of(place)
    return names[0].rpartition(".")[2] if len(names) == 1 else ""


def collected_name(place: Place | None) -> str:
    """The variable that is bound to the list or tuple in which a value is written: `parts` of `parts = [Dense(4), Dense(1)]`."""
    import libcst as cst

    names, node = names_of(place), node_at(place)
    around = list(names.around(node)) if names is not None and node is not None else []
    if len(around) < 3 or not isinstance(around[0], cst.Element) or not isinstance(around[1], cst.List | cst.Tuple):
        return ""
    bound = around[2]
    if not isinstance(bound, cst.Assign) or bound.value is not around[1] or len(bound.targets) != 1:
        return ""
    target = bound.targets[0].target
    return target.value if isinstance(target, cst.Name) else ""


def readers(place: Place | None, name: str) -> list[cst.CSTNode]:
    """The nodes that read a plain name within the function (or file) in which a place stands, or an attribute in the file."""
    import libcst as cst
    from libcst.helpers import get_full_name_for_node

    names, node = names_of(place), node_at(place)
    if names is None or node is None:
        return []
    found = [one for one in names.read.get(name.rpartition(".")[2], ()) if get_full_name_for_node(one) == name]
    own = next((one for one in names.around(node) if isinstance(one, cst.FunctionDef | cst.Module)), None)
    shared = "." in name or any(isinstance(names.parents[id(one)], cst.NameItem) for one in names.bound.get(name, ()))
    return found if shared else [one for one in found if names.within(one, own)]


def enclosing(place: Place | None, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
    """The innermost node of some kinds that a place is, or stands in."""
    names, node = names_of(place), node_at(place)
    if names is None or node is None:
        return None
    return next((one for one in (node, *names.around(node)) if isinstance(one, kinds)), None)


def words_reached(place: Place | None) -> frozenset[str] | None:
    """The names and strings in the code at a place, and in all that the file binds to one of them: functions, classes, values.

    Of a parameter that is what the calls of its function are given. None where the place is not one of a tree.
    """
    import libcst as cst

    from trainlint.source.walk import children

    names, node = names_of(place), node_at(place)
    if names is None or node is None:
        return None
    found: set[str] = set()
    waiting, seen = [node], {id(node)}
    while waiting:
        one = waiting.pop()
        below = list(children(one))
        if isinstance(one, cst.Name | cst.SimpleString):
            found.add(one.value)
        if isinstance(one, cst.Name):
            below.extend(held for bound in names.bound.get(one.value, ()) for held in _bound_to(names, bound, one))
        waiting.extend(other for other in below if id(other) not in seen)
        seen.update(map(id, below))
    return frozenset(found)


def _bound_to(names: Names, target: cst.CSTNode, reader: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What is bound to a target, if it may be what a name reads: a value, a function or class, what calls give a parameter."""
    import libcst as cst

    statement = names.parents[id(target)]
    while not isinstance(statement, cst.BaseSmallStatement | cst.BaseCompoundStatement | cst.Param | cst.NamedExpr | cst.CompFor):
        statement = names.parents[id(statement)]
    above = names.parents[id(reader)]
    attribute = isinstance(above, cst.Attribute) and above.attr is reader
    scope = next((one for one in names.around(statement) if isinstance(one, cst.FunctionDef | cst.Lambda | cst.Module)), None)
    if not attribute and scope is not reader and not names.within(reader, scope):
        return
    if isinstance(statement, cst.For | cst.CompFor):
        yield statement.iter
    elif isinstance(statement, cst.With):
        yield from (item.item for item in statement.items)
    elif not isinstance(statement, cst.Param):
        yield statement
    elif isinstance(scope, cst.FunctionDef) and not attribute:
        calls = (names.parents[id(one)] for one in names.read.get(scope.name.value, ()))
        yield from (argument.value for call in calls if isinstance(call, cst.Call) for argument in call.args)


def last_name(called: cst.BaseExpression) -> str:
    """The name of a function or method that is called, without what stands in front of it."""
    import libcst as cst

    return called.attr.value if isinstance(called, cst.Attribute) else called.value if isinstance(called, cst.Name) else ""
