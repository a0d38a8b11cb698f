"""What the editor asks of the server, and the commands that it may give."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from lsprotocol import types

from trainlint.registry import all_rules
from trainlint.server.app import TrainlintServer
from trainlint.server.features import EXPLAIN, PROBE, actions, diagnostics, hints, hover, lenses
from trainlint.server.probing import probe


def add_answers(server: TrainlintServer) -> None:
    """Give a server its answers."""

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

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def lensed(params: types.CodeLensParams) -> list[types.CodeLens]:
        found = await server.checked(params.text_document.uri)
        return [] if found is None else lenses(found, params.text_document.uri)

    @server.command(EXPLAIN)
    async def explain(ls: TrainlintServer, *arguments: Any) -> str:
        """Show the documentation of the rule with this code, as Markdown, and return it."""
        code = arguments[0] if arguments else ""
        known = next((one for one in all_rules() if one.code == code), None)
        documentation = f"There is no rule {code!r}." if known is None else known.documentation.strip() + "\n"
        window = ls.client_capabilities.window
        if known is None or window is None or window.show_document is None or not window.show_document.support:
            ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, documentation))
        else:
            page = _folder_of_pages() / f"{known.code}.md"
            page.write_text(f"# {known.code} {known.name}\n\n{documentation}", encoding="utf-8")
            await ls.window_show_document_async(types.ShowDocumentParams(page.as_uri(), take_focus=True))
        return documentation

    @server.command(PROBE)
    async def probed(ls: TrainlintServer, *arguments: Any) -> dict[str, Any] | None:
        """Run the script with a uri to the first steps of some number of trainings (1), once the user has said yes."""
        uri = next((one for one in arguments if isinstance(one, str)), "")
        runs = next((one for one in arguments if isinstance(one, int) and one > 0), 1)
        return await probe(ls, uri, runs)


@cache
def _folder_of_pages() -> Path:
    """A folder for documentation that an editor shows; gone when the server ends."""
    folder = tempfile.TemporaryDirectory(prefix="trainlint-")
    atexit.register(folder.cleanup)
    return Path(folder.name)
