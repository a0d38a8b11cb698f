"""What the tests do in the place of an editor and of the person before it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.cli.running import ROOT

COMMAND = [sys.executable, "-m", "trainlint", "server", "--stdio"]
CONFIGURATION = ClientServerConfig(server_command=COMMAND, server_env={"PYTHONPATH": str(ROOT)})
PATIENCE = 30

FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
LINES = (ROOT / "fixtures" / "keras_line_images.py").read_text(encoding="utf-8")
EXPLODES = (ROOT / "fixtures" / "keras_one_weight_explodes.py").read_text(encoding="utf-8")


async def begin(client: LanguageClient, editor: str, *folders: Path, options: Any = None) -> types.InitializeResult:
    """Start a session with the capabilities of an editor; what the server wants to be told is kept as `registered`."""
    capabilities = pytest_lsp.client_capabilities(editor)
    if editor == "visual-studio-code":  # pytest-lsp knows it as it was before it could ask for diagnostics
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()  # type: ignore[union-attr]
        capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(True)  # type: ignore[union-attr]
    client.registered = []  # type: ignore[attr-defined]

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def registered(params: types.RegistrationParams) -> None:
        client.registered.extend(params.registrations)  # type: ignore[attr-defined]

    @client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
    def hints_refreshed(_: None) -> None:
        """Nothing is shown here that would have to be drawn again."""

    @client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
    def lenses_refreshed(_: None) -> None:
        """Nor here."""

    given = types.InitializeParams(
        capabilities=capabilities,
        root_uri=folders[0].as_uri(),
        workspace_folders=[types.WorkspaceFolder(one.as_uri(), one.name) for one in folders],
        initialization_options=options,
    )
    client.pulls = capabilities.text_document.diagnostic is not None  # type: ignore[attr-defined, union-attr]
    return await client.initialize_session(given)


def opened(client: LanguageClient, path: Path, text: str) -> str:
    """Open a file with a text that need not be that of the disk."""
    uri = path.as_uri()
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text)))
    return uri


def typed(client: LanguageClient, uri: str, text: str, version: int = 2) -> None:
    """Replace the text of an open file."""
    change = types.TextDocumentContentChangeWholeDocument(text)
    document = types.VersionedTextDocumentIdentifier(version, uri)
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))


def opened_notebook(client: LanguageClient, path: Path, texts: Iterable[str]) -> list[str]:
    """Open a notebook with a code cell for each text; the uris of the cells."""
    texts = list(texts)
    uris = [f"vscode-notebook-cell:{path}#{number}" for number in range(len(texts))]
    cells = [types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris]
    notebook = types.NotebookDocument(path.as_uri(), "jupyter-notebook", 1, cells)
    items = [types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(uris, texts, strict=True)]
    client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, items))
    return uris


async def shown(client: LanguageClient, uri: str, count: int) -> list[types.Diagnostic]:
    """What the editor shows once it shows so many; an editor that pulls is sent nothing."""
    if client.pulls:  # type: ignore[attr-defined]
        parameters = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        report = await client.text_document_diagnostic_async(parameters)
        assert uri not in client.diagnostics
        found = list(report.items)  # type: ignore[union-attr]
    else:
        await until(lambda: uri in client.diagnostics and len(client.diagnostics[uri]) == count)
        found = list(client.diagnostics[uri])
    assert len(found) == count, found
    return found


async def until(is_so: Callable[[], object]) -> None:
    """Wait for what must come."""
    for _ in range(PATIENCE * 50):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


def everywhere() -> types.Range:
    """The range of any document."""
    return types.Range(types.Position(0, 0), types.Position(999, 0))


async def actions(client: LanguageClient, uri: str) -> dict[str, Any]:
    """All that is offered in a document, by title."""
    asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), everywhere(), types.CodeActionContext([]))
    offered = await client.text_document_code_action_async(asked) or []
    return {one.title: one for one in offered}


def edited(text: str, edits: Iterable[types.TextEdit]) -> str:
    """A text after edits that stay in their row."""
    rows = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        assert edit.range.start.line == edit.range.end.line
        row = rows[edit.range.start.line]
        rows[edit.range.start.line] = row[: edit.range.start.character] + edit.new_text + row[edit.range.end.character :]
    return "".join(rows)
