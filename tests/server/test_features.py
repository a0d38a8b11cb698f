"""What an editor shows besides the finding, and when it is brought up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import LanguageClient

from tests.server.editors import (
    CONFIGURATION,
    EXPLODES,
    FAULT,
    LINES,
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

IMPORTS = "import torch\nfrom net import rate\n\nmodel = torch.nn.Linear(8, 1)\noptimizer = torch.optim.SGD(model.parameters(), lr=rate)\n"
TRAINS = (
    IMPORTS
    + """
for _ in range(10):
    optimizer.zero_grad()
    model(torch.ones(4, 8)).mean().backward()
    optimizer.step()
"""
)


@pytest_lsp.fixture(config=CONFIGURATION)
async def sent(lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    """An editor that is sent diagnostics."""
    await begin(lsp_client, "neovim@v0.7.0", tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=CONFIGURATION)
async def code(lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    """VS Code with two folders."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    await begin(lsp_client, "visual-studio-code", tmp_path / "one", tmp_path / "two")
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_a_burst_of_typing_is_judged_once_and_as_it_stands_last(sent: LanguageClient, tmp_path: Path) -> None:
    received: list[types.PublishDiagnosticsParams] = []
    uri = opened(sent, tmp_path / "train.py", FAULT)
    await shown(sent, uri, 1)
    original = sent.diagnostics

    class Noted(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: str, value: object) -> None:
            received.append(value)  # type: ignore[arg-type]
            super().__setitem__(key, value)

    sent.diagnostics = Noted(original)
    for version in range(2, 12):
        typed(sent, uri, FAULT + "model.eval\n" * version, version)
    await shown(sent, uri, 12)
    await asyncio.sleep(0.3)
    assert [len(one) for one in received] == [12]  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_a_finding_links_to_its_rule_and_what_is_in_vain_is_faded(sent: LanguageClient, tmp_path: Path) -> None:
    text = EXPLODES + "print(1)  # noqa: TRN999\n"
    found = await shown(sent, opened(sent, tmp_path / "train.py", text), 2)
    by_code = {one.code: one for one in found}
    link = by_code["TRN101"].code_description
    assert link is not None
    assert Path(unquote(urlparse(link.href).path)).name.startswith("trn101_")
    assert Path(unquote(urlparse(link.href).path)).is_file()
    assert by_code["TRN003"].tags == (types.DiagnosticTag.Unnecessary,)
    assert by_code["TRN101"].tags is None


@pytest.mark.asyncio
async def test_related_places_are_links(sent: LanguageClient, tmp_path: Path) -> None:
    uri = opened(sent, tmp_path / "train.py", LINES)
    await until(lambda: sent.diagnostics.get(uri))
    related = [one for found in sent.diagnostics[uri] for one in found.related_information or ()]
    [second] = [one for one in related if one.message == "`conv_2` follows"]
    assert second.location.uri == uri
    assert "conv_2" in LINES.splitlines()[second.location.range.start.line]


@pytest.mark.asyncio
async def test_an_open_module_counts_as_it_stands_in_the_editor(sent: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("rate = 0.01\n", encoding="utf-8")
    uri = opened(sent, tmp_path / "train.py", TRAINS)
    document = types.TextDocumentIdentifier(uri)

    async def told() -> str:
        answer = await sent.text_document_hover_async(types.HoverParams(document, types.Position(4, 3)))
        return answer.contents.value  # type: ignore[union-attr]

    assert "0.01" in await told()
    module = opened(sent, tmp_path / "net.py", "rate = 0.01\n")
    typed(sent, module, "rate = 0.25\n")
    assert "0.25" in await told()
    sent.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(module)))
    assert "0.25" not in await told()


@pytest.mark.asyncio
async def test_a_form_feed_ends_no_row(sent: LanguageClient, tmp_path: Path) -> None:
    uri = opened(sent, tmp_path / "train.py", "import torch\n\f\nx = '\u2028'\nmodel = torch.nn.Linear(8, 1)\nmodel.eva\n")
    place = types.Range(types.Position(4, 9), types.Position(4, 9))
    change = types.TextDocumentContentChangePartial(place, "l")
    document = types.VersionedTextDocumentIdentifier(2, uri)
    sent.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
    [found] = await shown(sent, uri, 1)
    assert (found.code, found.range.start.line, found.range.end.character) == ("TRN504", 4, 10)


