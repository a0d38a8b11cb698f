"""From the operands of a command to the results of its files."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trainlint.cli.arguments import UsageError
from trainlint.fixes.target import Target
from trainlint.result import CheckResult
from trainlint.settings import Settings, nearest, settings_for
from trainlint.source.discover import discover
from trainlint.source.read import DEFAULT_LIMIT, Source, Unreadable, decode, read
from trainlint.source.screen import may_train
from trainlint.workspace import Project, root_of

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Workspace

STDIN = "-"
STDIN_NAME = "<stdin>"


def check_all(options: Namespace) -> list[CheckResult]:
    """Check every file; the facts are dropped, and the texts of files without findings, so that memory stays small.

    Raises:
        UsageError: a path does not exist.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    results = []
    for one in targets_of(options):
        result = one.checked()
        results.append(replace(result, script=None, texts=result.texts if result.findings else {}))
    return once(results)


def targets_of(options: Namespace) -> Iterator[Target]:
    """Every file with the check that its settings ask for.

    Raises:
        UsageError: a path does not exist.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    from trainlint.selection import selected_rules

    projects = _Projects()
    for source, settings, data in _sources(options):
        chosen = _with_options(settings, options)
        selected_rules(chosen)
        yield Target(source, partial(_check, chosen), projects.of(source), data)


def _check(settings: Settings, source: Source | Unreadable, workspace: Workspace | None) -> CheckResult:
    """Check one file; nothing heavy is imported for one that cannot train."""
    if not _may_train(source):
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
    results, projects = [], _Projects()
    for source, _, _ in _sources(options):
        if _may_train(source):
            from trainlint.engine import judged_facts_of

            script = judged_facts_of(source, projects.of(source))
            texts = {source.filename: source} if isinstance(source, Source) else {}
            results.append(CheckResult(source.filename, (), texts, len(script.runs), failed=bool(script.raised), script=script))
    return results


class _Projects:
    """The project of each file, so that a module that many scripts import is parsed once."""

    def __init__(self) -> None:
        self._of_root: dict[Path, Project] = {}

    def of(self, source: Source | Unreadable) -> Project | None:
        """The project that a file is part of; None for text from nowhere."""
        if isinstance(source, Unreadable) or source.path is None:
            return None
        root = root_of(source.path)
        return self._of_root.setdefault(root, Project(root))


def _sources(options: Namespace) -> Iterator[tuple[Source | Unreadable, Settings, bytes | None]]:
    """Every file once, with the settings that hold for it, in the order of the paths; of stdin its bytes, too."""
    seen: set[str] = set()
    paths = options.paths or ["."]
    for path in paths:
        if path != STDIN and not os.path.lexists(path):
            raise UsageError(f"there is no file or folder {path!r}{_nearest_path(Path(path))}")
    for path in paths:
        if path == STDIN:
            data = sys.stdin.buffer.read(DEFAULT_LIMIT + 1)
            yield _stdin(data, options.stdin_filename), settings_for(Path(options.stdin_filename or ".")), data
            continue
        settings = settings_for(Path(path))
        for file in discover([Path(path)], settings.exclude, root=settings.root):
            name = file.filename if isinstance(file, Unreadable) else str(file)
            if name not in seen:
                seen.add(name)
                yield file if isinstance(file, Unreadable) else read(file), settings, None


def _stdin(data: bytes, name: str | None) -> Source | Unreadable:
    filename = name or STDIN_NAME
    if len(data) > DEFAULT_LIMIT:
        return Unreadable.because(filename, f"has more than the limit of {DEFAULT_LIMIT:,} bytes")
    return decode(data, Path(name) if name else None, filename)


def _may_train(source: Source | Unreadable) -> bool:
    return isinstance(source, Unreadable) or may_train(source)


def _with_options(settings: Settings, options: Namespace) -> Settings:
    """The settings as the command line changes them: its `--select` sets aside the file's `select` and `ignore`."""
    if options.select:
        settings = replace(settings, select=tuple(options.select), ignore=())
    return replace(
        settings,
        ignore=(*settings.ignore, *(options.ignore or ())),
        preview=settings.preview or options.preview,
        rules=tuple(Path(folder) for folder in options.rules or ()),
    )


def _nearest_path(path: Path) -> str:
    try:
        siblings = os.listdir(path.parent)  # noqa: PTH208 (names are wanted, not paths)
    except OSError:
        return ""
    hint = nearest(path.name, siblings)
    return hint if path.parent == Path() or not hint else f"{hint[:-1]} in {str(path.parent)!r}?"
