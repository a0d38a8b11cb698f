"""Whatever is fed to the stages, they end with a result."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from trainlint.source.notebook import plain_python
from trainlint.source.parse import SyntaxFailure, Tree, parse
from trainlint.source.read import Source, Unreadable, decode, read_text
from trainlint.source.screen import may_train
from trainlint.source.suppress import find_suppressions

PIECES = st.sampled_from(
    [
        "f'",
        "{",
        "}",
        "'",
        '"',
        '"""',
        "'''",
        "\\",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\x0c",
        " ",
        "# noqa: TRN101",
        "# trainlint: off[TRN101]",
        "(",
        ")",
        "[",
        "]",
        ":",
        ",",
        ";",
        "=",
        "lambda",
        "if",
        "else",
        "for",
        "in",
        "elif",
        "x",
        "1",
        "%",
        "%%",
        "!ls",
        "?",
        "def f(",
        "é",
        "�",
        "\x00",
        "\ufeff",
        "𝒳",
        "import torch\n",
        "    ",
        "try:\n",
        "except (A) :",
        "rf'''",
        "!r",
        "\\N{DASH}",
        "print 'x'",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_any_text(text):
    source = read_text(text, "x.py")
    assert "\ud800" not in source.text
    assert len(source.lines) == source.text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    may_train(source)
    suppressions = find_suppressions(source)
    suppressions.covers("TRN101", 1, len(source.lines))
    for unused in suppressions.unused({"TRN101"}, {"TRN101"}):
        assert all(edit.span.end_row <= len(source.lines) for edit in unused.edits)
    tree = parse(source)
    assert isinstance(tree, Tree | SyntaxFailure)
    if isinstance(tree, Tree):
        for statement in tree.module.body:
            span = tree.place(statement).span
            assert (1, 1) <= (span.row, span.column) <= (span.end_row, span.end_column)
            assert span.end_row <= len(source.lines)
    else:
        assert 1 <= tree.span.row <= len(source.lines)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_any_cell_keeps_its_rows(text):
    source = read_text(text, "nb.ipynb")
    assert len(read_text(plain_python(source.text), "nb.ipynb").lines) == len(source.lines)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(),
        st.tuples(
            st.sampled_from(["utf-16", "utf-7", "latin-1", "hex", "idna", "unicode_escape", "cp037", "", "é"]), st.binary()
        ).map(lambda pair: f"# coding: {pair[0]}\n".encode() + pair[1]),
    )
)
def test_any_bytes(data):
    may_train(data)
    source = decode(data, None, "x.py")
    assert isinstance(source, Source | Unreadable)
    if isinstance(source, Source):
        parse(source)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cells", "source", "cell_type", "metadata"]), inner)
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(JSON, JSON, st.sampled_from([3, 4, "4", None]))
def test_any_notebook(cells, metadata, version):
    document = {"nbformat": version, "cells": cells, "metadata": metadata}
    assert isinstance(decode(json.dumps(document).encode(), None, "x.ipynb"), Source | Unreadable)


@pytest.mark.parametrize("module", ["discover", "read", "screen", "suppress", "notebook"])
def test_nothing_heavy_is_imported(module):
    program = (
        f"import sys, trainlint.source.{module}\nprint(sorted({{'libcst', 'numpy', 'rich', 'pathspec'}} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
