"""From a keystroke to its diagnostics: `python -m tests.benchmarks.bench_keystroke [SCRIPT ...]` prints a Markdown table.

A real server is sent one edit after the other, each a character typed or taken away somewhere in the script, and the time from
`textDocument/didChange` to `textDocument/publishDiagnostics` of that version is taken: with the pause that the server makes to see
whether typing goes on, which a user waits for too, and without it. Beside it the time of LibCST's parser alone on the same text, and, on
Linux, the CPU time of the server for an edit, which other work on the machine disturbs less. Without scripts three of 500 rows are made up: one of many small functions and a training, one as people write them,
with most of the code in a few classes and a `main`, and as the worst case one that trains 34 models. "broken" are edits after which the script does not parse. pytest does not collect
this file.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import libcst
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.benchmarks.scripts import as_people_write, many_functions, many_trainings

PAUSE = "import sys; from trainlint.server import app; app.QUIET_SECONDS = {seconds}; from trainlint.__main__ import main; "
PAUSE += "sys.exit(main(['server']))"
MADE_UP = {"many functions": many_functions, "as people write": as_people_write, "34 trainings": many_trainings}
BETWEEN_EDITS = 0.15
"""Seconds between two edits: who types fast makes some seven strokes a second."""


class Times(NamedTuple):
    """Milliseconds: medians over the edits that parse and those that do not, and the mean CPU time of one that parses."""

    whole: float
    broken: float
    cpu: float


class Row(NamedTuple):
    """A script, milliseconds of the bare parser, and the times without and with the pause."""

    name: str
    rows: int
    parse: float
    times: tuple[Times, Times]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scripts", nargs="*", type=Path)
    parser.add_argument("--edits", type=int, default=24)
    options = parser.parse_args(arguments)
    given = {path.name: path.read_text(encoding="utf-8") for path in options.scripts}
    scripts = given or {name: make(500) for name, make in MADE_UP.items()}
    sys.stdout.write(
        "| script | rows | parse alone | edit | edit + pause | broken edit | broken + pause | CPU of an edit |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    for name, text in scripts.items():
        row = asyncio.run(measured(name, text, options.edits))
        without, paused = row.times
        figures = (row.parse, without.whole, paused.whole, without.broken, paused.broken, without.cpu)
        cells = " | ".join(f"{one:.0f} ms" for one in figures)
        sys.stdout.write(f"| {row.name} | {row.rows} | {cells} |\n")
        sys.stdout.flush()


async def measured(name: str, text: str, count: int) -> Row:
    """One row of the table."""
    found = (await timed(text, count, 0.0), await timed(text, count, 0.05))
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        libcst.parse_module(text)
        times.append(time.perf_counter() - begun)
    return Row(name, text.count("\n"), 1000 * statistics.median(times), found)


async def timed(text: str, count: int, pause: float) -> Times:
    """The times with this pause of the server."""
    client = LanguageClient("bench", "0")
    seen: asyncio.Queue[int] = asyncio.Queue()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: types.PublishDiagnosticsParams) -> None:
        seen.put_nowait(params.version or 0)

    await client.start_io(sys.executable, "-c", PAUSE.format(seconds=pause))
    await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    uri = "file:///tmp/keystrokes/train.py"
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 0, text)))
    while await seen.get() != 0:
        pass
    version, medians, cpu = 0, [], []
    for typed in ("  # 1", "("):
        times, before = [], cpu_seconds(client)
        for change, parses in edits(text, count, typed):
            version += 1
            document = types.VersionedTextDocumentIdentifier(version, uri)
            begun = time.perf_counter()
            client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
            while await seen.get() != version:
                pass
            if parses == (typed != "("):
                times.append(time.perf_counter() - begun)
            await asyncio.sleep(BETWEEN_EDITS)
        medians.append(1000 * statistics.median(times))
        cpu.append(1000 * (cpu_seconds(client) - before) / (2 * count))
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return Times(medians[0], medians[1], cpu[0])


def cpu_seconds(client: LanguageClient) -> float:
    """The CPU time that the server has taken; not a number where the system does not tell."""
    process = client._server
    stat = Path(f"/proc/{process.pid}/stat") if process is not None else Path()
    if not stat.is_file():
        return math.nan
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def edits(text: str, count: int, typed: str) -> Iterator[tuple[types.TextDocumentContentChangePartial, bool]]:
    """So many edits spread over the script, each taken back by the next, and whether the script then parses."""
    rows = text.splitlines()
    places = [index for index, row in enumerate(rows) if row.rstrip()[-1:].isdigit() or row.rstrip().endswith(")")]
    for number in range(count):
        row = places[(number * 2 + 1) * len(places) // (2 * count)]
        end = len(rows[row].rstrip())
        here, behind = types.Position(row, end), types.Position(row, end + len(typed))
        yield types.TextDocumentContentChangePartial(types.Range(here, here), typed), typed != "("
        yield types.TextDocumentContentChangePartial(types.Range(here, behind), ""), True


if __name__ == "__main__":
    main()
