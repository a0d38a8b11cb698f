"""Between an editor's documents and what is checked: a file is one document, a notebook one for each cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec, Workspace

from trainlint.core import Span
from trainlint.engine import check_source
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import Source, Unreadable, decode, read_text
from trainlint.source.screen import may_train
from trainlint.workspace import Project


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document of the editor; its first row is `first_row` of the source that is checked."""

    uri: str
    first_row: int
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """The check of a file or notebook with the documents that it was made of, and the text that was checked."""

    result: CheckResult
    sheets: tuple[Sheet, ...]
    text: str
    codec: PositionCodec

    def range(self, span: Span) -> tuple[str, types.Range] | None:
        """The document and the range of a span, in the units of the editor; None if it lies in another file."""
        if span.filename != self.result.filename:
            return None
        sheet = self._sheet(span.row)
        if sheet is None:
            return None
        start = types.Position(span.row - sheet.first_row, span.column - 1)
        end = types.Position(span.end_row - sheet.first_row, span.end_column - 1)
        return sheet.uri, self.codec.range_to_client_units(sheet.lines, types.Range(start, end))

    def row(self, uri: str, position: types.Position) -> int | None:
        """The row of the source at a position of a document."""
        sheet = next((one for one in self.sheets if one.uri == uri), None)
        return None if sheet is None else sheet.first_row + position.line

    def line_end(self, row: int) -> tuple[str, types.Position, str] | None:
        """The document of a row of the source, the position at its end, and its text."""
        sheet = self._sheet(row)
        if sheet is None or row - sheet.first_row >= len(sheet.lines):
            return None
        text = sheet.lines[row - sheet.first_row].rstrip("\r\n")
        end = types.Position(row - sheet.first_row, len(text))
        return sheet.uri, self.codec.position_to_client_units(sheet.lines, end), text

    def _sheet(self, row: int) -> Sheet | None:
        return next((one for one in reversed(self.sheets) if one.first_row <= row), None)


def owner_of(workspace: Workspace, uri: str) -> str:
    """The notebook that a document is a cell of, or the document itself."""
    notebook = workspace.get_notebook_document(cell_uri=uri)
    return uri if notebook is None else notebook.uri


def text_of(workspace: Workspace, uri: str) -> str:
    """What a check of a file or notebook depends on: its text, or all its cells as JSON."""
    notebook = workspace.get_notebook_document(notebook_uri=uri)
    if notebook is None:
        return workspace.get_text_document(uri).source
    cells = [
        {"cell_type": "code", "source": workspace.get_text_document(cell.document).source}
        if cell.kind is types.NotebookCellKind.Code
        else {"cell_type": "markdown", "source": ""}
        for cell in notebook.cells
    ]
    language = {"language_info": {"name": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": language, "cells": cells})


def check(workspace: Workspace, uri: str, settings: Settings, project: Project | None) -> Checked:
    """Check a file or notebook as it stands in the editor.

    Raises:
        SettingsError: the settings name rules that do not exist.
    """
    text = text_of(workspace, uri)
    notebook = workspace.get_notebook_document(notebook_uri=uri)
    path = path_of(uri)
    filename = uri if path is None else str(path)
    source: Source | Unreadable
    if notebook is None:
        source = read_text(text, filename, path)
        sheets: tuple[Sheet, ...] = (Sheet(uri, 1, workspace.get_text_document(uri).lines),)
    else:
        source = decode(
            text.encode("utf-8", "surrogatepass"), path, filename if filename.endswith(".ipynb") else f"{filename}.ipynb"
        )
        cells = () if isinstance(source, Unreadable) else source.cells
        documents = [workspace.get_text_document(one.document) for one in notebook.cells]
        sheets = tuple(Sheet(documents[cell.number - 1].uri, cell.first_row, documents[cell.number - 1].lines) for cell in cells)
    trains = isinstance(source, Unreadable) or may_train(source)
    result = check_source(source, settings, project) if trains else CheckResult(source.filename)
    return Checked(result, sheets, text, workspace.position_codec)


def path_of(uri: str) -> Path | None:
    """The file of a document; None for what was never saved."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return None if path is None else Path(path)
