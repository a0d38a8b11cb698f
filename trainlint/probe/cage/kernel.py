"""The few calls of the Linux kernel that Python does not offer. Each raises OSError where the kernel refuses."""

from __future__ import annotations

import ctypes
import os
import platform

PDEATHSIG, NO_NEW_PRIVS, CHILD_SUBREAPER, CAPBSET_DROP, SECCOMP = 1, 38, 36, 24, 22
NEWNS, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
READ_ONLY, BIND, RECURSIVE, PRIVATE, NO_SUID, NO_DEVICES = 1, 4096, 16384, 1 << 18, 2, 4
MOUNT_SETATTR, LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 442, 444, 445, 446
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
KNOWN_MACHINES = ("x86_64", "aarch64")
"""On which the numbers above hold."""

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def prctl(option: int, *arguments: object) -> None:
    """`prctl(2)`."""
    words = [ctypes.c_void_p(one) if isinstance(one, int) else one for one in (*arguments, 0, 0, 0, 0)][:4]
    _checked(_libc.prctl(option, *words), "prctl")


def unshare(flags: int) -> None:
    """`unshare(2)`: leave the namespaces that are shared with others."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """`mount(2)`."""
    _checked(_libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None), target)


def set_read_only(path: str, read_only: bool, recursive: bool = False) -> None:
    """`mount_setattr(2)` with MOUNT_ATTR_RDONLY (Linux 5.12)."""
    values = (ctypes.c_uint64 * 4)(1 if read_only else 0, 0 if read_only else 1, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    syscall(MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, ctypes.byref(values), ctypes.sizeof(values))


def syscall(number: int, *arguments: object) -> int:
    """A system call by its number; integers are passed as longs.

    Raises:
        OSError: the kernel refuses, or this machine numbers its calls differently.
    """
    if platform.machine() not in KNOWN_MACHINES:
        raise OSError(38, "the numbers of this machine's system calls are not known")
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *words)), f"system call {number}")
