"""Files written whole or not at all, and only inside the project."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from trainlint.fixes.changes import Refused
from trainlint.source.read import read_bytes
from trainlint.workspace import ROOT_MARKS


def check_writable(path: Path) -> None:
    """See that a file may be written.

    Raises:
        Refused: a link leads out of the project, or the file may not be written.
    """
    target = os.path.realpath(path)
    outside = next((folder for folder in _around(path) if not _is_below(target, folder)), None)
    if outside is not None:
        raise Refused(f"is reached by a link that leads out of {str(outside)!r}: only files of the project are written")
    if os.path.lexists(target) and not os.access(target, os.W_OK):
        raise Refused("may not be written: permission denied")


def _around(path: Path) -> Iterator[Path]:
    """The folders that a file must not leave, by its path as it was named: the projects around it and the working folder.

    Where there is neither, its own folder.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (links must stay in the path)
    here = Path.cwd()
    found = [one for one in absolute.parents if one == here or any(os.path.lexists(one / mark) for mark in ROOT_MARKS)]
    yield from found or absolute.parents[:1]


def _is_below(target: str, folder: Path) -> bool:
    return Path(target).is_relative_to(os.path.realpath(folder))


def write(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before`: whoever reads the file, at any time, reads one of them whole.

    The new file stands beside the old one, on the disk, before it takes its name; links to the file stay links, its mode and,
    where that is allowed, its owner stay.

    Raises:
        Refused: the file holds something else than `before`, may not be written, or the disk did not take it.
    """
    check_writable(path)
    target = Path(os.path.realpath(path))
    temporary: str | None = None
    try:
        status = target.stat()
        descriptor, temporary = tempfile.mkstemp(prefix=".trainlint-", suffix=".tmp", dir=target.parent)
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a Path cannot open a descriptor)
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner_and_mode(temporary, status)
        if read_bytes(target, str(path), len(before)) != before:
            raise Refused("changed on the disk while it was checked")
        os.replace(temporary, target)  # noqa: PTH105 (the name is a string)
        temporary = None
        _sync_folder(target.parent)
    except OSError as error:
        raise Refused(f"cannot be written: {error.strerror or type(error).__name__}") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108


def _keep_owner_and_mode(path: str, status: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, stat.S_IMODE(status.st_mode))  # noqa: PTH101


def _sync_folder(folder: Path) -> None:
    """Let the new name outlast a power cut, where the system can sync a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
