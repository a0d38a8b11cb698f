"""Runs the user's command with the child in it, watches over its limits, and collects what was measured."""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from trainlint.probe.cage.plan import METHODS, Closed, Plan, read_closed
from trainlint.probe.cage.processes import descendants, end_descendants, memory
from trainlint.probe.protocol import VARIABLE, Measurement, Request, from_json, to_json
from trainlint.probe.traces import innermost_first, last_traceback, without_probe

SITE = Path(__file__).parent / "child" / "site"
ROOT = Path(__file__).parents[2]
LAUNCHERS = frozenset({"torchrun", "accelerate", "deepspeed", "horovodrun", "mpirun", "mpiexec", "srun"})
"""Commands whose processes find one another over the network."""

ENVIRONMENT = {
    "MPLBACKEND": "Agg",
    "PYTHONUNBUFFERED": "1",
    "PYTHONFAULTHANDLER": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TORCHDYNAMO_DISABLE": "1",
    "TQDM_DISABLE": "1",
    "WANDB_MODE": "disabled",
    "WANDB_SILENT": "true",
    "COMET_MODE": "disabled",
    "NEPTUNE_MODE": "debug",
    "QT_QPA_PLATFORM": "offscreen",
    "SDL_VIDEODRIVER": "dummy",
    "PYTHONDONTWRITEBYTECODE": "1",
}
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""Where the network is closed, libraries then look into their caches at once."""

PAUSE = 0.1
"""Seconds between two looks at memory."""
KEPT_OUTPUT = 65_536
"""Bytes of stdout and of stderr that are kept, from the end."""
LARGEST_MESSAGE = 64 << 20
SIGNALLED = 128
"""What the supervisor adds to the number of the signal that ended the command."""
GRACE = 2.0
"""Seconds for the command to end by itself once everything is measured."""
SHORT_OF_THE_END = 1.5
"""Seconds that the end of the time comes earlier for the child, which writes its stack then."""


class Ending(Enum):
    """How a probe ended. `MEASURED` only if all runs that were asked for, or all that the script has, were measured."""

    MEASURED = "measured"
    FAILED = "script failed"
    UNTRAINED = "no training reached"
    TIME = "time"
    MEMORY = "memory"
    DISK = "disk"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the script may take: seconds, bytes of memory over all its processes (None: most of what is free), bytes written."""

    seconds: float = 300.0
    memory: int | None = None
    disk: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Openings:
    """Where the cage is open: folders in which writing lasts, the network. `layered`: where writing leaves no trace.

    `methods`: what may be used to build it (`cage.plan.METHODS`); with none there are limits only.
    """

    write: tuple[Path, ...] = ()
    network: bool = False
    methods: tuple[str, ...] = METHODS
    layered: tuple[Path, ...] | None = None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe gave. `stdout` and `stderr` are their last characters.

    `traceback` is the script's own, `stack` where it was when the time was over, `faults` what went wrong in the probe itself.
    `exit_code` is that of the command, negative for a signal, None if the host ended it. `measuring`: a training was reached.
    """

    ending: Ending
    measurements: tuple[Measurement, ...] = ()
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    traceback: str = ""
    stack: str = ""
    faults: tuple[str, ...] = ()
    closed: Closed = field(default_factory=Closed)
    seconds: float = 0.0
    peak_memory: int = 0
    measuring: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a probe is: seconds since its start, bytes of memory, runs measured, whether measuring has begun."""

    seconds: float
    memory: int
    runs: int
    measuring: bool


