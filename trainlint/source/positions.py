"""Where each node of a LibCST tree stands in its text.

LibCST's own PositionProvider copies the tree and makes two objects a node; this one lets the tree write itself, adds up the
lengths of what it writes, and keeps two integers a node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from libcst import CSTNode, Module
from libcst._nodes.internal import CodegenState

if TYPE_CHECKING:
    Offsets = dict[int, tuple[int, int]]


class _OffsetState(CodegenState):
    """Counts instead of writing; `spans` maps id(node) to (start, end) without the white space around a node."""

    def __init__(self, module: Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.offset = 0
        self.spans: Offsets = {}
        self._open: list[int] = []

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.offset += len(token)

    def add_token(self, value: str) -> None:
        self.offset += len(value)

    def before_codegen(self, node: CSTNode) -> None:
        self._open.append(self.offset)

    def after_codegen(self, node: CSTNode) -> None:
        start = self._open.pop()
        self.spans.setdefault(id(node), (start, self.offset))

    def pop_trailing_newline(self) -> None:
        """The last line end is counted though the text lacks it: `offsets` cuts off what lies past the end of the text."""

    @contextmanager
    def record_syntactic_position(
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> Iterator[None]:
        start = self.offset
        yield
        end = self.offset
        if start_node is not None:
            start = self.spans[id(start_node)][0]
        if end_node is not None:
            end = self.spans[id(end_node)][1]
        self.spans[id(node)] = (start, end)


def offsets(module: Module) -> Offsets:
    """(start, end) in code points of every node that writes something, by id(node); valid while the tree is alive.

    The ranges are syntactic, as PositionProvider's. The end of nodes at the very end of the file may lie past the text.
    """
    state = _OffsetState(module)
    module._codegen(state)
    return state.spans
