"""The hooks in the hands of pre-commit itself: a fresh repository, the hook from this checkout, a fault, its fix."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OFFLINE = {
    **{f"PIP_{name}": "1" for name in ("NO_INDEX", "NO_DEPS", "DISABLE_PIP_VERSION_CHECK")},
    "PIP_NO_BUILD_ISOLATION": "0",  # pip takes this one for the value of `build_isolation`
    "PYTHONPATH": sysconfig.get_path("purelib"),
}
"""The environment that pre-commit makes takes what this one has installed, so that nothing is downloaded."""
FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


def commit(folder: Path) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "all")):
        done = run("git", *words, cwd=folder)
        assert done.returncode == 0, done.stderr
    return run("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()


@pytest.fixture
def hooks(tmp_path: Path) -> tuple[Path, str]:
    """A repository with this checkout's files, as pre-commit would clone it."""
    folder = tmp_path / "hooks"
    ignored = shutil.ignore_patterns("__pycache__", "tests", "fixtures", "build", "dist")
    for name in ("trainlint", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder / name)
    return folder, commit(folder)


def test_a_commit_is_stopped_until_the_fault_is_mended(tmp_path: Path, hooks: tuple[Path, str]) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(FAULT, encoding="utf-8")
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks[0]}\n  rev: {hooks[1]}\n  hooks:\n  - id: trainlint\n"
        "  - id: trainlint-fix\n    args: [--unsafe-fixes]\n    stages: [manual]\n",
        encoding="utf-8",
    )
    commit(project)
    here = {"PRE_COMMIT_HOME": str(tmp_path / "home"), **OFFLINE}
    command = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    found = run(*command, cwd=project, **here)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "train.py:4:1: TRN504" in found.stdout
    fixed = run(*command, "--hook-stage", "manual", "trainlint-fix", cwd=project, **here)
    assert "files were modified by this hook" in fixed.stdout
    assert (project / "train.py").read_text(encoding="utf-8") == FAULT.replace("eval", "eval()")
    clean = run(*command, cwd=project, **here)
    assert clean.returncode == 0, clean.stdout + clean.stderr
