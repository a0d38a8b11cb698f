"""Checking many files: what was checked before is not checked again, and the rest is shared out over the cores."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from trainlint.cache import memo
from trainlint.cache.folder import default_folder
from trainlint.cache.verdicts import Verdicts, decode, encode
from trainlint.cli.inputs import Projects, is_worth_it, once, sources, with_options
from trainlint.cli.thrift import be_thrifty
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import Source, Unreadable, read
from trainlint.workspace import ROOT_MARKS

LOOKED_FOR = ("trainlint.toml", ".gitignore", *ROOT_MARKS)
"""Files that decide about others in the folders above which they stand."""
WORTH_WORKERS = 200_000
"""Characters of code to parse: some 5,000 lines, half a second. A worker takes a tenth of that to start."""
CHUNKS = 6
"""For each worker: few enough that files which import each other stay together, many enough that none waits long."""
LARGEST_OUTPUT = 4_000_000


@dataclass(slots=True)
class Run:
    """The results of a check in the order of the files, and what they rest on."""

    results: list[CheckResult]
    digests: dict[str, str | None]
    looked_at: set[str]
    cached: bool
    started: int = field(default_factory=time.time_ns)

    def remember(self, words: Sequence[str], code: int, output: str) -> None:
        """Keep what the run printed, so that it can be printed again if nothing has changed."""
        if self.cached and memo.is_remembered(words) and len(output) <= LARGEST_OUTPUT:
            memo.remember(words, code, output, self.started, digests=self.digests, looked_at=self.looked_at)


@dataclass(frozen=True, slots=True)
class Task:
    """A file to check: `path` is read again; `source` is what has no file, or cannot be read."""

    number: int
    filename: str
    settings: Settings
    size: int = 0
    path: str = ""
    source: Source | Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a task gave: a record of `verdicts.encode`, and the digests of what it rests on."""

    number: int
    record: dict[str, Any]
    depends: dict[str, str | None]


