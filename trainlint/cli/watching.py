"""`trainlint check --watch`: check again whenever something changes that the last check rests on."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable

from trainlint.cli.arguments import UsageError
from trainlint.cli.check import report, say_what_is_fixable
from trainlint.cli.checking import Run, check_all
from trainlint.cli.inputs import STDIN
from trainlint.registry import RuleError
from trainlint.report.plain import plural
from trainlint.settings import SettingsError

POLL_SECONDS = 0.3
"""Between two looks at the files. Looking at a thousand takes some 2 ms, works on every file system, and misses no folder."""

SETTLE_SECONDS = 0.05
CLOCK_NANOSECONDS = 20_000_000
"""How far the times of files lag behind the clock."""

CLEAR = "\x1b[2J\x1b[3J\x1b[H"
Stamps = dict[str, tuple[int, int] | None]


def watch(options: Namespace) -> int:
    """Check, report, wait for a change, and so on until Ctrl-C.

    Raises:
        UsageError: a path does not exist when it begins, or an option does not go with `--watch`.
        SettingsError: the settings cannot be meant when it begins.
        RuleError: a rule file is not well formed when it begins.
    """
    others = {"--fix": options.fix, "--fix-only": options.fix_only, "--diff": options.diff, "--probe": options.probe}
    refused = next((name for name, given in others.items() if given), "-" if STDIN in options.paths else "")
    if refused:
        raise UsageError(f"--watch checks files again and again; it does not go with {refused}")
    began = time.time_ns()
    stamps = {path: _stamp_at(path, began) for path in _paths(_shown(options))}
    while True:
        while (now := _stamps(stamps)) == stamps:
            time.sleep(POLL_SECONDS)
        now = _settled(now)
        began = time.time_ns()
        stamps = now  # as they were before the check: what changes while it runs is seen at once
        try:
            paths = _paths(_shown(options))
        except (UsageError, SettingsError, RuleError) as error:  # half-written settings: they will be changed again
            sys.stderr.write(f"trainlint: {error}\n")
            sys.stderr.flush()
        else:
            stamps = {path: now[path] if path in now else _stamp_at(path, began) for path in paths}


def _shown(options: Namespace) -> Run:
    run = check_all(options)
    results = run.results
    if options.since or options.baseline or options.write_baseline:
        from trainlint.cli.narrowing import narrowed

        results = narrowed(results, options)
    if sys.stdout.isatty():
        sys.stdout.write(CLEAR)
    report(results, options, sys.stdout)
    say_what_is_fixable(results, options)
    sys.stdout.flush()
    sys.stderr.write(f"Watching {plural(len(results), 'file')}; Ctrl-C ends\n")
    sys.stderr.flush()
    return run


def _paths(run: Run) -> set[str]:
    """The files that a check rests on, and the folders and settings files that decide about them."""
    return {*run.digests, *run.looked_at}


def _stamps(paths: Iterable[str]) -> Stamps:
    """What tells whether they are as they were."""
    return {path: _stamp(path) for path in paths}


def _settled(now: Stamps) -> Stamps:
    """The stamps once nothing changes any more: a file that is being written is empty for a moment."""
    while True:
        time.sleep(SETTLE_SECONDS)
        before, now = now, _stamps(now)
        if now == before:
            return now


def _stamp_at(path: str, began: int) -> tuple[int, int] | None:
    """The stamp of a file that a check which began at that time has read; none that it can have if it was written since."""
    found = _stamp(path)
    return (-1, -1) if found is not None and found[0] >= began - CLOCK_NANOSECONDS else found


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 (paths are strings here)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
