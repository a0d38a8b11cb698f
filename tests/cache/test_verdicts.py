"""A verdict comes back from its record as it was."""

import json
from pathlib import Path

from trainlint.cache.verdicts import Verdicts, decode, encode
from trainlint.core import Edit, Evidence, Finding, Fix, Related, Severity, Span, Unknown
from trainlint.result import CheckResult
from trainlint.source.read import read

SPAN = Span("a.py", 1, 2, 3, 4)
FULL = Finding(
    "TRN101",
    "name",
    Severity.WARNING,
    "say é \ud800",
    SPAN,
    Evidence.SIMULATED,
    {"ratio": 1.5, "steps": 7, "huge": float("inf")},
    (Related("there", SPAN),),
    Fix("mend", (Edit(SPAN, "x\n"),), safe=True),
    ("kind", "value"),
    "https://example.org",
)
BARE = Finding("TRN001", "other", Severity.ERROR, "bare", SPAN)


def test_there_and_back(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    source = read(tmp_path / "a.py", "a.py")
    result = CheckResult("a.py", (FULL, BARE), {"a.py": source}, 3, (Unknown("why"),), failed=True)
    record = json.loads(json.dumps(encode(result, {"a.py": str(tmp_path / "a.py")})))
    again = decode(record)
    assert (again.filename, again.findings, again.runs, again.not_judged, again.failed) == (
        "a.py",
        (FULL, BARE),
        3,
        result.not_judged,
        True,
    )
    assert [type(one) for one in again.findings[0].numbers.values()] == [float, int, float]
    assert again.texts["a.py"].lines == ["x = 1", ""]


def test_a_verdict_holds_as_long_as_what_it_rests_on(tmp_path: Path) -> None:
    module, missing = tmp_path / "m.py", tmp_path / "n.py"
    module.write_text("x = 1\n", encoding="utf-8")
    source = read(module)
    depends = {str(module): source.digest, str(missing): None}
    record = encode(CheckResult("a.py", (BARE,)), {})

    def found(conditions: str = "1", key: str = "k") -> bool:
        return Verdicts(str(tmp_path / "c"), conditions).load(key, None) is not None

    Verdicts(str(tmp_path / "c"), "1").store("k", record, depends)
    assert found()
    assert not found(conditions="2")
    assert not found(key="other")
    missing.write_text("", encoding="utf-8")
    assert not found()
    missing.unlink()
    assert found()
    module.write_text("x = 2\n", encoding="utf-8")
    assert not found()
    module.unlink()
    assert not found()


def test_a_record_of_something_else_is_a_miss(tmp_path: Path) -> None:
    verdicts = Verdicts(str(tmp_path), "1")
    for wrong in ({}, {"filename": 1}, {**encode(CheckResult("a.py", (BARE,)), {}), "findings": [{}]}):
        verdicts.store("k", wrong, {})
        assert verdicts.load("k", None) is None
