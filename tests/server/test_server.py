"""The server in the hands of a real client, in the ways of several editors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import LanguageClient

from tests.server.editors import (
    CONFIGURATION,
    EXPLODES,
    FAULT,
    actions,
    begin,
    edited,
    everywhere,
    opened,
    opened_notebook,
    shown,
    typed,
    until,
)
from trainlint.wording import figure

WIDE = "import torch\n\nmodel = torch.nn.Linear(8, 1); a = '𝛌𝛌'; model.eval\n"


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


@pytest.mark.asyncio
async def test_what_is_typed_is_judged(client: LanguageClient, tmp_path: Path) -> None:
    uri = opened(client, tmp_path / "train.py", FAULT)
    [found] = await shown(client, uri, 1)
    assert (found.code, found.source, found.severity) == ("TRN504", "trainlint", types.DiagnosticSeverity.Error)
    assert (found.range.start.line, found.range.start.character) == (3, 0)
    typed(client, uri, FAULT.replace("eval", "eval()"))
    assert await shown(client, uri, 0) == []


@pytest.mark.asyncio
async def test_fixes_and_comments_are_offered_and_work(client: LanguageClient, tmp_path: Path) -> None:
    uri = opened(client, tmp_path / "train.py", FAULT)
    await shown(client, uri, 1)
    fix, ignore, explain = (await actions(client, uri)).values()
    assert edited(FAULT, fix.edit.changes[uri]) == FAULT.replace("eval", "eval()")
    assert edited(FAULT, ignore.edit.changes[uri]) == FAULT.replace("eval", "eval  # noqa: TRN504")
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
    uris = opened_notebook(client, tmp_path / "a.ipynb", texts)
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
    client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams([types.FileEvent(settings.as_uri(), types.FileChangeType.Changed)])
    )
    if client.pulls:  # type: ignore[attr-defined]
        await shown(client, uri, 0)
    await until(lambda: client.messages)
    assert "did you mean 'ignore'?" in client.messages[0].message


@pytest.mark.asyncio
async def test_a_notebook_that_is_sent_as_one_text_is_read_as_text(client: LanguageClient, tmp_path: Path) -> None:
    """JupyterLab's client joins the cells itself, and calls the text by the notebook's name."""
    [found] = await shown(client, opened(client, tmp_path / ".virtual_documents" / "a.ipynb", FAULT), 1)
    assert (found.code, found.range.start.line) == ("TRN504", 3)
