"""A thread with the stack for deeply recursive work: running out of native stack kills the process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_STACK = 64 << 20
"""Bytes of stack: `too_deep` lets through what needs about 2 MB, and macOS gives a thread 0.5 MB, Windows 1 MB."""

_FRAMES = 20_000
"""Python calls: LibCST writes a tree with two to eight calls a level of `too_deep.MAX_DEPTH`."""

_SETTINGS = threading.Lock()
"""The size of stacks and the limit of calls are the process's own: the lock keeps two callers from putting back each other's."""

_HERE = threading.local()


@contextmanager
def large_stacks() -> Iterator[None]:
    """Threads that start within have the room; they must say so by `has_room`."""
    with _SETTINGS:
        stack = threading.stack_size(_STACK)
        try:
            yield
        finally:
            threading.stack_size(stack)


def has_room() -> None:
    """Say that the running thread was started within `large_stacks`: `with_room` then starts no other."""
    _HERE.has_room = True


def with_room(work: Callable[[], T]) -> T:
    """Do deeply recursive work in a thread that has the stack for it.

    Raises:
        RuntimeError: the work raised; the thread has reported what.
    """
    if getattr(_HERE, "is_within", False):  # the thread that waits for this one holds the lock
        return work()
    results: list[T] = []

    def do() -> None:
        _HERE.is_within = True
        try:
            results.append(work())
        finally:
            _HERE.is_within = False

    with _SETTINGS:
        stack, frames = threading.stack_size(_STACK), sys.getrecursionlimit()
        sys.setrecursionlimit(max(frames, _FRAMES))
        try:
            if getattr(_HERE, "has_room", False):
                do()
            else:
                thread = threading.Thread(target=do, daemon=True)
                thread.start()
                thread.join()
        except BaseException as error:  # a panic of LibCST's native parser is no Exception
            raise RuntimeError(f"the work raised {type(error).__name__}") from error
        finally:
            threading.stack_size(stack)
            sys.setrecursionlimit(frames)
    if not results:
        raise RuntimeError("the work of the thread raised")
    return results[0]
