"""The other files of a project, read and parsed when a script imports them; nothing outside the project's root is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainlint.source.parse import Tree
    from trainlint.source.read import Source

ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "trainlint.toml", "requirements.txt")
MAXIMUM_FILE = 1_000_000


def root_of(path: Path) -> Path:
    """The project that a file belongs to: the closest folder above it that looks like one, else the file's own folder."""
    folder = path.resolve().parent
    for one in (folder, *folder.parents):
        if any((one / mark).exists() for mark in ROOT_MARKS):
            return one
    return folder


def _as_named(path: Path, importer: str) -> str:
    """A file as the user would name it who named its importer: relative to the present folder, or absolute."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and not Path(importer).is_absolute() else str(path)


class Project:
    """The files below one root, each parsed at most once."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._trees: dict[Path, Tree | None] = {}
        self.read: set[Path] = set()

    def module(self, name: str, level: int, importer: str) -> Tree | None:
        """The parsed file of an import made by the file `importer`; None if the project has no such file."""
        for base in self._bases(level, importer):
            path = base.joinpath(*name.split(".")) if name else base
            for candidate in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
                tree = self._tree(candidate, importer)
                if tree is not None:
                    return tree
        return None

    def _bases(self, level: int, importer: str) -> Iterator[Path]:
        """The folders in which an import is looked up: relative ones first, then up from the importer to the root."""
        folder = Path(importer).resolve().parent
        if level:
            yield folder if level == 1 else folder.parents[min(level - 2, len(folder.parents) - 1)]
            return
        while folder.is_relative_to(self.root):
            yield folder
            if folder == self.root:
                break
            folder = folder.parent
        yield self.root / "src"

    def source(self, filename: str) -> Source | None:
        """The text of a module that was imported, by the filename of its spans."""
        return next((tree.source for tree in self._trees.values() if tree is not None and tree.source.filename == filename), None)

    def text(self, path: str, importer: str) -> str | None:
        """The text of a settings file that a script opens: by the script's folder or any above it up to the root."""
        from trainlint.source.read import Source, read

        for base in self._bases(0, importer):
            candidate = base / path
            if candidate.is_file() and candidate.resolve().is_relative_to(self.root):
                self.read.add(candidate)
                source = read(candidate, str(candidate), MAXIMUM_FILE)
                return source.text if isinstance(source, Source) else None
        return None

    def _tree(self, path: Path, importer: str) -> Tree | None:
        from trainlint.source.parse import Tree, parse
        from trainlint.source.read import Source, read

        if path not in self._trees:
            self._trees[path] = None
            if path.is_file() and path.resolve().is_relative_to(self.root):
                source = read(path, _as_named(path, importer), MAXIMUM_FILE)
                tree = parse(source) if isinstance(source, Source) else None
                self._trees[path] = tree if isinstance(tree, Tree) else None
                self.read.add(path)
        return self._trees[path]
