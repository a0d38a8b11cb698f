"""Which files, rules and findings: settings by file, baselines, changes since a revision, and what is shown of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import trainlint

FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
CONCISE = ("--output-format", "concise")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(FAULT, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "b.py").write_text(FAULT, encoding="utf-8")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_codes_are_ignored_by_pattern_and_severities_changed(project: Path) -> None:
    text = '[per-file-ignores]\n"tests/" = ["TRN5"]\n[severity]\nTRN5 = "warning"\nTRN504 = "info"\n'
    (project / "trainlint.toml").write_text(text, encoding="utf-8")
    done = trainlint("check", "--output-format", "json", cwd=project)
    assert [(one["filename"], one["severity"]) for one in json.loads(done.out)] == [("a.py", "info")]
    assert done.code == 0
    assert trainlint("check", "--fail-on", "info", cwd=project).code == 1
    assert len(json.loads(trainlint("check", "--isolated", "--output-format", "json", cwd=project).out)) == 2


def test_the_settings_file_next_to_a_file_holds_for_it(project: Path) -> None:
    (project / "tests" / "trainlint.toml").write_text('exclude = ["b.py"]\n', encoding="utf-8")
    assert trainlint("check", "--show-files", cwd=project).out == "a.py\n"
    assert trainlint("check", "--show-files", "tests/b.py", cwd=project).out == "tests/b.py\n"
    assert trainlint("check", "--show-files", "--force-exclude", "tests/b.py", cwd=project).out == ""


def test_a_baseline_holds_after_fifty_rows_were_inserted(project: Path) -> None:
    wrote = trainlint("check", "--write-baseline", "known.json", *CONCISE, cwd=project)
    assert (wrote.code, wrote.err) == (0, "trainlint: 2 findings written to known.json\n")
    (project / "a.py").write_text("# row\n" * 50 + FAULT + "model.train\n", encoding="utf-8")
    done = trainlint("check", "--baseline", "known.json", *CONCISE, cwd=project)
    assert done.code == 1
    assert done.out.startswith("a.py:55:1: TRN504")
    assert done.out.count("TRN504") == 1
    (project / "tests" / "b.py").unlink()
    assert "1 of the baseline no longer there" in trainlint("check", "--baseline", "known.json", cwd=project).err


def test_only_findings_of_changed_rows(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "one")
    assert trainlint("check", "--since", "HEAD", cwd=project).code == 0
    (project / "a.py").write_text(FAULT + "x = 1\nmodel.train\n", encoding="utf-8")
    (project / "new.py").write_text(FAULT, encoding="utf-8")
    rows = trainlint("check", "--since", "HEAD", *CONCISE, cwd=project).out.splitlines()
    assert [row.partition(": ")[0] for row in rows if "TRN" in row] == ["a.py:6:1", "new.py:4:1"]
    lost = trainlint("check", "--since", "nowhere", cwd=project)
    assert (lost.code, lost.err.count("\n")) == (2, 1)
    assert "nowhere" in lost.err


def test_what_holds_is_shown(project: Path) -> None:
    (project / "trainlint.toml").write_text('select = ["TRN504"]\nseverity = {TRN504 = "info"}\n', encoding="utf-8")
    [shown] = json.loads(trainlint("check", "--show-settings", cwd=project, TRAINLINT_PREVIEW="1").out)
    assert (shown["chosen-rules"], shown["severity"], shown["preview"]) == (["TRN504"], {"TRN504": "info"}, True)


def test_reports_go_to_a_file_and_are_counted(project: Path) -> None:
    done = trainlint("check", "--output-format", "sarif", "--output-file", "out.sarif", cwd=project)
    assert (done.code, done.out) == (1, "")
    assert len(json.loads((project / "out.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]) == 2
    assert trainlint("check", "--statistics", cwd=project).out == "2  TRN504  method-not-called\n"
    missing = trainlint("check", "--output-file", "no/where", cwd=project)
    assert (missing.code, missing.err.count("\n")) == (2, 1)


def test_the_budget_decides_how_much_is_computed(tmp_path: Path) -> None:
    script = (
        "import torch\nfrom torch import nn\n\n"
        "model = nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 10))\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
        "for x, y in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(6000, 784), torch.zeros(6000).long()),"
        " batch_size=60):\n"
        "    optimizer.zero_grad()\n    nn.functional.cross_entropy(model(x), y).backward()\n    optimizer.step()\n"
    )
    (tmp_path / "train.py").write_text(script, encoding="utf-8")

    def judged(*options: str, **environment: str) -> bool:
        done = trainlint("check", "train.py", "--select", "TRN004", *options, cwd=tmp_path, **environment)
        assert done.code == 0
        return "(`--budget`)" not in done.out

    assert judged()
    assert not judged("--budget", "1")
    assert not judged(TRAINLINT_BUDGET="1")
    assert judged("--budget", "150", TRAINLINT_BUDGET="1")
    (tmp_path / "trainlint.toml").write_text("budget = 1\n", encoding="utf-8")
    assert not judged()
    (tmp_path / "trainlint.toml").write_text("budget = 0\n", encoding="utf-8")
    assert trainlint("check", "train.py", cwd=tmp_path).code == 2
