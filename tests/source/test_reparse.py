"""A tree that was edited is the tree of the edited text: the same nodes at the same places, whatever was typed."""

from __future__ import annotations

import random
from pathlib import Path

import libcst as cst
import pytest

from trainlint.source.parse import SyntaxFailure, Tree, parse
from trainlint.source.read import read_text
from trainlint.source.reparse import reparse
from trainlint.source.walk import walk

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    ROOT / "fixtures" / "keras_line_images.py",
    ROOT / "fixtures" / "torch_rescaled_layers.py",
    ROOT / "trainlint" / "source" / "room.py",
]
HARD = '''\
#!/usr/bin/env python
# α 𝒳
"""Two
rows"""
import os; import sys

@decorated  # why
# between
@ twice
class A:
\tx = 1
\t# inside
# outside

if A:
    pass
# before else
elif 2:
    pass
else :
    y = (1,
2)

async def f():
    """
not a comment: # x
"""
    return 1 \\
        + 2
try:
    x
except (A, B):
    pass
z = 1'''
PIECES = [
    "",
    "\n",
    "\n\n",
    "    ",
    "\t",
    "#x",
    "\\\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "'",
    '"',
    '"""',
    ":",
    "=",
    ",",
    ".",
    "@",
    "x",
    "1",
]
PIECES += ["else", "if x:\n", " if x:\n    y\n ", "def f(): pass\n", "@d\n", "else:\n    pass\n", "class C:\n", "x = 1\n", "\\\n"]
PIECES += ["\r\n", "\r", "é", "𝒳", "async ", "except:\n", "\f"]


def shape(tree: object) -> object:
    """All nodes below the module (LibCST leaves the last row's blanks out of the module's own range), and what is amiss."""
    if not isinstance(tree, Tree):
        return tree
    nodes = [(type(node).__name__, tree.span(node), tree.text_of(node)) for one in tree.module.body for node in walk(one)]
    return nodes, tree.failures, tree.python


def read_tree(text: str, before: Tree | None = None) -> Tree | SyntaxFailure:
    return parse(read_text(text, "train.py"), before)


def tree_of(text: str) -> Tree:
    tree = read_tree(text)
    assert isinstance(tree, Tree)
    return tree


def edited(text: str, chance: random.Random) -> str:
    start = chance.randrange(len(text) + 1)
    removed = chance.choice((0, 0, 0, 1, 1, 5, 60))
    return text[:start] + chance.choice(("", *PIECES)) + text[start + removed :]


@pytest.mark.parametrize("text", [HARD, *(path.read_text(encoding="utf-8") for path in SCRIPTS)])
def test_an_edited_tree_is_that_of_the_edited_text(text: str) -> None:
    chance = random.Random(len(text))
    before = start = tree_of(text)
    for _ in range(30):
        now = edited(before.source.text, chance)
        found = read_tree(now, before)
        assert shape(found) == shape(read_tree(now))
        before = found if isinstance(found, Tree) and not found.failures else start


def test_a_broken_text_is_mended_from_what_it_was() -> None:
    before = tree_of(HARD)
    for number in range(1, HARD.count("\n") + 1):
        rows = HARD.split("\n")
        rows[number - 1] += "("
        broken = "\n".join(rows)
        found = read_tree(broken, before)
        assert shape(found) == shape(read_tree(broken))
        if isinstance(found, Tree):
            assert shape(read_tree(HARD, found)) == shape(before)


def test_only_what_an_edit_touches_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(50))
    before = tree_of(text)
    asked: list[str] = []
    original = cst.parse_module

    def noted(text: str) -> cst.Module:
        asked.append(text)
        return original(text)

    monkeypatch.setattr(cst, "parse_module", noted)
    after = read_tree(text.replace("x + 25", "x + 2500"), before)
    assert isinstance(after, Tree)
    assert asked == ["def f25(x):\n    return x + 2500\n\n\n"]
    assert after.module.body[26] is before.module.body[26]
    assert after.span(after.module.body[26]).row == 26 * 4 + 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if a:\n    b\nc\n", "if a:\n    b\nelse:\n    c\n"),  # the middle belongs to what stands before it
        ("x = 1\ny = 2\n", "x = 1 + \\\ny = 2\n"),  # and this to what stands behind it
        ("x = 1\ny = 2\n", "@x\ny = 2\n"),
        ("x = 1\ny = 2\n", "if x:\ny = 2\n"),
        ("x = 1\ny = 2\n", '"""x = 1\ny = 2\n'),
        ("x = 1\ny = 2\n", "x = 1y = 2\n"),
        ("x = 1\ny = 2\n", "print 1\ny = 2\n"),
    ],
)
def test_what_does_not_stand_alone_is_parsed_in_its_file(before: str, after: str) -> None:
    assert reparse(tree_of(before).parsed, after) is None
