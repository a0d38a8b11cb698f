"""Which names the text of a file binds anywhere, and whether it may bind others that cannot be seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from trainlint.source.walk import walk

if TYPE_CHECKING:
    from trainlint.source.parse import Tree

HIDDEN = re.compile(
    r"import\s+\*|(?<![\w.])(exec|eval|execfile|globals|locals|vars)\s*\(|__builtins__|\bbuiltins\b|\bNameError\b|\bIPython\b"
)
"""What may bind names that the text does not show, or expects them to be missing."""

GIVEN = frozenset(
    {"_", "___", "In", "Out", "display", "exit", "quit", "profile", "spark", "dbutils", "WindowsError"}
) | frozenset({"basestring", "long", "unichr", "file", "cmp", "execfile", "apply", "buffer", "intern", "coerce", "reduce"})
"""Names that some Python, shell or notebook server brings along."""


def surely_unbound(tree: Tree, name: str) -> bool:
    """Whether a name that the interpreter did not find is bound nowhere in a file.

    Never in a notebook, whose cells may be missing, nor where a statement does not parse: it may bind anything.
    """
    return _shows_all(tree, name) and name not in names_bound(tree.module)


def bound_only_later(tree: Tree, name: str, row: int) -> int | None:
    """The first row in which a file binds a name that the interpreter did not find in an earlier row; None if it may be bound."""
    if not _shows_all(tree, name):
        return None
    rows = [tree.span(node).row for node in walk(tree.module) if name in _names(node)]
    return min(rows) if rows and min(rows) > row else None


def _shows_all(tree: Tree, name: str) -> bool:
    """Whether all that may bind a name is to be seen in the text of a file."""
    given = name in GIVEN or name.startswith("__")
    whole = not tree.failures and not tree.source.filename.endswith(".ipynb")
    return whole and not given and not HIDDEN.search(tree.source.text)


def names_bound(module: cst.Module) -> frozenset[str]:
    """Every name that some statement of the file binds: assigned, imported, defined, looped over, caught or declared."""
    found: set[str] = set()
    for node in walk(module):
        found.update(_names(node))
    return frozenset(found)


def _names(node: cst.CSTNode) -> set[str]:
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return {node.name.value}
    if isinstance(node, cst.Param):
        return {node.name.value}
    if isinstance(node, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.NamedExpr | cst.For | cst.CompFor | cst.Del):
        return _targets(node.target)
    if isinstance(node, cst.AsName):
        return _targets(node.name)
    if isinstance(node, cst.ImportAlias):
        return _imported(node)
    if isinstance(node, cst.NameItem):
        return {node.name.value}
    if isinstance(node, cst.MatchAs | cst.MatchStar | cst.MatchMapping):
        held = node.rest if isinstance(node, cst.MatchMapping) else node.name
        return {held.value} if held is not None else set()
    return {node.name.value} if isinstance(node, cst.TypeVar | cst.TypeVarTuple | cst.ParamSpec) else set()


def _imported(node: cst.ImportAlias) -> set[str]:
    name: cst.BaseExpression = node.name
    while isinstance(name, cst.Attribute):
        name = name.value
    return {name.value} if isinstance(name, cst.Name) else set()


def _targets(target: cst.BaseExpression) -> set[str]:
    found: set[str] = set()
    stack: list[cst.BaseExpression] = [target]
    while stack:
        one = stack.pop()
        if isinstance(one, cst.Name):
            found.add(one.value)
        elif isinstance(one, cst.Tuple | cst.List):
            stack.extend(element.value for element in one.elements)
        elif isinstance(one, cst.StarredElement):
            stack.append(one.value)
    return found
