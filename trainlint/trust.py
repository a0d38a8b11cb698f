"""Whose own rules are loaded: loading a rule runs it, and a settings file comes with the checked files.

A project's own rules are loaded only where the user says so: by `--trust-project`, or by naming the project in the user's own
configuration, which no checked file can reach.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from trainlint.settings import Settings, SettingsError, load


def trusted(settings: Settings, asked: bool) -> Settings:
    """The settings with the own rules of their project, if the user trusts it.

    Raises:
        SettingsError: the user's configuration cannot be meant.
    """
    if not settings.own_rules or settings.root is None:
        return settings
    root = settings.root.resolve()
    if asked or any(root.is_relative_to(one) for one in trusted_projects()):
        return replace(settings, rules=(*settings.rules, *settings.own_rules))
    _notice(settings.root)
    return settings


@lru_cache(maxsize=1)
def trusted_projects() -> tuple[Path, ...]:
    """The folders that the user's configuration names as `trusted-projects`.

    Raises:
        SettingsError: it cannot be read, or holds something else.
    """
    file = user_configuration()
    if not file.is_file():
        return ()
    content = dict(load(file))
    named = content.pop("trusted-projects", [])
    if content or not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise SettingsError(f"{file}: only `trusted-projects`, a list of folders, can stand here")
    return tuple(Path(one).expanduser().resolve() for one in named)


def user_configuration() -> Path:
    """Where the user's own configuration is, by the custom of the system."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or "~"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "trainlint" / "config.toml"


@lru_cache(maxsize=8)
def _notice(root: Path) -> None:
    sys.stderr.write(
        f"trainlint: the own rules of {root} are left out, since loading them runs them: `--trust-project`, or"
        f" `trusted-projects` in {user_configuration()}\n"
    )
