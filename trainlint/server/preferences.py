"""What the user set in the editor: the settings of a settings file, which stand above those of the file itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

SECTION = "trainlint"
OF_THE_EDITOR = frozenset({"interpreter", "trace"})
"""Settings of the section that speak to the editor's own part."""

WATCHED = ("**/pyproject.toml", "**/trainlint.toml", "**/*.py")
PATIENCE = 2.0
"""Seconds to wait for an editor that was asked for its settings."""


class Preferences:
    """The settings of the editor by workspace folder, asked for where it can be asked, else as it told them."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._told: Mapping[str, Any] = {}
        self._asked: dict[str, asyncio.Task[Mapping[str, Any]]] = {}

    def begin(self, options: Any) -> None:
        """Take what came with the editor's first request."""
        self._told = _table(options)

    def changed(self, given: Any) -> None:
        """Take what the editor told, and ask again where it can be asked."""
        self._asked.clear()
        if isinstance(given, Mapping) and isinstance(given.get(SECTION), Mapping):
            self._told = _table(given[SECTION])

    async def of(self, uri: str) -> Mapping[str, Any]:
        """The table that holds for a file."""
        workspace = self._server.client_capabilities.workspace
        if workspace is None or not workspace.configuration:
            return self._told
        folders = [one for one in self._server.workspace.folders if uri.startswith(one.rstrip("/") + "/")]
        folder = max(folders, key=len, default="")
        if folder not in self._asked:
            self._asked[folder] = asyncio.get_running_loop().create_task(self._ask(folder))
        return {**self._told, **await asyncio.shield(self._asked[folder])}

    async def _ask(self, folder: str) -> Mapping[str, Any]:
        item = types.ConfigurationItem(folder or None, SECTION)
        answer = self._server.workspace_configuration_async(types.ConfigurationParams([item]))
        try:
            found = await asyncio.wait_for(answer, PATIENCE)
        except (asyncio.TimeoutError, JsonRpcException):  # an editor that says it can be asked, and does not answer
            return {}
        return _table(found[0] if found else None)

    def register(self) -> None:
        """Ask to be told of changed settings and files, where the editor wants to be asked that."""
        workspace = self._server.client_capabilities.workspace
        wanted = []
        if (
            workspace is not None
            and workspace.did_change_watched_files
            and workspace.did_change_watched_files.dynamic_registration
        ):
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(one) for one in WATCHED])
            wanted.append(types.Registration(str(uuid4()), types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
        if (
            workspace is not None
            and workspace.did_change_configuration
            and workspace.did_change_configuration.dynamic_registration
        ):
            section = types.DidChangeConfigurationRegistrationOptions(SECTION)
            wanted.append(types.Registration(str(uuid4()), types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
        if wanted:
            self._server.client_register_capability(types.RegistrationParams(wanted))


def _table(given: Any) -> Mapping[str, Any]:
    """The settings that are set: an editor sends null for the others."""
    if not isinstance(given, Mapping):
        return {}
    return {key: value for key, value in given.items() if value is not None and key not in OF_THE_EDITOR}
