"""Where caches and settings are on each system, and which numbers the command line takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint.cache.folder import default_folder
from trainlint.cli.arguments import _milliseconds
from trainlint.cli.probing import _count, _seconds, _size
from trainlint.trust import user_configuration


@pytest.mark.parametrize(
    ("system", "variable", "cache", "configuration"),
    [
        ("win32", "", "home/trainlint/cache", "home/trainlint/config.toml"),
        ("win32", "named", "named/trainlint/cache", "named/trainlint/config.toml"),
        ("darwin", "", "home/Library/Caches/trainlint", "home/Library/Application Support/trainlint/config.toml"),
        ("linux", "", "home/.cache/trainlint", "home/.config/trainlint/config.toml"),
        ("linux", "named", "named/trainlint", "named/trainlint/config.toml"),
    ],
)
def test_folders_are_those_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, variable: str, cache: str, configuration: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TRAINLINT_CACHE_DIR", raising=False)
    for name in ("LOCALAPPDATA", "APPDATA", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / variable) if variable else "")
    monkeypatch.setattr("sys.platform", system)
    assert default_folder() == str(tmp_path / cache)
    assert user_configuration() == tmp_path / configuration


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (_count, "12", 12),
        (_seconds, "1.5", 1.5),
        (_size, "500M", 500 << 20),
        (_size, "1.5GiB", 3 << 29),
        (_milliseconds, "300", 300),
    ],
)
def test_a_number_is_read(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((_count, one) for one in ("0", "-1", "x", "99999999999", "")),
        *((_seconds, one) for one in ("0", "nan", "x", "1e9")),
        *((_size, one) for one in ("0", "1K", "x", "9999999T", "1X")),
        *((_milliseconds, one) for one in ("0", "x", "999999999999")),
    ],
)
def test_what_is_no_such_number_is_refused(read: Callable[[str], float], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no "):
        read(text)