@pytest.mark.asyncio
async def test_cells_come_and_go(sent: LanguageClient, tmp_path: Path) -> None:
    cells = opened_notebook(sent, tmp_path / "a.ipynb", ["import torch\nmodel = torch.nn.Linear(8, 1)", "model.train()"])
    assert await shown(sent, cells[1], 0) == []
    new = cells[0].replace("#0", "#new")
    cell = types.NotebookCell(types.NotebookCellKind.Code, new)
    structure = types.NotebookDocumentCellChangeStructure(
        types.NotebookCellArrayChange(1, 0, [cell]), [types.TextDocumentItem(new, "python", 1, "# why\nmodel.eval")]
    )
    notebook = types.VersionedNotebookDocumentIdentifier(2, (tmp_path / "a.ipynb").as_uri())
    change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(structure))
    sent.notebook_document_did_change(types.DidChangeNotebookDocumentParams(notebook, change))
    [found] = await shown(sent, new, 1)
    assert (found.range.start.line, found.range.start.character) == (1, 0)
    offered = await actions(sent, new)
    fix = next(one for title, one in offered.items() if not title.startswith(("Ignore", "Explain")))
    assert edited("# why\nmodel.eval", fix.edit.changes[new]) == "# why\nmodel.eval()"
    ignoring = offered["Ignore TRN504 here"].edit.changes[new]
    assert edited("# why\nmodel.eval", ignoring) == "# why\nmodel.eval  # noqa: TRN504"


@pytest.mark.asyncio
async def test_a_lens_says_what_is_known_and_offers_the_probe(code: LanguageClient, tmp_path: Path) -> None:
    uri = opened(code, tmp_path / "one" / "train.py", EXPLODES)
    found = await code.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
    assert [one.command.command for one in found or ()] == ["trainlint.probe"] * 2  # type: ignore[union-attr]
    assert [one.command.title.partition(" · ")[0] for one in found or ()] == ["λ 57, proved", "λ 247, proved"]  # type: ignore[union-attr]
    assert [one.command.arguments for one in found or ()] == [(uri, 1), (uri, 2)]  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_an_explanation_is_a_page_where_the_editor_can_show_one(code: LanguageClient) -> None:
    await code.workspace_execute_command_async(types.ExecuteCommandParams("trainlint.explain", ["TRN101"]))
    [page] = code.shown_documents
    text = Path(unquote(urlparse(page.uri).path)).read_text(encoding="utf-8")
    assert text.startswith("# TRN101 step-above-stability-bound\n")
    assert "## Why" in text


@pytest.mark.asyncio
async def test_each_folder_has_its_own_settings(code: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "one" / "trainlint.toml").write_text('ignore = ["TRN504"]\n', encoding="utf-8")
    one, two = (opened(code, tmp_path / name / "train.py", FAULT) for name in ("one", "two"))
    assert await shown(code, one, 0) == []
    await shown(code, two, 1)
    code.set_configuration({"ignore": ["TRN5"]}, section="trainlint", scope_uri=(tmp_path / "two").as_uri())
    code.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    assert await shown(code, two, 0) == []
    await until(lambda: code.diagnostic_refresh_count)


@pytest.mark.asyncio
async def test_settings_of_the_editor_that_cannot_be_meant_are_told(code: LanguageClient, tmp_path: Path) -> None:
    code.set_configuration({"selct": []}, section="trainlint")
    uri = opened(code, tmp_path / "one" / "train.py", FAULT)
    await shown(code, uri, 0)
    await until(lambda: code.messages)
    assert "the editor's settings: there is no setting 'selct'; did you mean 'select'?" in code.messages[0].message


@pytest.mark.asyncio
async def test_it_asks_to_be_told_of_files_and_settings(code: LanguageClient) -> None:
    await until(lambda: len(code.registered) == 2)  # type: ignore[attr-defined]
    files, settings = sorted(code.registered, key=lambda one: one.method, reverse=True)  # type: ignore[attr-defined]
    assert (files.method, settings.method) == ("workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration")


@pytest.mark.asyncio
async def test_hints_stand_behind_optimizers_of_the_range_alone(code: LanguageClient, tmp_path: Path) -> None:
    uri = opened(code, tmp_path / "one" / "train.py", EXPLODES)
    document = types.TextDocumentIdentifier(uri)
    hints = await code.text_document_inlay_hint_async(types.InlayHintParams(document, everywhere())) or ()
    first = hints[0].position.line
    upto = types.Range(types.Position(0, 0), types.Position(first, 999))
    assert len(hints) == 2
    assert len(await code.text_document_inlay_hint_async(types.InlayHintParams(document, upto)) or ()) == 1


@pytest.mark.asyncio
async def test_the_comment_that_ignores_is_put_into_no_string(sent: LanguageClient, tmp_path: Path) -> None:
    text = 'import torch\nmodel = torch.nn.Linear(8, 1)\nmodel.eval; x = """\n"""\nmodel \\\n    .eval\n'
    uri = opened(sent, tmp_path / "train.py", text)
    await shown(sent, uri, 2)
    asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), everywhere(), types.CodeActionContext([]))
    offered = await sent.text_document_code_action_async(asked) or ()
    [ignoring] = [one for one in offered if one.title.startswith("Ignore")]
    assert edited(text, ignoring.edit.changes[uri]) == text.replace("    .eval", "    .eval  # noqa: TRN504")  # type: ignore[union-attr, index]