def probe(
    command: Sequence[str],
    request: Request,
    limits: Limits | None = None,
    openings: Openings | None = None,
    *,
    watch: Callable[[Progress], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> ProbeResult:
    """Run a command (`[python, "train.py", ...]`, `["torchrun", ...]`) until its first trainings are measured, then end it.

    `request.folder` must be a folder of its own, into which nothing else writes. `watch` is called several times a second;
    what it raises ends the probe. No process of the command is left when this returns or raises.
    """
    limits, openings = limits or Limits(), openings or Openings()
    limits = replace(limits, memory=limits.memory or _free_memory())
    folder = Path(request.folder).absolute()
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    deadline = time.time() + limits.seconds - min(SHORT_OF_THE_END, limits.seconds / 4)
    request = replace(request, folder=str(folder), deadline=request.deadline or deadline)
    plan = _plan(command, folder, limits, openings)
    running = _Running(_start(command, plan, _environment(request, plan, environment)), folder, limits)
    try:
        reason = running.wait(request.runs, GRACE if request.stop else math.inf, watch)
    finally:
        running.end()
    return running.result(reason)


def _plan(command: Sequence[str], folder: Path, limits: Limits, openings: Openings) -> Plan:
    layered = _own_folders(command) if openings.layered is None else openings.layered
    return Plan(
        folder=str(folder),
        layered=tuple(str(one.absolute()) for one in layered),
        write=tuple(str(one.absolute()) for one in openings.write),
        network=openings.network,
        connected=any(Path(word).name in LAUNCHERS or word.startswith("torch.distributed") for word in command[:4]),
        disk=limits.disk,
        methods=openings.methods,
    )


def _own_folders(command: Sequence[str]) -> list[Path]:
    """Where a script writes as a rule: the working folder, its own, the home folder and those for temporary files."""
    script = next((Path(word) for word in command[1:] if word.endswith(".py") and Path(word).is_file()), None)
    folders = [Path.cwd(), Path("/tmp"), Path("/var/tmp")]
    with contextlib.suppress(RuntimeError):  # a user without a home
        folders.append(Path.home())
    return folders if script is None else [*folders, script.resolve().parent]


def _environment(request: Request, plan: Plan, more: Mapping[str, str] | None) -> dict[str, str]:
    scratch = Path(plan.folder) / "tmp"
    places = ("TMPDIR", "MPLCONFIGDIR", "CUDA_CACHE_PATH", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "WANDB_DIR")
    paths = [str(SITE), *filter(None, [os.environ.get("PYTHONPATH")])]
    closed = {} if plan.network or not plan.methods else OFFLINE
    return {
        **os.environ,
        **ENVIRONMENT,
        **closed,
        **dict.fromkeys(places, str(scratch)),
        **(more or {}),
        "PYTHONPATH": os.pathsep.join(paths),
        VARIABLE: to_json(request),
    }


def _start(command: Sequence[str], plan: Plan, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    words = [_beside_python(command[0]), *command[1:]]
    if sys.platform == "linux":
        code = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from trainlint.probe.cage.supervisor import main; main(sys.argv[1:])"
        )
        words = [sys.executable, "-I", "-S", "-c", code, plan.to_json(), *words]
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        start_new_session=True,
    )


def _beside_python(name: str) -> str:
    """The program `torchrun` of this environment, even if the environment is not activated."""
    beside = Path(sys.executable).parent / name
    return str(beside) if os.sep not in name and shutil.which(name) is None and beside.is_file() else name


def _free_memory() -> int:
    """Four fifths of the memory that is free, in bytes; 8 GiB where the system does not say."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        rows = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("MemAvailable:")) * 1024 * 4 // 5
    return 8 << 30


class _Running:
    """The command while it runs."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, limits: Limits) -> None:
        self.process, self.folder, self.limits = process, folder, limits
        self.began = time.monotonic()
        self.peak = 0
        self.exit_code: int | None = None
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._streams = selectors.DefaultSelector()
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._streams.register(stream, selectors.EVENT_READ, name)

    def wait(self, runs: int, grace: float, watch: Callable[[Progress], None] | None) -> Ending | None:
        """Wait for the end of the command, or `grace` seconds once all runs are measured; the limit that ended it, if any."""
        looked = done = 0.0
        while self.process.poll() is None:
            self._read(PAUSE)
            now = time.monotonic()
            if now - looked < PAUSE:
                continue
            looked = now
            measured = len(list(self.folder.glob("run-*.json")))
            taken = memory(descendants(self.process.pid), self.limits.memory or sys.maxsize)
            self.peak = max(self.peak, taken)
            if watch is not None:
                watch(Progress(now - self.began, taken, measured, (self.folder / "measuring").exists()))
            if measured >= runs:
                done = done or now
                if now - done > grace:
                    return None
            if reason := self._over(now, taken):
                return reason
        self.exit_code = self.process.returncode
        return None

    def _over(self, now: float, taken: int) -> Ending | None:
        if now - self.began > self.limits.seconds:
            return Ending.TIME
        if taken > (self.limits.memory or sys.maxsize):
            return Ending.MEMORY
        return Ending.DISK if _size(self.folder, self.limits.disk) > self.limits.disk else None

    def end(self) -> None:
        """Leave nothing running, and read what is left to read."""
        if sys.platform == "linux":
            end_descendants(self.process.pid)
        else:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        try:
            self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        while self._streams.get_map() and self._read(0.0):
            pass
        self._streams.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self, patience: float) -> bool:
        """Read what there is; whether there was something."""
        if not self._streams.get_map():
            time.sleep(patience)
            return False
        ready = self._streams.select(patience)
        for key, _ in ready:
            try:
                data = os.read(key.fd, KEPT_OUTPUT)
            except OSError:
                data = b""
            if not data:
                self._streams.unregister(key.fileobj)
            kept = self._kept[key.data]
            kept += data
            del kept[: max(0, len(kept) - KEPT_OUTPUT)]
        return bool(ready)

    def result(self, reason: Ending | None) -> ProbeResult:
        """What came of it."""
        measurements, faults = _messages(self.folder)
        out, err = (bytes(self._kept[name]).decode("utf-8", "replace") for name in ("stdout", "stderr"))
        code = self.exit_code
        if code is not None and SIGNALLED < code <= SIGNALLED + 64:
            code = SIGNALLED - code
        return ProbeResult(
            ending=reason or self._ending(measurements, code),
            measurements=measurements,
            exit_code=code,
            stdout=out,
            stderr=without_probe(err),
            traceback=last_traceback(err),
            stack=_stack(self.folder) if reason is Ending.TIME else "",
            faults=faults,
            closed=read_closed(self.folder),
            seconds=time.monotonic() - self.began,
            peak_memory=self.peak,
            measuring=(self.folder / "measuring").exists(),
            limits=self.limits,
        )

    def _ending(self, measurements: Sequence[Measurement], code: int | None) -> Ending:
        if measurements:
            return Ending.MEASURED
        if not any(self.folder.glob("started-*")):
            return Ending.NOT_STARTED
        return Ending.FAILED if code else Ending.UNTRAINED


