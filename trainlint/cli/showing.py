"""`trainlint check` with `--show-files` or `--show-settings`: what would be done."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import fields
from pathlib import Path
from typing import Any

from trainlint.cli.inputs import settings_of_paths, sources
from trainlint.report.plain import printable
from trainlint.selection import selected_rules
from trainlint.settings import Settings


def show(options: Namespace) -> int:
    """Write one file in each row, or the settings of each path and the rules that they choose, as JSON.

    Raises:
        UsageError: a path does not exist.
        SettingsError: the settings cannot be meant.
        RuleError: a rule file is not well formed.
    """
    if options.show_files:
        sys.stdout.writelines(f"{printable(source.filename)}\n" for source, _, _ in sources(options))
        return 0
    shown = [{"path": path, **_as_json(settings)} for path, settings in settings_of_paths(options)]
    sys.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    return 0


def _as_json(settings: Settings) -> dict[str, Any]:
    values = {one.name.replace("_", "-"): _plain(getattr(settings, one.name)) for one in fields(settings)}
    tables = {key: dict(values[key]) for key in ("per-file-ignores", "policy", "severity")}
    return {**values, **tables, "chosen-rules": [one.code for one in selected_rules(settings)]}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value
