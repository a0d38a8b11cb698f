"""What is fuzzed: each target takes bytes and must end without an exception, whatever they are.

`python -m tests.fuzz.targets TARGET [libFuzzer options, such as -runs=1000000] [CORPUS]` fuzzes one with atheris (`pip install atheris`).
"""

from __future__ import annotations

import ast
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path


def read_code(data: bytes) -> None:
    """Decode a file, find its suppressions, screen it."""
    from trainlint.source.read import Source, decode
    from trainlint.source.screen import may_train
    from trainlint.source.suppress import find_suppressions

    source = decode(data, None, "train.py")
    if isinstance(source, Source):
        find_suppressions(source)
        may_train(source)


def read_notebook(data: bytes) -> None:
    """Decode a notebook, map its cells, find its suppressions; and one that holds the data as its cells."""
    from trainlint.source.read import Source, decode
    from trainlint.source.screen import may_train
    from trainlint.source.suppress import find_suppressions

    texts = data.decode("utf-8", "replace").split("\0")
    cells = [{"cell_type": "code", "metadata": {}, "source": text} for text in texts]
    for written in (data, json.dumps({"cells": cells, "nbformat": 4}).encode()):
        source = decode(written, None, "train.ipynb")
        if isinstance(source, Source):
            find_suppressions(source)
            may_train(source)
            assert sum(cell.rows for cell in source.cells) <= len(source.lines)


def read_suppressions(data: bytes) -> None:
    """Comments of any text: what suppresses, what is unused, what is added, each without a change of the code around them."""
    from trainlint.core import Span
    from trainlint.fixes.changes import Change, Refused, applied, offsets
    from trainlint.source.lines import RowTable
    from trainlint.source.read import read_text
    from trainlint.source.suppress import find_suppressions, row_to_ignore, rows_inside_strings, to_ignore

    source = read_text(data.decode("utf-8", "replace"), "train.py")
    table, last = RowTable(source.text), len(source.lines)
    code = code_of(source.text)
    found = find_suppressions(source)
    for edits in {one.edits for one in found.unused({"TRN1"}, {"TRN1"})}:
        changes = [Change(*offsets(edit.span, table, len(source.text)), edit.content) for edit in edits]
        with contextlib.suppress(Refused):  # two directives in one comment
            assert code in (None, code_of(applied(source.text, changes)))
    if code is None:
        return
    inside = rows_inside_strings(source.text)
    for first in range(1, last + 1):
        row = row_to_ignore(source, Span("train.py", first, 1, last, 1), inside)
        if row is not None:
            start = table.starts[row - 1]
            end = start + len(source.lines[row - 1])
            text = source.text[:end] + to_ignore(source.text[start:end], "TRN2") + source.text[end:]
            assert find_suppressions(read_text(text, "train.py")).covers("TRN2", first, last), (first, row)
            assert code_of(text) == code


def code_of(text: str) -> str | None:
    """What a text means without its comments; None if it is no Python."""
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def read_settings(data: bytes, folder: Path) -> None:
    """Read a settings file: settings, or one sentence."""
    from trainlint.settings import SettingsError, settings_in

    file = folder / "trainlint.toml"
    file.write_bytes(data)
    with contextlib.suppress(SettingsError):
        settings_in(file)


def check_script(data: bytes) -> None:
    """Check a whole script: nothing of ours may fail."""
    from trainlint.engine import check_source
    from trainlint.settings import Settings
    from trainlint.source.read import decode

    result = check_source(decode(b"import torch, keras\n" + data, None, "train.py"), Settings(preview=True))
    assert not result.failed, result.findings


def targets(folder: Path) -> Mapping[str, Callable[[bytes], None]]:
    """The targets by name; `folder` is where a file may be written."""
    settings = partial(read_settings, folder=folder)
    return {
        "code": read_code,
        "notebook": read_notebook,
        "suppressions": read_suppressions,
        "settings": settings,
        "check": check_script,
    }


def main(arguments: list[str]) -> None:
    """Fuzz one target until libFuzzer ends."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["trainlint"]), tempfile.TemporaryDirectory() as folder:
        target = targets(Path(folder))[arguments[0]]
        target(b"")  # load what it needs, instrumented
        atheris.Setup([sys.argv[0], *arguments[1:]], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
