"""Files are written whole or not at all, keep their mode, and are never written outside the project."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trainlint.fixes.changes import Refused
from trainlint.fixes.files import check_writable, write

ROOT = Path(__file__).parents[2]
OLD, NEW = b"old\n" * 50_000, b"new\n" * 60_000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "train.py").write_bytes(OLD)
    monkeypatch.chdir(folder)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_text_takes_the_place_of_the_old(project: Path) -> None:
    path = project / "train.py"
    path.chmod(0o754)
    write(path, OLD, NEW)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (NEW, 0o754)
    assert names(project) == [".git", "train.py"]


def test_a_file_that_changed_is_not_overwritten(project: Path) -> None:
    for other in (OLD + b"x", OLD[:-1], b"y" + OLD[1:]):
        (project / "train.py").write_bytes(other)
        with pytest.raises(Refused, match="changed on the disk"):
            write(project / "train.py", OLD, NEW)
        assert (project / "train.py").read_bytes() == other
    assert names(project) == [".git", "train.py"]


def test_a_file_that_is_gone_is_not_made_anew(project: Path) -> None:
    (project / "train.py").unlink()
    with pytest.raises(Refused, match="cannot be written"):
        write(project / "train.py", OLD, NEW)
    assert names(project) == [".git"]


def test_links_inside_the_project_stay_links(project: Path) -> None:
    (project / "link.py").symlink_to("train.py")
    write(Path("link.py"), OLD, NEW)
    assert (project / "link.py").is_symlink()
    assert (project / "train.py").read_bytes() == NEW


def test_nothing_is_written_through_links_that_lead_out(project: Path) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "train.py").write_bytes(OLD)
    (project / "file.py").symlink_to(outside / "train.py")
    (project / "folder").symlink_to(outside)
    for path in (Path("file.py"), project / "file.py", Path("folder/train.py"), project / "folder" / "train.py"):
        with pytest.raises(Refused, match="a link that leads out of") as refusal:
            write(path, OLD, NEW)
        assert "\n" not in str(refusal.value)
    assert (outside / "train.py").read_bytes() == OLD


def test_a_project_that_is_reached_by_a_link_may_be_written(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").symlink_to(project)
    monkeypatch.chdir(tmp_path / "home")
    check_writable(tmp_path / "home" / "train.py")
    write(Path("train.py"), OLD, NEW)
    assert (project / "train.py").read_bytes() == NEW


def test_a_disk_that_refuses_is_one_sentence_and_leaves_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="cannot be written: No space left on device"):
        write(project / "train.py", OLD, NEW)
    assert (project / "train.py").read_bytes() == OLD
    assert names(project) == [".git", "train.py"]


KILLED = """
import os, signal
from pathlib import Path
from trainlint.fixes.files import write

die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
real = os.{function}
os.{function} = {lambda_}
write(Path("train.py"), b"old\\n" * 50_000, b"new\\n" * 60_000)
"""


@pytest.mark.parametrize(
    ("function", "lambda_", "expected"),
    [
        ("fsync", "die", OLD),
        ("chmod", "die", OLD),
        ("replace", "die", OLD),
        ("replace", "lambda one, other: (real(one, other), die())", NEW),
    ],
)
def test_a_process_that_is_killed_leaves_the_old_or_the_new_file(
    project: Path, function: str, lambda_: str, expected: bytes
) -> None:
    script = KILLED.format(function=function, lambda_=lambda_)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert (project / "train.py").read_bytes() == expected
