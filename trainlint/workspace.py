"""The other files of a project, read and parsed when a script imports them; nothing outside the project's root is opened."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from trainlint.source.read import Source, Unreadable, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainlint.source.parse import SyntaxFailure, Tree

ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "trainlint.toml", "requirements.txt")
MAXIMUM_FILE = 1_000_000
MAXIMUM_KEPT = 1_000_000
"""Characters of the files whose trees are kept; with its positions a tree takes some 150 bytes for each (measured)."""


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
    """The files below one root, parsed once as long as they are among the latest that were asked for.

    `asked` holds the paths that were looked for since it was last cleared; `digests` names the content of each, None where there
    is no such file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.asked: set[str] = set()
        self.digests: dict[str, str | None] = {}
        self._trees: OrderedDict[Path, Tree | None] = OrderedDict()
        self._places: dict[tuple[str, int, str], tuple[Path, ...]] = {}
        self._kept = 0

    def module(self, name: str, level: int, importer: str) -> Tree | None:
        """The parsed file of an import made by the file `importer`; None if the project has no such file, or a broken one."""
        places = self._places.get((name, level, importer))
        if places is None:
            places = self._places[name, level, importer] = tuple(self._candidates(name, level, importer))
        trees = (self._tree(candidate, importer) for candidate in places)
        return next((tree for tree in trees if tree is not None), None)

    def _candidates(self, name: str, level: int, importer: str) -> Iterator[Path]:
        """The files that an import may mean, the first that is there counts."""
        for base in self._bases(level, importer):
            path = base.joinpath(*name.split(".")) if name else base
            yield path.with_name(f"{path.name}.py")
            yield path / "__init__.py"

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
        for base in self._bases(0, importer):
            source = self._read(base / path, str(base / path))
            if source is not None:
                return source.text if not isinstance(source, Unreadable) else None
        return None

    def tree_of(self, source: Source) -> Tree | SyntaxFailure:
        """The tree of a file that is checked; it is kept for the scripts that import it."""
        from trainlint.source.parse import SyntaxFailure, parse

        path = None if source.path is None else source.path.resolve()
        kept = None if path is None else self._trees.get(path)
        if kept is not None and kept.source.filename == source.filename and kept.source.text == source.text:
            return kept
        tree = parse(source)
        if path is not None and not source.cells and not isinstance(tree, SyntaxFailure) and not tree.failures:
            written = self._read(path, source.filename)
            if isinstance(written, Source) and written.text == source.text:  # an editor's buffer may differ from its file
                self._keep(path, tree)
        return tree

    def _tree(self, path: Path, importer: str) -> Tree | None:
        from trainlint.source.parse import Tree, parse

        if path in self._trees:
            self.asked.add(str(path))
            self._trees.move_to_end(path)
            return self._trees[path]
        source = self._read(path, _as_named(path, importer))
        tree = parse(source) if source is not None and not isinstance(source, Unreadable) else None
        whole = tree if isinstance(tree, Tree) and not tree.failures else None
        self._keep(path, whole)
        return whole

    def _read(self, path: Path, name: str) -> Source | Unreadable | None:
        """A file of the project; None if there is none."""
        self.asked.add(str(path))
        self.digests[str(path)] = None
        if not path.is_file() or not path.resolve().is_relative_to(self.root):
            return None
        source = read(path, name, MAXIMUM_FILE)
        self.digests[str(path)] = source.digest if isinstance(source, Source) else ""
        return source

    def _keep(self, path: Path, tree: Tree | None) -> None:
        self._trees[path] = tree
        self._kept += 0 if tree is None else len(tree.source.text)
        for oldest in list(self._trees) if self._kept > MAXIMUM_KEPT else ():
            dropped = self._trees.pop(oldest) if oldest != path and self._trees[oldest] is not None else None
            self._kept -= 0 if dropped is None else len(dropped.source.text)
            if self._kept <= MAXIMUM_KEPT:
                break
