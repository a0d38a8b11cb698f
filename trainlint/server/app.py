"""The server: what the editor asks, and when files are checked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from trainlint import __version__
from trainlint.registry import RuleError, all_rules
from trainlint.server.documents import Checked, check, owner_of, path_of, text_of
from trainlint.server.features import EXPLAIN, actions, diagnostics, hints, hover
from trainlint.settings import Settings, SettingsError, settings_for
from trainlint.source.ignore import Patterns
from trainlint.workspace import Project, root_of

QUIET_SECONDS = 0.05
"""A check starts when nobody typed for so long: no check is made of what is gone a moment later."""

NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")])]
)
SETTINGS_FILES = ("pyproject.toml", "trainlint.toml")


class TrainlintServer(LanguageServer):
    """Checks of the open files and notebooks; each text is checked once, whoever asks."""

    def __init__(self) -> None:
        super().__init__("trainlint", __version__, notebook_document_sync=NOTEBOOKS)
        self._checked: dict[str, Checked] = {}
        self._projects: dict[Path, Project] = {}
        self._busy = asyncio.Lock()
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._complaint = ""

    async def checked(self, uri: str) -> Checked | None:
        """The check of what a document is part of, as it stands; None where the settings cannot be meant or exclude it."""
        owner = owner_of(self.workspace, uri)
        async with self._busy:
            known = self._checked.get(owner)
            if known is not None and known.text == text_of(self.workspace, owner):
                return known
            try:
                settings = self._settings(owner)
                found = (
                    None
                    if settings is None
                    else await asyncio.to_thread(check, self.workspace, owner, settings, self._project(owner))
                )
            except (SettingsError, RuleError) as error:
                self._complain(str(error))
                return None
            self._complaint = ""
            if found is not None:
                self._checked[owner] = found
            return found

    def _settings(self, uri: str) -> Settings | None:
        """The settings that hold for a file; None if they exclude it."""
        path = path_of(uri)
        settings = settings_for(Path.cwd() if path is None else path)
        excluded = path is not None and Patterns(settings.exclude, settings.root or Path()).verdict(path, is_folder=False)
        return None if excluded else replace(settings, rules=())

    def _project(self, uri: str) -> Project | None:
        path = path_of(uri)
        if path is None:
            return None
        root = root_of(path)
        return self._projects.setdefault(root, Project(root))

    def _complain(self, sentence: str) -> None:
        """Say once what is wrong with the settings."""
        if sentence != self._complaint:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"trainlint: {sentence}"))
        self._complaint = sentence

    def pulls(self) -> bool:
        """Whether the editor asks for diagnostics itself; it would show those that are sent unasked twice."""
        document = self.client_capabilities.text_document
        return document is not None and document.diagnostic is not None

    def changed(self, uri: str) -> None:
        """A document changed: check it when it has been quiet for a moment, unless the editor will ask."""
        if self.pulls():
            return
        owner = owner_of(self.workspace, uri)
        waiting = self._waiting.pop(owner, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[owner] = asyncio.get_running_loop().create_task(self._publish_soon(owner))

    async def _publish_soon(self, owner: str) -> None:
        await asyncio.sleep(QUIET_SECONDS)
        found = await self.checked(owner)
        for uri in self.documents_of(owner):
            shown = [] if found is None else diagnostics(found, uri)
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown))

    def documents_of(self, owner: str) -> Iterator[str]:
        """The documents of a file or notebook."""
        notebook = self.workspace.get_notebook_document(notebook_uri=owner)
        if notebook is None:
            yield owner
        else:
            yield from (cell.document for cell in notebook.cells)

    def closed(self, uris: list[str]) -> None:
        """Forget documents; nothing is shown of them any more."""
        for uri in uris:
            self._checked.pop(uri, None)
            waiting = self._waiting.pop(uri, None)
            if waiting is not None:
                waiting.cancel()
            if not self.pulls():
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def forget(self) -> None:
        """Other files or the settings changed: what was checked may be judged otherwise now."""
        self._checked.clear()
        self._projects.clear()
        if self.pulls():
            self.workspace_diagnostic_refresh(None)
        else:
            for uri in [*self.workspace.text_documents, *self.workspace.notebook_documents]:
                if self.workspace.get_notebook_document(cell_uri=uri) is None:
                    self.changed(uri)


def make_server() -> TrainlintServer:
    """A server with all its features."""
    server = TrainlintServer()
    _follow(server)
    _answer(server)
    return server


def _follow(server: TrainlintServer) -> None:
    """What the editor tells."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(_: types.DidSaveTextDocumentParams) -> None:
        server.forget()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.closed([params.text_document.uri])

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    async def notebook_opened(params: types.DidOpenNotebookDocumentParams) -> None:
        server.changed(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    async def notebook_changed(params: types.DidChangeNotebookDocumentParams) -> None:
        server.changed(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    async def notebook_closed(params: types.DidCloseNotebookDocumentParams) -> None:
        server.closed([params.notebook_document.uri, *(one.uri for one in params.cell_text_documents)])

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(_: types.DidChangeConfigurationParams) -> None:
        server.forget()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
        server.forget()


def _answer(server: TrainlintServer) -> None:
    """What the editor asks."""

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC, types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False)
    )
    async def pulled(params: types.DocumentDiagnosticParams) -> types.RelatedFullDocumentDiagnosticReport:
        found = await server.checked(params.text_document.uri)
        return types.RelatedFullDocumentDiagnosticReport([] if found is None else diagnostics(found, params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        found = await server.checked(params.text_document.uri)
        return None if found is None else hover(found, params.text_document.uri, params.position)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    async def acted(params: types.CodeActionParams) -> list[types.CodeAction]:
        found = await server.checked(params.text_document.uri)
        return [] if found is None else list(actions(found, params.text_document.uri, params.range))

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def hinted(params: types.InlayHintParams) -> list[types.InlayHint]:
        found = await server.checked(params.text_document.uri)
        return [] if found is None else hints(found, params.text_document.uri, params.range)

    @server.command(EXPLAIN)
    def explain(code: Any = "") -> str:
        """The documentation of a rule, as Markdown."""
        documentation = next(
            (one.documentation.strip() for one in all_rules() if one.code == code), f"There is no rule {code!r}."
        )
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, documentation.partition("\n")[0]))
        return documentation
