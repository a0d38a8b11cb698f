"""Fixes count only if the file still parses, the finding is gone and no error came; the others are left, and why is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.marking import becomes, mended, target
from trainlint.core import Edit, Finding, Related, Severity, Span
from trainlint.engine import check_source
from trainlint.fixes.fixing import PASSES, Fixed, Target, fix
from trainlint.fixes.verdict import Said, Stretch, judge, said
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import Source, decode
from trainlint.workspace import Project


def reasons(fixed: Fixed) -> list[tuple[int, str]]:
    return [(left.finding.span.row, left.reason) for left in fixed.left]


def test_all_fixes_of_a_pass_are_made_together() -> None:
    after, fixed = mended(b"one = 1\ntwo = one + one\n", {"one": becomes("first"), "two": becomes("second")})
    assert after == b"first = 1\nsecond = first + first\n"
    assert sorted(finding.name for finding in fixed.findings) == ["one", "one", "one", "two"]


def test_fixes_that_overlap_follow_in_later_passes() -> None:
    whole = {"one": lambda _, place: (Edit(Span(place.filename, place.row, 1, place.row, place.end_column), "a = two"),)}
    after, fixed = mended(b"one + one\n", {**whole, "two": becomes("b")})
    assert after == b"a = b\n"
    assert fixed.results[0].findings == ()
    assert fixed.stable


def test_an_edit_that_two_findings_share_is_made_once() -> None:
    def top(_: Source, place: Span) -> tuple[Edit, ...]:
        return Edit(Span(place.filename, 1, 1, 1, 1), "import new\n"), Edit(place, "new")

    after, fixed = mended(b"import x\nold\nold\n", {"old": top})
    assert after == b"import new\nimport x\nnew\nnew\n"
    assert len(fixed.findings) == 2


def test_the_same_fix_of_two_findings_counts_for_both() -> None:
    same = lambda _, place: (Edit(Span(place.filename, 1, 1, 1, 8), "pass"),)  # noqa: E731
    after, fixed = mended(b"one two\n".replace(b" ", b","), {"one": same, "two": same})
    assert after == b"pass\n"
    assert len(fixed.findings) == 2


def test_a_fix_after_which_the_file_does_not_parse_is_left() -> None:
    after, fixed = mended(b"one\ntwo\none\n", {"one": becomes("1 +"), "two": becomes("done")})
    assert after == b"one\ndone\none\n"
    assert [finding.name for finding in fixed.findings] == ["two"]
    assert [(row, reason.partition(":")[0]) for row, reason in reasons(fixed)] == [(1, "the file would no longer parse")]


def test_a_fix_after_which_the_finding_stays_is_left() -> None:
    after, fixed = mended(b"one\ntwo\n", {"one": becomes("one, one"), "two": becomes("done")})
    assert after == b"one\ndone\n"
    assert reasons(fixed) == [(1, "the finding would stay")]


def test_a_fix_that_brings_an_error_is_left() -> None:
    after, fixed = mended(b"one\ntwo\nworse\n", {"one": becomes("worse"), "two": becomes("a\nb")}, errors=("worse",))
    assert after == b"one\na\nb\nworse\n"
    assert reasons(fixed) == [(1, "it would bring TRN002 in row 1: worse is found")]


def test_an_error_that_only_moves_is_not_new() -> None:
    after, fixed = mended(b"one; worse\nworse\n", {"one": becomes("a\nb")}, errors=("worse",))
    assert after == b"a\nb; worse\nworse\n"
    assert not fixed.left


def test_new_warnings_are_fixed_in_the_next_pass() -> None:
    after, fixed = mended(b"one\n", {"one": becomes("two"), "two": becomes("three"), "three": becomes("four")})
    assert after == b"four\n"
    assert (len(fixed.findings), fixed.stable) == (3, True)


def test_fixes_that_undo_each_other_end() -> None:
    after, fixed = mended(b"one\n", {"one": becomes("two"), "two": becomes("one")})
    assert (after, len(fixed.findings), fixed.stable) == (b"one\n", PASSES, False)


def test_edits_of_one_fix_that_overlap_or_change_nothing_are_refused() -> None:
    twice = lambda _, place: (Edit(place, "a"), Edit(place, "b"))  # noqa: E731
    assert reasons(mended(b"one\n", {"one": twice})[1]) == [(1, "its edits overlap")]
    assert reasons(mended(b"one\n", {"one": becomes("one")})[1]) == [(1, "it would change nothing")]
    outside = lambda _, place: (Edit(Span(place.filename, 7, 1, 7, 1), "a"),)  # noqa: E731
    assert reasons(mended(b"one\n", {"one": outside})[1]) == [(1, "its place is not in the text")]


def test_a_hundred_fixes_of_which_three_fail() -> None:
    rows = [b"one" if row in (17, 50, 99) else b"two" for row in range(100)]
    after, fixed = mended(b"\n".join(rows), {"one": becomes("("), "two": becomes("good")})
    assert after == b"\n".join(b"one" if row == b"one" else b"good" for row in rows)
    assert len(fixed.findings) == 97


def finding(code: str, row: int, severity: Severity = Severity.ERROR, *related: Related) -> Finding:
    return Finding(code, "name", severity, "message", Span("a.py", row, 1, row, 2), related=related)


def test_an_error_that_stood_behind_the_mended_one_is_not_new() -> None:
    place = lambda one: Stretch("a.py", (one.row, 1), (one.row, 1))  # noqa: E731
    first = finding("TRN501", 1, Severity.WARNING, Related("TRN502 is told", Span("a.py", 2, 1, 2, 2)))
    before = said([first], place, lambda _: True)
    judge(before, said([finding("TRN502", 2)], place, lambda _: False))
    with pytest.raises(Exception, match="it would bring TRN502 in row 3"):
        judge(before, said([finding("TRN502", 3)], place, lambda _: False))


def test_of_two_findings_at_one_place_the_one_that_is_not_mended_may_stay() -> None:
    here = Stretch("a.py", (1, 1), (1, 1))
    before = [Said("TRN501", here, False, True), Said("TRN501", here, False)]
    judge(before, [Said("TRN501", here, False)])
    with pytest.raises(Exception, match="would stay"):
        judge(before, [Said("TRN501", here, False)] * 2)


def test_unsafe_fixes_are_made_only_when_asked_for() -> None:
    text = b"import torch\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\nx = 1  # noqa: TRN504\n"
    source = decode(text, None, "<stdin>")

    def check(source: Source, workspace: object) -> CheckResult:
        return check_source(source, Settings())

    safe, both = (fix([Target(source, check, None, text)], unsafe=unsafe) for unsafe in (False, True))
    assert safe.changed[0][1].data == text.replace(b"  # noqa: TRN504", b"")
    assert both.changed[0][1].data == text.replace(b"  # noqa: TRN504", b"").replace(b"eval", b"eval()")
    assert [[one.code for one in fixed.results[0].findings] for fixed in (safe, both)] == [["TRN504"], []]


MODULE = "import torch\n\n\ndef prepare(model):\n    model.eval\n    return model\n"
SCRIPT = "import torch\nfrom parts import prepare\n\nmodel = prepare(torch.nn.Linear(8, 1))\n"


def real(path: Path, project: Project) -> Target:
    source = decode(path.read_bytes(), path, str(path))
    return Target(source, lambda one, workspace: check_source(one, Settings(), workspace), project)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "parts.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "a.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "b.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def test_modules_are_mended_once_if_they_are_among_the_paths(project: Path) -> None:
    shared = Project(project)
    targets = [real(project / name, shared) for name in ("a.py", "parts.py", "b.py")]
    found = [[(Path(one.span.filename).name, one.code) for one in target.checked().findings] for target in targets]
    assert found == [[("parts.py", "TRN504")]] * 3
    fixed = fix(targets, unsafe=True)
    [(before, after)] = fixed.changed
    assert (Path(before.source.filename).name, after.source.text) == ("parts.py", MODULE.replace("eval", "eval()"))
    assert (len(fixed.findings), [result.findings for result in fixed.results]) == (1, [(), (), ()])


def test_modules_that_are_not_among_the_paths_are_left(project: Path) -> None:
    fixed = fix([real(project / "a.py", Project(project))], unsafe=True)
    assert fixed.changed == ()
    assert [reason for _, reason in reasons(fixed)] == [f"it would change {project / 'parts.py'}, which is not among the paths"]


def test_a_file_that_changed_since_it_was_read_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"one\n")
    one = target(path, fixes={"one": becomes("two")})
    path.write_bytes(b"one\nmore\n")
    fixed = fix([one])
    assert (fixed.changed, dict(fixed.refused)) == ((), {str(path): "changed on the disk while it was checked"})


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"one\n")
    (tmp_path / "b.py").symlink_to("a.py")
    fixed = fix([target(tmp_path / name, fixes={"one": becomes("two")}) for name in ("a.py", "b.py")])
    assert (len(fixed.results), len(fixed.changed), len(fixed.findings)) == (1, 1, 1)
