"""`--watch` as a process: it checks again when a file, a module or the settings change, and when a file comes."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.running import ROOT, trainlint

FAULT = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
PATIENCE = 20


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Callable[[str], list[str]]]:
    """A function that reads what the watching process writes up to a row that holds some words."""
    (tmp_path / "train.py").write_text(FAULT, encoding="utf-8")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child of tests in the background would ignore it
    process = subprocess.Popen(
        [sys.executable, "-m", "trainlint", "check", "--watch", "--output-format", "concise", "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    rows: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [rows.put(row) for row in process.stdout], daemon=True)  # type: ignore[union-attr]
    reader.start()

    def upto(words: str) -> list[str]:
        found: list[str] = []
        while not found or words not in found[-1]:
            found.append(rows.get(timeout=PATIENCE))
        return found

    yield upto
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 130
    reader.join()
    process.stdout.close()


def test_it_checks_again_when_something_changes(tmp_path: Path, watching: Callable[[str], list[str]]) -> None:
    assert "train.py:4:1: TRN504" in "".join(watching("Watching 1 file; Ctrl-C ends"))
    (tmp_path / "train.py").write_text(FAULT.replace("eval", "eval()"), encoding="utf-8")
    assert "TRN504" not in "".join(watching("Watching 1 file"))
    (tmp_path / "other.py").write_text("\n" + FAULT, encoding="utf-8")
    assert "other.py:5:1: TRN504" in "".join(watching("Watching 2 files"))
    (tmp_path / "trainlint.toml").write_text("ignored = []\n", encoding="utf-8")
    assert "did you mean 'ignore'?" in watching("trainlint.toml")[-1]
    (tmp_path / "trainlint.toml").write_text('ignore = ["TRN504"]\n', encoding="utf-8")
    assert "TRN504" not in "".join(watching("Watching 2 files"))


def test_it_does_not_go_with_what_changes_files(tmp_path: Path) -> None:
    done = trainlint("check", "--watch", "--fix", cwd=tmp_path)
    assert (done.code, done.err) == (2, "trainlint: --watch checks files again and again; it does not go with --fix\n")
