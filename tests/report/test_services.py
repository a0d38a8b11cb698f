"""Findings for other programs: each format is read back by a parser of its own, and compared with its documented form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import pytest

from tests.report.test_formats import finding, result
from trainlint.core import Edit, Fix, Related, Severity, Span
from trainlint.report.annotations import azure, github, pylint
from trainlint.report.baseline import baseline_json, read_baseline, without_known
from trainlint.report.places import fingerprints, relative_path, uri_of
from trainlint.report.sarif import sarif
from trainlint.report.services import gitlab, junit, rdjson
from trainlint.result import CheckResult
from trainlint.settings import SettingsError
from trainlint.source.read import Cell, Source

HARD = "50 % of: a, b\r\nnext; ] <&>"
FIX = Fix("use 0.004", (Edit(Span("train.py", 3, 32, 3, 36), "0.004"),))
RELATED = (Related("defined here", Span("train.py", 1, 1, 1, 7)),)


def unescape(text: str, table: dict[str, str]) -> str:
    """Undo escapes as the service does: the percent sign last."""
    for escape, character in table.items():
        text = text.replace(escape, character)
    return text


def test_github_commands_are_undone_by_the_runners_rules() -> None:
    row = github([result(finding(message=HARD, span=Span("a,b:c%.py", 3, 29, 3, 36)))])
    assert row.count("\n") == 1
    command, _, message = row.rstrip("\n")[2:].partition("::")
    kind, _, properties = command.partition(" ")
    values = dict(one.split("=", 1) for one in properties.split(","))
    data = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    assert kind == "error"
    assert unescape(values["file"], {"%3A": ":", "%2C": ",", **data}) == "a,b:c%.py"
    assert [values[key] for key in ("line", "col", "endLine", "endColumn")] == ["3", "29", "3", "36"]
    assert unescape(message, data).endswith(f"TRN101 {HARD}")


@pytest.mark.parametrize(("severity", "word"), [("error", "error"), ("warning", "warning"), ("info", "notice")])
def test_github_has_three_severities(severity: str, word: str) -> None:
    assert github([result(finding(severity=Severity(severity)))]).startswith(f"::{word} ")


def test_azure_commands_are_undone_by_the_agents_rules() -> None:
    row = azure([result(finding(message=HARD, severity=Severity.INFO, span=Span("a;b].py", 3, 29, 3, 36)))])
    head, _, message = row.rstrip("\n").partition("]")
    values = dict(one.split("=", 1) for one in head.removeprefix("##vso[task.logissue ").rstrip(";").split(";"))
    data = {"%0D": "\r", "%0A": "\n", "%AZP25": "%"}
    assert unescape(values["sourcepath"], {"%3B": ";", "%5D": "]", **data}) == "a;b].py"
    assert (values["type"], values["code"], values["linenumber"]) == ("warning", "TRN101", "3")
    assert unescape(message, data) == HARD


def test_pylint_is_one_row_a_finding() -> None:
    assert pylint([result(finding(message="two\nrows"))]) == "train.py:3: [TRN101] two rows\n"


def test_junit_has_a_failed_case_for_each_finding() -> None:
    root = Xml.fromstring(junit([result(finding(message=HARD + "\x07"), finding(row=1, start=1, end=7))]))
    [suite] = root.findall("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("train.py", "2", "2")
    failures = [case.find("failure") for case in suite.findall("testcase")]
    assert [one is not None and one.get("type") for one in failures] == ["error", "error"]
    assert "50 % of: a, b" in str(failures[0].get("message"))  # type: ignore[union-attr]


def test_junit_without_findings_has_a_case_that_passes() -> None:
    [case] = Xml.fromstring(junit([result()])).iter("testcase")
    assert list(case) == []


def test_gitlab_has_the_fields_that_it_documents() -> None:
    [issue] = json.loads(gitlab([result(finding())]))
    assert set(issue) == {"check_name", "description", "severity", "fingerprint", "location"}
    assert issue["location"] == {
        "path": "train.py",
        "positions": {"begin": {"line": 3, "column": 29}, "end": {"line": 3, "column": 36}},
    }
    assert issue["severity"] == "critical"


def test_reviewdog_counts_columns_in_bytes() -> None:
    text = "λ = '𝛌'; lr=0.1\n"
    start = text.index("lr") + 1
    fix = Fix("smaller", (Edit(Span("train.py", 1, start + 3, 1, start + 6), "0.01"),))
    found = finding(row=1, start=start, end=start + 6, fix=fix)
    [one] = json.loads(rdjson([result(found, text=text)]))["diagnostics"]
    place = one["location"]["range"]
    assert text.encode()[place["start"]["column"] - 1 : place["end"]["column"] - 1] == b"lr=0.1"
    change = one["suggestions"][0]
    assert text.encode()[change["range"]["start"]["column"] - 1 :].startswith(b"0.1")
    assert change["text"] == "0.01"


def test_sarif_has_rules_places_fixes_and_fingerprints() -> None:
    log = json.loads(sarif([result(finding(fix=FIX, related=RELATED)), result(finding(code="TRN999", name="own-rule"))]))
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], run["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert all(rules[one["ruleIndex"]][key]["text"] for key in ("shortDescription", "fullDescription", "help"))
    first, second = run["results"]
    region = first["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 29, "endLine": 3, "endColumn": 36}
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"]["text"] == "0.004"
    assert first["relatedLocations"][0]["message"]["text"] == "defined here"
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_uris_are_relative_and_percent_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside = tmp_path / "a b" / "λ#.py"
    assert relative_path(str(inside)) == "a b/λ#.py"
    assert re.fullmatch(r"[A-Za-z0-9%/._-]+", uri_of(str(inside)))
    assert unquote(uri_of(str(inside))) == "a b/λ#.py"
    assert relative_path(str(tmp_path.parent / "x.py")) == str(tmp_path.parent / "x.py")


def test_a_notebooks_findings_stand_at_its_start_and_name_the_cell() -> None:
    notebook = CheckResult(
        "a.ipynb",
        (finding(span=Span("a.ipynb", 3, 29, 3, 36)),),
        {"a.ipynb": Source("a.ipynb", None, "1\n2\nx\n", cells=(Cell(2, 1, 2), Cell(4, 3, 3)))},
    )
    [issue] = json.loads(gitlab([notebook]))
    assert issue["location"]["positions"]["begin"] == {"line": 1, "column": 1}
    assert "cell 4, 1:29:" in issue["description"]


def test_fingerprints_survive_moved_rows_and_tell_equal_faults_apart() -> None:
    before = result(finding(row=1, start=1, end=2), finding(row=2, start=1, end=2), text="same\n  same  \nother\n")
    after = result(finding(row=4, start=1, end=2), finding(row=5, start=3, end=4), text="\n\n\n  same\nsame\nother\n")
    first, second = ([digits for _, _, digits in fingerprints([one])] for one in (before, after))
    assert first == second
    assert len(set(first)) == 2


def test_a_baseline_hides_what_it_lists_and_shows_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    old = [finding(row=1, start=1, end=2), finding(row=3, start=1, end=2)]
    file.write_text(baseline_json([result(*old)]), encoding="utf-8")
    moved = "\n" * 50 + 'import keras\nx = 1\nmodel.compile(optimizer=SGD(lr=0.01), loss="mse")\n'
    now = result(finding(row=51, start=1, end=2), finding(row=52, start=1, end=2), text=moved)
    [shown], hidden, stale = without_known([now], read_baseline(file))
    assert [one.span.row for one in shown.findings] == [52]
    assert (hidden, stale) == (1, 1)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 9, "findings": {}}', '{"version": 1, "findings": [1]}', "[" * 99_999]
)
def test_what_is_no_baseline_is_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"baseline\.json: [^\n]*baseline"):
        read_baseline(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_baseline(tmp_path / "missing.json")
