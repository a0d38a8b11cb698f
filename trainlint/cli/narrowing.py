"""`trainlint check` with `--baseline`, `--write-baseline` or `--since`: which of the findings are shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trainlint.cli.arguments import UsageError
from trainlint.core import Finding
from trainlint.report.plain import plural
from trainlint.result import CheckResult

_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
GIT_SECONDS = 60


def narrowed(results: Sequence[CheckResult], options: Namespace) -> list[CheckResult]:
    """The results with the findings that are to be shown.

    Raises:
        UsageError: git does not know the revision, or a file cannot be written.
        SettingsError: the baseline cannot be read.
    """
    kept = list(results)
    if options.since:
        changed = changed_rows(options.since)
        kept = [replace(one, findings=tuple(f for f in one.findings if _touches(f, changed))) for one in kept]
    if options.write_baseline:
        return _accept(kept, Path(options.write_baseline))
    if options.baseline:
        from trainlint.report.baseline import read_baseline, without_known

        kept, hidden, stale = without_known(kept, read_baseline(Path(options.baseline)))
        if hidden or stale:
            said = f"{plural(hidden, 'finding')} of the baseline not shown" if hidden else ""
            gone = f"{stale:,} of the baseline no longer there: write it anew with --write-baseline" if stale else ""
            sys.stderr.write(f"trainlint: {'; '.join(one for one in (said, gone) if one)}\n")
    return kept


def _accept(results: list[CheckResult], file: Path) -> list[CheckResult]:
    from trainlint.report.baseline import baseline_json

    try:
        file.write_text(baseline_json(results), encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise UsageError(f"{str(file)!r} cannot be written: {error.strerror}") from None
    count = sum(len(one.findings) for one in results)
    sys.stderr.write(f"trainlint: {plural(count, 'finding')} written to {file}\n")
    return [replace(one, findings=()) for one in results]


def _touches(finding: Finding, changed: Mapping[str, set[int] | None]) -> bool:
    """Whether a finding or a place that takes part in it stands in a changed row: the value at fault can lie elsewhere."""
    for span in (finding.span, *(one.span for one in finding.related)):
        rows = changed.get(os.path.realpath(span.filename), set())
        if rows is None or any(row in rows for row in range(span.row, span.end_row + 1)):
            return True
    return False


def changed_rows(revision: str) -> dict[str, set[int] | None]:
    """The rows that were added or changed since a revision, by file; None for a file that git does not track.

    The rows of a notebook's file are not those of its cells: a changed notebook counts whole.

    Raises:
        UsageError: there is no git, no repository or no such revision.
    """
    if revision.startswith("-"):
        raise UsageError(f"--since needs a revision, not the option {revision!r}")
    top = _git("rev-parse", "--show-toplevel").strip("\n")
    patch = _git("-C", top, "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--unified=0", "--no-renames", revision, "--")
    changed: dict[str, set[int] | None] = {}
    rows: set[int] | None = None
    for line in patch.splitlines():
        if line.startswith("+++ b/"):
            name = os.path.realpath(os.path.join(top, line[6:].rstrip("\t")))  # noqa: PTH118
            rows = None if name.endswith(".ipynb") else set()
            changed[name] = rows
        elif rows is not None and (hunk := _HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            rows.update(range(first, first + count))
    for name in _git("-C", top, "ls-files", "--others", "--exclude-standard", "-z").split("\0"):
        changed[os.path.realpath(os.path.join(top, name))] = None  # noqa: PTH118
    return changed


def _git(*arguments: str) -> str:
    command = ["git", "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=GIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"--since needs git, which did not answer: {error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UsageError(f"--since needs a revision that git knows: {said}")
    return done.stdout.decode("utf-8", "surrogateescape")
