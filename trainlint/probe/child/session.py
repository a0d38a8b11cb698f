"""One probed process: which run is being measured, for how long, from which line, and how it ends.

The session alone writes to the host's folder and alone ends the process. Frameworks' modules are given it by
`install(module, session)` and do everything that may fail inside `session.guard(...)`, so that a fault of the probe becomes a
sentence in the report and never an exception in the user's script.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import time
import traceback
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from ..protocol import Line, Measurement, Request, write

PROBE = str(Path(__file__).resolve().parents[1])
AT_THE_END = 2.0  # seconds before the deadline at which measuring stops, so that it can still be written
FOREIGN = ("site-packages", "dist-packages")


class Session:
    """What this process measures. `rank`: its place among the processes of one training, set by the framework's module.

    `active` is False once the runs asked for are done: hooks then pass everything through.
    """

    def __init__(self, request: Request, rank: int = 0) -> None:
        self.request = request
        self.folder = Path(request.folder)
        self.rank = rank
        self.active = True
        self.notes: list[str] = []
        self.began = time.perf_counter()
        self.finished = len(list(self.folder.glob("run-*.json")))  # runs, as this process has seen them

    @property
    def number(self) -> int:
        """The run being measured, from 0: as many as the folder holds, whichever process measured them.

        Other ranks count for themselves: their first one may write before or after they look.
        """
        return len(list(self.folder.glob("run-*.json"))) if self.rank == 0 else self.finished

    def start(self) -> None:
        """The measuring of a run begins: its clock starts and no note is taken over."""
        self.began = time.perf_counter()
        self.notes = []
        if self.rank == 0:
            (self.folder / "measuring").touch()

    def elapsed(self) -> float:
        """Seconds since the measuring of this run began."""
        return time.perf_counter() - self.began

    def remaining(self) -> float:
        """Seconds left for this run; what is not reached by then is left out."""
        left = self.request.seconds - self.elapsed()
        return min(left, self.request.deadline - AT_THE_END - time.time()) if self.request.deadline else left

    def note(self, text: str) -> None:
        """Something that the report must say in words, once."""
        if text not in self.notes:
            self.notes.append(text)

    def finish(self, measurement: Measurement) -> None:
        """Write `measurement` with this session's number, notes and seconds; end the process when it was the last run asked for.

        The processes of other ranks write nothing and end alike.
        """
        number = self.number
        seconds = {"all": self.elapsed(), **measurement.seconds}
        notes = tuple(dict.fromkeys((*measurement.notes, *self.notes)))
        if self.rank == 0:
            write(replace(measurement, number=number, seconds=seconds, notes=notes), self.folder)
        self.finished = number + 1
        if self.finished < self.request.runs:
            self.start()
            return
        self.active = False
        if self.request.stop:
            leave()

    def fail(self, framework: str, reason: str, **known: Any) -> None:
        """End the run without a figure: `reason` says why in plain words; `known` are fields of the Measurement."""
        self.finish(Measurement(framework=framework, failure=reason, **known))

    def guard(self, framework: str, doing: str, fatal: bool = False) -> Guard:
        """A block in which an error becomes a note ("`doing` failed: ..."), or with `fatal` the end of this run."""
        return Guard(self, framework, doing, fatal)


class Guard:
    """`with session.guard(...)`: the border between the probe and the user's script. `failed` tells afterwards."""

    def __init__(self, session: Session, framework: str, doing: str, fatal: bool) -> None:
        self.session, self.framework, self.doing, self.fatal = session, framework, doing, fatal
        self.failed = False

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        self.failed = True
        sentence = f"{self.doing} failed: {describe(error)}"
        if os.environ.get("TRAINLINT_PROBE_DEBUG"):
            traceback.print_exception(kind, error, trace)
        if self.fatal:
            self.session.fail(self.framework, sentence)
        else:
            self.session.note(sentence)
        return True


def describe(error: BaseException) -> str:
    """The error's class and the first line of what it says, at most 200 characters."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first:.200}" if first else type(error).__name__


def leave() -> None:
    """End the process at once: no `finally`, no `atexit`, nothing that the script would still write."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(0)


def user_line(frame: FrameType | None = None) -> Line | None:
    """The innermost frame of the user's own code, from `frame` or the caller outwards; None if all of it is foreign."""
    frame = frame or sys._getframe(1)
    while frame is not None:
        if is_user_file(frame.f_code.co_filename):
            return Line(str(Path(frame.f_code.co_filename).absolute()), frame.f_lineno)
        frame = frame.f_back
    return None


def is_user_file(filename: str) -> bool:
    """Whether code of `filename` is the user's own: no library's, not the probe's, not made at run time."""
    known = USER_FILES.get(filename)
    if known is None:
        known = USER_FILES[filename] = _is_user_file(filename)
    return known


def _is_user_file(filename: str) -> bool:
    if filename.startswith("<"):
        return False
    path = Path(filename).absolute()
    return not set(FOREIGN) & set(path.parts) and not any(path.is_relative_to(root) for root in LIBRARIES)


USER_FILES: dict[str, bool] = {}
LIBRARIES = (PROBE, *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")))
