"""What a script in the cage can do, by what the system offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint.probe.cage import landlock, namespaces
from trainlint.probe.cage.plan import METHODS, Closed, Plan, read_closed
from trainlint.probe.host import Ending, Openings, ProbeResult

Run = Callable[..., ProbeResult]
BOTH = [
    pytest.param(METHODS, marks=pytest.mark.kernel("namespaces"), id="namespaces"),
    pytest.param(("landlock",), marks=pytest.mark.kernel("landlock"), id="landlock"),
]
OUTSIDE = {"write", "overwrite", "unlink", "rename", "mkdir"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder with files that are to stay as they are."""
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept", encoding="utf-8")
    (folder / "other.txt").write_text("other", encoding="utf-8")
    return folder


def said(result: ProbeResult) -> dict[str, str]:
    assert result.ending is Ending.UNTRAINED, result.stderr
    return dict(line.split() for line in result.stdout.splitlines())


def is_untouched(folder: Path) -> bool:
    files = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.is_file()}
    return files == {"kept.txt": "kept", "other.txt": "other"}


@pytest.mark.kernel("namespaces")
def test_a_layer_takes_what_is_written(run_probe: Run, target: Path) -> None:
    result = run_probe("host_escapes.py", str(target), openings=Openings(layered=(target,)))
    assert result.closed == Closed("layered", "none", ())
    tries = said(result)
    assert {name for name, outcome in tries.items() if outcome == "done"} == OUTSIDE | {"temporary", "local", "loopback"}
    assert tries["tcp"] == tries["udp"] == "OSError"
    assert is_untouched(target)


@pytest.mark.kernel("namespaces")
def test_outside_of_the_layers_files_are_read_only(run_probe: Run, target: Path) -> None:
    tries = said(run_probe("host_escapes.py", str(target), openings=Openings(layered=())))
    assert {tries[name] for name in OUTSIDE} == {"OSError"}
    assert tries["temporary"] == tries["loopback"] == "done"
    assert is_untouched(target)


@pytest.mark.kernel("landlock")
def test_landlock_refuses_changes_and_sockets(run_probe: Run, target: Path) -> None:
    result = run_probe("host_escapes.py", str(target), openings=Openings(methods=("landlock",)))
    assert result.closed == Closed("refused", "none", ())
    tries = said(result)
    assert {tries[name] for name in OUTSIDE | {"tcp", "udp", "loopback"}} == {"PermissionError"}
    assert tries["temporary"] == tries["local"] == "done"
    assert is_untouched(target)


@pytest.mark.parametrize("methods", BOTH)
def test_a_folder_can_be_opened(run_probe: Run, target: Path, methods: tuple[str, ...]) -> None:
    tries = said(run_probe("host_escapes.py", str(target), openings=Openings(write=(target,), methods=methods)))
    assert {tries[name] for name in OUTSIDE} == {"done"}
    assert sorted(one.name for one in target.iterdir()) == ["folder", "gone.txt", "new.txt"]


@pytest.mark.kernel("namespaces")
def test_an_open_folder_lies_above_the_layers(run_probe: Run, target: Path, tmp_path: Path) -> None:
    result = run_probe("host_escapes.py", str(target), openings=Openings(write=(target,), layered=(tmp_path,)))
    assert result.closed.files == "layered"
    assert sorted(one.name for one in target.iterdir()) == ["folder", "gone.txt", "new.txt"]


@pytest.mark.parametrize("methods", BOTH)
def test_the_network_can_be_opened(run_probe: Run, target: Path, methods: tuple[str, ...]) -> None:
    result = run_probe("host_escapes.py", str(target), openings=Openings(network=True, methods=methods))
    assert result.closed.network == "open"
    assert said(result)["loopback"] == "done"


def test_what_is_said_to_be_closed_is_closed(run_probe: Run, target: Path) -> None:
    result = run_probe("host_escapes.py", str(target))
    tries = said(result)
    closed = result.closed
    assert (closed.files == "open") == (not is_untouched(target))
    assert (closed.network == "open") == (tries["loopback"] == "done" and tries["udp"] == "done")
    assert bool(closed.left) == ("open" in (closed.files, closed.network))


def test_without_a_cage_all_is_open(run_probe: Run, target: Path) -> None:
    result = run_probe("host_escapes.py", str(target), openings=Openings(methods=()))
    assert result.closed == Closed("open", "open", ())
    assert {said(result)[name] for name in OUTSIDE} == {"done"}
    assert not is_untouched(target)


@pytest.mark.kernel("landlock")
def test_landlock_has_a_version() -> None:
    assert landlock.abi() >= 1


def test_folders_below_others_need_no_layer(tmp_path: Path) -> None:
    (tmp_path / "project" / "src").mkdir(parents=True)
    folders = (str(tmp_path / "project" / "src"), str(tmp_path / "project"), str(tmp_path / "project" / "missing"), "/")
    assert namespaces.apart(folders) == [str(tmp_path / "project")]


def test_a_plan_reads_as_it_was_written() -> None:
    plan = Plan("/tmp/x", layered=("/a", "/b"), write=("/c",), connected=True, methods=())
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize("text", ["", "[1]", '{"files": 1}', "{"])
def test_a_cage_that_left_no_word_closed_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "cage.json").write_text(text, encoding="utf-8")
    assert read_closed(tmp_path) == Closed()
