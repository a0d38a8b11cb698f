"""From a `Source` to its LibCST tree. Nothing here raises: what does not parse is a `SyntaxFailure`."""

from __future__ import annotations

import ast
import re
import sys
import warnings

import libcst as cst

from trainlint.core import Span, dataclass
from trainlint.source.lines import RowTable
from trainlint.source.nesting import too_deep
from trainlint.source.positions import Offsets
from trainlint.source.python2 import OLD_ARGUMENT, as_python_3
from trainlint.source.read import Source
from trainlint.source.recover import Failure, recover
from trainlint.source.reparse import Parsed, reparse
from trainlint.source.rewritten import Rewritten
from trainlint.source.room import with_room


@dataclass(frozen=True, slots=True)
class SyntaxFailure:
    """A file that cannot be parsed; `message` is the end of a sentence that begins with the file's name.

    `is_size`: it may be well formed, but is more than is parsed.
    """

    filename: str
    message: str
    span: Span
    is_size: bool = False


class NodePlace:
    """A node of a tree; its span is looked up when it is asked for."""

    __slots__ = ("_node", "_tree")

    def __init__(self, tree: Tree, node: cst.CSTNode) -> None:
        self._tree = tree
        self._node = node

    @property
    def node(self) -> cst.CSTNode:
        """The node itself."""
        return self._node

    @property
    def tree(self) -> Tree:
        """The tree that the node is part of."""
        return self._tree

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
    """A module and where its nodes stand. All positions are computed once, when the first is asked for.

    `failures` are the statements that could not be parsed: the tree has unknown ones in their place (`holes`). `python` is 2 for
    what had to be rewritten as Python 3. Positions and texts are those of the source all the same.
    """

    __slots__ = ("_positions", "_written", "failures", "module", "python", "source")

    def __init__(
        self,
        source: Source,
        module: cst.Module,
        written: Rewritten | None = None,
        failures: tuple[SyntaxFailure, ...] = (),
        python: int = 3,
        *,
        offsets: Offsets | None = None,
    ) -> None:
        self.source = source
        self.module = module
        self.failures = failures
        self.python = python
        self._written = written
        self._positions = None if offsets is None else (RowTable(source.text), offsets)

    def place(self, node: cst.CSTNode) -> NodePlace:
        """The place of a node of this tree (only nodes of this very tree have one)."""
        return NodePlace(self, node)

    def span(self, node: cst.CSTNode) -> Span:
        """The span of a node; of a node that is not in the tree, the start of the file."""
        table, _ = self._computed()
        start, end = self._range(node)
        return Span(self.source.filename, *table.position(start), *table.position(end))

    def text_of(self, node: cst.CSTNode) -> str:
        """The source text of a node; nothing for a node that is not in the tree."""
        start, end = self._range(node)
        return self.source.text[start:end]

    @property
    def parsed(self) -> Parsed:
        """The text that was parsed, which is not that of the source if it had to be rewritten."""
        text = self.source.text if self._written is None else self._written.text
        return Parsed(text, self.module, self._computed()[1])

    def _range(self, node: cst.CSTNode) -> tuple[int, int]:
        start, end = self._computed()[1].of(node)
        return (start, end) if self._written is None else (self._written.original(start), self._written.original(end))

    def _computed(self) -> tuple[RowTable, Offsets]:
        if self._positions is None:
            text = self.source.text if self._written is None else self._written.text
            self._positions = (RowTable(self.source.text), with_room(lambda: Offsets(self.module, text)))
        return self._positions


def parse(source: Source, before: Tree | None = None) -> Tree | SyntaxFailure:
    """Parse a source; Python 3 of any version, newer than the running one too, and what is Python 2 only by its spelling.

    Of a source that is broken in some statements, the tree has all the others. With `before`, the tree of the text as it was
    before an edit, only what was edited is parsed; the result is the same.
    """
    try:
        tree = None if before is None else with_room(lambda: _edited(source, before))
        if tree is not None:
            return tree
        deep = too_deep(source.text)
        if deep is None:
            return with_room(lambda: _parse(source, before))
    except RuntimeError as error:  # no thread to be had, or a panic of LibCST's native parser
        return SyntaxFailure(source.filename, f"cannot be parsed: {error}", _point(source, 1, 1))
    place = _point(source, *RowTable(source.text).position(deep.offset))
    return SyntaxFailure(source.filename, deep.message, place, deep.is_size)


def _edited(source: Source, before: Tree) -> Tree | None:
    parsed = reparse(before.parsed, source.text)
    return None if parsed is None else Tree(source, parsed.module, offsets=parsed.offsets)


def _parse(source: Source, before: Tree | None) -> Tree | SyntaxFailure:
    module = _module(source.text)
    if isinstance(module, cst.Module):
        return Tree(source, module)
    if not isinstance(module, cst.ParserSyntaxError):
        return SyntaxFailure(source.filename, f"cannot be parsed: {module}", _point(source, 1, 1))
    return _as_python_2(source) or _recovered(source, before) or _failure(source, module)


def _module(text: str) -> cst.Module | cst.ParserSyntaxError | str:
    """The tree of a text, or what LibCST says against it."""
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        return error
    except (cst.CSTValidationError, RecursionError, MemoryError, ValueError) as error:
        return str(error) or type(error).__name__


