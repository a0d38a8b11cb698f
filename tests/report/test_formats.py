"""Findings as text and JSON: what people read, and what programs rely on."""

from __future__ import annotations

import io
import json
import math

import pytest
from rich.console import Console

from trainlint.core import At, Edit, Evidence, Finding, Fix, Related, Severity, Span, Unknown
from trainlint.report.concise import lines, summary
from trainlint.report.formats import write
from trainlint.report.full import print_full
from trainlint.report.gauge import WIDTH, gauge
from trainlint.report.plain import cells, printable
from trainlint.report.records import findings_json
from trainlint.result import CheckResult
from trainlint.source.read import Cell, Source

TEXT = 'import keras\n\nmodel.compile(optimizer=SGD(lr=0.01), loss="mse")\n'
NUMBERS = {"learning_rate": 0.01, "max_learning_rate": 2 / 247, "sharpness": 247.0, "growth_per_step": 2.1609}


def finding(row: int = 3, start: int = 29, end: int = 36, **changes: object) -> Finding:
    fields = {
        "code": "TRN101",
        "name": "step-above-stability-bound",
        "severity": Severity.ERROR,
        "message": "SGD lr=0.01 exceeds 2/λ = 0.0081",
        "span": Span("train.py", row, start, row, end),
        "numbers": NUMBERS,
    }
    return Finding(**(fields | changes))  # type: ignore[arg-type]


def result(*findings: Finding, text: str = TEXT, cells: tuple[Cell, ...] = (), **more: object) -> CheckResult:
    return CheckResult("train.py", findings, {"train.py": Source("train.py", None, text, cells=cells)}, **more)  # type: ignore[arg-type]


def full(*results: CheckResult, width: int = 100, **options: object) -> str:
    stream = io.StringIO()
    print_full(results, Console(file=stream, width=width, highlight=False, **options))  # type: ignore[arg-type]
    return stream.getvalue()


def test_full_shows_place_code_line_and_caret() -> None:
    rows = full(result(finding())).split("\n")
    assert rows[0] == "train.py:3:29: TRN101 SGD lr=0.01 exceeds 2/λ = 0.0081"
    assert rows[1] == "  |"
    assert rows[2] == '3 | model.compile(optimizer=SGD(lr=0.01), loss="mse")'
    assert rows[3].index("^") - 4 == 28
    assert rows[3].count("^") == 7
    assert rows[2][rows[3].index("^") :][:7] == "lr=0.01"


@pytest.mark.parametrize(
    ("line", "start", "end", "marked"),
    [
        ("\tlr = 0.1", 7, 10, "0.1"),
        ("名前 = 0.1", 6, 9, "0.1"),
        ("x = 1", 6, 6, ""),
    ],
)
def test_carets_stand_under_what_they_mark(line: str, start: int, end: int, marked: str) -> None:
    rows = full(result(finding(1, start, end), text=line)).split("\n")
    shown, carets = rows[2], rows[3]
    before = carets[: carets.index("^")]
    cut = next(index for index in range(len(shown) + 1) if cells(shown[:index]) == cells(before))
    assert shown[cut:] == marked
    assert carets.count("^") == max(1, len(marked))


def test_long_lines_are_cut_around_the_place_and_locations_are_never_wrapped() -> None:
    line = "x" * 5000 + "lr=0.01" + "y" * 5000
    message = "word " * 60
    rows = full(result(finding(1, 5001, 5008, message=message), text=line), width=80).split("\n")
    assert rows[0].endswith(message.rstrip()) or rows[0].endswith(message)
    assert cells(rows[2]) <= 80
    assert rows[2].startswith("1 | …")
    assert rows[2].endswith("…")
    assert rows[2][rows[3].index("^") :].startswith("lr=0.01")


def test_notes_hold_evidence_numbers_related_and_fix() -> None:
    fix = Fix("use a learning rate of 0.002", (Edit(Span("train.py", 3, 32, 3, 36), "0.002"),))
    related = (Related("TRN113 the loss spikes", Span("train.py", 1, 1, 1, 7)),)
    text = full(result(finding(related=related, fix=fix)))
    assert "= proved: lr 0.01, bound 0.008097, λ 247, growth per step ×2.161" in text
    assert "= train.py:1:1: TRN113 the loss spikes" in text
    assert "= fix (unsafe): use a learning rate of 0.002" in text


def test_colour_follows_the_severity_and_may_be_absent() -> None:
    coloured = full(result(finding()), force_terminal=True, color_system="standard", legacy_windows=False)
    assert "\x1b[1;31mTRN101\x1b[0m" in coloured
    assert "\x1b" not in full(result(finding()))


def test_a_script_cannot_write_to_the_terminal() -> None:
    hostile = finding(1, 1, 2, message="name \x1b[2J\u202e", span=Span("a\x1b]0;x\x07.py", 1, 1, 1, 2))
    for text in (full(result(hostile, text="\x1b[31mred\u202e")), "\n".join(lines([result(hostile)]))):
        assert [one for one in "\x1b\x07\u202e" if one in text] == []


