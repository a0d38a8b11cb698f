"""Namespaces: file systems, network and processes of the script's own, made without a privilege or with root's."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from pathlib import Path

from trainlint.probe.cage import kernel
from trainlint.probe.cage.plan import Plan

DROPPED = (12, 13, 16, 17, 19, 21, 22, 25, 27)
"""Capabilities that would undo the cage: net_admin, net_raw, sys_module, rawio, ptrace, admin, boot, time, mknod."""
SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x41


def enter(network: bool) -> None:
    """Leave the others' namespaces for own ones; children of this process are in them, the first being their init.

    Root does not need a namespace of users, in which files of others could not be written.

    Raises:
        OSError: the kernel, or who runs it, does not allow it.
    """
    flags = kernel.NEWNS | kernel.NEWPID | (0 if network else kernel.NEWNET)
    user, group = os.getuid(), os.getgid()
    if user == 0:
        with contextlib.suppress(OSError):
            kernel.unshare(flags)
            return
    kernel.unshare(flags | kernel.NEWUSER)
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def close_files(plan: Plan) -> tuple[str, ...]:
    """Make all file systems read-only but the folders of the plan; what could not be layered. To be called by the init.

    Raises:
        OSError: a step that the rest depends on was refused; then nothing may be taken for closed.
    """
    kernel.mount("none", "/", flags=kernel.RECURSIVE | kernel.PRIVATE)
    with contextlib.suppress(OSError):  # a container may hide parts of its own, which must not be uncovered
        kernel.mount("proc", "/proc", "proc")
    here, points = os.getcwd(), mount_points()
    kept = {path: os.open(path, os.O_PATH) for path in dict.fromkeys((plan.folder, *plan.write))}
    layers = os.path.join(plan.folder, "layers")
    os.makedirs(layers, exist_ok=True)
    kernel.mount("tmpfs", layers, "tmpfs", kernel.NO_SUID | kernel.NO_DEVICES, f"size={plan.disk},mode=755")
    room = os.open(layers, os.O_PATH)
    kernel.set_read_only("/", True, recursive=True)
    kernel.set_read_only(f"/proc/self/fd/{room}", False)
    left = [_layer(folder, f"/proc/self/fd/{room}/{number}", points) for number, folder in enumerate(apart(plan.layered))]
    if "/dev/shm" in points:
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", kernel.NO_SUID | kernel.NO_DEVICES, f"size={plan.disk},mode=1777")
    kernel.set_read_only("/proc", False)  # its threads' names are written there
    for path, opened in sorted(kept.items()):
        kernel.mount(f"/proc/self/fd/{opened}", path, flags=kernel.BIND)
        kernel.set_read_only(path, False)
    for opened in (room, *kept.values()):
        os.close(opened)
    os.chdir(here)  # by its name: below a layer it is another folder now
    return tuple(one for one in left if one)


def apart(folders: tuple[str, ...]) -> list[str]:
    """The folders without those below another one on the same file system, outer ones first."""
    found: list[str] = []
    for one in sorted({os.path.realpath(folder) for folder in folders if os.path.isdir(folder)}):
        below = any(Path(one).is_relative_to(other) and os.stat(one).st_dev == os.stat(other).st_dev for other in found)
        if one != "/" and not below:
            found.append(one)
    return found


def mount_points() -> list[str]:
    """Where something is mounted, in the order of mounting."""
    rows = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [row.split()[4].encode("latin-1", "replace").decode("unicode_escape") for row in rows]


def _layer(folder: str, layer: str, points: list[str]) -> str:
    """Lay a writable layer over a folder; the sentence for the report if that is refused. What is mounted below stays there."""
    below = {point: os.open(point, os.O_PATH) for point in points if point != folder and Path(point).is_relative_to(folder)}
    try:
        os.makedirs(f"{layer}/upper")
        os.makedirs(f"{layer}/work")
        status = os.stat(folder)
        os.chmod(f"{layer}/upper", status.st_mode & 0o7777)
        with contextlib.suppress(OSError):
            os.chown(f"{layer}/upper", status.st_uid, status.st_gid)
        _overlay(folder, layer)
        for point, opened in below.items():
            kernel.mount(f"/proc/self/fd/{opened}", point, flags=kernel.BIND | kernel.RECURSIVE)
    except OSError as error:
        return f"writing in {folder} is refused, since no layer could be laid over it ({error.strerror})"
    finally:
        for opened in below.values():
            os.close(opened)
    return ""


def _overlay(folder: str, layer: str) -> None:
    places = f"lowerdir={folder.replace(':', chr(92) + ':')},upperdir={layer}/upper,workdir={layer}/work"
    try:
        kernel.mount("overlay", folder, "overlay", options=f"{places},userxattr")
    except OSError:
        kernel.mount("overlay", folder, "overlay", options=places)


def raise_loopback() -> None:
    """Switch the loopback device of a new network namespace on, which torchrun needs.

    Raises:
        OSError: the kernel refuses.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        fcntl.ioctl(opened, SET_FLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))


def drop_privileges() -> None:
    """Give up, from the next exec on, what would let root's script undo the cage."""
    kernel.prctl(kernel.NO_NEW_PRIVS, 1)
    for capability in DROPPED:
        with contextlib.suppress(OSError):
            kernel.prctl(kernel.CAPBSET_DROP, capability)