def _as_python_2(source: Source) -> Tree | None:
    changes = None if source.cells else as_python_3(source.text)
    if changes is None:
        return None
    written = Rewritten(source.text, changes)
    module = _module(written.text)
    python = 3 if all(one.content == OLD_ARGUMENT for one in changes) else 2
    return Tree(source, module, written, python=python) if isinstance(module, cst.Module) else None


def _recovered(source: Source, before: Tree | None) -> Tree | None:
    """The tree without the statements that do not parse, if much is left."""
    table = RowTable(source.text)
    ends = [*(table.starts[one.first_row - 1 + one.rows] for one in source.cells[:-1]), len(source.text) + 1]
    limits = [(table.starts[one.first_row - 1], end - 1) for one, end in zip(source.cells, ends, strict=False)]
    parsed: list[tuple[cst.Module, Offsets | None]] = []

    def first(text: str) -> Failure | None:
        """What the running Python says, or LibCST of a text that Python takes; where only LibCST takes it, it is right."""
        said = _python_says(text)
        if said is not None and (sys.version_info >= _NEWEST or not isinstance(_module(text), cst.Module)):
            return Failure(*said)
        again = None if before is None else reparse(before.parsed, text)
        if again is not None:
            parsed.append((again.module, again.offsets))
            return None
        module = _module(text)
        if isinstance(module, cst.ParserSyntaxError):
            row, column, message = _libcst_says(module)
            return Failure(row, column, f"{_BY_LIBCST}{message}")
        if isinstance(module, cst.Module):
            parsed.append((module, None))
            return None
        return Failure(1, 1, module)

    holes = recover(source.text, limits or [(0, len(source.text))], first)
    if not holes:
        return None
    failures = tuple(
        SyntaxFailure(source.filename, _worded(one.message, source, row), _point(source, row, column))
        for one in holes
        for row, column in (table.position(one.offset),)
    )
    conflict = _conflict(source)
    failures = failures if conflict is None else (conflict,)  # what else does not parse comes of it
    written = Rewritten(source.text, [change for one in holes for change in one.changes])
    return Tree(source, parsed[-1][0], written, failures, offsets=parsed[-1][1])


_NEWEST = (3, 15)
"""From this Python on its parser knows all that LibCST's knows."""

_CONFLICT = re.compile(r"^<{7} .*\n(?:.*\n)*?={7}\n(?:.*\n)*?>{7} ", re.MULTILINE)
_PYTHON_2_MESSAGE = re.compile("Missing parentheses in call to '(?:print|exec)'|leading zeros in decimal")
_PYTHON_2_LINE = re.compile(
    r"""[ \t]*(?:(?:print|exec)[ \t]+["'\w]|raise[ \t]+[\w.]+[ \t]*,|except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:)"""
    r"""|.*(?:\w[ \t]?<>[ \t]?\w|`\w+`|\b[uU][rR]["'])"""
)
_BY_LIBCST = "cannot be parsed: "
_IN_ROW = re.compile(r" on line \d+| \(detected at line \d+\)")
_LIBCST_POSITION = re.compile(r"error at (\d+):(\d+)")


def _conflict(source: Source) -> SyntaxFailure | None:
    """The first merge conflict in a text that does not parse."""
    found = _CONFLICT.search(source.text)
    if found is None:
        return None
    at = _point(source, *RowTable(source.text).position(found.start()))
    return SyntaxFailure(source.filename, "holds a merge conflict that nobody has resolved", at)


def _failure(source: Source, error: cst.ParserSyntaxError) -> SyntaxFailure:
    """In the words and at the place of the running Python, which are better, if it refuses the text too."""
    conflict = _conflict(source)
    if conflict is not None:
        return conflict
    python = _python_says(source.text)
    row, column, message = python or _libcst_says(error)
    row = min(max(row, 1), len(source.lines))
    column = min(max(column, 1), len(source.lines[row - 1]) + 1)
    return SyntaxFailure(source.filename, _worded(message, source, row, bool(python)), _point(source, row, column))


def _worded(message: str, source: Source, row: int, by_python: bool = True) -> str:
    """The end of a sentence that begins with the file's name; the row is said by its place."""
    message = _IN_ROW.sub("", message)
    if _PYTHON_2_MESSAGE.match(message) or _PYTHON_2_LINE.match(source.lines[row - 1][:200]):
        return f"looks like Python 2: {message}"
    if message.startswith(_BY_LIBCST):
        return message
    return f"is not valid Python: {message}" if by_python else f"{_BY_LIBCST}{message}"


def _python_says(text: str) -> tuple[int, int, str] | None:
    """Row, column and message of the running Python's own parser; None if it takes the text or gives up."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<script>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 1, error.offset or 1, error.msg
    except (ValueError, MemoryError, RecursionError):
        pass
    return None


def _libcst_says(error: cst.ParserSyntaxError) -> tuple[int, int, str]:
    if match := _LIBCST_POSITION.search(error.message):
        return int(match[1]), int(match[2]), "the syntax near here is not known"
    return error.raw_line, error.raw_column + 1, error.message.partition(": ")[2] or "the syntax near here is not known"


def _point(source: Source, row: int, column: int) -> Span:
    return Span(source.filename, row, column, row, column)
