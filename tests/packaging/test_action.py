"""The GitHub action, as a runner would do it: its steps' shell with the files and variables that GitHub sets."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def test_github_knows_every_key() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_example_workflows_are_well_formed(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    workflows = [one for one in blocks if "runs-on" in one]
    assert len(workflows) == 2
    for number, one in enumerate(workflows):
        path = tmp_path / f"{number}.yml"
        path.write_text(one, encoding="utf-8")
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    probes = [one for one in workflows if " probe " in one]
    assert [set(yaml.safe_load(one)[True]) for one in probes] == [{"workflow_dispatch", "push"}]


def test_inputs_reach_the_shell_as_variables_only() -> None:
    """`${{ }}` in a script would let the name of a file or branch be run."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert set(re.findall(r"inputs\.([a-z]+)", " ".join(step["env"].values()))) <= set(ACTION["inputs"])


class Runner:
    """A runner of GitHub, as far as the action sees it."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.temporary = folder / "workspace", folder / "temporary"
        self.output, self.summary = folder / "output", folder / "summary"
        for one in (self.workspace, self.temporary / "trainlint" / "bin"):
            one.mkdir(parents=True)
        for file in (self.output, self.summary):
            file.touch()

    def step(self, number: int, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step as `shell: bash` does, with these inputs or their defaults."""
        step = ACTION["runs"]["steps"][number]
        given = {name: inputs.get(name, one["default"]) for name, one in ACTION["inputs"].items()}
        variables = {
            name: re.sub(r"\$\{\{ *inputs\.([a-z]+) *\}\}", lambda found: given[found[1]], value)
            for name, value in step["env"].items()
        }
        script = self.temporary / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {
            **os.environ,
            **variables,
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.temporary),
            "PYTHONPATH": str(ROOT),
        }
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)]
        return subprocess.run(
            command, cwd=self.workspace, env=environment, capture_output=True, text=True, timeout=200, check=False
        )

    def is_installed(self) -> None:
        """Put into the place of what the first step installs the trainlint and the Python that run this test."""
        bin_folder = self.temporary / "trainlint" / "bin"
        programs = {"python": f'exec "{sys.executable}" "$@"', "trainlint": f'exec "{sys.executable}" -m trainlint "$@"'}
        for name, line in programs.items():
            (bin_folder / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
            (bin_folder / name).chmod(0o755)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_a_fault_is_annotated_counted_and_summed_up(runner: Runner) -> None:
    runner.is_installed()
    folder = runner.workspace / "a b"
    folder.mkdir()
    (folder / "train.py").write_text(FAULT, encoding="utf-8")
    (runner.workspace / "ok.py").write_text(FAULT.replace("eval", "eval()"), encoding="utf-8")
    done = runner.step(1, sarif="out.sarif")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error title=trainlint (TRN504),file=a b/train.py,line=4,col=1,")
    assert done.stdout.count("\n") == 1
    assert runner.output.read_text(encoding="utf-8") == "findings=1\n"
    summary = runner.summary.read_text(encoding="utf-8").splitlines()
    assert summary[:3] == ["### trainlint", "```", summary[2]]
    assert summary[2].startswith("a b/train.py:4:1: TRN504")
    assert summary[-1] == "```"
    log = json.loads((runner.workspace / "out.sarif").read_text(encoding="utf-8"))
    [place] = log["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/train.py"


def test_clean_paths_and_options_pass(runner: Runner) -> None:
    runner.is_installed()
    (runner.workspace / "train.py").write_text(FAULT, encoding="utf-8")
    (runner.workspace / "ok.py").write_text(FAULT.replace("eval", "eval()"), encoding="utf-8")
    assert runner.step(1, paths="ok.py").returncode == 0
    assert runner.step(1, options="--ignore TRN504 --fail-on info").returncode == 0
    assert runner.output.read_text(encoding="utf-8") == "findings=0\n" * 2


def test_what_cannot_be_meant_fails_the_step(runner: Runner) -> None:
    runner.is_installed()
    done = runner.step(1, paths="nowhere")
    assert done.returncode == 2
    assert "there is no file or folder 'nowhere'" in done.stderr


def test_inputs_are_no_shell(runner: Runner) -> None:
    runner.is_installed()
    runner.step(1, paths="$(touch hit) `touch hit`", options="; touch hit")
    assert not (runner.workspace / "hit").exists()


def test_it_installs_its_own_checkout(runner: Runner, tmp_path: Path) -> None:
    """The first step's script with a `python3` that notes what it is asked to install."""
    shutil.rmtree(runner.temporary / "trainlint")
    programs = tmp_path / "programs"
    programs.mkdir()
    fake = programs / "python3"
    fake.write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\nprintf \'#!/bin/sh\\necho "$@" >> "%s"\\n\' "$3/asked" > "$3/bin/python"\nchmod +x "$3/bin/python"\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{programs}{os.pathsep}{before}"
    try:
        own, named = runner.step(0), runner.step(0, version="trainlint==0.1")
    finally:
        os.environ["PATH"] = before
    assert (own.returncode, named.returncode) == (0, 0), own.stderr
    asked = (runner.temporary / "trainlint" / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.split()[-1] for line in asked] == [str(ROOT), "trainlint==0.1"]
