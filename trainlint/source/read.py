"""From a file, a notebook or an editor's buffer to a `Source`. Nothing here raises: what cannot be read is `Unreadable`."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
import warnings
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

from trainlint.core import Span, dataclass
from trainlint.source.lines import NEWLINE, split_rows

DEFAULT_LIMIT = 5_000_000
"""Bytes of code in one file. LibCST reads about 0.4 MB of code a second: larger files are data that was written as code."""

NOTEBOOK_FACTOR = 10
"""A notebook's file may be this many times larger than code: most of it is pictures."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell. `number` counts all cells of the notebook from 1 (as ruff does), `first_row` is its row in the joined text."""

    number: int
    first_row: int
    rows: int


@dataclass(frozen=True)
class Source:
    """The text of one file.

    `filename` is the path as the user named it. `text` keeps its line ends and has no byte order mark. `newline` is the first
    line end of the text. `cells` is empty for anything but a notebook, whose Python cells `text` joins. `digest` names the bytes
    that were read, if there were any.
    """

    filename: str
    path: Path | None
    text: str
    encoding: str = "utf-8"
    newline: str = "\n"
    had_bom: bool = False
    cells: tuple[Cell, ...] = ()
    digest: str = field(default="", compare=False, repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The rows of `text`, without line ends."""
        return split_rows(self.text)

    def cell_position(self, row: int) -> tuple[int | None, int]:
        """The number of the cell that holds a row of the joined text and the row in it; (None, row) for what is no notebook."""
        for cell in reversed(self.cells):
            if row >= cell.first_row:
                return cell.number, row - cell.first_row + 1
        return None, row


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, and why ("is not text"): the end of a sentence that begins with the file's name."""

    filename: str
    reason: str
    span: Span

    @classmethod
    def because(cls, filename: str, reason: str) -> Unreadable:
        """With the span of the file's first character."""
        return cls(filename, reason, Span(filename, 1, 1, 1, 1))


def read(path: Path, filename: str | None = None, limit: int = DEFAULT_LIMIT) -> Source | Unreadable:
    """Read a Python file or a notebook (`.ipynb`). `limit` is in bytes of code."""
    name = str(path) if filename is None else filename
    is_notebook = path.suffix == ".ipynb"
    data = read_bytes(path, name, limit * NOTEBOOK_FACTOR if is_notebook else limit)
    return data if isinstance(data, Unreadable) else decode(data, path, name, limit)


def decode(data: bytes, path: Path | None, filename: str, limit: int = DEFAULT_LIMIT) -> Source | Unreadable:
    """The source in the bytes of a file; a name that ends in `.ipynb` is a notebook."""
    if filename.endswith(".ipynb"):
        from trainlint.source.notebook import read_notebook

        source = read_notebook(data, filename, path, limit)
    else:
        source = _decode_code(data, path, filename)
    return source if isinstance(source, Unreadable) else replace(source, digest=digest(data))


def read_text(text: str, filename: str, path: Path | None = None) -> Source:
    """The source in an editor's buffer: always plain Python text, whatever the file is called."""
    had_bom = text.startswith("\ufeff")
    text = _without_surrogates(text[1:] if had_bom else text)
    return Source(filename, path, text, newline=_first_newline(text), had_bom=had_bom)


def read_bytes(path: Path, filename: str, limit: int) -> bytes | Unreadable:
    """At most `limit` bytes of a regular file. Pipes, devices and sockets are never opened."""
    try:
        # The first look avoids opening what must not be opened; the second is for a file that was exchanged in between,
        # and O_NONBLOCK keeps the open itself from waiting for a pipe's writer.
        problem = _why_not_read(path.stat(), limit)
        if problem:
            return Unreadable.because(filename, problem)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:  # noqa: PTH123 (a Path cannot open a descriptor)
            problem = _why_not_read(os.fstat(descriptor), limit)
            data = b"" if problem else file.read(limit + 1)
    except (OSError, ValueError, MemoryError) as error:
        return Unreadable.because(filename, _words(error))
    if len(data) > limit:
        problem = f"has more than the limit of {_megabytes(limit)}"
    return Unreadable.because(filename, problem) if problem else data


def digest(data: bytes) -> str:
    """The name of a content: two files with one name are the same."""
    return hashlib.sha256(data).hexdigest()


def _why_not_read(status: os.stat_result, limit: int) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "is a folder"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if status.st_size > limit:
        return f"has {_megabytes(status.st_size)}, more than the limit of {_megabytes(limit)}"
    return ""


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size:,} bytes"


def _words(error: OSError | ValueError | MemoryError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "may not be read: permission denied"
    detail = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be read: {detail or type(error).__name__}"


_CODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"[ \t\f]*(?:#.*)?\Z")
_BYTE_LINE = re.compile(rb"\r\n?|\n")
_NO_SOURCE_CODECS = frozenset({"idna", "punycode", "undefined"})
_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def coding_name(data: bytes) -> str | None:
    """What the coding line of PEP 263 names, or None; a second line counts only below a blank or comment line."""
    for line in _BYTE_LINE.split(data[:1000], maxsplit=2)[:2]:
        match = _CODING.match(line)
        if match:
            return match[1].decode("ascii", "replace")
        if not _BLANK.match(line):
            break
    return None


def _decode_code(data: bytes, path: Path | None, filename: str) -> Source | Unreadable:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return Unreadable.because(filename, f"is {name}, which Python does not read: save it as UTF-8")
    had_bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if had_bom else data
    if b"\0" in body:
        return Unreadable.because(filename, "is not text (it holds NUL bytes)")
    named = coding_name(body)
    encoding = _codec(named or "utf-8")
    if encoding is None:
        return Unreadable.because(filename, f"names an encoding that does not exist: {named}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of `unicode_escape` about its escapes
            text = body.decode(encoding)
    except (LookupError, ValueError) as error:  # UnicodeError is a ValueError
        return Unreadable.because(filename, _undecodable(error, body, named))
    text = _without_surrogates(text)
    return Source(filename, path, text, encoding, _first_newline(text), had_bom)


def _codec(name: str) -> str | None:
    """The codec's own name; None for what is no encoding of text, or none that source code may be in."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # `hex`, `zlib` and their kind turn bytes into bytes (zlib without bound); CPython refuses them in the same way.
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name not in _NO_SOURCE_CODECS else None


def _undecodable(error: LookupError | ValueError, body: bytes, named: str | None) -> str:
    row = ""
    if isinstance(error, UnicodeDecodeError):
        row = f" in row {len(_BYTE_LINE.findall(body[: error.start])) + 1}"
    if named is None:
        return f"is not UTF-8{row} and has no coding line that names another encoding"
    return f"is not {named}{row}, although its coding line says so"


def _without_surrogates(text: str) -> str:
    r"""Lone surrogates (from `\ud800` in a notebook's JSON or an editor's buffer) cannot be encoded: U+FFFD in their place."""
    if text.isascii():
        return text
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _first_newline(text: str) -> str:
    match = NEWLINE.search(text)
    return match[0] if match else "\n"
