"""The settings of a run, frozen, and where they are read from: `[tool.trainlint]` of pyproject.toml, or trainlint.toml."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

MAXIMUM_BYTES = 1_000_000
"""A settings file above this size is refused: it is read whole."""


class SettingsError(ValueError):
    """Settings that cannot be meant; the message is one sentence that says what to write instead."""


USUAL_BUDGET, MAXIMUM_BUDGET = 150, 600_000
"""What the stability of one script is allowed to cost: milliseconds of a usual core, counted in multiplications, so that the same
script has the same verdict on every machine."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to check, and by which rules.

    `select` and `ignore` hold codes (TRN101), beginnings of codes (TRN1) or ALL; an empty `select` is the default set.
    `extend_select` adds to either. `preview` adds the rules that are not yet part of the default set. `exclude` holds patterns as
    in .gitignore, relative to `root`, the folder of the settings file. `per_file_ignores` are pairs of such a pattern and the
    codes that are not reported in files that it fits; `severity` are pairs of a code, or the beginning of one, and error, warning
    or info. `versions` are requirements, such as "keras==2.12", that count instead of those of the script and its project.
    `policy` holds limits by name (`POLICY`), `budget` what the stability of one script is allowed to cost. `rules` are folders of
    own rules that are loaded, which runs them; `own_rules` those that a settings file names, which are loaded only where the user
    trusts the project (`trust`).
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    preview: bool = False
    exclude: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()
    root: Path | None = None
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    versions: tuple[str, ...] = ()
    policy: tuple[tuple[str, Any], ...] = ()
    own_rules: tuple[Path, ...] = ()
    budget: int = USUAL_BUDGET


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
    """The settings of the closest settings file above `path`, the defaults if there is none, as the environment changes them.

    The search ends at the top of the repository (the folder that holds `.git`). `TRAINLINT_SELECT`, `TRAINLINT_IGNORE` and so
    on stand for the settings of that name, with commas between the members of a list.

    Raises:
        SettingsError: the file cannot be read, or it or the environment says something that cannot be meant.
    """
    found = settings_file(path)
    return from_environment(Settings() if found is None else _read(*found))


def settings_file(path: Path) -> tuple[Any, Path] | None:
    """The content of the closest settings file above `path` and the file itself.

    Raises:
        SettingsError: the file cannot be read.
    """
    start = path.absolute()
    for folder in (start, *start.parents):
        for name, table in _FILES.items():
            file = folder / name
            if file.is_file():
                section = table(load(file))
                if section is not None:
                    return section, file
        if (folder / ".git").exists():
            break
    return None


def settings_in(file: Path) -> Settings:
    """The settings of a named file: a pyproject.toml, or a file with the settings alone.

    Raises:
        SettingsError: the file cannot be read, or says something that cannot be meant.
    """
    content = load(file)
    section = _section(content) if file.name == "pyproject.toml" else content
    return from_environment(_read({} if section is None else section, file))


def from_environment(settings: Settings) -> Settings:
    """The settings with what `TRAINLINT_*` variables say of them.

    Raises:
        SettingsError: a variable cannot be meant.
    """
    import os

    changes: dict[str, Any] = {}
    for key, kind in _KEYS.items():
        name = f"TRAINLINT_{key.upper().replace('-', '_')}"
        text = os.environ.get(name)
        if text is None or key == "rules" or kind not in (_strings, _boolean, _budget):
            continue
        words = tuple(one.strip() for one in text.split(",") if one.strip())
        value: Any = list(words) if kind is _strings else {"true": True, "false": False}.get(text.lower(), text)
        if kind is _boolean:
            value = {"1": True, "0": False}.get(text, value)
        elif kind is _budget:
            value = int(text) if text.isdecimal() and len(text) < 10 else text
        try:
            changes[key.replace("-", "_")] = kind(value)
        except ValueError as error:
            raise SettingsError(f"{name} {error}") from None
    return replace(settings, **changes)


def _section(content: Mapping[str, Any]) -> Any:
    tool = content.get("tool")
    return tool.get("trainlint") if isinstance(tool, dict) else None


_FILES: dict[str, Callable[[Mapping[str, Any]], Any]] = {"trainlint.toml": lambda content: content, "pyproject.toml": _section}


def load(file: Path) -> Mapping[str, Any]:
    """The content of a TOML file.

    Raises:
        SettingsError: it cannot be read, is too large, or is no TOML.
    """
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
    values = _values(section, str(file))
    extended = values.pop("extend_exclude", ())
    values["own_rules"] = tuple(file.parent / folder for folder in values.pop("rules", ()))
    return replace(
        Settings(root=file.parent), **values | ({"exclude": (*values.get("exclude", ()), *extended)} if extended else {})
    )


