"""The settings of a run, frozen, and where they are read from: `[tool.trainlint]` of pyproject.toml, or trainlint.toml."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

MAXIMUM_BYTES = 1_000_000
"""A settings file above this size is refused: it is read whole."""


class SettingsError(ValueError):
    """Settings that cannot be meant; the message is one sentence that says what to write instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to check, and by which rules.

    `select` and `ignore` hold codes (TRN101), beginnings of codes (TRN1) or ALL; an empty `select` is the default set.
    `preview` adds the rules that are not yet part of it. `exclude` holds patterns as in .gitignore, relative to `root`, the
    folder of the settings file. `rules` are folders of own rules; only the command line can name them, since
    loading a rule runs it and a settings file comes with the checked files.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    preview: bool = False
    exclude: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()
    root: Path | None = None


_LOOK_ALIKES = str.maketrans("OIl", "011")
"""Letters typed for the digits of a rule code."""


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the word that is most like this one, or nothing if none is."""
    import difflib

    known = list(words)
    alike = difflib.get_close_matches(word, known, n=max(1, len(known)))
    if not alike:
        return ""
    if word.translate(_LOOK_ALIKES) in known:
        return f"; did you mean {word.translate(_LOOK_ALIKES)!r}?"
    found = max(alike, key=lambda one: sum(a == b for a, b in zip(word, one, strict=False)))
    return f"; did you mean {found!r}?"


def settings_for(path: Path) -> Settings:
    """The settings of the closest settings file above `path`, the defaults if there is none.

    The search ends at the top of the repository (the folder that holds `.git`).

    Raises:
        SettingsError: the file cannot be read, or says something that cannot be meant.
    """
    start = path.absolute()
    for folder in (start, *start.parents):
        for name, table in _FILES.items():
            file = folder / name
            if file.is_file():
                content = _load(file)
                section = table(content)
                if section is not None:
                    return _read(section, file)
        if (folder / ".git").exists():
            break
    return Settings()


def _section(content: Mapping[str, Any]) -> Any:
    tool = content.get("tool")
    return tool.get("trainlint") if isinstance(tool, dict) else None


_FILES: dict[str, Callable[[Mapping[str, Any]], Any]] = {"trainlint.toml": lambda content: content, "pyproject.toml": _section}


def _load(file: Path) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with file.open("rb") as stream:
            content = stream.read(MAXIMUM_BYTES + 1)
        if len(content) > MAXIMUM_BYTES:
            raise SettingsError(f"{file}: a settings file of more than {MAXIMUM_BYTES:,} bytes is not read")
        loaded: Mapping[str, Any] = tomllib.loads(content.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from None
    return loaded


def _read(section: Any, file: Path) -> Settings:
    if not isinstance(section, dict):
        raise SettingsError(f"{file}: `trainlint` must be a table, not {section!r}")
    if "rules" in section:
        raise SettingsError(f"{file}: own rules run code, so name their folder on the command line: `--rules FOLDER`")
    known = [one.name for one in fields(Settings) if one.name not in ("root", "rules")]
    for key in section:
        if key not in known:
            raise SettingsError(f"{file}: there is no setting {key!r}{nearest(key, known)}")
    values = {key: _checked(key, value, file) for key, value in section.items()}
    return replace(Settings(root=file.parent), **values)


def _checked(key: str, value: Any, file: Path) -> Any:
    if key == "preview":
        if isinstance(value, bool):
            return value
        raise SettingsError(f"{file}: `preview` must be true or false, not {value!r}")
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise SettingsError(f'{file}: `{key}` must be a list of strings, such as ["TRN9"], not {value!r}')
