"""Where each node of a LibCST tree stands in its text.

LibCST's own PositionProvider makes two objects a node and does not see what LibCST leaves out when it writes a tree; this one
lets the tree write itself, adds up the lengths of what it writes, and keeps two integers a node.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from libcst import CSTNode, Module
from libcst._nodes.internal import CodegenState


class Part(NamedTuple):
    """The ranges of the nodes of one top-level statement by the nodes' identities; `shift` is added to each offset."""

    shift: int
    spans: dict[int, tuple[int, int]]


class _OffsetState(CodegenState):
    """Writes a tree and notes where in it each node begins and ends, without the white space around the node.

    `parts` are the module itself and what stands right below it, each with all that it holds.
    """

    def __init__(self, module: Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.offset = 0
        self.spans: dict[int, tuple[int, int]] = {}
        self.parts: dict[int, dict[int, tuple[int, int]]] = {id(module): self.spans}
        self._open: list[int] = []

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def before_codegen(self, node: CSTNode) -> None:
        if len(self._open) == 1:
            self.spans = self.parts[id(node)] = {}
        self._open.append(self.offset)

    def after_codegen(self, node: CSTNode) -> None:
        start = self._open.pop()
        if not self._open:
            self.spans = self.parts[id(node)]
        self.spans.setdefault(id(node), (start, self.offset))

    def pop_trailing_newline(self) -> None:
        """The last line end may be written though the text lacks it: `Offsets.of` cuts off what lies past the text."""

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


class Offsets:
    """(start, end) in code points of every node of a module that was parsed from `text`; holds while the tree is alive."""

    __slots__ = ("_length", "_parts", "_shifts", "_shifts_at", "is_exact")

    def __init__(self, module: Module, text: str) -> None:
        state = _OffsetState(module)
        module._codegen(state)
        self._parts = {key: Part(0, spans) for key, spans in state.parts.items()}
        self._length = len(text)
        written = "".join(state.tokens)
        self._shifts_at, self._shifts = _left_out(written, text)
        common = min(len(written), len(text))
        self.is_exact = written[:common] == text[:common] and not (written[common:] + text[common:]).strip()
        """Whether the tree writes its text as it is, but for blanks at its end, so that its parts may be moved."""

    def part(self, node: CSTNode, by: int) -> Part:
        """The part of a top-level statement, moved by so many characters."""
        shift, spans = self._parts[id(node)]
        return Part(shift + by, spans)

    @classmethod
    def joined(cls, module: Module, text: str, parts: Iterable[Part]) -> Offsets:
        """The offsets of a module whose statements, in their order, have these parts."""
        offsets = cls.__new__(cls)
        offsets._parts = {id(module): Part(0, {id(module): (0, len(text))})}
        offsets._parts |= {id(one): part for one, part in zip(module.body, parts, strict=True)}
        offsets._length = len(text)
        offsets._shifts_at, offsets._shifts, offsets.is_exact = [], [], True
        return offsets

    def of(self, node: CSTNode) -> tuple[int, int]:
        """The syntactic range of a node, as PositionProvider has it; (0, 0) for a node that is not in the tree."""
        start, end = self._found(id(node))
        if self._shifts:
            # What was left out lies behind a node that ends there, and before one that starts there.
            start += self._shift(start)
            end = max(end + self._shift(end - 1), start)
        return min(start, self._length), min(end, self._length)

    def _found(self, key: int) -> tuple[int, int]:
        for shift, spans in self._parts.values():
            if key in spans:
                start, end = spans[key]
                return start + shift, end + shift
        return 0, 0

    def _shift(self, offset: int) -> int:
        at = bisect_right(self._shifts_at, offset)
        return self._shifts[at - 1] if at else 0


def _left_out(written: str, text: str) -> tuple[list[int], list[int]]:
    """From which offsets of `written` on the text is ahead of it, and by how much.

    LibCST 1.9 forgets the white space before the colon of `except (A, B) :`.
    """
    at: list[int] = []
    shifts: list[int] = []
    here = there = 0
    while True:
        same = common_prefix(written, here, text, there)
        here, there = here + same, there + same
        skipped = there
        while skipped < len(text) and text[skipped] in " \t\f" and here < len(written):
            skipped += 1
        if skipped == there:
            return at, shifts
        there = skipped
        at.append(here)
        shifts.append(there - here)


def common_prefix(one: str, i: int, other: str, j: int) -> int:
    """How many characters of `one[i:]` and `other[j:]` agree, in time linear in that number."""
    size, same = 256, 0
    while one[i + same : i + same + size] == other[j + same : j + same + size]:
        if min(len(one) - i, len(other) - j) <= same + size:
            return min(len(one) - i, len(other) - j)
        same, size = same + size, size * 2
    while size > 1:
        size = (size + 1) // 2
        if one[i + same : i + same + size] == other[j + same : j + same + size]:
            same += size
    return same + (one[i + same : i + same + 1] == other[j + same : j + same + 1] != "")