def changed_by(settings: Settings, section: Any, where: str) -> Settings:
    """The settings with what a table says of them, which `where` names: that of an editor, say. It cannot name own rules.

    Raises:
        SettingsError: it says something that cannot be meant.
    """
    values = _values(section, where)
    values.pop("rules", None)
    exclude = (*values.get("exclude", settings.exclude), *values.pop("extend_exclude", ()))
    return replace(settings, **values | {"exclude": exclude})


def _values(section: Any, where: str) -> dict[str, Any]:
    """The settings of a table by the names of their fields."""
    if not isinstance(section, dict):
        raise SettingsError(f"{where}: `trainlint` must be a table, not {section!r}")
    values = {}
    for key, value in section.items():
        if key not in _KEYS:
            raise SettingsError(f"{where}: there is no setting {key!r}{nearest(key, _KEYS)}")
        try:
            values[key.replace("-", "_")] = _KEYS[key](value)
        except ValueError as error:
            raise SettingsError(f"{where}: `{key}` {error}") from None
    return values


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"must be true or false, not {value!r}")


def _budget(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAXIMUM_BUDGET:
        return value
    raise ValueError(f"must be a number of milliseconds from 1 to {MAXIMUM_BUDGET:,}, not {value!r}")


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise ValueError(f'must be a list of strings, such as ["TRN9"], not {value!r}')


def _lists_by_pattern(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if isinstance(value, dict):
        return tuple((pattern, _strings(codes)) for pattern, codes in value.items())
    raise ValueError(f'must be a table of lists, such as {{"tests/" = ["TRN1"]}}, not {value!r}')


def _severities(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError(f'must be a table, such as {{TRN201 = "error"}}, not {value!r}')
    for code, severity in value.items():
        if severity not in SEVERITIES:
            hint = nearest(severity, SEVERITIES) if isinstance(severity, str) else ""
            raise ValueError(f"of {code} must be error, warning or info, not {severity!r}{hint}")
    return tuple(value.items())


POLICY: Mapping[str, str] = {
    "optimizers": "one of",
    "losses": "one of",
    "frameworks": "one of",
    "max-learning-rate": "at most",
    "min-learning-rate": "at least",
    "max-batch-size": "at most",
    "min-batch-size": "at least",
    "max-epochs": "at most",
    "max-updates": "at most",
    "max-parameters": "at most",
    "mixed-precision": "required",
}
"""The limits that a project can set, and how each limits what it names (`facts.policy` reads that from a run)."""


def _policy(value: Any) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table, such as {{max-batch-size = 512}}, not {value!r}")
    for key, allowed in value.items():
        if key not in POLICY:
            raise ValueError(f"has no limit {key!r}{nearest(key, POLICY)}")
        if POLICY[key] == "required":
            kind, valid = "true or false", isinstance(allowed, bool)
        elif POLICY[key] == "one of":
            kind, valid = "a list of names", isinstance(allowed, list) and all(isinstance(one, str) for one in allowed)
        else:
            kind, valid = "a number", isinstance(allowed, int | float) and not isinstance(allowed, bool)
        if not valid:
            raise ValueError(f"needs {kind} as {key!r}, not {allowed!r}")
    return tuple((key, tuple(allowed) if isinstance(allowed, list) else allowed) for key, allowed in value.items())


SEVERITIES = ("error", "warning", "info")

_KEYS: dict[str, Callable[[Any], Any]] = {
    "select": _strings,
    "extend-select": _strings,
    "ignore": _strings,
    "per-file-ignores": _lists_by_pattern,
    "severity": _severities,
    "preview": _boolean,
    "exclude": _strings,
    "extend-exclude": _strings,
    "versions": _strings,
    "policy": _policy,
    "rules": _strings,
    "budget": _budget,
}
"""How the value of each setting is read; what cannot be meant is a ValueError that goes on after the name of the setting."""


def schema() -> dict[str, Any]:
    """The JSON schema of a settings file."""
    strings = {"type": "array", "items": {"type": "string"}}
    number = {"type": "number"}
    of_kind: dict[Any, dict[str, Any]] = {
        _strings: strings,
        _boolean: {"type": "boolean"},
        _budget: {"type": "integer", "minimum": 1, "maximum": MAXIMUM_BUDGET},
        _lists_by_pattern: {"type": "object", "additionalProperties": strings},
        _severities: {"type": "object", "additionalProperties": {"enum": list(SEVERITIES)}},
        _policy: {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key: {"one of": strings, "required": {"type": "boolean"}}.get(how, number) for key, how in POLICY.items()
            },
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of trainlint",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: of_kind[kind] for key, kind in _KEYS.items()},
    }
