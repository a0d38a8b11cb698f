"""The cache's folder: entries that are written at once or not at all, carry a checksum, and are the oldest first to go.

Imported by every warm run: nothing but `os`, `sys` and `zlib`.
"""

from __future__ import annotations

import os
import sys
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_FOLDER = 100_000_000
"""Bytes of all entries; the least recently written go first."""
MOST_ENTRIES = 20_000
LARGEST_ENTRY = 20_000_000
_HEAD = "trainlint-cache 1 "
MARK = "CACHEDIR.TAG"
"""Backups leave out a folder with this file (bford.info/cachedir), and `clean` takes away only what has it."""
_MARK_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# Verdicts of trainlint; `trainlint clean` takes them away.\n"


def default_folder() -> str:
    """`TRAINLINT_CACHE_DIR`, or the place that the system has for caches."""
    named = os.environ.get("TRAINLINT_CACHE_DIR")
    if named:
        return named
    home = os.path.expanduser("~")  # noqa: PTH111 (pathlib costs a warm run its time)
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or home, "trainlint", "cache")  # noqa: PTH118
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Caches", "trainlint")  # noqa: PTH118
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"), "trainlint")  # noqa: PTH118


def load(folder: str, name: str) -> str | None:
    """The text of an entry; None if there is none, or it is not as it was written."""
    try:
        with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123
            data = file.read(LARGEST_ENTRY)
        head, _, body = data.partition(b"\n")
        if head != _head(body):
            return None
        return body.decode("utf-8", "surrogatepass")
    except (OSError, ValueError):
        return None


def store(folder: str, name: str, text: str) -> bool:
    """Write an entry: others see all of it or nothing. False if it cannot be written, which harms nobody."""
    body = text.encode("utf-8", "surrogatepass")
    path = f"{folder}/{name}"
    temporary = f"{path}.{os.getpid()}.new"
    if len(body) >= LARGEST_ENTRY - 100:
        return False
    try:
        if not os.path.isdir(os.path.dirname(path)):  # noqa: PTH112, PTH120
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
            _mark(folder)
        with open(temporary, "wb") as file:  # noqa: PTH123
            file.write(_head(body) + b"\n" + body)
        os.replace(temporary, path)  # noqa: PTH105
    except (OSError, ValueError):
        return False
    return True


def _head(body: bytes) -> bytes:
    return f"{_HEAD}{zlib.crc32(body):08x} {len(body)}".encode()


def _mark(folder: str) -> None:
    if not os.path.exists(f"{folder}/{MARK}"):  # noqa: PTH110
        with open(f"{folder}/{MARK}", "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(_MARK_TEXT)


def entries(folder: str) -> list[tuple[float, int, str]]:
    """(time of writing, bytes, path) of all entries, the oldest first."""
    found: list[tuple[float, int, str]] = []
    for room in ("runs", "files"):
        found += _listed(f"{folder}/{room}")
    return sorted(found)


def _listed(room: str) -> list[tuple[float, int, str]]:
    try:
        with os.scandir(room) as listing:
            states = [(entry.stat(follow_symlinks=False), entry.path) for entry in listing]
    except OSError:  # there is none, or another run takes it away
        return []
    return [(status.st_mtime, status.st_size, path) for status, path in states]


def prune(folder: str, largest: int = LARGEST_FOLDER, most: int = MOST_ENTRIES) -> None:
    """Take away the oldest entries of a cache that is too large."""
    found = entries(folder)
    size, count = sum(one[1] for one in found), len(found)
    for _, length, path in found:
        if size <= largest and count <= most:
            return
        _remove(path)
        size, count = size - length, count - 1


def clean(folder: str) -> int:
    """Take away all entries and what the folder has of ours; how many there were."""
    found = entries(folder)
    for _, _, path in found:
        _remove(path)
    if os.path.exists(f"{folder}/{MARK}"):  # noqa: PTH110
        _remove(f"{folder}/{MARK}")
    for room in (f"{folder}/runs", f"{folder}/files", folder):
        _remove(room, os.rmdir)
    return len(found)


def _remove(path: str, how: Callable[[str], None] = os.unlink) -> None:
    try:
        how(path)
    except OSError:
        return  # another run was faster, or writes into the folder
