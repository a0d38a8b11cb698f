"""Checks of what stands in the editor, one after the other in a thread of their own; one that has become stale is given up."""

from __future__ import annotations

import asyncio
import gc
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

from trainlint.engine import check_source, prepare
from trainlint.facts.run import Script
from trainlint.result import CheckResult
from trainlint.server.documents import Checked, Snapshot
from trainlint.settings import Settings, changed_by, settings_for
from trainlint.source.ignore import Patterns
from trainlint.source.parse import SyntaxFailure, Tree, parse
from trainlint.source.read import Source, Unreadable, read_text
from trainlint.source.room import has_room, large_stacks
from trainlint.source.screen import may_train
from trainlint.workspace import Project, root_of

KEPT_TREES = 16
"""Open files whose latest tree is at hand; a tree takes some 2 MB for a thousand rows."""
EDITOR = "the editor's settings"


class StaleError(BaseException):
    """The text was changed while it was checked. No fault of the check, which must not take it for one: no `Exception`."""


class Trees:
    """The latest tree of each open file: the next is made from it, of which only what was edited is parsed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Tree] = OrderedDict()

    def of(self, source: Source) -> Tree | SyntaxFailure:
        """The tree of a text."""
        before = self._kept.get(source.filename)
        if before is not None and before.source == source:
            return before
        tree = parse(source, before)
        if isinstance(tree, Tree):
            self._kept[source.filename] = tree
            self._kept.move_to_end(source.filename)
            if len(self._kept) > KEPT_TREES:
                self._kept.popitem(last=False)
        return tree


class LiveProject(Project):
    """The files of a project as the editor has them: open ones count as they stand there, saved or not."""

    def __init__(self, root: Path, trees: Trees) -> None:
        super().__init__(root)
        self._latest = trees
        self.open: Mapping[str, str] = {}
        self.stale = Event()

    def heed(self, script: Script | None = None) -> Script | None:
        """Give up what has become stale.

        Raises:
            StaleError: the text was changed since.
        """
        if self.stale.is_set():
            raise StaleError
        return script

    def tree_of(self, source: Source) -> Tree | SyntaxFailure:
        """The tree of the file that is checked."""
        self.heed()
        tree = self._latest.of(source)
        self.heed()
        return tree

    def _tree(self, path: Path, importer: str) -> Tree | None:
        self.heed()
        text = self.open.get(str(path))
        if text is None:
            return super()._tree(path, importer)
        self.asked.add(str(path))
        source = read_text(text, str(path), path)
        tree = self._latest.of(source)
        whole = tree if isinstance(tree, Tree) and not tree.failures else None
        before = self._trees.pop(path, None)
        self._kept -= 0 if before is None else len(before.source.text)
        self._keep(path, whole)
        return whole


@dataclass(slots=True)
class Job:
    """One check that is under way."""

    taken: Snapshot
    future: asyncio.Future[Checked | None]
    stale: Event = field(default_factory=Event)


class Checks:
    """Checks texts in a thread of its own: one at a time, since the interpreter's state is the process's."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "trainlint", initializer=has_room)
        self._trees = Trees()
        self._projects: dict[Path, LiveProject] = {}
        with large_stacks():
            self._thread.submit(_make_ready)

    def start(self, taken: Snapshot, preferences: Mapping[str, Any]) -> Job:
        """Begin a check; its future is None if it became stale.

        The future raises SettingsError or RuleError where the settings cannot be meant.
        """
        stale = Event()
        work = self._thread.submit(self._check, taken, preferences, stale)
        return Job(taken, asyncio.wrap_future(work), stale)

    def forget(self) -> None:
        """Other files changed: read them again."""
        self._thread.submit(self._projects.clear)

    def _check(self, taken: Snapshot, preferences: Mapping[str, Any], stale: Event) -> Checked | None:
        if stale.is_set():
            return None
        settings = _settings(taken.path, preferences)
        source = taken.source()
        project = self._project(taken.path)
        if settings is None or not (isinstance(source, Unreadable) or may_train(source)):
            return Checked(CheckResult(source.filename), taken.sheets(source), taken)
        if project is not None:
            own = "" if taken.path is None else str(taken.path.resolve())
            project.open = {path: text for path, text in taken.others.items() if path != own}
            project.stale = stale
            project.asked.clear()
        try:
            heed: Any = None if project is None else project.heed
            result = check_source(source, settings, project, measured=heed)
        except StaleError:
            return None
        asked = frozenset() if project is None else frozenset(project.asked)
        return Checked(result, taken.sheets(source), taken, asked)

    def _project(self, path: Path | None) -> LiveProject | None:
        if path is None:
            return None
        root = root_of(path)
        return self._projects.setdefault(root, LiveProject(root, self._trees))


def _settings(path: Path | None, preferences: Mapping[str, Any]) -> Settings | None:
    """The settings that hold for a file, as the editor changes them; None if they exclude the file."""
    settings = settings_for(Path.cwd() if path is None else path)
    settings = changed_by(settings, preferences, EDITOR) if preferences else settings
    excluded = path is not None and Patterns(settings.exclude, settings.root or Path()).verdict(path, is_folder=False)
    return None if excluded else replace(settings, rules=())


def _make_ready() -> None:
    """Load what the first check needs; what is loaded now lives as long as the process: the collector need not look at it."""
    prepare()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
