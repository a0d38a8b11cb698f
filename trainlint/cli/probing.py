"""What `trainlint probe` and `trainlint check --probe` share: a command that is run, measured, and judged with its file."""

from __future__ import annotations

import argparse
import math
import re
import signal
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainlint.cli.arguments import Parser, UsageError
from trainlint.cli.inputs import STDIN, Projects, is_worth_it, once, sources, with_options
from trainlint.facts.run import TrainingRun
from trainlint.probe.cage.plan import METHODS
from trainlint.probe.host import Limits, Openings, ProbeResult, Progress, probe
from trainlint.probe.match import Measured
from trainlint.probe.protocol import Measurement, Request
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import Source, Unreadable
from trainlint.workspace import Project

SWEEP = (0.25, 0.5, 0.71, 0.84, 1.0, 1.19, 1.41, 2.0, 4.0)
"""The rates of a sweep, as multiples of the bound."""
SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SHARE_OF_TIME = 0.6
"""Of the time limit, what the measuring of all runs together may take: the rest is the script's own preparation."""


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe, the verdict on the file with what was measured in it, and each measurement with its run."""

    result: ProbeResult
    check: CheckResult
    pairs: tuple[tuple[Measurement, TrainingRun], ...]

    @property
    def measured(self) -> bool:
        """Whether there is a figure at all."""
        return any(one.failure is None for one, _ in self.pairs)


def add_probe(parser: Parser) -> None:
    """The options that say what is measured, and what the script may do."""
    add = parser.add_argument_group("measuring").add_argument
    add("--runs", metavar="N", type=_count, default=1, help="measure so many trainings, one after the other (default: 1)")
    add("--sweep", action="store_true", help="also try learning rates around the bound from the captured state")
    add("--overfit", metavar="N", type=_count, default=0, help="also train N steps on one batch alone")
    add = parser.add_argument_group("limits").add_argument
    usual = Limits().seconds
    add("--timeout", metavar="SECONDS", type=_seconds, default=usual, help=f"end the script after this time (default: {usual:g})")
    add(
        "--memory", metavar="SIZE", type=_size, help="end it when all its processes hold more (8G; default: most of what is free)"
    )
    add("--disk", metavar="SIZE", type=_size, default=2 << 30, help="end it when it has written more (default: 2G)")
    add = parser.add_argument_group("cage (nothing that the script writes lasts, and it has no network)").add_argument
    add("--write", metavar="FOLDER", type=Path, action="append", default=[], help="let what it writes in this folder last")
    add("--network", action="store_true", help="leave the network open")
    add("--unsafe", action="store_true", help="build no cage: limits only")


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:7]) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1,000,000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86,400")
    return value


def _size(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([KMGT]?)(?:i?B)?", text.upper().replace("IB", "B"))
    size = int(float(found[1]) * SIZES[found[2]]) if found else 0
    if not 1 << 20 <= size <= 1 << 50:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of at least 1M, such as 500M or 8G")
    return size


def probe_file(
    command: Sequence[str], source: Source | Unreadable, settings: Settings, project: Project | None, options: Namespace
) -> Probed:
    """Run a command, and check its file with what was measured.

    Raises:
        UsageError: a folder that is to be opened is not there, or the system is Windows.
        RuleError: a rule file is not well formed.
    """
    from trainlint.engine import check_source

    if sys.platform == "win32":
        raise UsageError("trainlint probe runs on Linux and macOS only")
    for folder in options.write:
        if not folder.is_dir():
            raise UsageError(f"--write: there is no folder {str(folder)!r}")
    limits = Limits(options.timeout, options.memory, options.disk)
    openings = Openings(tuple(options.write), options.network, () if options.unsafe else METHODS)
    with (
        _terminable(),
        tempfile.TemporaryDirectory(prefix="trainlint-", ignore_cleanup_errors=True) as folder,
        _progress(command, options.runs) as watch,
    ):
        request = Request(
            folder,
            runs=options.runs,
            sweep=SWEEP if options.sweep else (),
            overfit=options.overfit,
            seconds=SHARE_OF_TIME * options.timeout / options.runs,
        )
        result = probe(command, request, limits, openings, watch=watch)
    measured = Measured(result.measurements)
    check = check_source(source, settings, project, measured)
    return Probed(result, check, tuple(measured.pairs))


@contextmanager
def _terminable() -> Iterator[None]:
    """A polite request to end (SIGTERM, as from an editor) ends the probe as Ctrl-C does, with nothing left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(command: Sequence[str], runs: int) -> Iterator[Callable[[Progress], None] | None]:
    """A line on a terminal that says how far the probe is; nothing where stderr is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    name = next((Path(word).name for word in command[1:] if not word.startswith("-")), command[0])
    with Console(stderr=True).status(Text(f"starting {name}")) as status:

        def show(progress: Progress) -> None:
            doing = f"measuring run {min(progress.runs + 1, runs)} of {runs}"
            doing = doing if progress.measuring else "waiting for the first training step"
            taken = f"{progress.memory / (1 << 30):.1f} GiB"
            status.update(Text(f"probing {name}: {doing}, {progress.seconds:.0f} s, {taken}"))

        yield show


def probe_all(options: Namespace) -> tuple[list[CheckResult], bool]:
    """For `check --probe`: run every named script without arguments and check it; whether each one was measured.

    Raises:
        UsageError: a folder or stdin is named, not scripts; or a path does not exist.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    from trainlint.probe.text import ending, failures

    for path in options.paths or ["."]:
        if path == STDIN or Path(path).is_dir() or path.endswith(".ipynb"):
            raise UsageError(f"--probe runs scripts: name the scripts to be run, not {path!r}")
    fixed = Parser("probe", "")
    add_probe(fixed)
    defaults = fixed.parse([])
    results, complete, projects = [], True, Projects()
    for source, settings, _ in sources(options):
        chosen = with_options(settings, options)
        if not isinstance(source, Source) or not is_worth_it(source):
            from trainlint.engine import check_source

            results.append(check_source(source, chosen) if isinstance(source, Unreadable) else CheckResult(source.filename))
            continue
        probed = probe_file([options.python or sys.executable, source.filename], source, chosen, projects.of(source), defaults)
        results.append(probed.check)
        complete = complete and probed.measured
        for line in [*ending(probed.result), *failures(probed.result)]:
            sys.stderr.write(f"{source.filename}: {line}\n")
    return once(results), complete
