"""Where settings come from, and what is said of those that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainlint.settings import MAXIMUM_BYTES, Settings, SettingsError, settings_for


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
        ('rules = ["mine"]\n', ["--rules FOLDER"]),
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
