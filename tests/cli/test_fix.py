"""`trainlint check --fix` and its kin, as people and editors run them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT, Done, trainlint

BAD = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\nx = 1  # noqa: TRN504\n"
SAFE = BAD.replace("  # noqa: TRN504", "")
GOOD = SAFE.replace("eval", "eval()")
BOTH = ("--fix", "--unsafe-fixes")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "train.py").write_text(BAD, encoding="utf-8")
    return folder


def text(project: Path, name: str = "train.py") -> str:
    return (project / name).read_bytes().decode()


def last(done: Done) -> str:
    return done.out.splitlines()[-1]


def test_nothing_is_changed_unless_asked_for(project: Path) -> None:
    for arguments in ((), ("--unsafe-fixes",), ("--show-fixes",), ("--diff",), ("--diff", *BOTH)):
        assert trainlint("check", *arguments, cwd=project).code == 1
        assert text(project) == BAD
    assert last(trainlint("check", cwd=project)) == "1 can be fixed with --fix, 1 more with --fix --unsafe-fixes"
    assert last(trainlint("check", "--unsafe-fixes", cwd=project)) == "2 can be fixed with --fix"


def test_safe_fixes(project: Path) -> None:
    done = trainlint("check", "--fix", cwd=project)
    assert (done.code, text(project)) == (1, SAFE)
    assert "TRN504" in done.out
    assert "TRN003" not in done.out
    assert last(done) == "Fixed 1 finding; 1 more can be fixed with --unsafe-fixes"
    again = trainlint("check", "--fix", cwd=project)
    assert (again.code, last(again), text(project)) == (1, "1 can be fixed with --unsafe-fixes", SAFE)


def test_all_fixes(project: Path) -> None:
    done = trainlint("check", *BOTH, cwd=project)
    assert (done.code, text(project), done.err) == (0, GOOD, "")
    assert done.out == "No findings in 1 file; 0 training runs\nFixed 2 findings\n"
    assert trainlint("check", *BOTH, cwd=project).out == "No findings in 1 file; 0 training runs\n"


def test_fix_only_is_silent_about_what_is_left(project: Path) -> None:
    done = trainlint("check", "--fix-only", cwd=project)
    assert (done.code, text(project)) == (0, SAFE)
    assert done.out == "Fixed 1 finding; 1 more can be fixed with --unsafe-fixes\n"


def test_what_was_fixed_is_listed(project: Path) -> None:
    done = trainlint("check", "--fix-only", "--unsafe-fixes", "--show-fixes", cwd=project)
    rows = ["Fixed 2 findings", "- train.py:", "    1 × TRN003 (suppression-not-used)", "    1 × TRN504 (method-not-called)"]
    assert done.out.splitlines() == rows


def test_json_stays_json(project: Path) -> None:
    done = trainlint("check", "--fix", "--output-format", "json", cwd=project)
    assert [one["code"] for one in json.loads(done.out)] == ["TRN504"]
    assert done.err == "Fixed 1 finding; 1 more can be fixed with --unsafe-fixes\n"
    assert json.loads(trainlint("check", *BOTH, "--output-format", "json", cwd=project).out) == []


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (BAD.encode(), "train.py"),
        (BAD.replace("\n", "\r\n").encode(), "train.py"),
        (BAD.rstrip("\n").encode(), "train.py"),
        (b"\xef\xbb\xbf" + BAD.encode(), "train.py"),
        (f"# coding: latin-1\n# é\n{BAD}".encode("latin-1"), "train.py"),
        (
            json.dumps(
                {
                    "cells": [{"cell_type": "code", "source": BAD.splitlines(keepends=True), "outputs": []}],
                    "metadata": {},
                    "nbformat": 4,
                },
                indent=1,
            ).encode(),
            "train.ipynb",
        ),
    ],
)
def test_the_diff_is_a_patch_that_does_what_fixing_does(project: Path, data: bytes, name: str) -> None:
    (project / "train.py").unlink()
    (project / name).write_bytes(data)
    command = [sys.executable, "-m", "trainlint", "check", "--diff", "--unsafe-fixes"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.run(command, cwd=project, env=environment, capture_output=True, timeout=60, check=False)
    assert (shown.returncode, shown.stderr, (project / name).read_bytes()) == (1, b"Would fix 2 findings\n", data)
    assert trainlint("check", *BOTH, cwd=project).code == 0
    fixed = (project / name).read_bytes()
    (project / name).write_bytes(data)
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "apply", "-p0", "--whitespace=nowarn", "-"], cwd=project, input=shown.stdout, check=True)
    assert (project / name).read_bytes() == fixed
    assert fixed != data
    assert trainlint("check", "--diff", "--unsafe-fixes", cwd=project) == Done(0, "", "")


def test_exit_codes(project: Path) -> None:
    assert trainlint("check", "--diff", "--exit-zero", cwd=project).code == 0
    assert trainlint("check", "--diff", "--select", "TRN504", cwd=project).code == 0  # its fix is unsafe
    assert trainlint("check", "--fix", "--exit-zero", cwd=project).code == 0
    assert trainlint("check", "--fix", "nowhere.py", cwd=project).code == 2
    assert trainlint("check", "--fixx", cwd=project).err.endswith("did you mean '--fix'?\n")


def test_stdin_goes_to_stdout(project: Path) -> None:
    done = trainlint("check", "-", "--fix", cwd=project, stdin=BAD.encode())
    assert (done.code, done.out) == (1, SAFE)
    assert "<stdin>:4:1: TRN504" in done.err
    assert trainlint("check", "-", *BOTH, cwd=project, stdin=BAD.encode()).out == GOOD
    for untouched in ("", "x = 1", GOOD, "def f(:\n", "# é\r\n"):
        done = trainlint("check", "-", "--fix-only", cwd=project, stdin=untouched.encode())
        assert done.out == untouched
    assert text(project) == BAD


def test_an_editor_fixes_a_buffer_of_a_file(project: Path) -> None:
    arguments = ("check", "-", "--stdin-filename", "train.py", *BOTH)
    assert trainlint(*arguments, cwd=project, stdin=f"y = 2\n{BAD}".encode()).out == f"y = 2\n{GOOD}"
    assert text(project) == BAD
    shown = trainlint("check", "-", "--stdin-filename", "train.py", "--diff", cwd=project, stdin=BAD.encode())
    assert (shown.code, shown.out.splitlines()[:2]) == (1, ["--- train.py", "+++ train.py"])


def test_stdin_that_cannot_be_read_is_refused(project: Path) -> None:
    done = trainlint("check", "-", "--fix", cwd=project, stdin=b"x = 1\0")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_nothing_is_written_outside_the_project(project: Path) -> None:
    outside = project.parent / "outside.py"
    outside.write_text(BAD, encoding="utf-8")
    (project / "link.py").symlink_to(outside)
    done = trainlint("check", "--fix", "link.py", "train.py", cwd=project)
    assert (done.code, outside.read_text(encoding="utf-8"), text(project)) == (2, BAD, SAFE)
    assert done.err.count("\n") == 1
    assert done.err.startswith("trainlint: nothing was fixed in link.py: it is reached by a link that leads out of")
    assert "Fixed 1 finding" in done.out


CHANGED = """
import sys
from pathlib import Path
import trainlint.cli.fixing as fixing
from trainlint.__main__ import main

