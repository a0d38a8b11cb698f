"""Runs with and without cache, workers and screening say the same; what changed is checked again, and only that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT, trainlint

FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
CLEAN = FAULT.replace("eval", "eval()")
USES = "import torch\nfrom parts import make\n\nmodel = make()\nmodel.eval\n"
PARTS = "import torch\n\n\ndef make():\n    return torch.nn.Linear(8, 1)\n"
BROKEN = "import torch\nmodel = torch.nn.Linear(1, 1\noptimizer = torch.optim.SGD(model.parameters(), lr=-1.0)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "inner").mkdir(parents=True)
    for name, text in {
        "pyproject.toml": "[tool.trainlint]\n",
        "a.py": FAULT,
        "b.py": CLEAN,
        "broken.py": BROKEN,
        "inner/uses.py": USES,
        "inner/parts.py": PARTS,
        "plain.py": "print('hello')\n",
        "bad.py": "x = '\udcff'  # torch\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    return folder


def check(folder: Path, *options: str, **environment: str) -> tuple[int, str]:
    done = trainlint("check", *options, cwd=folder, **environment)
    assert done.err == ""
    return done.code, done.out


@pytest.mark.parametrize("output_format", ["full", "concise", "json"])
def test_results_are_the_same_however_they_come_about(project: Path, output_format: str) -> None:
    plain = check(project, "--output-format", output_format, "--no-cache", "--jobs", "1")
    assert plain[0] == 1
    assert "TRN504" in plain[1]
    for options in (["--jobs", "3", "--no-cache"], ["--jobs", "3"], ["--jobs", "1"], ["--jobs", "1"], ["--jobs", "3"], []):
        assert check(project, "--output-format", output_format, *options) == plain


def test_screening_changes_nothing(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from trainlint.__main__ import main
    from trainlint.cli import checking

    monkeypatch.chdir(project)
    said = []
    for _ in range(2):
        assert main(["check", "--no-cache", "--output-format", "json"]) == 1
        said.append(capsys.readouterr().out)
        monkeypatch.setattr(checking, "is_worth_it", lambda source: True)
    assert said[0] == said[1]


CHANGES = {
    "the file": lambda folder: (folder / "b.py").write_text(FAULT, encoding="utf-8"),
    "a module": lambda folder: (folder / "inner" / "parts.py").write_text(
        PARTS.replace("Linear(8, 1)", "Linear"), encoding="utf-8"
    ),
    "a new file": lambda folder: (folder / "new.py").write_text(FAULT, encoding="utf-8"),
    "a file that is gone": lambda folder: (folder / "a.py").unlink(),
    "the settings": lambda folder: (folder / "pyproject.toml").write_text(
        '[tool.trainlint]\nignore = ["TRN504"]\n', encoding="utf-8"
    ),
    "an ignore file": lambda folder: ((folder / ".git").mkdir(), (folder / ".gitignore").write_text("a.py\n", encoding="utf-8")),
    "inner settings": lambda folder: (folder / "inner" / "trainlint.toml").write_text('ignore = ["TRN5"]\n', encoding="utf-8"),
    "a file of the same size and times": lambda folder: rewrite_in_place(folder / "a.py", FAULT.replace("eval", "half")),
}


def rewrite_in_place(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_seen(project: Path, change: str) -> None:
    before = check(project, "--output-format", "json")
    assert check(project, "--output-format", "json") == before
    CHANGES[change](project)
    after = check(project, "--output-format", "json")
    assert after == check(project, "--output-format", "json", "--no-cache")
    assert after != before


def test_a_module_that_appears_is_seen(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    text = "import keras\nfrom parts import RATE\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"
    text += 'model.compile(keras.optimizers.SGD(RATE), "mse")\nmodel.fit([[1.0], [2.0]], [1.0, 2.0])\n'
    (tmp_path / "uses.py").write_text(text, encoding="utf-8")
    assert "TRN106" not in check(tmp_path, "uses.py")[1]
    (tmp_path / "parts.py").write_text("RATE = -0.1\n", encoding="utf-8")
    assert "TRN106" in check(tmp_path, "uses.py")[1]


def test_options_and_environment_are_part_of_the_key(project: Path) -> None:
    assert "TRN504" in check(project)[1]
    assert "TRN504" not in check(project, "--ignore", "TRN504")[1]
    assert "TRN504" not in check(project, TRAINLINT_IGNORE="TRN504")[1]
    assert "\x1b[" in check(project, FORCE_COLOR="1")[1]
    assert "\x1b[" not in check(project)[1]


def test_a_spoilt_cache_is_made_again(project: Path, tmp_path: Path) -> None:
    where = tmp_path / "cache"
    before = check(project, "--cache-dir", str(where))
    entries = [one for one in where.rglob("*") if one.is_file()]
    assert len(entries) > 3
    for one in entries:
        one.write_bytes(one.read_bytes()[:-3] + b"xyz")
    assert check(project, "--cache-dir", str(where)) == before
    for one in entries:
        one.unlink()
        one.mkdir()
    assert check(project, "--cache-dir", str(where)) == before


def test_clean_and_no_cache(project: Path, tmp_path: Path) -> None:
    where = tmp_path / "cache"
    check(project, "--cache-dir", str(where), "--no-cache")
    assert not where.exists()
    check(project, f"--cache-dir={where}")
    assert where.exists()
    done = trainlint("clean", "--cache-dir", str(where), cwd=project)
    assert (done.code, where.exists()) == (0, False)
    assert not [one for one in project.rglob("*") if "cache" in one.name]


@pytest.mark.parametrize("output_format", ["full", "json"])
def test_a_warm_run_imports_nothing_heavy(project: Path, output_format: str) -> None:
    command = ["check", "--output-format", output_format]
    code = (
        f"import sys; from trainlint.__main__ import main; code = main({command!r});"
        "heavy = {'libcst', 'numpy', 'rich', 'argparse', 'trainlint.core', 'trainlint.cli'};"
        "sys.stderr.write(repr((code, sorted(heavy & set(sys.modules)))))"
    )
    kept = {
        key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE")
    }
    environment = {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    program = [sys.executable, "-m", "trainlint", *command]
    before = subprocess.run(program, cwd=project, env=environment, capture_output=True, check=False)
    done = subprocess.run([sys.executable, "-c", code], cwd=project, env=environment, capture_output=True, check=True)
    assert (done.stderr.decode(), done.stdout.decode()) == ("(1, [])", before.stdout.decode())


def test_two_runs_at_once(project: Path) -> None:
    expected = check(project, "--no-cache")
    command = [sys.executable, "-m", "trainlint", "check"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    running = [subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    assert [one.communicate()[0].decode() for one in running] == [expected[1]] * 3
    assert check(project) == expected


@pytest.mark.parametrize("word", ["0", "-1", "x", "1000"])
def test_jobs_must_be_a_number(project: Path, word: str) -> None:
    done = trainlint("check", "--jobs", word, cwd=project)
    assert done.code == 2
    assert "1 to 256" in done.err
