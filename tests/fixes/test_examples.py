"""Every bad example of every rule, fixed: what is fixed stays fixed, and nothing else is touched."""

from __future__ import annotations

import ast

import pytest

from tests.rules.checking import Example, catalogue, default_codes, examples
from trainlint.core import Severity
from trainlint.engine import check_source
from trainlint.fixes.fixing import Fixed, Target, fix
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import Source, decode

BAD = examples(catalogue(), "bad")


def mended(example: Example, data: bytes) -> tuple[bytes, Fixed]:
    source = decode(data, None, "train.py")
    assert isinstance(source, Source)
    settings = Settings(select=tuple(sorted(default_codes() | {example.rule.code})), preview=True)

    def check(source: object, workspace: object) -> CheckResult:
        assert isinstance(source, Source)
        return check_source(source, settings)

    fixed = fix([Target(source, check, None, data)], unsafe=True)
    return (fixed.changed[0][1].data if fixed.changed else data), fixed


@pytest.mark.parametrize("example", BAD, ids=str)
def test_applying_fixes_twice_equals_once(example: Example) -> None:
    before = example.text.replace("\n", "\r\n").encode()
    once, first = mended(example, before)
    assert first.stable
    assert bool(first.findings) == (once != before)
    if once == before:
        return  # there is nothing to mend, the second time either
    twice, second = mended(example, once)
    assert (twice, second.findings, second.changed) == (once, (), ())
    assert once.count(b"\n") == once.count(b"\r\n")
    ast.parse(once)
    left = {(one.code, one.message) for one in first.results[0].findings if one.severity is Severity.ERROR}
    assert not left.intersection((one.code, one.message) for one in first.findings)
