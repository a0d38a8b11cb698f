"""A folder of everything that goes wrong: one clear finding where something is, everything else checked, no traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.running import trainlint
from trainlint.__main__ import main

FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
"""TRN504 at row 4."""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "hostile"
    folder.mkdir()
    contents = {
        "binary.py": b"\x7fELF\x00\x01torch\x00" * 50,
        "python2.py": b"import keras\nprint 'loss', loss\n",
        "python3_with_a_print.py": b"import keras\nprint 'loss', loss\nx = f'{keras}'\n",
        "broken.py": b"import torch\n\nmodel = torch.nn.Linear(1, 1\n",
        "empty.py": b"",
        "latin1.py": ("# -*- coding: latin-1 -*-\n" + FAULT.replace("8", "8  # gr\u00f6\u00dfe\n  ")).encode("latin-1"),
        "latin1_without_a_word.py": (FAULT + "# gr\u00f6\u00dfe\n").encode("latin-1"),
        "crlf.py": FAULT.replace("\n", "\r\n").encode(),
        "bom.py": b"\xef\xbb\xbf" + FAULT.encode(),
        "tabs.py": b"import torch\n\ndef train(model):\n\tif model:\n\t\tmodel = torch.nn.Linear(8, 1)\n\t\tmodel.eval\n",
        "generated.py": b"import torch\nweights = [\n" + b"    0.123456789,\n" * 320_000 + b"]\n",
        "broken.ipynb": b'{"cells": [',
        "good.py": b"import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval()\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "loop").symlink_to(folder)
    (folder / "inner").mkdir()
    (folder / "inner" / "up").symlink_to(folder)
    (folder / "inner" / "fault.py").write_text(FAULT, encoding="utf-8")
    (folder / "gone.py").symlink_to(folder / "nowhere.py")
    os.mkfifo(folder / "pipe.py")
    return folder


EXPECTED = {
    "binary.py": [("TRN002", 1)],
    "bom.py": [("TRN504", 4)],
    "broken.ipynb": [("TRN002", 1)],
    "broken.py": [("TRN001", 3)],
    "crlf.py": [("TRN504", 4)],
    "generated.py": [("TRN002", 1)],
    "inner/fault.py": [("TRN504", 4)],
    "latin1.py": [("TRN504", 6)],
    "latin1_without_a_word.py": [("TRN002", 1)],
    "python3_with_a_print.py": [("TRN001", 2)],
    "tabs.py": [("TRN504", 6)],
}


def test_one_finding_where_something_is_wrong(hostile: Path) -> None:
    done = trainlint("check", ".", "--output-format", "json", cwd=hostile)
    assert done.code == 1
    assert done.err == ""
    found: dict[str, list[tuple[str, int]]] = {}
    for one in json.loads(done.out):
        found.setdefault(one["filename"], []).append((one["code"], one["location"]["row"]))
    special = {name: found.pop(name, []) for name in ("gone.py", "pipe.py")}
    assert found == EXPECTED
    assert {code for codes in special.values() for code, _ in codes} <= {"TRN002"}


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_the_same_for_people(hostile: Path, output_format: str) -> None:
    done = trainlint("check", "--output-format", output_format, cwd=hostile)
    assert (done.code, done.err) == (1, "")
    heads = [row for row in done.out.splitlines() if ": TRN" in row]
    assert {(row.split(":")[0], row.split()[1], int(row.split(":")[1])) for row in heads} >= {
        (name, code, row) for name, places in EXPECTED.items() for code, row in places
    }


def test_facts_of_such_a_folder(hostile: Path) -> None:
    for output_format in ("table", "json"):
        done = trainlint("facts", "--output-format", output_format, cwd=hostile)
        assert done.code == 0
        told = {row.split(":")[0] for row in done.err.splitlines()}
        assert told >= {name for name, places in EXPECTED.items() if places[0][0] in ("TRN001", "TRN002")}
        assert "0 training runs" in done.out if output_format == "table" else json.loads(done.out) == []


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(FAULT, encoding="utf-8")
    (tmp_path / "locked.py").write_text(FAULT, encoding="utf-8")
    really_open = os.open

    def refusing(path: str | Path, *options: int, **more: int) -> int:
        """As the system does for everybody but root, who may run these tests."""
        if str(path).endswith("locked.py"):
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, *options, **more)

    monkeypatch.setattr(os, "open", refusing)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--output-format", "concise"]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" ")[:2] for row in rows[:2]] == [["a.py:4:1:", "TRN504"], ["locked.py:1:1:", "TRN002"]]
    assert "permission denied" in rows[1]


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000 + "torch" + ")" * 5000,
        "x = torch" + ".a" * 20_000,
        "x = " + "-" * 50_000 + "torch",
        "if torch:\n" + "".join(" " * (depth + 1) + "if x:\n" for depth in range(200)) + " " * 202 + "pass\n",
        "torch = lambda: torch()\ntorch()\n",
        "class torch:\n def __getattr__(self, n): return getattr(self, n)\ntorch().x\n",
        "import torch\nx = 9**9**9**9\ny = 'a' * 10**12\nz = [0] * 10**12\nwhile True: pass\n",
        "import torch\nimport numpy as np\nx = np.zeros((10**6, 10**6))\ny = np.arange(10**15)\nz = x @ x.T\n",
        "import torch\nx: \ud800 = 1\n",
        "\x0c\x0cimport torch\x0c\r\rmodel\r\n",
    ],
)
def test_no_input_hangs_or_raises(text: str, tmp_path: Path) -> None:
    done = trainlint("check", "-", "--output-format", "json", cwd=tmp_path, stdin=text.encode("utf-8", "surrogatepass"))
    assert done.code in (0, 1)
    assert [one for one in json.loads(done.out) if one["code"] == "TRN000"] == []
