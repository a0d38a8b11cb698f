"""`--add-ignore`: afterwards nothing is found, a second run changes nothing, and the files are otherwise as they were."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.running import trainlint

SCRIPT = '''import torch

model = torch.nn.Linear(8, 1)
model.eval   \t
optimizer = torch.optim.SGD(
    model.parameters(),
    lr=1e6,  # large
)
for _ in range(9):
    loss = (model(255 * torch.ones(4, 8)) ** 2).mean(); print("""
    two rows""")
    loss.backward()
    optimizer.step()  # noqa: E501
'''


def without_comments(text: str) -> str:
    return re.sub(r"[ \t]*(# noqa[^\n]*)?\n", "\n", text)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_was_found_is_ignored_and_the_rest_stays(tmp_path: Path, newline: str) -> None:
    script = tmp_path / "train.py"
    script.write_bytes(SCRIPT.replace("\n", newline).encode())
    found = json.loads(trainlint("check", "--output-format", "json", cwd=tmp_path).out)
    assert {one["code"] for one in found} == {"TRN101", "TRN501", "TRN504"}
    done = trainlint("check", "--add-ignore", "train.py", cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert "Added comments that ignore 3 findings in 1 file" in done.err
    after = script.read_bytes()
    assert without_comments(after.decode().replace(newline, "\n")) == without_comments(SCRIPT)
    assert after.count(newline.encode()) == SCRIPT.count("\n")
    text = after.decode()
    assert "model.eval  # noqa: TRN504" in text
    assert "lr=1e6,  # large  # noqa: TRN101" in text
    assert "optimizer.step()  # noqa: E501, TRN501" in text
    assert json.loads(trainlint("check", "--output-format", "json", cwd=tmp_path).out) == []
    trainlint("check", "--add-ignore", cwd=tmp_path)
    assert script.read_bytes() == after


def test_codes_choose_what_is_ignored(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    trainlint("check", "--add-ignore", "TRN504,TRN1", "train.py", cwd=tmp_path)
    assert script.read_text(encoding="utf-8").count("TRN") == 2
    left = json.loads(trainlint("check", "--output-format", "json", cwd=tmp_path).out)
    assert [one["code"] for one in left] == ["TRN501"]


def test_two_findings_in_a_row_share_a_comment(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import torch\nmodel = torch.nn.Linear(8, 1)\nmodel.eval; model.no_such_thing = model.train\n", encoding="utf-8"
    )
    before = json.loads(trainlint("check", "--output-format", "json", "--select", "ALL", cwd=tmp_path).out)
    codes = {one["code"] for one in before if one["location"]["row"] == 3}
    trainlint("check", "--add-ignore", "--select", "ALL", "train.py", cwd=tmp_path)
    assert codes
    row = script.read_text(encoding="utf-8").splitlines()[2]
    assert row.count("# noqa") == 1
    assert all(code in row for code in codes)


def test_a_finding_of_several_rows_is_ignored_where_a_comment_can_stand(tmp_path: Path) -> None:
    text = 'import torch\nmodel = torch.nn.Linear(8, 1); a = """\n"""; model.eval\nmodel \\\n    .eval\n'
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    assert trainlint("check", "--add-ignore", cwd=tmp_path).code == 0
    now = (tmp_path / "train.py").read_text(encoding="utf-8")
    assert now == text.replace('"""; model.eval', '"""; model.eval  # noqa: TRN504').replace(
        "    .eval", "    .eval  # noqa: TRN504"
    )


def test_where_no_comment_can_stand_it_says_so(tmp_path: Path) -> None:
    text = "import torch\nmodel = torch.nn.Linear(8, 1)\nmodel.eval; \\\na = 1\n"
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    done = trainlint("check", "--add-ignore", cwd=tmp_path)
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == text
    assert "Added comments that ignore 0 findings" in done.err


def test_cells_get_their_comments_and_outputs_stay(tmp_path: Path) -> None:
    cells = [["import torch\n", "model = torch.nn.Linear(8, 1)"], ["%time 1\n", "model.eval"]]
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python"}, "kept": 1.50},
        "cells": [{"cell_type": "code", "outputs": [{"kept": True}], "source": source} for source in cells],
    }
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    assert trainlint("check", "--add-ignore", cwd=tmp_path).code == 0
    notebook["cells"][1]["source"] = ["%time 1\n", "model.eval  # noqa: TRN504"]  # type: ignore[index]
    assert json.loads(path.read_text(encoding="utf-8")) == notebook


def test_with_diff_nothing_is_written_and_stdin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    done = trainlint("check", "--add-ignore", "--diff", cwd=tmp_path)
    assert "+model.eval  # noqa: TRN504\n" in done.out
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == SCRIPT
    refused = trainlint("check", "-", "--add-ignore", cwd=tmp_path, stdin=SCRIPT.encode())
    assert (refused.code, refused.err.count("\n")) == (2, 1)
