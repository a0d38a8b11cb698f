"""Processes as /proc shows them: who descends from whom, what they take, and how to end them all."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Process(NamedTuple):
    """A process: its parent, its state (Z has ended) and the bytes that it holds in memory, shared ones included."""

    parent: int
    state: str
    resident: int


def processes() -> dict[int, Process]:
    """All processes; none where there is no /proc."""
    found: dict[int, Process] = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return found
    for name in names:
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                found[int(name)] = Process(int(fields[1]), fields[0].decode(), int(fields[21]) * PAGE)
    return found


def descendants(ancestor: int, known: dict[int, Process] | None = None) -> dict[int, Process]:
    """The processes below `ancestor`, ended ones left out."""
    known = processes() if known is None else known
    children: dict[int, list[int]] = {}
    for pid, one in known.items():
        children.setdefault(one.parent, []).append(pid)
    found: dict[int, Process] = {}
    open_ones = list(children.get(ancestor, ()))
    while open_ones:
        pid = open_ones.pop()
        if pid not in found:
            found[pid] = known[pid]
            open_ones.extend(children.get(pid, ()))
    return {pid: one for pid, one in found.items() if one.state != "Z"}


def memory(group: dict[int, Process], limit: int) -> int:
    """The bytes that processes hold together: those that several share are counted once where the plain sum is over the limit."""
    plain = sum(one.resident for one in group.values())
    return plain if plain <= limit else sum(_share(pid, one.resident) for pid, one in group.items())


def _share(pid: int, resident: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:")), resident)
    except (OSError, ValueError):
        return resident


def end_descendants(ancestor: int, patience: float = 5.0) -> bool:
    """Kill all below `ancestor`, also those that are born meanwhile; whether none is left."""
    until = time.monotonic() + patience
    while group := descendants(ancestor):
        for pid in group:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True
