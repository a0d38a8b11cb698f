"""The nodes of a LibCST tree that mean something, without white space, commas and brackets.

LibCST's `visit` and `children` look at every node, of which two in three are blanks and punctuation, and build lists of all of
them; this looks only at the fields that hold code (`test_walk` compares the two).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from libcst import CSTNode

_PUNCTUATION = (
    *("lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "header", "footer", "leading_lines", "lines_after_decorators"),
    *("comma", "semicolon", "trailing_whitespace", "dot", "equal", "star", "from", "indicator", "newline", "comment"),
)
_KEPT = ("star_arg", "star_kwarg")


@cache
def code_fields(kind: type[CSTNode]) -> tuple[str, ...]:
    """The fields of a class of nodes that hold code."""
    return tuple(
        one.name
        for one in fields(kind)
        if one.name in _KEPT
        or not (one.name in _PUNCTUATION or one.name.startswith(("whitespace", "lpar", "rpar")) or "semicolon" in one.name)
    )


def children(node: CSTNode) -> Iterator[CSTNode]:
    """The nodes right below a node, in the order of its fields."""
    for name in code_fields(type(node)):
        value = getattr(node, name)
        if value is None or isinstance(value, str):
            continue
        if isinstance(value, tuple | list):
            for one in value:
                if isinstance(one, CSTNode):
                    yield one
        elif isinstance(value, CSTNode):
            yield value


def walk(node: CSTNode) -> Iterator[CSTNode]:
    """A node and all nodes below it; every node before those below it, in the order of the text as far as fields have it."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(reversed(list(children(one))))
