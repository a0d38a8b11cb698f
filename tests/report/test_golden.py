"""Every format against a file that was read by eye: `python -m tests.report.test_golden` writes them anew.

The findings are made up, with what is hard in them: so that a rule's wording can change without these.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from trainlint import __version__
from trainlint.core import Edit, Evidence, Finding, Fix, Related, Severity, Span
from trainlint.report.formats import FORMATS, write
from trainlint.result import CheckResult
from trainlint.source.read import Cell, Source

GOLDEN = Path(__file__).parent / "golden"
PARSED = ("json", "sarif", "gitlab", "rdjson")
ENDINGS = {"json": "json", "json-lines": "jsonl", "sarif": "sarif", "gitlab": "json", "junit": "xml", "rdjson": "json"}

TRAIN = 'import keras\n\nmodel.compile(optimizer=SGD(lr=0.01), loss="mse")\nmodel.fit(x, y)\n'
ODD = "src/a, b: 100% λ.py"
LOOP = "name = '𝛌'; model.eval\nfor step in range(\n    9\n):\n    pass\n"
CELLS = "import torch\nx = 1\nmodel.train\n"


def results() -> list[CheckResult]:
    """An error with numbers, a fix and a related place; a warning in a file with an odd name; a hint in a notebook; no finding."""
    step = Finding(
        "TRN101",
        "step-above-stability-bound",
        Severity.ERROR,
        "SGD lr=0.01 exceeds 2/λ = 0.0081: the loss grows ×2.16 per step",
        Span("train.py", 3, 29, 3, 36),
        Evidence.PROVED,
        {"learning_rate": 0.01, "max_learning_rate": 2 / 247, "sharpness": 247.0, "growth_per_step": 2.1609},
        (Related("the data is here", Span("train.py", 4, 11, 4, 15)),),
        Fix("use a learning rate of 0.002", (Edit(Span("train.py", 3, 32, 3, 36), "0.002"),)),
    )
    call = Finding(
        "TRN504",
        "method-not-called",
        Severity.WARNING,
        '50 % of it, <b>`eval`</b>:\nnever called & "never" read; ]',
        Span(ODD, 1, 13, 1, 23),
        fix=Fix("call it", (Edit(Span(ODD, 1, 23, 1, 23), "()"),), safe=True),
    )
    loop = Finding("TRN999", "own-rule", Severity.WARNING, "a rule of one's own", Span(ODD, 2, 1, 4, 3), Evidence.ESTIMATED)
    hint = Finding("TRN901", "no-seed", Severity.INFO, "in a cell", Span("note.ipynb", 3, 1, 3, 12))
    cells = (Cell(1, 1, 2), Cell(4, 3, 1))
    return [
        CheckResult("train.py", (step,), {"train.py": Source("train.py", None, TRAIN)}, runs=1),
        CheckResult(ODD, (call, loop), {ODD: Source(ODD, None, LOOP)}, runs=1),
        CheckResult("note.ipynb", (hint,), {"note.ipynb": Source("note.ipynb", None, CELLS, cells=cells)}),
        CheckResult("clean.py"),
    ]


def rendered(name: str) -> str:
    stream = io.StringIO()
    write(results(), name, stream)
    return stream.getvalue()


def file_of(name: str) -> Path:
    return GOLDEN / f"{name}.{ENDINGS.get(name, 'txt')}"


def parsed(name: str, text: str) -> Any:
    """A report as data; of SARIF without the rules' documentation, which is theirs, and the version."""
    record = json.loads(text)
    if name == "sarif":
        driver = record["runs"][0]["tool"]["driver"]
        assert driver.pop("version") == driver.pop("semanticVersion")
        driver["rules"] = [{key: one[key] for key in ("id", "name")} for one in driver["rules"]]
    return record


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_as_it_was_read_by_eye(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(variable, raising=False)
    expected = file_of(name).read_text(encoding="utf-8")
    if name in PARSED:
        assert parsed(name, rendered(name)) == json.loads(expected)
    else:
        assert rendered(name) == expected


def test_no_golden_file_is_left_over() -> None:
    assert sorted(GOLDEN.iterdir()) == sorted(map(file_of, FORMATS))


def test_golden_files_name_no_machine() -> None:
    texts = [file_of(name).read_text(encoding="utf-8") for name in FORMATS]
    assert not [text for text in texts if str(Path.cwd()) in text or "/home/" in text or f'"{__version__}"' in text]


if __name__ == "__main__":
    for one in FORMATS:
        text = rendered(one)
        kept = json.dumps(parsed(one, text), indent=2, ensure_ascii=False) + "\n" if one in PARSED else text
        file_of(one).write_text(kept, encoding="utf-8")
        sys.stdout.write(f"{file_of(one)}\n")
