"""`trainlint.probe`: the one command of the server that runs the user's script, in a process of its own, after asking."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from trainlint.server.documents import path_of
from trainlint.wording import figure

YES, NO = "Run the script", "Cancel"
LONGEST_COMPLAINT = 500


async def probe(server: LanguageServer, uri: str, runs: int = 1) -> dict[str, Any] | None:
    """Ask, probe so many trainings of a document's file, and tell what was measured.

    The answer of `trainlint probe`, None if there is none.
    """
    path = path_of(uri)
    if path is None or not path.is_file():
        _tell(server, types.MessageType.Error, "a probe runs a script: save the file first")
        return None
    if not await _wants(server, path, is_saved=_is_saved(server, uri, path)):
        return None
    async with _Progress(server, f"Probing {path.name}") as progress:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trainlint", "probe", str(path), "--runs", str(runs), "--output-format", "json"),
            cwd=_folder(server, path),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        answer = asyncio.ensure_future(process.communicate())
        ends: list[asyncio.Future[Any]] = [answer, progress.cancelled]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            process.terminate()
        out, err = await answer
    if progress.cancelled.done():
        _tell(server, types.MessageType.Info, f"the probe of {path.name} was cancelled")
        return None
    return _told(server, path, out.decode(errors="replace"), err.decode(errors="replace"), process.returncode or 0)


def _folder(server: LanguageServer, path: Path) -> Path:
    """Where a script is run: the workspace folder that it is in, as editors do, else its own."""
    folders = [one for uri in server.workspace.folders if (one := path_of(uri)) is not None and path.is_relative_to(one)]
    return max(folders, key=lambda one: len(one.parts), default=path.parent)


def _is_saved(server: LanguageServer, uri: str, path: Path) -> bool:
    document = server.workspace.text_documents.get(uri)
    return document is None or document.source.encode("utf-8", "replace") == path.read_bytes()


async def _wants(server: LanguageServer, path: Path, is_saved: bool) -> bool:
    """Whether the user lets the script be run; an editor that cannot ask does not."""
    unsaved = "" if is_saved else " Changes that are not saved do not count."
    question = (
        f"A probe runs {path.name} on this machine, with its own data and everything it does before its first training step, "
        f"and stops it there.{unsaved} Run it?"
    )
    actions = [types.MessageActionItem(YES), types.MessageActionItem(NO)]
    asked = types.ShowMessageRequestParams(types.MessageType.Warning, question, actions)
    answer = await server.window_show_message_request_async(asked)
    return answer is not None and answer.title == YES


def _told(server: LanguageServer, path: Path, out: str, err: str, code: int) -> dict[str, Any] | None:
    """Tell what came of a probe."""
    try:
        answer = json.loads(out)
        runs = answer["runs"]
        sentences = [f"{path.name}:{run['facts']['location']['row']}: {_sentence(run)}" for run in runs]
    except (ValueError, KeyError, TypeError):
        reason = err.strip()[-LONGEST_COMPLAINT:] or f"it ended with {code} and said nothing"
        _tell(server, types.MessageType.Error, f"the probe of {path.name} failed: {reason}")
        return None
    measured = [f"{one['code']} {one['message']}" for one in answer.get("findings", ()) if one.get("evidence") == "measured"]
    said = [*sentences, *measured] or [f"no training was seen in {path.name} ({answer.get('ending')})"]
    _tell(server, types.MessageType.Warning if measured or not runs else types.MessageType.Info, " ".join(said))
    return dict(answer)


def _sentence(run: dict[str, Any]) -> str:
    """What the probe measured of one run."""
    failure, stability = run["measured"].get("failure"), run["facts"].get("stability")
    if failure is not None:
        return f"not measured: {failure}."
    if stability is None:
        return "measured, but no bound follows from it."
    bound, ratio = figure(stability["max_learning_rate"]), figure(stability["ratio"])
    return f"λ {figure(stability['sharpness'])}, bound {bound}; the script's learning rate is {ratio} times that."


def _tell(server: LanguageServer, kind: types.MessageType, sentence: str) -> None:
    server.window_show_message(types.ShowMessageParams(kind, f"trainlint: {sentence}"))


class _Progress:
    """Work-done progress with a button to cancel, where the editor can show it; `cancelled` is done when it was pressed."""

    def __init__(self, server: LanguageServer, title: str) -> None:
        self._server, self._title = server, title
        self._token = str(uuid4())
        window = server.client_capabilities.window
        self._is_shown = window is not None and bool(window.work_done_progress)
        self.cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> _Progress:
        if self._is_shown:
            progress = self._server.work_done_progress
            await progress.create_async(self._token)
            progress.begin(self._token, types.WorkDoneProgressBegin(self._title, cancellable=True))
            loop = asyncio.get_running_loop()
            progress.tokens[self._token].add_done_callback(lambda _: loop.call_soon_threadsafe(self._cancel))
        return self

    def _cancel(self) -> None:
        if not self.cancelled.done():
            self.cancelled.set_result(None)

    async def __aexit__(self, *_: object) -> None:
        if self._is_shown:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd())
