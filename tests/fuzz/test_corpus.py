"""What fuzzing found, and the kinds of input that it began with, read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import targets

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_what_was_found_stays_mended(file: Path, tmp_path: Path) -> None:
    target = targets(tmp_path)[file.parent.name]
    target(file.read_bytes())


def test_every_target_has_a_corpus(tmp_path: Path) -> None:
    assert {file.parent.name for file in FILES} == set(targets(tmp_path))


def test_a_fault_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainlint.source.read.digest", lambda data: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        targets(tmp_path)["code"](b"import torch\n")