@pytest.mark.parametrize(
    ("rate", "bound"), [(0.01, 0.0081), (0.0081, 0.01), (1.0, 1e-6), (1e-6, 1.0), (0.01, 0.01001), (5e8, 3e-9)]
)
def test_the_gauge_shows_both_marks_in_their_order(rate: float, bound: float) -> None:
    drawn = gauge({"learning_rate": rate, "max_learning_rate": bound})
    assert drawn is not None
    axis = drawn[drawn.index("├") + 1 : drawn.index("┤")]
    assert len(axis) == WIDTH
    assert (axis.count("●"), axis.count("┃")) == (1, 1)
    assert (axis.index("●") > axis.index("┃")) == (rate > bound)
    assert "\n" not in drawn


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"learning_rate": 0.1},
        {"learning_rate": 0.0, "max_learning_rate": 1.0},
        {"learning_rate": 0.1, "max_learning_rate": math.inf},
    ],
)
def test_no_gauge_without_two_positive_numbers(numbers: dict[str, float]) -> None:
    assert gauge(numbers) is None


def test_concise_is_one_line_a_finding() -> None:
    assert list(lines([result(finding(), runs=1)])) == [
        "train.py:3:29: TRN101 SGD lr=0.01 exceeds 2/λ = 0.0081",
        "Found 1 error in 1 file; 1 training run",
    ]


def test_notebooks_name_cell_and_row_in_it() -> None:
    notebook = result(finding(5, 2, 3), text="a\nb\nc\nd\n efg\n", cells=(Cell(2, 1, 3), Cell(4, 4, 3)))
    assert next(lines([notebook])).startswith("train.py:cell 4:2:2: TRN101")
    assert "2 |  efg" in full(notebook)
    [record] = json.loads(findings_json([notebook]))
    assert (record["cell"], record["location"], record["end_location"]) == (4, {"row": 2, "column": 2}, {"row": 2, "column": 3})


def test_the_summary_counts_and_says_why_runs_were_not_judged() -> None:
    warning, hint = finding(severity=Severity.WARNING), finding(severity=Severity.INFO)
    why = Unknown("lr comes from `os.environ['LR']`")
    results = [result(finding(), finding(2), warning, hint, runs=2, not_judged=(why,)), CheckResult("other.py", runs=1)]
    assert summary(results) == (
        "Found 2 errors, 1 warning and 1 hint in 1 file; 3 training runs, 1 not judged: lr comes from `os.environ['LR']`"
    )
    assert summary([CheckResult("a.py"), CheckResult("b.py")]) == "No findings in 2 files; 0 training runs"
    many = [CheckResult("a.py", runs=9, not_judged=tuple(Unknown(word) for word in ("a", "a", "b", "c", "d", "e")))]
    assert summary(many) == "No findings in 1 file; 9 training runs, 6 not judged: a (×2); b; c; and 2 other reasons"


def test_json_has_every_field_of_the_promise() -> None:
    fix = Fix("shorter", (Edit(Span("train.py", 3, 32, 3, 36), "0.002"),), safe=True)
    related = (Related("why", Span("train.py", 1, 1, 1, 7)),)
    [record] = json.loads(findings_json([result(finding(fix=fix, related=related, evidence=Evidence.SIMULATED))]))
    assert record == {
        "code": "TRN101",
        "name": "step-above-stability-bound",
        "severity": "error",
        "evidence": "simulated",
        "message": "SGD lr=0.01 exceeds 2/λ = 0.0081",
        "filename": "train.py",
        "cell": None,
        "location": {"row": 3, "column": 29},
        "end_location": {"row": 3, "column": 36},
        "related": [
            {
                "message": "why",
                "filename": "train.py",
                "cell": None,
                "location": {"row": 1, "column": 1},
                "end_location": {"row": 1, "column": 7},
            }
        ],
        "numbers": NUMBERS,
        "fix": {
            "applicability": "safe",
            "message": "shorter",
            "edits": [{"location": {"row": 3, "column": 32}, "end_location": {"row": 3, "column": 36}, "content": "0.002"}],
        },
        "url": "",
    }


def test_json_has_no_infinity() -> None:
    text = findings_json([result(finding(numbers={"growth_per_step": math.inf, "ratio": math.nan}))])
    assert json.loads(text, parse_constant=pytest.fail)[0]["numbers"] == {
        "growth_per_step": None,
        "ratio": None,
    }


def test_what_befalls_a_file_without_text_has_no_frame() -> None:
    unread = CheckResult("data.py", (finding(1, 1, 1, span=At(Span("data.py", 1, 1, 1, 1)).span, numbers={}),))
    assert full(unread).split("\n")[:2] == ["data.py:1:1: TRN101 SGD lr=0.01 exceeds 2/λ = 0.0081", ""]


def test_printable_text_takes_one_line() -> None:
    assert printable("a\tb\r\nc\u2028d") == "a    b\ufffd\ufffdc\ufffdd"


@pytest.mark.parametrize("results", [(), (result(),), (result(), result())])
def test_a_pipe_gets_the_same_line_without_rich(results: tuple[CheckResult, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    stream = io.StringIO()
    write(results, "full", stream)
    assert stream.getvalue() == full(*results, width=140)


def test_colours_that_are_asked_for_come_without_findings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    write((result(),), "full", stream)
    assert stream.getvalue().startswith(f"\x1b[1m{summary((result(),))}\x1b[0m")
