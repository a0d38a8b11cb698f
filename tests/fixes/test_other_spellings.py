"""The scripts of the rules' documentation, spelled otherwise where their fixes write: found as before, and mended or left alone."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable

import pytest

from tests.rules.checking import Example, apply, catalogue, examples, findings
from trainlint.core import Finding

SILENT = {("TRN210", "shared"), ("TRN318", "shared")}
"""What reads the name that its row assigns, and finds none where the row begins with another statement."""


def noted(row: str) -> str:
    """The arguments of a row's first call on a row of their own, behind a comment that no edit may lose."""
    before, bracket, rest = row.partition("(")
    return f"{before}{bracket}  # kept\n{rest}" if bracket else row


def shared(row: str) -> str:
    """Another statement in front of that of the row."""
    return f"{row[: len(row) - len(row.lstrip())]}pass; {row.lstrip()}"


def meaning(text: str) -> str:
    """The tree of a script without its `pass`."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not isinstance(one, ast.Pass)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def respelled(example: Example, rows: set[int], spell: Callable[[str], str]) -> str:
    """The script with those of the rows in another spelling that mean the same then."""
    lines = example.text.split("\n")
    for row in sorted(rows, reverse=True):
        tried = [*lines[: row - 1], spell(lines[row - 1]), *lines[row:]]
        try:
            if meaning("\n".join(tried)) == meaning(example.text):
                lines = tried
        except SyntaxError:
            continue
    return "\n".join(lines)


def of_rule(example: Example, text: str) -> list[Finding]:
    return [one for one in findings(text, example.rule.code) if one.code == example.rule.code]


def mendable() -> list[Example]:
    """The first script of each rule that offers a fix."""
    mending = [one for one in catalogue() if "fix_message" in inspect.getsource(one.check)]
    return list({one.rule.code: one for one in reversed(examples(mending, "bad"))}.values())


@pytest.mark.parametrize("spell", [noted, shared], ids=lambda one: one.__name__)
@pytest.mark.parametrize("example", mendable(), ids=str)
def test_a_fix_holds_or_is_left_out(example: Example, spell: Callable[[str], str]) -> None:
    before = of_rule(example, example.text)
    rows = {row for one in before if one.fix for edit in one.fix.edits for row in (edit.span.row, edit.span.end_row)}
    text = respelled(example, {row for row in rows if row <= example.text.count("\n")}, spell)
    found = of_rule(example, text)
    assert before
    assert len(found) == len(before) or (example.rule.code, spell.__name__) in SILENT
    for one in found:
        if one.fix is not None:
            mended = apply(text, one.fix.edits)
            ast.parse(mended)
            assert len(of_rule(example, mended)) < len(found)
            assert mended.count("# kept") == text.count("# kept")


BAD = {(one.rule.code, one.number): one for one in examples(catalogue(), "bad")}


WRITTEN = [
    # nothing that the edit needs stands there as usual: what is found is said without one
    ("TRN501", 1, {"optimizer.step()": "optimizer.step(None)"}, {}),
    ("TRN114", 1, {"Adam(1e-3)": "Adam(  # the default\n)"}, {}),
    ("TRN114", 1, {"model.compile(keras.optimizers.Adam(1e-3)": "NAME = 'adam'\nmodel.compile(NAME"}, {"'adam'": "keras.optimizers.Adam(learning_rate=0.0001)"}),
    ("TRN603", 1, {"lr=0.1": '**{"lr": 0.1}'}, {}),
    ("TRN603", 2, {', init="uniform"': "", "model.fit_generator(generator": "fit = model.fit_generator\n    fit(generator"}, {}),
    ("TRN513", 1, {"loss.backward()": "(loss + 0).backward()"}, {}),
    ("TRN510", 1, {"        optimizer.step()": "        done = True; optimizer.step()"}, {}),
    ("TRN805", 1, {"range(10)": "range(\n            10)"}, {}),
    ("TRN802", 2, {"optimizer.step()": "optimizer.step(None)"}, {}),
    ("TRN604", 1, {'print(history.history["accuracy"])': 'KEY = "accuracy"\nprint(history.history[KEY])'}, {}),
    ("TRN612", 1, {"scheduler.step()": "scheduler.step(); print(epoch)"}, {}),
    ("TRN609", 1, {"optimizer.lr = 0.1 / (epoch + 1)": "optimizer.lr = 0.1 / (epoch + 1); print(epoch)"}, {}),
    ("TRN402", 1, {'"zeros"': "keras.initializers.Constant(\n        0.0)"}, {}),
    ("TRN417", 1, {"nn.Linear(32, 4), nn": "nn.Linear(32, 4), *[], nn"}, {}),
    ("TRN610", 2, {"def train(loader):\n": "def train(loader, decay):\n", "decay = optim": "unused = optim"}, {}),
    # the usual edit at the edge of what it may do
    ("TRN510", 1, {"  # error: TRN510\n": ""}, {"        optimizer.step()\n        nn.utils.clip_grad_norm_(model.parameters(), 1.0)": "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n        optimizer.step()"}),
    ("TRN601", 2, {'"mse", "adam"': 'keras.optimizers.Adam, "mse"'}, {"Adam,": "Adam(),"}),
    ("TRN506", 2, {"        with torch.no_grad():\n            for x, y in DataLoader(test_set, 64):\n                print": "    with torch.no_grad():\n        for x, y in DataLoader(test_set, 64):\n            print"}, {"        for x, y in DataLoader(test": "        model.eval()\n        for x, y in DataLoader(test"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "number", "changes", "edited"), WRITTEN, ids=lambda one: one if isinstance(one, str) else "")
def test_the_edit_is_what_the_spelling_allows(code: str, number: int, changes: dict[str, str], edited: dict[str, str]) -> None:
    example = BAD[code, number]
    text = example.text
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    found = of_rule(example, text)
    assert found
    mended = text
    for old, new in edited.items():
        assert old in text
        mended = mended.replace(old, new)
    assert [apply(text, one.fix.edits) if one.fix is not None else text for one in found] == [mended] * len(found)
