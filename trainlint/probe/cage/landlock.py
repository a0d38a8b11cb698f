"""Landlock and seccomp: no privilege, no namespace. Writing outside of some folders is refused, and so are network sockets."""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import platform
import socket

from trainlint.probe.cage import kernel

WRITE_FILE = 1 << 1
CHANGES = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))  # write, remove and make files of every kind
SINCE = {2: 1 << 13, 3: 1 << 14}
"""Rights that came later: linking into another folder, cutting a file off."""
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "nvidia*", "dri", "kfd", "infiniband", "dxg")
"""What programs write to below /dev: terminals, shared memory, accelerators."""

SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The machine as the kernel's audit names it, and the number of `socket(2)`."""


def abi() -> int:
    """The version of Landlock that this kernel offers, 0 for none."""
    try:
        return kernel.syscall(kernel.LANDLOCK_CREATE, None, 0, 1)
    except OSError:
        return 0


def refuse_changes(writable: tuple[str, ...]) -> None:
    """From here on this process and its children change files below `writable` only. Modes and owners are not covered.

    Raises:
        OSError: the kernel has no Landlock, or it is switched off.
    """
    version = abi()
    handled = CHANGES | sum(right for since, right in SINCE.items() if version >= since)
    attribute = ctypes.c_uint64(handled)
    ruleset = kernel.syscall(kernel.LANDLOCK_CREATE, ctypes.byref(attribute), 8, 0)
    try:
        devices = [path for name in DEVICES for path in glob.glob(f"/dev/{name}")]
        for path in (*writable, "/proc", *devices):
            _allow(ruleset, path, handled)
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        kernel.syscall(kernel.LANDLOCK_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _allow(ruleset: int, path: str, handled: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = handled if os.path.isdir(path) else handled & (WRITE_FILE | SINCE[3])
        rule = _PathBeneath(allowed, opened)
        kernel.syscall(kernel.LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), 0)
    finally:
        os.close(opened)


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Where they stand in the kernel's `seccomp_data`."""


def refuse_network() -> None:
    """From here on `socket(AF_INET | AF_INET6)` raises PermissionError, loopback included; local sockets stay.

    Raises:
        OSError: the kernel has no seccomp, or this machine is not known.
    """
    if platform.machine() not in SOCKET_CALL:
        raise OSError(errno.ENOSYS, "the number of this machine's socket call is not known")
    architecture, number = SOCKET_CALL[platform.machine()]
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, 6, architecture),
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 0, 4, number),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 1, 0, int(socket.AF_INET)),
        (EQUAL, 0, 1, int(socket.AF_INET6)),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    instructions = (_Instruction * len(program))(*(_Instruction(*one) for one in program))
    kernel.prctl(kernel.NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.SECCOMP, 2, ctypes.byref(_Filter(len(program), instructions)))
