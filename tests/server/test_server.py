"""The server in the hands of a real client, in the ways of several editors."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.cli.running import ROOT
from trainlint.wording import figure

FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
WIDE = "import torch\n\nmodel = torch.nn.Linear(8, 1); a = '𝛌𝛌'; model.eval\n"
EXPLODES = (ROOT / "fixtures" / "keras_one_weight_explodes.py").read_text(encoding="utf-8")
COMMAND = [sys.executable, "-m", "trainlint", "server", "--stdio"]
PATIENCE = 30


CONFIGURATION = ClientServerConfig(server_command=COMMAND, server_env={"PYTHONPATH": str(ROOT)})


@pytest_lsp.fixture(params=["neovim@v0.7.0", "visual-studio-code"], config=CONFIGURATION)
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    """An editor that is sent diagnostics, and one that asks for them."""
    await begin(lsp_client, request.param, tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(params=["neovim@v0.7.0", "neovim@v0.11.0", "visual-studio-code", "emacs"], config=CONFIGURATION)
async def counting(request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    """Editors that count columns in UTF-16, UTF-8 and UTF-32."""
    await begin(lsp_client, request.param, tmp_path)
    yield
    await lsp_client.shutdown_session()


async def begin(client: LanguageClient, editor: str, folder: Path) -> None:
    capabilities = pytest_lsp.client_capabilities(editor)
    folders = [types.WorkspaceFolder(folder.as_uri(), "project")]
    await client.initialize_session(
        types.InitializeParams(capabilities=capabilities, root_uri=folder.as_uri(), workspace_folders=folders)
    )
    client.pulls = capabilities.text_document.diagnostic is not None  # type: ignore[attr-defined, union-attr]


def opened(client: LanguageClient, path: Path, text: str) -> str:
    uri = path.as_uri()
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text)))
    return uri


async def shown(client: LanguageClient, uri: str, count: int) -> list[types.Diagnostic]:
    """What the editor shows once it shows so many; an editor that pulls is sent nothing."""
    if client.pulls:  # type: ignore[attr-defined]
        parameters = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        report = await client.text_document_diagnostic_async(parameters)
        assert uri not in client.diagnostics
        found = list(report.items)  # type: ignore[union-attr]
    else:
        found = []
        for _ in range(PATIENCE * 20):
            await asyncio.sleep(0.05)
            if uri in client.diagnostics and len(client.diagnostics[uri]) == count:
                found = list(client.diagnostics[uri])
                break
    assert len(found) == count
    return found


def everywhere() -> types.Range:
    return types.Range(types.Position(0, 0), types.Position(999, 0))


def edited(text: str, edits: Iterable[types.TextEdit]) -> str:
    rows = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        assert edit.range.start.line == edit.range.end.line
        row = rows[edit.range.start.line]
        rows[edit.range.start.line] = row[: edit.range.start.character] + edit.new_text + row[edit.range.end.character :]
    return "".join(rows)


@pytest.mark.asyncio
async def test_what_is_typed_is_judged(client: LanguageClient, tmp_path: Path) -> None:
    uri = opened(client, tmp_path / "train.py", FAULT)
    [found] = await shown(client, uri, 1)
    assert (found.code, found.source, found.severity) == ("TRN504", "trainlint", types.DiagnosticSeverity.Error)
    assert (found.range.start.line, found.range.start.character) == (3, 0)
    change = types.TextDocumentContentChangeWholeDocument(FAULT.replace("eval", "eval()"))
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(uri=uri, version=2), [change])
    )
    assert await shown(client, uri, 0) == []


@pytest.mark.asyncio
async def test_fixes_and_comments_are_offered_and_work(client: LanguageClient, tmp_path: Path) -> None:
    uri = opened(client, tmp_path / "train.py", FAULT)
    await shown(client, uri, 1)
    context = types.CodeActionContext([])
    asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), everywhere(), context)
    offered = {one.title: one for one in await client.text_document_code_action_async(asked) or []}
    fix, ignore, explain = offered.values()
    assert edited(FAULT, fix.edit.changes[uri]) == FAULT.replace("eval", "eval()")  # type: ignore[union-attr, index]
    assert edited(FAULT, ignore.edit.changes[uri]) == FAULT.replace("eval", "eval  # noqa: TRN504")  # type: ignore[union-attr, index]
    assert explain.title == "Explain TRN504"
    told = await client.workspace_execute_command_async(types.ExecuteCommandParams("trainlint.explain", ["TRN504"]))
    assert "## Why" in str(told)


@pytest.mark.asyncio
async def test_hover_and_hint_show_the_bound(client: LanguageClient, tmp_path: Path) -> None:
    uri = opened(client, tmp_path / "train.py", EXPLODES)
    [found] = await shown(client, uri, 1)
    document = types.TextDocumentIdentifier(uri)
    told = await client.text_document_hover_async(types.HoverParams(document, found.range.start))
    assert "TRN101" in told.contents.value  # type: ignore[union-attr]
    assert "247" in told.contents.value  # type: ignore[union-attr]
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, everywhere()))
    assert [one.label for one in hints or []] == [f"lr 0.01 · bound {figure(2 / sharpness)}" for sharpness in (57, 247)]
    assert await client.text_document_hover_async(types.HoverParams(document, types.Position(1, 0))) is None


@pytest.mark.asyncio
async def test_columns_are_counted_as_the_editor_counts(counting: LanguageClient, tmp_path: Path) -> None:
    [found] = await shown(counting, opened(counting, tmp_path / "train.py", WIDE), 1)
    row = WIDE.splitlines()[2]
    ends = {size: len(row.encode(name)) // size for name, size in (("utf-8", 1), ("utf-16-le", 2), ("utf-32-le", 4))}
    assert found.range.end.character in ends.values()
    size = next(size for size, end in ends.items() if end == found.range.end.character)
    name = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[size]
    assert row.encode(name)[found.range.start.character * size :].decode(name) == "model.eval"


@pytest.mark.asyncio
async def test_cells_of_a_notebook_are_one_script(client: LanguageClient, tmp_path: Path) -> None:
    texts = ["import torch\nmodel = torch.nn.Linear(8, 1)", "%time 1\nmodel.eval"]
    uris = [f"vscode-notebook-cell:{tmp_path.as_uri()[7:]}/a.ipynb#{number}" for number in range(len(texts))]
    notebook = types.NotebookDocument(
        (tmp_path / "a.ipynb").as_uri(),
        "jupyter-notebook",
        1,
        [types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris],
    )
    items = [types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(uris, texts, strict=True)]
    client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, items))
    [found] = await shown(client, uris[1], 1)
    assert (found.code, found.range.start.line) == ("TRN504", 1)
    assert await shown(client, uris[0], 0) == []


@pytest.mark.asyncio
async def test_settings_hold_and_bad_ones_are_told(client: LanguageClient, tmp_path: Path) -> None:
    settings = tmp_path / "trainlint.toml"
    settings.write_text('ignore = ["TRN504"]\n', encoding="utf-8")
    uri = opened(client, tmp_path / "train.py", FAULT)
    assert await shown(client, uri, 0) == []
    settings.write_text("ignored = []\n", encoding="utf-8")
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
    if client.pulls:  # type: ignore[attr-defined]
        await shown(client, uri, 0)
    for _ in range(PATIENCE * 20):
        if client.messages:
            break
        await asyncio.sleep(0.05)
    assert "did you mean 'ignore'?" in client.messages[0].message
