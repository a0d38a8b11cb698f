"""The one command that runs the user's script: only when the user says yes."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.server.editors import CONFIGURATION, FAULT, begin, opened, until

RUN = {
    "facts": {"location": {"row": 7}, "stability": {"sharpness": 247.0, "max_learning_rate": 2 / 247, "ratio": 1.235}},
    "measured": {"failure": None},
}
ANSWER = {"ending": "stopped", "runs": [RUN], "findings": [{"code": "TRN101", "message": "too large", "evidence": "measured"}]}
SUBSTITUTE = """\
#!{python}
import json, os, pathlib, sys, time
pathlib.Path({log!r}).write_text(json.dumps([sys.argv[1:], os.getcwd()]))
time.sleep({seconds})
print({answer!r})
sys.exit({answer!r} and "a complaint")
"""


@dataclass
class Session:
    """A session in which one answer is given to all questions; a substitute stands for `python -m trainlint probe`."""

    client: LanguageClient
    uri: str
    called: Path
    questions: list[str] = field(default_factory=list)

    async def probe(self) -> object:
        return await self.client.workspace_execute_command_async(types.ExecuteCommandParams("trainlint.probe", [self.uri, 2]))

    @property
    def told(self) -> list[str]:
        return [one.message for one in self.client.messages]


@asynccontextmanager
async def session(folder: Path, reply: str | None, answer: str = json.dumps(ANSWER), seconds: int = 0) -> AsyncIterator[Session]:
    program, called = folder / "python", folder / "called"
    program.write_text(
        SUBSTITUTE.format(python=sys.executable, log=str(called), seconds=seconds, answer=answer), encoding="utf-8"
    )
    program.chmod(0o755)
    start = f"import sys; sys.executable = {str(program)!r}; from trainlint.__main__ import main; sys.exit(main(['server']))"
    configuration = ClientServerConfig(server_command=[sys.executable, "-c", start], server_env=CONFIGURATION.server_env)
    client = await configuration.start()
    assert isinstance(client, LanguageClient)
    project = folder / "project"
    (project / "src").mkdir(parents=True)
    (project / "src" / "train.py").write_text(FAULT, encoding="utf-8")
    questions: list[str] = []

    @client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def asked(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        questions.append(params.message)
        return next((one for one in params.actions or () if one.title == reply), None)

    try:
        await begin(client, "visual-studio-code", project)
        yield Session(client, opened(client, project / "src" / "train.py", FAULT), called, questions)
        await client.shutdown_session()
    finally:
        await client.stop()


@pytest.mark.asyncio
@pytest.mark.parametrize("reply", ["Cancel", None])
async def test_nothing_runs_without_a_yes(tmp_path: Path, reply: str | None) -> None:
    async with session(tmp_path, reply) as one:
        assert await one.probe() is None
        [question] = one.questions
        assert "runs train.py on this machine" in question
        assert not one.called.exists()


@pytest.mark.asyncio
async def test_a_yes_runs_the_probe_with_progress_and_tells_what_was_measured(tmp_path: Path) -> None:
    async with session(tmp_path, "Run the script") as one:
        await one.probe()
        script = tmp_path / "project" / "src" / "train.py"
        words, folder = json.loads(one.called.read_text(encoding="utf-8"))
        assert words == ["-m", "trainlint", "probe", str(script), "--runs", "2", "--output-format", "json"]
        assert folder == str(tmp_path / "project")
        await until(lambda: one.told)
        assert "train.py:7: λ 247, bound 0.0081; the script's learning rate is 1.2 times that." in one.told[0]
        assert "TRN101 too large" in one.told[0]
        [reports] = one.client.progress_reports.values()
        kinds = [getattr(report, "kind", "") for report in reports]
        assert kinds == ["begin", "end"]


@pytest.mark.asyncio
async def test_a_probe_can_be_cancelled(tmp_path: Path) -> None:
    async with session(tmp_path, "Run the script", seconds=60) as one:
        answer = one.client.workspace_execute_command_async(types.ExecuteCommandParams("trainlint.probe", [one.uri]))
        task = asyncio.ensure_future(answer)
        await until(lambda: any(one.client.progress_reports.values()) and one.called.exists())
        [token] = one.client.progress_reports
        one.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        assert await task is None
        await until(lambda: one.told)
        assert "was cancelled" in one.told[0]


@pytest.mark.asyncio
async def test_a_probe_that_fails_says_why(tmp_path: Path) -> None:
    async with session(tmp_path, "Run the script", answer="no JSON") as one:
        assert await one.probe() is None
        await until(lambda: one.told)
        assert one.told[0].endswith("the probe of train.py failed: a complaint")


@pytest.mark.asyncio
async def test_changes_that_are_not_saved_are_spoken_of(tmp_path: Path) -> None:
    async with session(tmp_path, None) as one:
        change = types.TextDocumentContentChangeWholeDocument(FAULT + "\n")
        document = types.VersionedTextDocumentIdentifier(2, one.uri)
        one.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        await one.probe()
        assert "Changes that are not saved do not count." in one.questions[0]