def check_all(options: Namespace) -> Run:
    """Check every file; the facts are dropped, and the texts of files without findings, so that memory stays small.

    Raises:
        UsageError: a path does not exist.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    run = Run([], {}, set(), not options.no_cache)
    verdicts = Verdicts(options.cache_dir or default_folder(), _conditions()) if run.cached else None
    tasks: list[Task] = []
    untried: dict[Settings, None] = {}
    tried: set[Settings] = set()
    for number, (source, settings, data) in enumerate(sources(options, run.looked_at)):
        chosen = with_options(settings, options)
        untried.setdefault(chosen)
        run.cached = run.cached and not chosen.rules and not chosen.own_rules  # a rule's file can change
        run.results.append(CheckResult(source.filename))
        _note(run, source)
        if not is_worth_it(source):
            continue
        is_file = data is None and isinstance(source, Source) and source.path is not None
        found = _known(verdicts, source, chosen) if verdicts is not None and is_file and not chosen.rules else None
        if found is None:
            tasks.append(_task(number, source, chosen, is_file))
            continue
        tried.add(chosen)
        run.results[number] = found[0]
        run.digests.update(found[1])
    _load_rules(one for one in untried if one not in tried)
    for task, verdict in zip(tasks, _verdicts(tasks, options.jobs), strict=True):
        own = task.source if isinstance(task.source, Source) else None
        run.results[task.number] = decode(verdict.record, own)
        run.digests.update(verdict.depends)
        if verdicts is not None and task.path and not task.settings.rules and not verdict.record["failed"]:
            name = os.path.abspath(task.filename)  # noqa: PTH100 (the name that `_note` and `_known` give it)
            verdicts.store(_key(task.filename, name, verdict.depends[name] or "", task.settings), verdict.record, verdict.depends)
    if verdicts is not None:
        verdicts.prune()
    run.results = once(run.results)
    return run


def _load_rules(settings: Iterable[Settings]) -> None:
    """Refuse settings that name rules which do not exist, before anything is checked; none does where a verdict was kept."""
    for one in settings:
        if any((one.select, one.extend_select, one.ignore, one.per_file_ignores, one.severity, one.rules)):
            from trainlint.selection import selected_rules

            selected_rules(one)


def _conditions() -> str:
    return f"{memo.fingerprint()} {os.getcwd()}"  # noqa: PTH109


def _key(filename: str, path: str, digest: str, settings: Settings) -> str:
    return f"{filename}\n{path}\n{digest}\n{settings!r}"


def _known(
    verdicts: Verdicts, source: Source | Unreadable, settings: Settings
) -> tuple[CheckResult, dict[str, str | None]] | None:
    if isinstance(source, Unreadable):
        return None
    path = os.path.abspath(source.filename)  # noqa: PTH100
    return verdicts.load(_key(source.filename, path, source.digest, settings), source)


def _note(run: Run, source: Source | Unreadable) -> None:
    """What decides about a file besides the settings: its content, and what stands in the folders above it."""
    path = os.path.abspath(source.filename)  # noqa: PTH100
    if isinstance(source, Source) and source.path is not None:
        run.digests[path] = source.digest
    else:
        run.looked_at.add(path)
    for folder in {os.path.dirname(path), os.path.dirname(os.path.realpath(path))}:  # noqa: PTH120
        while f"{folder}/{LOOKED_FOR[0]}" not in run.looked_at:
            run.looked_at.update(f"{folder}/{name}" for name in LOOKED_FOR)
            folder = os.path.dirname(folder)  # noqa: PLW2901, PTH120


def _task(number: int, source: Source | Unreadable, settings: Settings, is_file: bool) -> Task:
    if is_file and isinstance(source, Source):
        return Task(number, source.filename, settings, len(source.text), str(source.path))
    return Task(number, source.filename, settings, source=source)


def _verdicts(tasks: Sequence[Task], jobs: int | None) -> Iterator[Verdict]:
    """The verdicts on all tasks, in their order."""
    wanted = min(jobs or (_cores() if sum(one.size for one in tasks) >= WORTH_WORKERS else 1), len(tasks))
    if wanted < 2:
        projects = Projects()
        for one in tasks:
            yield _checked(one, projects)
    else:
        yield from _shared_out(tasks, wanted)


def _shared_out(tasks: Sequence[Task], jobs: int) -> Iterator[Verdict]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from trainlint.engine import prepare

    prepare()  # what is loaded here need not be loaded by each worker, where workers are forked
    gc.freeze()
    method = "fork" if sys.platform == "linux" else "spawn"
    chunks = list(_chunks(tasks, jobs * CHUNKS))
    with ProcessPoolExecutor(jobs, multiprocessing.get_context(method), be_thrifty) as pool:
        for verdicts in pool.map(_checked_together, chunks):
            yield from verdicts


def _chunks(tasks: Sequence[Task], count: int) -> Iterator[list[Task]]:
    """Stretches of neighbouring files of about the same size."""
    target = sum(one.size for one in tasks) / count
    chunk: list[Task] = []
    size = 0
    for one in tasks:
        chunk.append(one)
        size += one.size
        if size >= target:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


_PROJECTS = Projects()
"""Of a worker: the modules that it has parsed."""


def _checked_together(tasks: Sequence[Task]) -> list[Verdict]:
    return [_checked(one, _PROJECTS) for one in tasks]


def _checked(task: Task, projects: Projects) -> Verdict:
    from trainlint.engine import check_source

    source = task.source or read(Path(task.path), task.filename)
    project = projects.of(source)
    if project is not None:
        project.asked.clear()
    result = check_source(source, task.settings, project)
    paths = {name: str(text.path) for name, text in result.texts.items() if isinstance(text, Source) and text.path is not None}
    depends = {} if project is None else {path: project.digests[path] for path in project.asked}
    if task.path:
        depends[os.path.abspath(task.filename)] = source.digest if isinstance(source, Source) else ""  # noqa: PTH100
    return Verdict(task.number, encode(result, paths), depends)


class Copied(contextlib.AbstractContextManager[io.StringIO]):
    """While it is entered, what is written to stdout is kept as well."""

    def __enter__(self) -> io.StringIO:
        self._stream = sys.stdout
        copy = io.StringIO(newline="")
        sys.stdout = _Both(self._stream, copy)
        return copy

    def __exit__(self, *_: object) -> None:
        sys.stdout = self._stream


class _Both(io.TextIOBase):
    """Writes to a stream, of which it has terminal and encoding, and to a copy."""

    def __init__(self, stream: TextIO, copy: io.StringIO) -> None:
        self._stream, self._copy = stream, copy

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    def write(self, text: str) -> int:
        self._copy.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
