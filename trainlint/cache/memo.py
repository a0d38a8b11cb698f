"""Whole runs: what a command printed, and the state of all that it looked at. Where nothing changed, it is printed again.

A file's state is its content; its times and size stand for it unless it was changed so shortly before the run that they may
not show a change. Imported by every warm run: nothing but `os`, `sys` and what `folder` imports.
"""

from __future__ import annotations

import os
import sys
import zlib

from trainlint import __version__
from trainlint.cache import folder as cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNSETTLED = 2_000_000_000
"""Nanoseconds: the coarsest times that file systems keep (FAT: 2 s)."""
JUST_NOW = 50_000_000
"""Nanoseconds: the coarsest clock by which systems stamp files, with room to spare."""
_ENVIRONMENT = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "HOME")
_LIBRARIES = ("libcst", "numpy", "yaml", "rich", "pathspec")
NEVER = (
    "--no-cache",
    "--fix",
    "--fix-only",
    "--diff",
    "-",
    "--rules",
    "--since",
    "--baseline",
    "--write-baseline",
    "--output-file",
)
"""Runs with one of these words are not remembered: they change files, or look at what is not followed here."""


def folder_of(words: Sequence[str]) -> str:
    """The cache's folder as a command line has it."""
    for number, word in enumerate(words):
        if word.startswith("--cache-dir="):
            return word[12:]
        if word == "--cache-dir" and number + 1 < len(words):
            return words[number + 1]
    return cache.default_folder()


def is_remembered(words: Sequence[str]) -> bool:
    """Whether a run with these words may be replayed."""
    return not any(word.partition("=")[0] in NEVER for word in words)


def key_of(words: Sequence[str]) -> str:
    """All that decides about the output besides the files."""
    terminal = sys.stdout.isatty()
    size = str(os.get_terminal_size()) if terminal else ""
    environment = [f"{name}={os.environ.get(name)}" for name in _ENVIRONMENT]
    environment += sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("TRAINLINT_"))
    return repr([fingerprint(), os.getcwd(), sys.stdout.encoding, terminal, size, *environment, *words])  # noqa: PTH109