def _messages(folder: Path) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """The measurements in their order, and what went wrong on our side. What is no message is one of them."""
    found, faults = [], []
    for path in sorted(folder.glob("run-*.json"), key=lambda one: (len(one.name), one.name)):
        message = _message(path)
        if isinstance(message, Measurement):
            found.append(message)
        else:
            faults.append(f"{path.name} could not be read: {message}")
    for path in sorted(folder.glob("fault-*.txt")):
        with contextlib.suppress(OSError):
            faults.append(path.read_text(encoding="utf-8", errors="replace")[-4000:])
    return tuple(found), tuple(faults)


def _message(path: Path) -> Measurement | str:
    """The measurement in a file, or why there is none: anything may have written it."""
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST_MESSAGE:
            return "it is no plain file of a sensible size"
        return from_json(path.read_text(encoding="utf-8"), Measurement)
    except (OSError, ValueError) as error:
        return str(error)


def _stack(folder: Path) -> str:
    """Where the script was: of the process that wrote its stack last."""
    found = [path for path in folder.glob("stack-*.txt") if path.stat().st_size]
    if not found:
        return ""
    latest = max(found, key=lambda path: path.stat().st_mtime)
    return innermost_first(latest.read_text(encoding="utf-8", errors="replace")[-100_000:])


def _size(folder: Path, enough: int) -> int:
    """The bytes on disk below a folder; the walk ends where there are more than `enough`."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(parent, name).lstat().st_blocks * 512
        if total > enough:
            break
    return total
