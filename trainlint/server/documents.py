"""Between an editor's documents and what is checked: a file is one document, a notebook one for each cell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec, TextDocument, Workspace

from trainlint.core import Span
from trainlint.result import CheckResult
from trainlint.source.lines import NEWLINE, split_rows
from trainlint.source.read import Source, Unreadable, decode, read_text


class RowDocument(TextDocument):
    """A document whose rows are those of the editor: pygls also ends a row at a form feed and at U+2028."""

    @property
    def lines(self) -> Sequence[str]:
        """The rows with their line ends."""
        text = self.source
        ends = [0, *(match.end() for match in NEWLINE.finditer(text)), len(text)]
        return tuple(text[start:end] for start, end in pairwise(ends) if start < end)


class RowWorkspace(Workspace):
    """The open documents, by rows as the editor counts them."""

    @classmethod
    def like(cls, other: Workspace) -> RowWorkspace:
        """A workspace without documents that is otherwise like another."""
        folders = list(other.folders.values())
        return cls(other.root_uri, types.TextDocumentSyncKind.Incremental, folders, other.position_encoding)

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        codec = self.position_codec
        return RowDocument(doc_uri, source, version, language_id, sync_kind=self._sync_kind, position_codec=codec)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file or notebook as it stands in the editor: `texts` are its documents by their uri, in their order.

    `key` is what a check of it depends on: its text, or all cells as JSON. `others` are the other open files by their path.
    """

    uri: str
    key: str
    texts: tuple[tuple[str, str], ...]
    is_notebook: bool
    codec: PositionCodec
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """Its file; None for what was never saved."""
        return path_of(self.uri)

    def source(self) -> Source | Unreadable:
        """What is to be checked."""
        filename = self.uri if self.path is None else str(self.path)
        if not self.is_notebook:
            return read_text(self.key, filename, self.path)
        named = filename if filename.endswith(".ipynb") else f"{filename}.ipynb"
        return decode(self.key.encode("utf-8", "surrogatepass"), self.path, named)

    def sheets(self, source: Source | Unreadable) -> tuple[Sheet, ...]:
        """Where the rows of its documents stand in the source."""
        if not self.is_notebook:
            return (Sheet(self.uri, 1, split_rows(self.key)),)
        cells = () if isinstance(source, Unreadable) else source.cells
        shown = [(self.texts[cell.number - 1], cell.first_row) for cell in cells]
        return tuple(Sheet(uri, first_row, split_rows(text)) for (uri, text), first_row in shown)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document of the editor; its first row is `first_row` of the source that is checked."""

    uri: str
    first_row: int
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """The check of a file or notebook with the documents that it was made of; `asked` are the files that it looked for."""

    result: CheckResult
    sheets: tuple[Sheet, ...]
    taken: Snapshot
    asked: frozenset[str] = frozenset()

    def holds_for(self, now: Snapshot) -> bool:
        """Whether a check would say the same of how the file and the open ones that it imports stand now."""
        return self.taken.key == now.key and not self.is_touched_by(now.others)

    def is_touched_by(self, others: Mapping[str, str]) -> bool:
        """Whether one of the open files that it imports has another text now."""
        return any(self.taken.others.get(one) != others.get(one) for one in self.asked)

    def range(self, span: Span) -> tuple[str, types.Range] | None:
        """The document and the range of a span, in the units of the editor; None if it lies in another file."""
        if span.filename != self.result.filename:
            return None
        sheet = self._sheet(span.row)
        if sheet is None:
            return None
        start = types.Position(span.row - sheet.first_row, span.column - 1)
        end = types.Position(span.end_row - sheet.first_row, span.end_column - 1)
        return sheet.uri, self.taken.codec.range_to_client_units(sheet.lines, types.Range(start, end))

    def row(self, uri: str, position: types.Position) -> int | None:
        """The row of the source at a position of a document."""
        sheet = next((one for one in self.sheets if one.uri == uri), None)
        return None if sheet is None else sheet.first_row + position.line

    def line_end(self, row: int) -> tuple[str, types.Position, str] | None:
        """The document of a row of the source, the position at its end, and its text."""
        sheet = self._sheet(row)
        if sheet is None or row - sheet.first_row >= len(sheet.lines):
            return None
        text = sheet.lines[row - sheet.first_row]
        end = types.Position(row - sheet.first_row, len(text))
        return sheet.uri, self.taken.codec.position_to_client_units(sheet.lines, end), text

    def _sheet(self, row: int) -> Sheet | None:
        return next((one for one in reversed(self.sheets) if one.first_row <= row), None)


def owner_of(workspace: Workspace, uri: str) -> str:
    """The notebook that a document is a cell of, or the document itself."""
    notebook = workspace.get_notebook_document(cell_uri=uri)
    return uri if notebook is None else notebook.uri


def snapshot(workspace: Workspace, uri: str) -> Snapshot:
    """A file or notebook as it stands, and the files that are open besides it."""
    codec, others = workspace.position_codec, open_files(workspace)
    notebook = workspace.get_notebook_document(notebook_uri=uri)
    if notebook is None:
        text = workspace.get_text_document(uri).source
        return Snapshot(uri, text, ((uri, text),), False, codec, others)
    texts, cells = [], []
    for cell in notebook.cells:
        is_code = cell.kind is types.NotebookCellKind.Code
        text = workspace.get_text_document(cell.document).source if is_code else ""
        texts.append((cell.document, text))
        cells.append({"cell_type": "code" if is_code else "markdown", "source": text})
    language = {"language_info": {"name": "python"}}
    key = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": language, "cells": cells})
    return Snapshot(uri, key, tuple(texts), True, codec, others)


def open_files(workspace: Workspace) -> dict[str, str]:
    """The texts of the open Python files by their resolved path."""
    paths = {uri: path_of(uri) for uri in workspace.text_documents}
    return {
        str(path.resolve()): workspace.get_text_document(uri).source
        for uri, path in paths.items()
        if path is not None and path.suffix == ".py"
    }


def path_of(uri: str) -> Path | None:
    """The file of a document; None for what was never saved."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return None if path is None else Path(path)