def fingerprint() -> str:
    """The version of trainlint, of its files (in a checkout they change under it), of Python and of the libraries."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    marks = [__version__, sys.version]
    waiting = [package, f"{os.path.dirname(package)}/rules"]  # noqa: PTH120
    while waiting:
        for entry in _listed(waiting.pop()):
            if entry.name.endswith(".py"):
                status = entry.stat()
                marks.append(f"{entry.name} {status.st_size} {status.st_mtime_ns}")
            elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                waiting.append(entry.path)
    for library in _LIBRARIES:
        places = (f"{place}/{library}/__init__.py" for place in sys.path)
        found = next((place for place in places if os.path.exists(place)), None)  # noqa: PTH110
        if found is not None:
            status = os.stat(found)  # noqa: PTH116
            marks.append(f"{library} {status.st_size} {status.st_mtime_ns}")
    return f"{__version__} {zlib.crc32(repr(marks).encode()):08x} {zlib.adler32(repr(marks).encode()):08x}"


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=_name)
    except OSError:
        return []


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _entry(key: str) -> str:
    data = key.encode("utf-8", "surrogateescape")
    return f"runs/{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


def replay(words: Sequence[str]) -> int | None:
    """Print what the same run printed, if nothing that it looked at has changed; its exit code, or None."""
    if not is_remembered(words):
        return None
    folder = folder_of(words)
    key = key_of(words)
    text = cache.load(folder, _entry(key))
    if text is None:
        return None
    remembered, _, rest = text.partition("\n")
    if remembered != key:
        return None
    head, _, rest = rest.partition("\n")
    code, count, settled = (int(one) for one in head.split(" "))
    *lines, output = rest.split("\n", count)
    again = False
    for line in lines:
        same = _is_same(line, settled)
        if not same:
            return None
        again = again or same == "content"
    if again:
        started = _now()
        states = [_refreshed(line) for line in lines]
        cache.store(folder, _entry(key), _text(key, code, started - UNSETTLED, states, output))
    sys.stdout.write(output)
    return code


def remember(
    words: Sequence[str],
    code: int,
    output: str,
    started: int,
    *,
    digests: Mapping[str, str | None],
    looked_at: Iterable[str],
) -> None:
    """Keep a run that began at `started` (nanoseconds since 1970).

    `digests` are those of the files as they were read (None: it is not there); `looked_at` are folders that were listed and files
    whose content counts besides. What changed while the run went on is not kept.
    """
    lines = []
    for path in {*digests, *looked_at}:
        line = _state(os.path.abspath(path), digests.get(path, ""), started)  # noqa: PTH100
        if line is None:
            return
        lines.append(line)
    key = key_of(words)
    cache.store(folder_of(words), _entry(key), _text(key, code, started - UNSETTLED, sorted(lines), output))


def _text(key: str, code: int, settled: int, lines: list[str], output: str) -> str:
    return "\n".join([key, f"{code} {len(lines)} {settled}", *lines, output])


def _now() -> int:
    import time

    return time.time_ns()


def _state(path: str, digest: str | None, started: int) -> str | None:
    """One line on a path: kind, times, size, number, digest, name; None if it may have changed since it was looked at."""
    if "\n" in path:
        return None
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return f"- 0 0 0 0 - {path}" if not digest else None
    if path.endswith(".git"):
        return f"e 0 0 0 0 - {path}"  # that it is there counts, not what goes on in it
    if digest is None:
        return None
    is_folder = status.st_mode & 0o170000 == 0o040000
    if not digest:
        if max(status.st_mtime_ns, status.st_ctime_ns) >= started - JUST_NOW:
            return None
        digest = (_digest_of_folder(path) if is_folder else digest_of_file(path)) or "?"
    return _line(path, status, digest, is_folder)


def _line(path: str, status: os.stat_result, digest: str, is_folder: bool) -> str:
    kind = "d" if is_folder else "f"
    return f"{kind} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_size} {status.st_ino} {digest} {path}"


def _is_same(line: str, settled: int) -> str:
    """How a path is known to be as it was: by its "times", by its "content"; "" if it is not."""
    kind, changed, touched, size, number, digest, path = line.split(" ", 6)
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return "times" if kind == "-" else ""
    if kind in "-e":
        return "times" if kind == "e" else ""
    times = status.st_mtime_ns, status.st_ctime_ns
    same = times == (int(changed), int(touched)) and (status.st_size, status.st_ino) == (int(size), int(number))
    if same and max(times) < settled:
        return "times"
    found = _digest_of_folder(path) if kind == "d" else digest_of_file(path)
    return "content" if found == digest else ""


def _refreshed(line: str) -> str:
    kind, _, _, _, _, digest, path = line.split(" ", 6)
    try:
        return line if kind in "-e" else _line(path, os.stat(path), digest, kind == "d")  # noqa: PTH116
    except OSError:
        return line


def digest(data: bytes) -> str:
    """The name of a content."""
    import hashlib

    return hashlib.sha256(data).hexdigest()


def digest_of_file(path: str) -> str:
    """The name of a regular file's content; "" if it cannot be read."""
    try:
        if os.stat(path).st_mode & 0o170000 != 0o100000:  # noqa: PTH116
            return ""
        with open(path, "rb") as file:  # noqa: PTH123
            return digest(file.read(cache.LARGEST_ENTRY * 5))
    except (OSError, ValueError):
        return ""


def _digest_of_folder(path: str) -> str:
    try:
        names = [name for name in os.listdir(path) if name != "__pycache__"]  # noqa: PTH208
    except OSError:
        return ""
    return digest("\n".join(sorted(names)).encode("utf-8", "surrogateescape"))
