"""Where settings come from, and what is said of those that cannot be meant."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from trainlint.settings import MAXIMUM_BYTES, Settings, SettingsError, schema, settings_for, settings_in


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_defaults_without_a_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert settings_for(tmp_path / "src") == Settings()


def test_pyproject(tmp_path: Path) -> None:
    write(
        tmp_path,
        "pyproject.toml",
        '[tool.trainlint]\nselect = ["TRN1"]\nignore = ["TRN101"]\npreview = true\nexclude = ["old/"]\n',
    )
    expected = Settings(("TRN1",), ("TRN101",), True, ("old/",), (), tmp_path)
    assert settings_for(tmp_path / "src" / "train.py") == expected


def test_the_closest_file_counts_alone(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", '[tool.trainlint]\nselect = ["TRN1"]\n')
    write(tmp_path / "inner", "trainlint.toml", 'ignore = ["TRN2"]\n')
    assert settings_for(tmp_path / "inner" / "train.py") == Settings(ignore=("TRN2",), root=tmp_path / "inner")


def test_a_pyproject_without_a_section_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "trainlint.toml", "preview = true\n")
    write(tmp_path / "inner", "pyproject.toml", '[project]\nname = "x"\n')
    assert settings_for(tmp_path / "inner").preview is True


def test_the_search_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path, "trainlint.toml", "preview = true\n")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert settings_for(tmp_path / "repository" / "train.py") == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("slect = []\n", ["no setting 'slect'", "did you mean 'select'?"]),
        ('select = "TRN1"\n', ["`select` must be a list of strings", "'TRN1'"]),
        ("select = [1]\n", ["`select` must be a list of strings", "[1]"]),
        ("preview = 1\n", ["`preview` must be true or false", "1"]),
        ("select = [\n", ["not valid TOML"]),
        ('rules = "mine"\n', ["`rules` must be a list of strings"]),
        ("budget = 0\n", ["`budget` must be a number of milliseconds from 1 to 600,000, not 0"]),
        ('budget = "1"\n', ["not '1'"]),
        ('root = "/"\n', ["no setting 'root'"]),
        ("x = " + "[" * 100_000, ["not valid TOML"]),
        ("# " + "x" * MAXIMUM_BYTES, ["is not read"]),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path, text: str, words: list[str]) -> None:
    write(tmp_path, "trainlint.toml", text)
    with pytest.raises(SettingsError) as caught:
        settings_for(tmp_path)
    message = str(caught.value)
    assert "trainlint.toml" in message
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "trainlint.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        settings_for(tmp_path)


def test_a_section_that_is_no_table(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[tool]\ntrainlint = 3\n")
    with pytest.raises(SettingsError, match="must be a table"):
        settings_for(tmp_path)


def test_all_settings_of_a_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        "trainlint.toml",
        'extend-select = ["TRN004"]\nexclude = ["old/"]\nextend-exclude = ["new/"]\n'
        '[per-file-ignores]\n"tests/" = ["TRN1"]\n[severity]\nTRN201 = "error"\n',
    )
    assert settings_for(tmp_path) == Settings(
        extend_select=("TRN004",),
        exclude=("old/", "new/"),
        per_file_ignores=(("tests/", ("TRN1",)),),
        severity=(("TRN201", "error"),),
        root=tmp_path,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extend_select = []\n", ["no setting 'extend_select'", "did you mean 'extend-select'?"]),
        ('severity = "error"\n', ["`severity` must be a table"]),
        ('[severity]\nTRN201 = "warn"\n', ["`severity` of TRN201", "'warn'", "did you mean 'warning'?"]),
        ("[severity]\nTRN201 = 1\n", ["error, warning or info, not 1"]),
        ('per-file-ignores = ["TRN1"]\n', ["`per-file-ignores` must be a table of lists"]),
        ('[per-file-ignores]\n"tests/" = "TRN1"\n', ["`per-file-ignores` must be a list of strings"]),
    ],
)
def test_what_tables_cannot_mean(tmp_path: Path, text: str, words: list[str]) -> None:
    write(tmp_path, "trainlint.toml", text)
    with pytest.raises(SettingsError) as caught:
        settings_for(tmp_path)
    assert [word for word in words if word not in str(caught.value)] == []


def test_the_environment_stands_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "trainlint.toml", 'ignore = ["TRN2"]\nselect = ["TRN1"]\n')
    monkeypatch.setenv("TRAINLINT_IGNORE", "TRN3, TRN4")
    monkeypatch.setenv("TRAINLINT_PREVIEW", "true")
    assert settings_for(tmp_path) == Settings(select=("TRN1",), ignore=("TRN3", "TRN4"), preview=True, root=tmp_path)
    monkeypatch.setenv("TRAINLINT_PREVIEW", "perhaps")
    with pytest.raises(SettingsError, match="TRAINLINT_PREVIEW must be true or false, not 'perhaps'"):
        settings_for(tmp_path)


def test_a_named_file(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[tool.trainlint]\npreview = true\n")
    write(tmp_path, "other.toml", "preview = true\n")
    assert settings_in(tmp_path / "pyproject.toml").preview is settings_in(tmp_path / "other.toml").preview is True
    with pytest.raises(SettingsError, match="cannot be read"):
        settings_in(tmp_path / "missing.toml")


def test_the_schema_takes_what_is_read_and_nothing_else(tmp_path: Path) -> None:
    described = schema()
    for key, one in described["properties"].items():
        value = {"array": "[]", "boolean": "true", "object": "{}", "integer": "200"}[one["type"]]
        write(tmp_path, "trainlint.toml", f"{key} = {value}\n")
        assert isinstance(settings_for(tmp_path), Settings), key
    write(tmp_path, "trainlint.toml", "")
    written = {one.name.replace("_", "-") for one in fields(Settings)} - {"root", "own-rules"} | {"extend-exclude"}
    assert set(described["properties"]) == written
    assert described["additionalProperties"] is False
