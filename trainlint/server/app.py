"""The server: what the editor tells and asks, and when files are checked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from trainlint import __version__
from trainlint.registry import RuleError
from trainlint.server.checks import Checks, Job
from trainlint.server.documents import Checked, RowWorkspace, Snapshot, open_files, owner_of, snapshot
from trainlint.server.features import diagnostics
from trainlint.server.preferences import Preferences
from trainlint.settings import SettingsError

QUIET_SECONDS = 0.05
"""A check starts when nobody typed for so long: no check is made of what is gone a moment later."""

NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")])]
)


class TrainlintServer(LanguageServer):
    """Checks of the open files and notebooks; each text is checked once, whoever asks."""

    def __init__(self) -> None:
        super().__init__("trainlint", __version__, notebook_document_sync=NOTEBOOKS)
        self.preferences = Preferences(self)
        self.quiet_seconds = QUIET_SECONDS
        self._checks = Checks()
        self._checked: dict[str, Checked] = {}
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._complaint = ""

    def use_rows(self) -> None:
        """Keep the documents by rows as the editor counts them. Called before any is opened."""
        self.protocol._workspace = RowWorkspace.like(self.workspace)

    async def checked(self, uri: str) -> Checked | None:
        """The check of what a document is part of, as it stands now; None where the settings cannot be meant."""
        owner = owner_of(self.workspace, uri)
        while True:
            preferences = await self.preferences.of(owner)
            now = snapshot(self.workspace, owner)
            known = self._checked.get(owner)
            if known is not None and known.holds_for(now):
                return known
            job = self._jobs.get(owner)
            if job is None or job.stale.is_set() or not _same(job.taken, now):
                self._give_up(owner)
                job = self._jobs[owner] = self._checks.start(now, preferences)
            try:
                found = await asyncio.shield(job.future)
            except (SettingsError, RuleError) as error:
                self._drop(owner, job)
                self._complain(str(error))
                return None
            self._drop(owner, job)
            self._complaint = ""
            if found is not None and not job.stale.is_set():
                self._checked[owner] = found

    def _drop(self, owner: str, job: Job) -> None:
        if self._jobs.get(owner) is job:
            del self._jobs[owner]

    def _give_up(self, owner: str) -> None:
        """What is being checked of a file is no longer wanted."""
        job = self._jobs.pop(owner, None)
        if job is not None:
            job.stale.set()

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
        """A document changed: what is being checked of it is stale, and so may be what imports it."""
        owner = owner_of(self.workspace, uri)
        self._give_up(owner)
        self._publish(owner)
        others = open_files(self.workspace) if len(self._checked) > 1 else {}
        for other, known in list(self._checked.items()):
            if other != owner and known.is_touched_by(others):
                self._publish(other)

    def _publish(self, owner: str) -> None:
        """Send the diagnostics when it has been quiet for a moment, unless the editor asks for them."""
        if self.pulls():
            return
        waiting = self._waiting.pop(owner, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[owner] = asyncio.get_running_loop().create_task(self._publish_soon(owner))

    async def _publish_soon(self, owner: str) -> None:
        await asyncio.sleep(self.quiet_seconds)
        found = await self.checked(owner)
        for uri in self.documents_of(owner):
            shown = [] if found is None else diagnostics(found, uri)
            version = self.workspace.get_text_document(uri).version
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def documents_of(self, owner: str) -> Iterator[str]:
        """The documents of a file or notebook."""
        notebook = self.workspace.get_notebook_document(notebook_uri=owner)
        if notebook is None:
            yield owner
        else:
            yield from (cell.document for cell in notebook.cells)

    def closed(self, uris: list[str]) -> None:
        """Forget documents; nothing is shown of them any more, and of what imports them the file counts again."""
        self._checks.forget()
        for uri in uris:
            self._give_up(uri)
            self._checked.pop(uri, None)
            waiting = self._waiting.pop(uri, None)
            if waiting is not None:
                waiting.cancel()
            if not self.pulls():
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def forget(self) -> None:
        """Other files or the settings changed: what was checked may be judged otherwise now."""
        self._checked.clear()
        self._checks.forget()
        for owner in list(self._jobs):
            self._give_up(owner)
        workspace = self.client_capabilities.workspace
        if self.pulls():
            if workspace is not None and workspace.diagnostics is not None and workspace.diagnostics.refresh_support:
                self.workspace_diagnostic_refresh(None)
        else:
            for uri in [*self.workspace.text_documents, *self.workspace.notebook_documents]:
                if self.workspace.get_notebook_document(cell_uri=uri) is None:
                    self._publish(uri)
        if workspace is not None and workspace.inlay_hint is not None and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if workspace is not None and workspace.code_lens is not None and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)


def _same(before: Snapshot, now: Snapshot) -> bool:
    return before.key == now.key and before.others == now.others


def make_server() -> TrainlintServer:
    """A server with all its features."""
    from trainlint.server.answers import add_answers

    server = TrainlintServer()
    _follow_documents(server)
    _follow_settings(server)
    add_answers(server)
    return server


def _follow_documents(server: TrainlintServer) -> None:
    """What the editor tells of its documents."""

    @server.feature(types.INITIALIZE)
    def begun(params: types.InitializeParams) -> None:
        server.use_rows()
        server.preferences.begin(params.initialization_options)

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


def _follow_settings(server: TrainlintServer) -> None:
    """What the editor tells of settings, folders and files that are not open."""

    @server.feature(types.INITIALIZED)
    async def ready(_: types.InitializedParams) -> None:
        server.preferences.register()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        given: Any = params.settings
        server.preferences.changed(given)
        server.forget()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders_changed(_: types.DidChangeWorkspaceFoldersParams) -> None:
        server.preferences.changed(None)
        server.forget()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        if any(one.uri not in server.workspace.text_documents for one in params.changes):  # of open ones we were told
            server.forget()
