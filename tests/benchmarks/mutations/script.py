"""A script with its syntax tree and its facts, and exact edits of its text: what the mutations are written in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, TypeVar

from trainlint.core import Place
from trainlint.facts.run import LayerFacts, TrainingRun
from trainlint.interpret.events import Event
from trainlint.result import CheckResult
from trainlint.source.read import Source

N = TypeVar("N", bound=ast.AST)


class Change(NamedTuple):
    """One fault: replacements (start, end, text) of the script, and rows of it where the finding may stand besides the edited ones."""

    edits: tuple[tuple[int, int, str], ...]
    rows: tuple[int, ...] = ()

    def shown(self, *anchors: ast.AST | None) -> Change:
        """This change, where a finding may stand at more nodes."""
        return Change(self.edits, self.rows + rows(*anchors))

    def also(self, *others: Change) -> Change:
        """This change together with others that the same fault takes."""
        return Change(
            self.edits + tuple(edit for one in others for edit in one.edits), self.rows + sum((one.rows for one in others), ())
        )


Changes: TypeAlias = "Callable[[Script], Iterator[Change]]"


@dataclass(frozen=True)
class Mutation:
    """A kind of fault: the codes of which one must be found, and where and how it is put into a script."""

    name: str
    codes: frozenset[str]
    changes: Changes


def mutation(name: str, codes: str, changes: Changes) -> Mutation:
    """`codes`: numbers of rules, such as "501 503"."""
    return Mutation(name, frozenset(f"TRN{code}" for code in codes.split()), changes)


@dataclass(frozen=True)
class Script:
    """A file that trains, as it was checked before anything was changed."""

    source: Source
    result: CheckResult

    @property
    def filename(self) -> str:
        """The path as the user named it."""
        return self.source.filename

    @property
    def text(self) -> str:
        """The text."""
        return self.source.text

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def runs(self) -> tuple[TrainingRun, ...]:
        """The training runs."""
        return self.result.script.runs if self.result.script is not None else ()

    @cached_property
    def _rows(self) -> list[int]:
        starts = [0]
        for line in self.text.split("\n"):
            starts.append(min(starts[-1] + len(line) + 1, len(self.text)))
        return starts

    def _offset(self, row: int, column: int) -> int:
        line = self.text[self._rows[row - 1] : self._rows[row]]
        return self._rows[row - 1] + len(line.encode()[:column].decode())

    def start(self, node: Any) -> int:
        """The offset of a node's first character."""
        decorators = getattr(node, "decorator_list", None) or [node]
        return self._offset(min(one.lineno for one in decorators), node.col_offset)

    def end(self, node: Any) -> int:
        """The offset behind a node's last character."""
        return self._offset(node.end_lineno, node.end_col_offset)

    def code(self, node: ast.AST) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def offset(self, row: int, column: int) -> int:
        """The offset of a place that is counted as findings count."""
        return self._rows[min(row, len(self._rows)) - 1] + column - 1

    def row_at(self, offset: int) -> int:
        """The row of an offset."""
        return self.text.count("\n", 0, offset) + 1

    @cached_property
    def names(self) -> set[str]:
        """What the imports of the file bind."""
        return {
            (alias.asname or alias.name).partition(".")[0]
            for node in self.nodes(ast.stmt)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def is_keras_3(self) -> bool:
        """Whether the file uses what only Keras 3 has, or its project pins it."""
        uses = "from keras import ops" in self.text or any(self.code(one) == "keras.ops" for one in self.nodes(ast.Attribute))
        pinned = self.result.script.pinned_eras if self.result.script is not None else frozenset()
        return uses or pinned == {"keras3"}

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Of each node the one that holds it."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def above(self, node: ast.AST, kind: type[N]) -> N | None:
        """The closest node of a kind that holds a node."""
        while (node := self.parents.get(node)) is not None:  # type: ignore[assignment]
            if isinstance(node, kind):
                return node
        return None

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is, or stands in."""
        found = node if isinstance(node, ast.stmt) else self.above(node, ast.stmt)
        assert found is not None
        return found

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements among which a statement stands."""
        parent = self.parents[statement]
        blocks = [getattr(parent, name, None) for name in ("body", "orelse", "finalbody")]
        return next(one for one in blocks if isinstance(one, list) and statement in one)

    def nodes(self, kind: type[N]) -> Iterator[N]:
        """All nodes of a kind, in the order of the text."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, kind)]
        return iter(sorted(found, key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))))

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """The calls of functions or methods by the last part of their name."""
        return (call for call in self.nodes(ast.Call) if last_name(call.func) in names)

    def has_rows_of_its_own(self, statement: ast.stmt) -> bool:
        """Whether nothing else stands on a statement's rows."""
        before = self.text[self._rows[statement.lineno - 1] : self.start(statement)]
        after = self.text[self.end(statement) : self._rows[statement.end_lineno or 0]].strip()
        return not before.strip() and (not after or after.startswith("#"))

    @cached_property
    def _by_place(self) -> dict[tuple[int, int, int, int], ast.AST]:
        found: dict[tuple[int, int, int, int], ast.AST] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.expr | ast.stmt) and not isinstance(node, ast.Expr):
                start, end = self.start(node), self.end(node)
                rows = self.row_at(start), self.row_at(end)
                found[rows[0], start - self._rows[rows[0] - 1] + 1, rows[1], end - self._rows[rows[1] - 1] + 1] = node
        return found

    def at(self, place: Place | None) -> Any:
        """The node at a place of this file, None if there is none."""
        if place is None or place.span.filename != self.filename:
            return None
        span = place.span
        return self._by_place.get((span.row, span.column, span.end_row, span.end_column))

    def acts(self, kind: str, framework: str = "") -> Iterator[tuple[TrainingRun, Event, ast.Call]]:
        """The calls that are acts of a run (`interpret.events`), each once."""
        seen = set()
        for run in self.runs:
            for event in run.events if framework in run.framework else ():
                node = self.at(event.place) if event.kind == kind else None
                if isinstance(node, ast.Call) and node not in seen:
                    seen.add(node)
                    yield run, event, node

    def layers(self, *kinds: str) -> Iterator[tuple[TrainingRun, int, LayerFacts, ast.Call]]:
        """The layers of the models that are trained, with their numbers and the calls that make them, each once."""
        seen = set()
        for run in self.runs:
            for number, layer in enumerate(getattr(run.model, "layers", ())):
                node = self.at(layer.place)
                if isinstance(node, ast.Call) and node not in seen and (not kinds or layer.kind in kinds):
                    seen.add(node)
                    yield run, number, layer, node

    # changes

    def replaced(self, node: ast.AST, text: str, *anchors: ast.AST | None) -> Change:
        """Other text for a node."""
        return Change(((self.start(node), self.end(node), text),), rows(*anchors))

    def removed(self, statement: ast.stmt, *anchors: ast.AST | None) -> Change:
        """Without a statement."""
        if len(self.block(statement)) == 1 or not self.has_rows_of_its_own(statement):
            return self.replaced(statement, "pass", *anchors)
        return Change(((self._rows[statement.lineno - 1], self._rows[statement.end_lineno or 0], ""),), rows(*anchors))

    def _indented(self, statement: ast.stmt, code: str) -> str:
        indent = " " * statement.col_offset
        return "".join(f"{indent}{line}\n" for line in code.splitlines())

    def before(self, statement: ast.stmt, code: str, *anchors: ast.AST | None) -> Change:
        """With more statements before one."""
        offset = self._rows[statement.lineno - 1]
        return Change(((offset, offset, self._indented(statement, code)),), rows(*anchors))

    def after(self, statement: ast.stmt, code: str, *anchors: ast.AST | None) -> Change:
        """With more statements behind one."""
        offset = self._rows[statement.end_lineno or 0]
        break_first = "" if self.text[:offset].endswith("\n") else "\n"
        return Change(((offset, offset, break_first + self._indented(statement, code)),), rows(*anchors))

    def with_argument(self, call: ast.Call, name: str, value: str, position: int | None = None) -> Change:
        """Another value for an argument, which is added if it is not there."""
        given = argument(call, name, position)
        if given is not None:
            return self.replaced(given, value, call)
        end = self.end(call) - 1
        if not (call.args or call.keywords):
            return Change(((end, end, f"{name}={value}"),), rows(call))
        last = max(self.end(one) for one in [*call.args, *(one.value for one in call.keywords)])
        while self.text[last:end].lstrip().startswith(")"):
            last = self.text.index(")", last) + 1
        return Change(((last, last, f", {name}={value}"),), (*rows(call), self.row_at(last)))

    def without_argument(self, call: ast.Call, name: str) -> Change | None:
        """Without a keyword argument; None if it is not there."""
        parts = [*call.args, *call.keywords]
        for number, one in enumerate(parts):
            if isinstance(one, ast.keyword) and one.arg == name:
                if number + 1 < len(parts):
                    return Change(((self.start(one), self.start(parts[number + 1]), ""),), rows(call, one))
                if number:
                    return Change(((self.end(parts[number - 1]), self.end(one), ""),), rows(call, one))
                return Change(((self.start(one), self.end(one), ""),), rows(call, one))
        return None

    def after_imports(self, code: str) -> Change:
        """With more statements behind the imports at the top of the file."""
        imports = [one for one in self.tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
        return self.after(imports[-1], code) if imports else self.before(self.tree.body[0], code)


def rows(*anchors: ast.AST | None) -> tuple[int, ...]:
    """The first and the last row of each node."""
    return tuple(row for node in anchors if node is not None for row in (node.lineno, node.end_lineno))  # type: ignore[attr-defined]


def last_name(node: ast.AST) -> str:
    """`b` of `b` and `a.b`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def argument(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """The value of an argument by its name or position, if it is passed."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if position is not None and position < len(call.args) and not isinstance(call.args[position], ast.Starred):
        return call.args[position]
    return None


def literal(node: ast.AST | None) -> Any:
    """The value of a literal, None for everything else."""
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None
