"""`trainlint server`: answer an editor over stdin and stdout."""

from __future__ import annotations

from collections.abc import Sequence

from trainlint.cli.arguments import Parser, UsageError

SUMMARY = "answer an editor (Language Server Protocol)"


def parser() -> Parser:
    """What the command line may say."""
    made = Parser("server", "Answer an editor over stdin and stdout in the Language Server Protocol.")
    made.add_argument("--stdio", action="store_true", help="what editors say to mean stdin and stdout, which is so anyway")
    return made


def main(arguments: Sequence[str]) -> int:
    """Serve until the editor says exit.

    Raises:
        UsageError: the command line cannot be meant, or the extra `lsp` is not installed.
    """
    parser().parse(arguments)
    try:
        from trainlint.server.app import make_server
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] in ("pygls", "lsprotocol"):
            raise UsageError("the editor server needs an extra: pip install 'trainlint[lsp]'") from None
        raise
    make_server().start_io()
    return 0
