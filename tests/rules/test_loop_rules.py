"""Rules of training loops: which loop of several they speak of, what they point to, and that only one speaks of one fault."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings
from trainlint.engine import check_source
from trainlint.registry import Report, all_rules
from trainlint.settings import Settings
from trainlint.source.read import read_text
from trainlint.wording import site_cause

START = """import torch
from torch import nn

model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(64, 2), torch.randn(64, 1)
"""
CLEARS, GOES_BACK, STEPS = "optimizer.zero_grad()", "nn.functional.mse_loss(model(x), y).backward()", "optimizer.step()"


def script(*loops: tuple[str, ...]) -> str:
    return START + "".join("for _ in range(50):\n" + "".join(f"    {row}\n" for row in rows) for rows in loops)


def said(code: str, text: str) -> list[Report]:
    (rule,) = (one for one in all_rules() if one.code == code)
    return list(rule.check(check_source(read_text(text, "train.py"), Settings()).script))


def test_trn501_speaks_of_each_loop_that_does_not_clear() -> None:
    text = script((CLEARS, GOES_BACK, STEPS), (GOES_BACK, STEPS), (CLEARS, GOES_BACK, STEPS), (GOES_BACK, STEPS))
    found = said("TRN501", text)
    rows = [number for number, row in enumerate(text.split("\n"), 1) if STEPS in row]
    assert [one.at.span.row for one in found] == [rows[1], rows[3]]
    assert [[place.span.row for _, place in one.related] for one in found] == [[rows[1] - 1], [rows[3] - 1]]
    assert [one.cause for one in found] == [site_cause("loop", one.at) for one in found]
    assert [one.edits[0].span.row for one in found] == [rows[1] - 1, rows[3] - 1]


def test_a_method_that_is_only_named_is_left_to_its_own_rule() -> None:
    text = script(("optimizer.zero_grad", GOES_BACK, STEPS))
    assert said("TRN501", text) == []
    assert [one.code for one in findings(text, "TRN501", "TRN504")] == ["TRN504"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((CLEARS, "loss = nn.functional.mse_loss(model(x), y)", STEPS), "computes this loss and steps but never goes backward"),
        ((CLEARS, GOES_BACK), "goes backward but the optimizer never steps"),
        ((CLEARS, STEPS), "nothing in this file computes any: no weight moves"),
    ],
)
def test_trn503_says_what_is_missing(rows: tuple[str, ...], words: str) -> None:
    (found,) = said("TRN503", script(rows))
    assert words in found.message
    assert found.cause == site_cause("loop", found.at)


def test_trn503_is_silent_of_a_loop_that_lacks_nothing() -> None:
    assert said("TRN503", script((CLEARS, GOES_BACK, STEPS))) == []
