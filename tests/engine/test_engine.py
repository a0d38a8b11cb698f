"""`check_source`: rules are asked, faults of ours are findings, estimates are never errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainlint.core import Severity
from trainlint.engine import check_source, judged_facts_of
from trainlint.registry import all_rules
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import Unreadable, read, read_text
from trainlint.workspace import Project

RULE = '''"""Own rule.

## Why

A test wants it.

## References

- This test.
"""
from trainlint.api import Evidence, Report, Severity, rule


@rule("{code}", "own-rule", Severity.ERROR, scope="{scope}")
def check(script):
    """Do as the test says."""
    {body}
'''
LOOP = """import torch

model = torch.nn.Linear(8, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
"""


def own(folder: Path, code: str, body: str, scope: str = "script") -> Settings:
    (folder / f"{code.lower()}.py").write_text(RULE.format(code=code, scope=scope, body=body), encoding="utf-8")
    return Settings(rules=(folder,), select=("TRN99", "TRN0"))


def check(text: str, settings: Settings | None = None) -> CheckResult:
    return check_source(read_text(text, "train.py"), settings or Settings())


def codes(result: CheckResult) -> list[str]:
    return [finding.code for finding in result.findings]


def test_a_rule_that_raises_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    own(tmp_path, "TRN990", "raise KeyError('weights')")
    settings = own(tmp_path, "TRN991", "yield Report('still here', at=script.start)")
    result = check("import torch\n", settings)
    assert codes(result) == ["TRN000", "TRN991"]
    assert result.failed is True
    message = result.findings[0].message
    assert [word for word in ("TRN990", "own-rule", "KeyError", "trn990.py:17", "weights") if word not in message] == []


def test_a_rule_that_raises_while_it_reports(tmp_path: Path) -> None:
    result = check("import torch\n", own(tmp_path, "TRN990", "yield Report('no place', at=None)"))
    assert codes(result) == ["TRN000"]


def test_an_endless_recursion_in_a_rule_is_a_finding(tmp_path: Path) -> None:
    result = check("import torch\n", own(tmp_path, "TRN990", "return check.check(script)"))
    assert codes(result) == ["TRN000"]


def test_an_estimate_is_never_an_error(tmp_path: Path) -> None:
    body = "yield Report('a guess', at=script.start, evidence=Evidence.ESTIMATED)"
    [finding] = check("import torch\n", own(tmp_path, "TRN990", body)).findings
    assert finding.severity is Severity.WARNING


def test_one_message_a_place_and_all_different_ones(tmp_path: Path) -> None:
    body = "yield from (Report(word, at=script.start) for word in ('one', 'two', 'one'))"
    result = check("import torch\n", own(tmp_path, "TRN990", body))
    assert [finding.message for finding in result.findings] == ["one", "two"]


def test_findings_are_sorted_by_place_and_code(tmp_path: Path) -> None:
    place = "At(Span('train.py', row, 1, row, 2))"
    body = f"from trainlint.core import At, Span\n    yield from (Report('x', at={place}) for row in (3, 1, 2))"
    result = check("import torch\n\n\n", own(tmp_path, "TRN990", body))
    assert [finding.span.row for finding in result.findings] == [1, 2, 3]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "data.py").write_bytes(b"\x00\x01\x02")
    source = read(tmp_path / "data.py", "data.py")
    assert isinstance(source, Unreadable)
    result = check_source(source, Settings())
    assert codes(result) == ["TRN002"]
    assert "NUL" in result.findings[0].message
    assert (result.texts, result.failed) == ({}, False)


def test_a_syntax_error_silences_what_rests_on_it() -> None:
    result = check("import torch\n\nlr = (-1.0\noptimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=lr)\n")
    assert codes(result) == ["TRN001"]
    assert result.findings[0].severity is Severity.ERROR


def test_a_clean_script_has_a_run_and_no_findings() -> None:
    result = check(LOOP)
    assert (result.runs, result.findings, result.failed) == (1, (), False)


def test_what_could_not_be_judged_says_why() -> None:
    result = check(LOOP.replace("lr=0.001", "lr=float(input())"))
    assert result.runs == 1
    assert len(result.not_judged) == 1
    assert "user types" in result.not_judged[0].reason


def test_an_empty_file() -> None:
    assert (check("").findings, check("").runs) == ((), 0)


def test_a_comment_suppresses_what_it_names() -> None:
    text = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval{}\n"
    assert codes(check(text.format(""))) == ["TRN504"]
    assert codes(check(text.format("  # noqa: TRN504"))) == []
    assert codes(check(text.format("  # noqa"))) == []
    assert codes(check(text.format("  # trainlint: ignore[TRN504]"))) == []
    assert codes(check(text.format("  # noqa: TRN211"))) == ["TRN504", "TRN003"]


def test_a_comment_in_vain_is_found_and_its_fix_takes_it_away() -> None:
    [finding] = check("import torch\n\nx = torch.zeros(8)  # trainlint: ignore[TRN504]\n").findings
    assert (finding.code, finding.span.row) == ("TRN003", 3)
    assert finding.fix is not None
    assert finding.fix.safe is True
    [edit] = finding.fix.edits
    assert (edit.span.column, edit.content) == (len("x = torch.zeros(8)") + 1, "")


def test_a_comment_is_not_in_vain_where_its_rule_had_no_say() -> None:
    line = "import torch\n\nx = torch.zeros(8)  # noqa: {}\n"
    off = next(one.code for one in all_rules() if one.default == "off")
    assert codes(check(line.format(off))) == []
    assert codes(check(line.format("TRN504"), Settings(ignore=("TRN504",)))) == []
    assert codes(check(line.format("TRN101"))) == []
    assert codes(check(line.format("TRN504") + "f(\n")) == ["TRN001"]


def test_a_code_that_no_rule_has_is_always_in_vain() -> None:
    [finding] = check("import torch\n\nx = torch.zeros(8)  # noqa: TRN999\n").findings
    assert (finding.code, "TRN999" in finding.message) == ("TRN003", True)


def test_a_finding_in_an_imported_module_obeys_the_comments_there(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import helper\n\nhelper.run()\n", encoding="utf-8")
    fault = "import torch\n\n\ndef run():\n    model = torch.nn.Linear(8, 1)\n    model.eval{}\n"
    source = read(tmp_path / "train.py")
    for comment, expected in (("", ["helper.py"]), ("  # noqa: TRN504", [])):
        (tmp_path / "helper.py").write_text(fault.format(comment), encoding="utf-8")
        result = check_source(source, Settings(), Project(tmp_path))
        assert [Path(one.span.filename).name for one in result.findings] == expected
        assert [result.line(one.span) for one in result.findings] == ["    model.eval"] * len(expected)


def test_one_cause_is_one_finding_and_suppressed_as_one(tmp_path: Path) -> None:
    for code in ("TRN998", "TRN999"):
        settings = own(tmp_path, code, f"yield Report('{code}', at=script.start, cause=('kind', 'value'))")
    [finding] = check("import torch\n", settings).findings
    assert (finding.code, [one.message for one in finding.related]) == ("TRN998", ["TRN999 TRN999"])
    assert codes(check("import torch  # noqa: TRN998\n", settings)) == []
    assert codes(check("import torch  # noqa: TRN999\n", settings)) == ["TRN998"]


def test_a_failure_of_the_stability_engine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(run: object) -> None:
        raise ZeroDivisionError("no curvature")

    monkeypatch.setattr("trainlint.engine.stability", failing)
    script = judged_facts_of(read_text(LOOP, "train.py"), Settings())
    assert script.runs == ()
    assert [("ZeroDivisionError" in one.reason, "no curvature" in one.reason) for one in script.raised] == [(True, True)]
    monkeypatch.setattr("trainlint.judged.stability", failing)
    result = check(LOOP)
    assert (codes(result), result.failed) == (["TRN000"], True)


def test_a_file_with_too_much_in_it_is_not_called_wrong() -> None:
    [found] = check("import torch\nx = [" + "0, " * 130_000 + "]\n").findings
    assert (found.code, "it is data, not a script" in found.message) == ("TRN002", True)


def test_more_runs_than_are_checked_are_said() -> None:
    text = "import torch\nm = torch.nn.Linear(3, 1)\no = torch.optim.SGD(m.parameters(), lr=0.1)\nx = torch.rand(4, 3)\n"
    text += "o.zero_grad()\nm(x).mean().backward()\no.step()\n" * 220
    result = check(text)
    assert result.runs == 200
    assert [one.message for one in result.findings if one.code == "TRN005"] == [
        "of 220 training runs in this file the first 200 are checked"
    ]
