"""Findings that a team has accepted for now: only what is new since then is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainlint.report.places import fingerprints, relative_path
from trainlint.result import CheckResult
from trainlint.settings import SettingsError

VERSION = 1
MAXIMUM_BYTES = 50_000_000


def baseline_json(results: Sequence[CheckResult]) -> str:
    """All findings as the text of a baseline: by file, code and fingerprint, with the message for those who read it."""
    by_file: dict[str, list[dict[str, str]]] = {}
    for _, finding, digits in fingerprints(results):
        record = {"code": finding.code, "fingerprint": digits, "message": finding.message}
        by_file.setdefault(relative_path(finding.span.filename), []).append(record)
    ordered = {name: sorted(by_file[name], key=lambda one: (one["code"], one["fingerprint"])) for name in sorted(by_file)}
    return json.dumps({"version": VERSION, "findings": ordered}, indent=2, ensure_ascii=False) + "\n"


def read_baseline(file: Path) -> Counter[str]:
    """The fingerprints of a baseline.

    Raises:
        SettingsError: the file cannot be read, or is no baseline.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAXIMUM_BYTES + 1)
        if len(content) > MAXIMUM_BYTES:
            raise SettingsError(f"{file}: a baseline of more than {MAXIMUM_BYTES:,} bytes is not read")
        loaded: Any = json.loads(content.decode("utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: the baseline cannot be read: {error.strerror}; make it with --write-baseline") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{file}: this is no baseline; make one with --write-baseline {file}") from None
    try:
        if loaded["version"] != VERSION:
            raise SettingsError(f"{file}: a baseline of version {loaded['version']!r} is not known; write it anew")
        return Counter(str(one["fingerprint"]) for listed in loaded["findings"].values() for one in listed)
    except (TypeError, KeyError, AttributeError):
        raise SettingsError(f"{file}: this is no baseline; make one with --write-baseline {file}") from None


def without_known(results: Sequence[CheckResult], known: Counter[str]) -> tuple[list[CheckResult], int, int]:
    """The results without the findings of a baseline, how many those were, and how many of the baseline were not met."""
    left = Counter(known)
    kept: dict[int, list[Any]] = {id(result): [] for result in results}
    for result, finding, digits in fingerprints(results):
        if left[digits] > 0:
            left[digits] -= 1
        else:
            kept[id(result)].append(finding)
    stale = sum(left.values())
    shown = [replace(result, findings=tuple(kept[id(result)])) for result in results]
    return shown, sum(known.values()) - stale, stale