real = fixing.fix
def late(*arguments, **options):
    fixed = real(*arguments, **options)
    Path("train.py").write_text("# mine\\n")
    return fixed
fixing.fix = late
sys.exit(main(["check", "--fix", "--output-format", "concise"]))
"""


def test_a_file_that_was_saved_meanwhile_is_not_overwritten(project: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    (project / "other.py").write_text(BAD, encoding="utf-8")
    command = [sys.executable, "-c", CHANGED]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, text(project), text(project, "other.py")) == (2, "# mine\n", SAFE)
    assert done.stderr == "trainlint: nothing was fixed in train.py: it changed on the disk while it was checked\n"
    rows = done.stdout.splitlines()
    assert [row.partition(": ")[2][:6] for row in rows if row.startswith("train.py")] == ["TRN504", "TRN003"]
    assert rows[-1] == "Fixed 1 finding; 2 more can be fixed with --unsafe-fixes"


def test_a_fix_that_does_not_hold_is_said_and_left(project: Path) -> None:
    rule = '''"""Bad fix.\n\n## Why\n\nA test wants it.\n\n## References\n\n- This test.\n"""
from trainlint.api import Report, Severity, replace, rule


@rule("TRN990", "bad-fix", Severity.WARNING, scope="script")
def check(script):
    """Propose what does not parse."""
    yield Report("a fault", at=script.start, edits=(replace(script.start, "("),), fix_message="break it", fix_is_safe=True)
'''
    (project / "mine").mkdir()
    (project / "mine" / "trn990.py").write_text(rule, encoding="utf-8")
    done = trainlint("check", "train.py", "--fix", "--rules", "mine", cwd=project)
    assert (done.code, text(project)) == (1, SAFE)
    assert done.err.startswith("trainlint: train.py:1:1: the fix of TRN990 was not applied: the file would no longer parse")


def test_the_diff_on_a_terminal_is_coloured_and_harmless(project: Path) -> None:
    (project / "train.py").write_text(BAD.replace("x = 1", "x = '\x1b[2J'"), encoding="utf-8")
    leader, follower = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "trainlint", "check", "--diff"]
    with subprocess.Popen(command, cwd=project, env=environment, stdout=follower, stderr=subprocess.DEVNULL) as process:
        os.close(follower)
        shown = b""
        try:
            while part := os.read(leader, 4096):
                shown += part
        except OSError:  # the end of a terminal whose programs have all left
            pass
    os.close(leader)
    assert process.returncode == 1
    assert b"\x1b[31m-x = " in shown
    assert b"\x1b[2J" not in shown
