"""From the paths that the user names to the files to check."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trainlint.source.ignore import Patterns
from trainlint.source.read import Unreadable

SUFFIXES = (".py", ".ipynb")
DEFAULT_EXCLUDE = frozenset(
    {
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".git-rewrite",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pants.d",
        ".pyenv",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".vscode",
        "__pycache__",
        "__pypackages__",
        "_build",
        "buck-out",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)
"""Folders that are not entered unless they are named, or a pattern such as `!build/` asks for them (ruff leaves out the same)."""


def missing(paths: Iterable[Path]) -> list[Path]:
    """The paths that do not exist: the caller's error."""
    return [path for path in paths if not os.path.lexists(path)]


def discover(
    paths: Iterable[Path],
    exclude: Sequence[str] = (),
    *,
    root: Path | None = None,
    respect_gitignore: bool = True,
    force_exclude: bool = False,
    listed: set[str] | None = None,
) -> Iterator[Path | Unreadable]:
    """The Python files and notebooks at and below `paths`, each once, the content of a folder sorted by name.

    `exclude` holds patterns as in .gitignore, relative to `root` (the present folder if it is None), and adds to
    `DEFAULT_EXCLUDE`. A path that is named is taken whatever it is called, and even if it is excluded or ignored, unless
    `force_exclude`. Links to folders are not followed (as in git and ruff), so that no walk goes round in a circle; a link to a
    file is taken if the file is the project's and would not be found otherwise. A folder that cannot be listed is `Unreadable`.
    `listed` is filled with what the walk rests on: the folders that were listed, and the ignore files.
    """
    walk = _Walk(
        Patterns(exclude, root or Path.cwd()), root or Path.cwd(), respect_gitignore, set() if listed is None else listed
    )
    for path in paths:
        is_folder = os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises where a folder may not be entered)
        if not force_exclude or not walk.leaves_out_named(path, is_folder):
            yield from walk.folder(path) if is_folder else walk.once(path)


@dataclass(slots=True)
class _Walk:
    exclude: Patterns
    root: Path
    respect_gitignore: bool
    listed: set[str]
    seen: set[str] = field(default_factory=set)
    ignore_files: dict[Path, list[Patterns]] = field(default_factory=dict)

    def once(self, path: Path) -> Iterator[Path]:
        """The path, unless it was given before."""
        absolute = os.path.abspath(path)  # noqa: PTH100 (Path.absolute leaves `..` in)
        if absolute not in self.seen:
            self.seen.add(absolute)
            yield path

    def folder(self, top: Path) -> Iterator[Path | Unreadable]:
        """What is to be checked below a folder. The folder was named, so what leaves it out does not leave out its content."""
        project = _repository(top) or top
        rules = [rule for rule in self.rules_above(top) if not rule.verdict(top, is_folder=True)]
        waiting: list[tuple[Path, list[Patterns] | None]] = [(top, rules)]
        while waiting:
            path, rules_of_folder = waiting.pop()
            if rules_of_folder is None:
                yield from self.once(path)
                continue
            self.listed.add(str(path))
            try:
                with os.scandir(path) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
            except OSError as error:
                yield Unreadable.because(str(path), f"is a folder that cannot be listed: {error.strerror}")
                continue
            rules = [*rules_of_folder, *self.rules_of(path)]
            for entry in entries:
                below = path / entry.name
                is_folder = _is_folder(entry)
                is_wanted = is_folder or (entry.name.endswith(SUFFIXES) and _is_no_useless_link(entry, top, project))
                if is_wanted and not self.leaves_out(below, rules, is_folder=is_folder):
                    waiting.append((below, rules if is_folder else None))

    def leaves_out(self, path: Path, rules: Sequence[Patterns], *, is_folder: bool) -> bool:
        """Whether something is excluded, where the folders around it are not. The deepest .gitignore that names it decides."""
        excluded = self.exclude.verdict(path, is_folder=is_folder)
        if excluded is not None:
            return excluded
        if is_folder and path.name in DEFAULT_EXCLUDE:
            return True
        verdicts = (rule.verdict(path, is_folder=is_folder) for rule in reversed(rules))
        return next((verdict for verdict in verdicts if verdict is not None), False)

    def leaves_out_named(self, path: Path, is_folder: bool) -> bool:
        """Whether a walk from the root would not have come to a path."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100
        top = Path(os.path.abspath(self.root))  # noqa: PTH100
        around = [one for one in reversed(absolute.parents) if one != top and one.is_relative_to(top)]
        return any(self.leaves_out(one, self.rules_above(one), is_folder=True) for one in around) or self.leaves_out(
            absolute, self.rules_above(absolute), is_folder=is_folder
        )

    def rules_above(self, path: Path) -> list[Patterns]:
        """The ignore files of the folders around a path, from the top of its repository down; without a repository none."""
        repository = _repository(path)
        if repository is None:
            return []
        around = reversed(Path(os.path.abspath(path)).parents)  # noqa: PTH100
        return [rule for folder in around if folder.is_relative_to(repository) for rule in self.rules_of(folder)]

    def rules_of(self, folder: Path) -> list[Patterns]:
        """The ignore files of one folder, each read once."""
        if folder not in self.ignore_files:
            files = (folder / ".git" / "info" / "exclude", folder / ".gitignore") if self.respect_gitignore else ()
            self.listed.update(map(str, files))
            self.ignore_files[folder] = [found for file in files if (found := Patterns.of_file(file, folder))]
        return self.ignore_files[folder]


def _repository(path: Path) -> Path | None:
    """The top of the repository that holds a folder."""
    start = Path(os.path.abspath(path))  # noqa: PTH100
    return next((one for one in (start, *start.parents) if os.path.lexists(one / ".git")), None)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_no_useless_link(entry: os.DirEntry[str], top: Path, project: Path) -> bool:
    """Of links, only those that lead to a file of the project with no other name below `top`, or to nothing, which is said."""
    if not entry.is_symlink():
        return True
    link = Path(entry.path)
    try:
        target = link.resolve()
        if not target.exists():
            return not link.name.startswith(".")  # editors lock files by links to nothing: `.#train.py`
        found_anyway = target.is_relative_to(top.resolve()) and target.name.endswith(SUFFIXES)
        return target.is_file() and target.is_relative_to(project.resolve()) and not found_anyway
    except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle, up to Python 3.12
        return True