@pytest.mark.asyncio
async def test_nothing_is_shown_of_what_is_closed(sent: LanguageClient, tmp_path: Path) -> None:
    uri = opened(sent, tmp_path / "train.py", FAULT)
    cells = opened_notebook(sent, tmp_path / "a.ipynb", [FAULT, "print(1)"])
    await shown(sent, uri, 1)
    await shown(sent, cells[0], 1)
    typed(sent, uri, FAULT + "model.eval\n")  # what is being checked then is not wanted any more
    sent.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
    notebook = types.NotebookDocumentIdentifier((tmp_path / "a.ipynb").as_uri())
    listed = [types.TextDocumentIdentifier(one) for one in cells]
    sent.notebook_document_did_close(types.DidCloseNotebookDocumentParams(notebook, listed))
    await until(lambda: not sent.diagnostics[uri] and not sent.diagnostics[cells[0]])
    await asyncio.sleep(0.5)
    assert not sent.diagnostics[uri]


@pytest.mark.asyncio
async def test_a_settings_file_that_cannot_be_meant_is_told_once_until_it_is_mended(sent: LanguageClient, tmp_path: Path) -> None:
    settings = tmp_path / "trainlint.toml"
    settings.write_text("ignore = 5\n", encoding="utf-8")
    uri = opened(sent, tmp_path / "train.py", FAULT)
    await until(lambda: sent.messages)
    typed(sent, uri, FAULT + "print(1)\n")
    await shown(sent, uri, 0)
    await asyncio.sleep(0.5)
    [told] = sent.messages
    assert "trainlint.toml" in told.message
    settings.write_text("ignore = []\n", encoding="utf-8")
    event = types.FileEvent(settings.as_uri(), types.FileChangeType.Changed)
    sent.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    await shown(sent, uri, 1)
    settings.write_text('ignore = ["TRN504"]\n', encoding="utf-8")
    sent.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
    await shown(sent, uri, 0)


@pytest.mark.asyncio
async def test_a_place_in_a_file_that_is_not_open_is_a_link_to_it(sent: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("from torch import nn\n\nhead = nn.Linear(32, 1)\n", encoding="utf-8")
    text = TRAINS.replace("from net import rate", "from net import head").replace("lr=rate", "lr=0.01")
    text = text.replace("torch.nn.Linear(8, 1)", "torch.nn.Sequential(torch.nn.Linear(8, 32), head)")
    text = text.replace(
        "model(torch.ones(4, 8)).mean()", "torch.nn.functional.mse_loss(model(torch.ones(4, 8)), torch.ones(4, 1))"
    )
    uri = opened(sent, tmp_path / "train.py", text)
    await until(lambda: sent.diagnostics.get(uri))
    related = [one for found in sent.diagnostics[uri] for one in found.related_information or ()]
    places = {(one.location.uri, one.location.range.start.line) for one in related}
    assert ((tmp_path / "net.py").as_uri(), 2) in places


@pytest.mark.asyncio
async def test_where_nothing_is_known_there_is_no_hover_hint_or_lens(code: LanguageClient, tmp_path: Path) -> None:
    document = types.TextDocumentIdentifier(
        opened(code, tmp_path / "one" / "train.py", TRAINS.replace("from net import rate", ""))
    )
    broken = types.TextDocumentIdentifier(opened(code, tmp_path / "one" / "broken.py", "def (:\n"))
    assert await code.text_document_hover_async(types.HoverParams(document, types.Position(0, 0))) is None
    assert await code.text_document_hover_async(types.HoverParams(broken, types.Position(0, 0))) is None
    assert not await code.text_document_inlay_hint_async(types.InlayHintParams(document, everywhere()))
    assert not await code.text_document_inlay_hint_async(types.InlayHintParams(broken, everywhere()))
    assert not await code.text_document_code_lens_async(types.CodeLensParams(broken))
    [lens] = await code.text_document_code_lens_async(types.CodeLensParams(document)) or ()
    assert lens.command is not None
    assert lens.command.title.startswith("λ not known")


@pytest.mark.asyncio
async def test_folders_that_are_added_bring_their_settings(code: LanguageClient, tmp_path: Path) -> None:
    uri = opened(code, tmp_path / "two" / "train.py", FAULT)
    await shown(code, uri, 1)
    (tmp_path / "two" / "trainlint.toml").write_text('ignore = ["TRN504"]\n', encoding="utf-8")
    new = types.WorkspaceFolder((tmp_path / "two").as_uri(), "two")
    code.workspace_did_change_workspace_folders(
        types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent([new], []))
    )
    await shown(code, uri, 0)
