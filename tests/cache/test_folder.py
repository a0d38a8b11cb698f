"""Entries are whole or not there, the folder stays bounded, and nothing that goes wrong with it is more than a miss."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trainlint.cache import folder as cache


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    assert cache.store(str(tmp_path / "c"), "files/a", "text\n\u00e9\ud800")
    assert cache.load(str(tmp_path / "c"), "files/a") == "text\n\u00e9\ud800"
    assert cache.load(str(tmp_path / "c"), "files/b") is None


@pytest.mark.parametrize("damage", [b"", b"x", b"trainlint-cache 1 00000000 4\ntext", b"\xff" * 50])
def test_a_damaged_entry_is_none(tmp_path: Path, damage: bytes) -> None:
    cache.store(str(tmp_path), "files/a", "text")
    (tmp_path / "files" / "a").write_bytes(damage)
    assert cache.load(str(tmp_path), "files/a") is None


def test_every_cut_and_every_changed_byte_is_seen(tmp_path: Path) -> None:
    cache.store(str(tmp_path), "files/a", '{"x": 1}')
    whole = (tmp_path / "files" / "a").read_bytes()
    for at in range(len(whole)):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            (tmp_path / "files" / "a").write_bytes(data)
            assert cache.load(str(tmp_path), "files/a") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file", encoding="utf-8")
    assert not cache.store(str(tmp_path / "c"), "files/a", "text")
    assert cache.load(str(tmp_path / "c"), "files/a") is None
    assert cache.clean(str(tmp_path / "c")) == 0


def test_many_writers_leave_one_whole_entry(tmp_path: Path) -> None:
    texts = [str(number) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: cache.store(str(tmp_path), "files/a", text), texts))
    assert cache.load(str(tmp_path), "files/a") in texts


@pytest.mark.parametrize(("largest", "most"), [(250, 100), (10_000, 2)])
def test_the_oldest_go_first(tmp_path: Path, largest: int, most: int) -> None:
    for number in range(5):
        cache.store(str(tmp_path), f"files/{number}", "x" * 80)
        os.utime(tmp_path / "files" / str(number), (number, number))
    cache.prune(str(tmp_path), largest, most)
    assert [Path(path).name for _, _, path in cache.entries(str(tmp_path))] == ["3", "4"]


def test_clean_takes_away_all_of_ours_and_nothing_else(tmp_path: Path) -> None:
    cache.store(str(tmp_path / "c"), "files/a", "x")
    cache.store(str(tmp_path / "c"), "runs/b", "x")
    assert cache.clean(str(tmp_path / "c")) == 2
    assert not (tmp_path / "c").exists()
    cache.store(str(tmp_path / "c"), "files/a", "x")
    (tmp_path / "c" / "mine.txt").write_text("mine", encoding="utf-8")
    cache.clean(str(tmp_path / "c"))
    assert [one.name for one in (tmp_path / "c").iterdir()] == ["mine.txt"]
