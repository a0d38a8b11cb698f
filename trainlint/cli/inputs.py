"""From the operands of a command to the results of its files."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trainlint.cli.arguments import UsageError
from trainlint.fixes.target import Target
from trainlint.result import CheckResult
from trainlint.settings import Settings, from_environment, nearest, settings_for, settings_in
from trainlint.source.discover import discover
from trainlint.source.ignore import Patterns
from trainlint.source.read import DEFAULT_LIMIT, Source, Unreadable, decode, read
from trainlint.source.screen import may_train
from trainlint.trust import trusted
from trainlint.workspace import Project, root_of

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Workspace

STDIN = "-"
STDIN_NAME = "<stdin>"
KEPT_PROJECTS = 2
"""A repository in which every folder is a project of its own is walked folder by folder."""


def targets_of(options: Namespace) -> Iterator[Target]:
    """Every file with the check that its settings ask for.

    Raises:
        UsageError: a path does not exist.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    from trainlint.selection import selected_rules

    projects = Projects()
    for source, settings, data in sources(options):
        chosen = with_options(settings, options)
        selected_rules(chosen)
        yield Target(source, partial(_check, chosen), projects.of(source), data)


def _check(settings: Settings, source: Source | Unreadable, workspace: Workspace | None) -> CheckResult:
    """Check one file; nothing heavy is imported for one that cannot train."""
    if not is_worth_it(source):
        return CheckResult(source.filename)
    from trainlint.engine import check_source

    return check_source(source, settings, workspace)


def once(results: Sequence[CheckResult]) -> list[CheckResult]:
    """What several scripts meet in a module that they share is one finding: that of the first."""
    seen: set[tuple[str, int, int, str]] = set()
    kept = []
    for result in results:
        keys = [(os.path.realpath(one.span.filename), one.span.row, one.span.column, one.code) for one in result.findings]
        new = tuple(one for one, key in zip(result.findings, keys, strict=True) if key not in seen)
        seen.update(keys)
        kept.append(replace(result, findings=new))
    return kept


def facts_of_all(options: Namespace) -> list[CheckResult]:
    """The facts of every file that may train, without findings.

    Raises:
        UsageError: a path does not exist.
        SettingsError: the settings cannot be meant.
    """
    results, projects = [], Projects()
    for source, settings, _ in sources(options):
        if is_worth_it(source):
            from trainlint.engine import judged_facts_of

            script = judged_facts_of(source, with_budget(settings, options), projects.of(source))
            texts = {source.filename: source} if isinstance(source, Source) else {}
            results.append(CheckResult(source.filename, (), texts, len(script.runs), failed=bool(script.raised), script=script))
    return results


class Projects:
    """The project of each file, so that a module that many scripts import is parsed once. The latest are kept."""

    def __init__(self) -> None:
        self._of_root: dict[Path, Project] = {}

    def of(self, source: Source | Unreadable) -> Project | None:
        """The project that a file is part of; None for text from nowhere."""
        if isinstance(source, Unreadable) or source.path is None:
            return None
        root = root_of(source.path)
        project = self._of_root.setdefault(root, Project(root))
        for oldest in list(self._of_root)[: len(self._of_root) - KEPT_PROJECTS]:
            if oldest != root:
                del self._of_root[oldest]
        return project


def sources(options: Namespace, listed: set[str] | None = None) -> Iterator[tuple[Source | Unreadable, Settings, bytes | None]]:
    """Every file once, with the settings that hold for it, in the order of the paths; of stdin its bytes, too.

    `listed` is filled with the folders and ignore files that the search for files rests on.
    """
    seen: set[str] = set()
    settings_of = _settings_reader(options)
    paths = options.paths or ["."]
    for path in paths:
        if path != STDIN and not os.path.lexists(path):
            raise UsageError(f"there is no file or folder {path!r}{_nearest_path(Path(path))}")
    for path in paths:
        if path == STDIN:
            data = sys.stdin.buffer.read(DEFAULT_LIMIT + 1)
            yield _stdin(data, options.stdin_filename), settings_of(Path(options.stdin_filename or ".")), data
            continue
        above = settings_of(Path(path))
        named = [Path(path)]
        for file in discover(named, above.exclude, root=above.root, force_exclude=options.force_exclude, listed=listed):
            name = file.filename if isinstance(file, Unreadable) else str(file)
            settings = above if isinstance(file, Unreadable) else settings_of(file)
            if name not in seen and (settings is above or not _left_out(Path(name), settings)):
                seen.add(name)
                yield file if isinstance(file, Unreadable) else read(file), settings, None


def settings_of_paths(options: Namespace) -> Iterator[tuple[str, Settings]]:
    """Each path that was named with the settings that hold for it, the command line's included.

    Raises:
        SettingsError: the settings cannot be meant.
    """
    settings_of = _settings_reader(options)
    for path in options.paths or ["."]:
        yield path, with_options(settings_of(Path(options.stdin_filename or "." if path == STDIN else path)), options)


def _left_out(file: Path, settings: Settings) -> bool:
    """Whether the settings file closest to a file, which is below the one that the walk began with, excludes it."""
    return Patterns(settings.exclude, settings.root or Path()).verdict(file, is_folder=False) is True


def _settings_reader(options: Namespace) -> Callable[[Path], Settings]:
    """The settings for a path: those of `--config`, none with `--isolated`, else those of the closest settings file."""
    if options.isolated or options.config:
        fixed = from_environment(Settings()) if options.isolated else settings_in(Path(options.config))
        return lambda _: fixed
    known: dict[Path, Settings] = {}

    def settings_of(path: Path) -> Settings:
        folder = path.absolute()
        folder = folder if folder.is_dir() else folder.parent
        if folder not in known:
            known[folder] = settings_for(folder)
        return known[folder]

    return settings_of


def _stdin(data: bytes, name: str | None) -> Source | Unreadable:
    filename = name or STDIN_NAME
    if len(data) > DEFAULT_LIMIT:
        return Unreadable.because(filename, f"has more than the limit of {DEFAULT_LIMIT:,} bytes")
    return decode(data, Path(name) if name else None, filename)


def is_worth_it(source: Source | Unreadable) -> bool:
    """Whether there may be something to say of a file: it may train, or cannot be read."""
    return isinstance(source, Unreadable) or may_train(source)


def with_options(settings: Settings, options: Namespace) -> Settings:
    """The settings as the command line changes them: its `--select` sets aside the file's choice of rules."""
    if options.select:
        settings = replace(settings, select=tuple(options.select), extend_select=(), ignore=())
    named = tuple(Path(folder) for folder in options.rules or ())
    changed = replace(
        settings,
        extend_select=(*settings.extend_select, *(options.extend_select or ())),
        ignore=(*settings.ignore, *(options.ignore or ())),
        preview=settings.preview or options.preview,
        rules=named,
    )
    return trusted(with_budget(changed, options), options.trust_project)


def with_budget(settings: Settings, options: Namespace) -> Settings:
    """The settings with the budget of the command line, if it names one."""
    return settings if options.budget is None else replace(settings, budget=options.budget)


def _nearest_path(path: Path) -> str:
    try:
        siblings = os.listdir(path.parent)  # noqa: PTH208 (names are wanted, not paths)
    except OSError:
        return ""
    hint = nearest(path.name, siblings)
    return hint if path.parent == Path() or not hint else f"{hint[:-1]} in {str(path.parent)!r}?"
