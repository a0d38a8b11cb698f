"""A project in which some files already read as they would after their fixes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from trainlint.fixes.document import Document
from trainlint.source.read import Source

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Workspace
    from trainlint.source.parse import Tree

KEPT_TREES = 32


def key_of(filename: str) -> str:
    """What is the same for all names of one file."""
    return os.path.realpath(filename)


class View:
    """The project, with the changed documents by key; `read` are the keys of the modules that a check asked for."""

    def __init__(self, project: Workspace, changed: Mapping[str, Document]) -> None:
        self._project = project
        self._changed = changed
        self.read: set[str] = set()

    def module(self, name: str, level: int, importer: str) -> Tree | None:
        """The parsed file of an import, as it now reads."""
        tree = self._project.module(name, level, importer)
        if tree is None:
            return None
        key = key_of(tree.source.filename)
        self.read.add(key)
        return _tree(self._named(key, tree.source.filename)) if key in self._changed else tree

    def source(self, filename: str) -> Source | None:
        """The text of a module that was imported, as it now reads."""
        key = key_of(filename)
        return self._named(key, filename) if key in self._changed else self._project.source(filename)

    def text(self, path: str, importer: str) -> str | None:
        """The text of a project file that a script opens."""
        return self._project.text(path, importer)

    def _named(self, key: str, filename: str) -> Source:
        return replace(self._changed[key].source, filename=filename)


@lru_cache(maxsize=KEPT_TREES)
def _tree(source: Source) -> Tree | None:
    from trainlint.source.parse import Tree, parse

    tree = parse(source)
    return tree if isinstance(tree, Tree) else None
