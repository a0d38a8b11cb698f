"""The child's session: what it writes, what it lets through, which line it takes for the user's."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from trainlint.probe.child.session import Session, is_user_file, user_line
from trainlint.probe.protocol import Measurement, Request, from_json


def session(folder: Path, runs: int = 1, seconds: float = 60.0) -> Session:
    return Session(Request(str(folder), runs=runs, seconds=seconds, stop=False))


def written(folder: Path) -> list[Measurement]:
    return [from_json(path.read_text(encoding="utf-8"), Measurement) for path in sorted(folder.glob("run-*.json"))]


def test_runs_are_numbered_and_counted(tmp_path: Path) -> None:
    one = session(tmp_path, runs=2)
    one.note("twice said")
    one.note("twice said")
    one.finish(Measurement("torch"))
    assert one.active
    one.fail("torch", "no gradient")
    assert not one.active
    first, second = written(tmp_path)
    assert (first.number, first.notes, first.failure) == (0, ("twice said",), None)
    assert (second.number, second.notes, second.failure) == (1, (), "no gradient")
    assert first.seconds["all"] >= 0


def test_runs_of_other_processes_are_counted_too(tmp_path: Path) -> None:
    session(tmp_path, runs=2).finish(Measurement("torch"))
    another = session(tmp_path, runs=2)
    another.finish(Measurement("torch"))
    assert not another.active
    assert [one.number for one in written(tmp_path)] == [0, 1]


def test_only_rank_zero_writes(tmp_path: Path) -> None:
    one = session(tmp_path, runs=2)
    one.rank = 1
    one.finish(Measurement("torch"))
    assert one.active
    one.finish(Measurement("torch"))
    assert not one.active
    assert written(tmp_path) == []


def test_numbers_that_are_not_finite_survive(tmp_path: Path) -> None:
    session(tmp_path).finish(Measurement("torch", loss=float("inf"), losses=(1.0, float("-inf"))))
    (path,) = tmp_path.glob("run-*.json")
    assert json.loads(path.read_text(encoding="utf-8"))["loss"] == "inf"
    assert written(tmp_path)[0].losses == (1.0, float("-inf"))


def test_a_guard_turns_errors_into_sentences(tmp_path: Path) -> None:
    one = session(tmp_path, runs=2)
    with one.guard("torch", "reading the batch") as guard:
        raise ValueError("too long\nand more")
    assert guard.failed
    assert one.notes == ["reading the batch failed: ValueError: too long"]
    with one.guard("torch", "measuring", fatal=True):
        raise ZeroDivisionError
    assert written(tmp_path)[0].failure == "measuring failed: ZeroDivisionError"
    with one.guard("torch", "nothing") as guard:
        pass
    assert not guard.failed


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_guard_lets_the_end_through(kind: type[BaseException], tmp_path: Path) -> None:
    one = session(tmp_path)
    with pytest.raises(kind), one.guard("torch", "reading"):
        raise kind
    assert one.notes == []


def test_time_runs_out(tmp_path: Path) -> None:
    one = session(tmp_path, seconds=1000.0)
    one.start()
    assert 990 < one.remaining() <= 1000
    limited = Session(Request(str(tmp_path), seconds=1000.0, deadline=1.0))
    assert limited.remaining() < 0


def test_the_user_s_line_is_the_innermost_of_his_own() -> None:
    def called_back(_: object) -> int:
        line = user_line()
        assert line is not None
        assert Path(line.file) == Path(__file__)
        return line.line

    here = sys._getframe().f_lineno
    assert json.loads("{}", object_hook=called_back) == here - 5


def test_whose_files_are_whose() -> None:
    assert is_user_file(__file__)
    for foreign in (os.__file__, pytest.__file__, Session.__init__.__code__.co_filename, "<string>", "<frozen runpy>"):
        assert not is_user_file(foreign)
