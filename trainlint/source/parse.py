"""From a `Source` to its LibCST tree. Nothing here raises: what does not parse is a `SyntaxFailure`."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

from trainlint.core import Span
from trainlint.source.lines import RowTable
from trainlint.source.nesting import MAX_DEPTH, SHALLOW, nesting
from trainlint.source.positions import offsets
from trainlint.source.read import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SyntaxFailure:
    """A file that cannot be parsed; `message` is the end of a sentence that begins with the file's name."""

    filename: str
    message: str
    span: Span


class NodePlace:
    """A node of a tree; its span is looked up when it is asked for."""

    __slots__ = ("_node", "_tree")

    def __init__(self, tree: Tree, node: cst.CSTNode) -> None:
        self._tree = tree
        self._node = node

    @property
    def span(self) -> Span:
        """The span of the node without the white space and comments around it."""
        return self._tree.span(self._node)

    @property
    def text(self) -> str:
        """The source text of the node."""
        return self._tree.text_of(self._node)

    @property
    def source_text(self) -> str:
        """The text of the whole file."""
        return self._tree.source.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodePlace) and other._node is self._node

    def __hash__(self) -> int:
        return id(self._node)

    def __repr__(self) -> str:
        span = self.span
        return f"<{type(self._node).__name__} at {span.filename}:{span.row}:{span.column}>"


class Tree:
    """A module and where its nodes stand. All positions are computed once, when the first is asked for."""

    __slots__ = ("_positions", "module", "source")

    def __init__(self, source: Source, module: cst.Module) -> None:
        self.source = source
        self.module = module
        self._positions: tuple[RowTable, dict[int, tuple[int, int]]] | None = None

    def place(self, node: cst.CSTNode) -> NodePlace:
        """The place of a node of this tree (only nodes of this very tree have one)."""
        return NodePlace(self, node)

    def span(self, node: cst.CSTNode) -> Span:
        """The span of a node; of a node that is not in the tree, the start of the file."""
        start, end = self._range(node)
        table, _ = self._computed()
        return Span(self.source.filename, *table.position(start), *table.position(end))

    def text_of(self, node: cst.CSTNode) -> str:
        """The source text of a node; nothing for a node that is not in the tree."""
        start, end = self._range(node)
        return self.source.text[start:end]

    def _range(self, node: cst.CSTNode) -> tuple[int, int]:
        length = len(self.source.text)
        start, end = self._computed()[1].get(id(node), (0, 0))
        return min(start, length), min(end, length)

    def _computed(self) -> tuple[RowTable, dict[int, tuple[int, int]]]:
        if self._positions is None:
            self._positions = (RowTable(self.source.text), _deep(lambda: offsets(self.module)))
        return self._positions


def parse(source: Source) -> Tree | SyntaxFailure:
    """Parse a source; Python 3 of any version, newer than the running one too."""
    shape = nesting(source.text)
    if shape.problem:
        return SyntaxFailure(source.filename, shape.problem, _at(source, shape.row, 1))

    def run() -> cst.Module | SyntaxFailure:
        try:
            return cst.parse_module(source.text)
        except cst.ParserSyntaxError as error:
            return _failure(source, error)
        except (cst.CSTValidationError, RecursionError, MemoryError, ValueError) as error:
            return SyntaxFailure(source.filename, f"cannot be parsed: {error}", _at(source, 1, 1))

    # Native recursion cannot be caught: what is not shallow is parsed where the stack is known to suffice.
    module = run() if shape.depth <= SHALLOW else _deep(run)
    return Tree(source, module) if isinstance(module, cst.Module) else module
