"""Notebooks: the Python cells of nbformat 4 joined to one text, row by row and column by column where they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from trainlint.source.lines import NEWLINE, split_rows
from trainlint.source.read import Cell, Source, Unreadable, read_text
from trainlint.source.scan import STRUCTURE, tokens

PYTHON_CELL_MAGICS = frozenset({"capture", "prun", "snakeviz", "time", "timeit"})
"""Cell magics whose cell is Python that runs in the notebook's own namespace; the cells of all others are left out."""

_LINE_MAGIC = re.compile(r"([ \t]*)[%!?]")
_TIME = re.compile(r"([ \t]*)%time[ \t](?=[ \t]*[\w(\[])(?![ \t]*(?:for|if|while|with|try|def|class|async|match)\b)")
_ASSIGNED_MAGIC = re.compile(r"([\w., \t\[\]]+=[ \t]*)[%!]")
_COMMAND = (
    r"(?:ls|ll|cd|pwd|cat|cp|mv|rm|mkdir|rmdir|less|more|man|pip|conda|mamba|uv)[ \t]+"
    r"(?:-[\w-]|(?!(?:and|or|not|in|is|if|else|for)\b)[\w./~$\"'{])"
)
"""What IPython takes for a command without a `%`: its name at the start of a line, and no operator behind it."""
_AUTOMATIC = re.compile(rf"([ \t]*){_COMMAND}")
_AUTOMATIC_ROW = re.compile(rf"^[ \t]*{_COMMAND}", re.MULTILINE)
_INDENTED = re.compile(r"(?:[ \t]*\r?\n)*[ \t]+(?=\S)(?:#[^\n]*\n(?:[ \t]*\n)*[ \t]+(?=\S))*[^#\s]")
_HELP = re.compile(r"([ \t]*)[\w.*\[\]]+\?{1,2}[ \t]*\Z")


def read_notebook(data: bytes, filename: str, path: Path | None, limit: int) -> Source | Unreadable:
    """The source of a notebook's Python cells; of a notebook for another language, an empty source."""
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_int=_small_int)
    except (ValueError, RecursionError, MemoryError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        return Unreadable.because(filename, "is not a notebook (no JSON)")
    if not isinstance(document, dict):
        return Unreadable.because(filename, "is not a notebook (no JSON object)")
    version = document.get("nbformat")
    if version != 4:
        return Unreadable.because(filename, _wrong_version(version))
    cells = document.get("cells")
    if not isinstance(cells, list):
        return Unreadable.because(filename, "is not a notebook (it has no list of cells)")
    source = _joined(cells if _is_python(document.get("metadata")) else [], filename, path)
    if len(source.text) > limit:
        return Unreadable.because(filename, f"has {len(source.text):,} characters of code, more than the limit of {limit:,}")
    return source


def _small_int(digits: str) -> int:
    # Only the format's version is looked at; a number of a million digits would take minutes to read.
    return int(digits) if len(digits) < 10 else 0


def _wrong_version(version: object) -> str:
    if isinstance(version, int) and version in (1, 2, 3):
        return f"is a notebook of format {version}: save it as format 4 (`jupyter nbconvert --to notebook`)"
    return "is not a notebook of format 4"


def _is_python(metadata: object) -> bool:
    language: object = None
    for section, key in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(section) if isinstance(metadata, dict) else None
        language = language or (entry.get(key) if isinstance(entry, dict) else None)
    return not isinstance(language, str) or language.lower() in ("python", "ipython", "python3")


def _joined(cells: list[Any], filename: str, path: Path | None) -> Source:
    texts: list[str] = []
    places: list[Cell] = []
    row = 1
    for number, cell in enumerate(cells, start=1):
        text = _code(cell)
        if text is None:
            continue
        text = plain_python(text)
        if text.endswith("\r"):  # which with the line end between cells would be one line end, not two
            text = text[:-1] + "\n"
        if _INDENTED.match(text):  # IPython takes the indentation of its first line off a cell: a block of its own does the same
            texts.append("if 1:")
            row += 1
        rows = len(NEWLINE.findall(text)) + 1
        places.append(Cell(number, row, rows))
        texts.append(text)
        row += rows
    joined = read_text("\n".join(texts), filename)
    return Source(filename, path, joined.text, newline=joined.newline, cells=tuple(places))


def _code(cell: object) -> str | None:
    """The text of a Python code cell."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return None
    metadata = cell.get("metadata")
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    if isinstance(editor, dict) and editor.get("languageId", "python") != "python":
        return None
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else None


def plain_python(text: str) -> str:
    """A cell without IPython's own syntax. Rows stay, and so do the columns of all that is Python."""
    first = re.match(r"\s*%%(\w*).*", text)
    if first and first[1] not in PYTHON_CELL_MAGICS:
        return "\n" * (len(split_rows(text)) - 1)
    if first:
        text = re.sub(r"[^\r\n]", "", text[: first.end()]) + text[first.end() :]
    if not re.search(r"[%!?]", text) and not _AUTOMATIC_ROW.search(text):
        return text
    pieces: list[str] = []
    position = 0
    continued = False
    while position < len(text):
        line_end = _end_of_line(text, position)
        line = text[position:line_end]
        rewritten = "" if continued else _rewritten(line)
        continued = rewritten is not None and line.endswith("\\")  # `!pip install \` goes on in the next line
        if rewritten is None:
            line_end = _end_of_logical_line(text, position)
            rewritten = text[position:line_end]
        newline = NEWLINE.match(text, line_end)
        pieces += [rewritten, newline[0] if newline else ""]
        position = newline.end() if newline else line_end
    return "".join(pieces)


def _end_of_line(text: str, position: int) -> int:
    match = NEWLINE.search(text, position)
    return match.start() if match else len(text)


def _end_of_logical_line(text: str, position: int) -> int:
    depth = 0
    for kind, start, _ in tokens(text, position, STRUCTURE):
        depth += (kind == "open") - (kind == "close")
        if kind == "newline" and depth <= 0:
            return start
    return len(text)


def _rewritten(line: str) -> str | None:
    """What stands for a line that is no Python; None for one that is."""
    # `%time f()` runs f in the notebook's namespace: `if 1: f()` is as long and does the same.
    if timed := _TIME.match(line):
        return f"{timed[1]}if 1: {line[timed.end() :]}"
    if magic := _LINE_MAGIC.match(line) or _AUTOMATIC.match(line) or _HELP.match(line):
        return f"{magic[1]}pass"
    if assigned := _ASSIGNED_MAGIC.match(line):
        return f"{assigned[1]}get_ipython()"  # a name that nothing defines: what the command gives is unknown
    return None
