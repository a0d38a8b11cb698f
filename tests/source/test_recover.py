"""Statements that do not parse: each is said, at its place, and the rest of the tree is what it would be."""

import json

import libcst as cst
import pytest
from hypothesis import given, settings, strategies as st

from trainlint.source.holes import HOLE
from trainlint.source.parse import SyntaxFailure, Tree, parse
from trainlint.source.read import decode, read_text
from trainlint.source.walk import walk

AROUND = "before = 1\n{}\nafter = f(before)\nlast = after\n"


def parsed(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The tree as code, with `?` for what is unknown, and where something was said."""
    tree = parse(read_text(text, "x.py"))
    assert isinstance(tree, Tree), tree
    return tree.module.code.replace(HOLE, "?"), [(one.span.row, one.span.column) for one in tree.failures]


@pytest.mark.parametrize(
    ("broken", "hole"),
    [
        ("model = nn.Linear(1, 1", "model = ?"),
        ("full = # array (c, 32)", "full = ?"),
        ("a, self.b = (1", "a = self.b = ?"),
        ("x = foo(\n    1,\n    2 3,\n)", "x = ?"),
        ("optimizer.zero_grad(", "?"),
        ("model.add(Dense(", "model = ?"),
        ("opt.", "?"),
        ("import", "?"),
        ("from x import (a, b", "a = b = ?"),
        ("'abc", "?"),
        ("x = [1, 2)", "x = ?"),
    ],
)
def test_a_statement_is_left_out_and_what_it_binds_is_unknown(broken, hole):
    code, places = parsed(AROUND.format(broken))
    assert code == AROUND.format(hole)
    assert len(places) == 1
    assert 2 <= places[0][0] <= 2 + broken.count("\n") + 1


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ("for x in range(3)\n    g(x)", "for x in range(3):\n    g(x)"),
        ("for x, y in zip(a, b:\n    g(x)", "for x, y in ?:\n    g(x)"),
        ("if x ==:\n    g(x)\nelse\n    h(x)", "if ?:\n    g(x)\nelse:\n    h(x)"),
        ("while f(x:\n    g(x)", "while ?:\n    g(x)"),
        ("with open(x as f:\n    g(f)", "with ? as f:\n    g(f)"),
        ("def train(model, lr=:\n    return model", "def train(model=?, lr=?):\n    return model"),
        ("class Net(nn.Module:\n    x = 1", "class Net(?):\n    x = 1"),
        ("def f(x):", "def f(x): return ?"),
        ("if x:  # why", "if x: ?  # why"),
        ("try:\n    g()", "try:\n    g()\nexcept ?: ?"),
        ("    g()\n    h()", "if ?:\n    g()\n    h()"),
        ("def f():\n    a = 1\n  b = 2\n  c = 3", "def f():\n    a = 1\n    b = 2\n    c = 3"),
        ("def f(x):\n    y = (x\n    return y", "def f(x):\n    y = ?\n    return y"),
        ("def f(x):\n    return (x", "def f(x):\n    ?\n    if ?: return ?"),
    ],
)
def test_what_is_indented_under_a_broken_line_is_kept(broken, kept):
    code, places = parsed(AROUND.format(broken))
    assert code == AROUND.format(kept)
    assert places


def test_positions_behind_holes_are_true():
    text = "x = (1,\ny = f(\nfor i in range(3)\n    g(i)\nα = h(2)\na = 1\nb = 2\n"
    tree = parse(read_text(text, "x.py"))
    assert isinstance(tree, Tree)
    rows = text.split("\n")
    calls = [node for node in walk(tree.module) if isinstance(node, cst.Call)]
    assert [tree.text_of(node) for node in calls] == ["range(3)", "g(i)", "h(2)"]
    for node in calls:
        span = tree.span(node)
        assert rows[span.row - 1][span.column - 1 : span.end_column - 1] == tree.text_of(node)


def test_what_is_no_script_is_one_failure():
    for text in ("This is a text\nabout nothing at all\nin three rows\n", "1. Install it\n2. Run it now\n3. See?\n"):
        assert isinstance(parse(read_text(text, "x.py")), SyntaxFailure)


def test_one_broken_cell_leaves_the_others():
    cells = ["import torch\nmodel = torch.nn.Linear(1, 1)\n", "y = model(\n", 's = """abc\n', "z = model.eval\n"]
    document = {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": one} for one in cells]}
    source = decode(json.dumps(document).encode(), None, "x.ipynb")
    tree = parse(source)
    assert isinstance(tree, Tree)
    assert [source.cell_position(one.span.row)[0] for one in tree.failures] == [2, 3]
    last = next(node for node in walk(tree.module) if isinstance(node, cst.Attribute) and node.attr.value == "eval")
    assert source.cell_position(tree.span(last).row) == (4, 1)


PIECES = st.sampled_from(
    [
        "x = 1\n",
        "f(",
        ")",
        "for i in x:\n",
        "    y = 2\n",
        "if a\n",
        "'''",
        '"',
        "\n",
        "  z\n",
        "\t",
        "else:\n",
        "try:\n",
        "[",
        "}",
        ": ",
        "def f(a:\n",
        "class",
        "@",
        "\\",
        "return\n",
        "é",
        "\r",
        "#c\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=25))
def test_nothing_raises_and_everything_said_has_a_place(pieces):
    text = "".join(pieces)
    tree = parse(read_text(text, "x.py"))
    for failure in (tree,) if isinstance(tree, SyntaxFailure) else tree.failures:
        assert 1 <= failure.span.row <= text.count("\n") + text.count("\r") + 1
    if isinstance(tree, Tree):
        for node in walk(tree.module):
            span = tree.span(node)
            assert (span.row, span.column) <= (span.end_row, span.end_column)
