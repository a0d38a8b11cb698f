"""What is checked and may be mended. Standard library only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainlint.result import CheckResult

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Workspace
    from trainlint.source.read import Source, Unreadable


@dataclass(frozen=True, slots=True)
class Target:
    """A file among the paths. `check` checks it as it is given; `data` are the bytes of what is no file (stdin)."""

    source: Source | Unreadable
    check: Callable[[Source | Unreadable, Workspace | None], CheckResult]
    project: Workspace | None = None
    data: bytes | None = None

    def checked(self) -> CheckResult:
        """The check of the file as it was read."""
        return self.check(self.source, self.project)
