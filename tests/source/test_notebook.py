import json
from pathlib import Path

import pytest

from trainlint.source.notebook import plain_python
from trainlint.source.parse import Tree, parse
from trainlint.source.read import Source, Unreadable, decode, read


def notebook(*cells, **changes) -> Source | Unreadable:
    written = [cell if isinstance(cell, dict) else {"cell_type": "code", "source": cell} for cell in cells]
    document = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": written, **changes}
    return decode(json.dumps(document).encode(), Path("nb.ipynb"), "nb.ipynb")


def test_cells_are_joined_and_rows_lead_back():
    source = notebook(
        {"cell_type": "markdown", "source": "# Title"},
        ["import torch\n", "x = 1\n"],
        {"cell_type": "raw", "source": "raw"},
        "",
        "y = 2\nz = 3",
    )
    assert isinstance(source, Source)
    assert source.text == "import torch\nx = 1\n\n\ny = 2\nz = 3"
    # Cell numbers count all cells, as ruff's do; a row of the joined text leads to the row in its cell.
    assert [source.cell_position(row) for row in range(1, 7)] == [(2, 1), (2, 2), (2, 3), (4, 1), (5, 1), (5, 2)]


def test_spans_of_a_notebook_lead_back():
    source = notebook("%matplotlib inline\nimport torch", "a = 1\nmodel.fit(x)")
    assert isinstance(source, Source)
    tree = parse(source)
    assert isinstance(tree, Tree)
    span = tree.place(tree.module.body[-1]).span
    assert source.lines[span.row - 1] == "model.fit(x)"
    assert source.cell_position(span.row) == (2, 2)


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("  !pip install torch\nx", "  pass\nx"),
        ("!pip install \\\n  torch \\\n  keras\nx", "pass\n\n\nx"),
        ("?model\nmodel.fit?\nmodel??", "pass\npass\npass"),
        ("files = !ls *.py\nx", "files = get_ipython()\nx"),
        ("out = %timeit -o f()", "out = get_ipython()"),
        ("%time model.fit(x, y)", "if 1: model.fit(x, y)"),
        ("%time for i in x: pass", "pass"),
        ("%%time\nmodel.fit(x)", "\nmodel.fit(x)"),
        ("%%capture out\r\nf()", "\r\nf()"),
        ("%%bash\nrm -rf x\necho it's", "\n\n"),
        ("%%writefile train.py\nmodel.fit(x)", "\n"),
        ("x = (a\n% b)", "x = (a\n% b)"),
        ("x = '''\n%matplotlib\n!ls\n'''", "x = '''\n%matplotlib\n!ls\n'''"),
        ("x = a \\\n% b", "x = a \\\n% b"),
        ("print('what?')", "print('what?')"),
        ("print('=%d' % x)  # x = %d", "print('=%d' % x)  # x = %d"),
        ("x %= 2\ny = z != 3", "x %= 2\ny = z != 3"),
        ("!echo it's (\nx = 1", "pass\nx = 1"),
        ("ls ./data/train/\nx = 1", "pass\nx = 1"),
        ("pip install torch\ncd runs", "pass\npass"),
        ("ls = 3\nls == 3\ncat in dogs\nmv.x = 3", "ls = 3\nls == 3\ncat in dogs\nmv.x = 3"),
        ("x = f'{a!r}'\n%who", "x = f'{a!r}'\npass"),
    ],
)
def test_ipython_syntax_is_replaced_row_by_row(cell, python):
    assert plain_python(cell) == python


def test_the_columns_of_timed_code_stay():
    before, after = "  %time model.fit(x, y)", plain_python("  %time model.fit(x, y)")
    assert before.index("model") == after.index("model")


def test_old_formats_are_named():
    old = notebook(nbformat=3, worksheets=[])
    assert isinstance(old, Unreadable)
    assert "format 3" in old.reason


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"nbformat": 4}',
        b'{"nbformat": 4, "cells": {}}',
        b'{"nbformat": ' + b"9" * 10_000 + b"}",
        b'{"nbformat": [4], "cells": []}',
    ],
)
def test_broken_notebooks_are_unreadable(data):
    result = decode(data, None, "nb.ipynb")
    assert isinstance(result, Unreadable)
    assert "notebook" in result.reason


@pytest.mark.parametrize(
    "metadata",
    [{"kernelspec": {"language": "R"}}, {"language_info": {"name": "julia"}}, {"kernelspec": {"name": "ir", "language": "R"}}],
)
def test_other_languages_have_no_python(metadata):
    source = notebook("x <- 1", metadata=metadata)
    assert isinstance(source, Source)
    assert (source.text, source.cells) == ("", ())


@pytest.mark.parametrize(
    "metadata", [{"kernelspec": {"language": "python"}}, {"kernelspec": []}, None, {"language_info": {"name": 3}}]
)
def test_python_is_assumed(metadata):
    source = notebook("x = 1", metadata=metadata)
    assert isinstance(source, Source)
    assert source.text == "x = 1"


def test_odd_cells_are_left_out():
    source = notebook(
        {"cell_type": "code", "source": 3},
        {"cell_type": "code"},
        {"cell_type": "code", "source": ["a = 1\n", 7, "b = 2"]},
        {"cell_type": "code", "source": "SELECT", "metadata": {"vscode": {"languageId": "sql"}}},
        {"source": "x"},
        "\ud800",
    )
    assert isinstance(source, Source)
    assert source.text == "\na = 1\nb = 2\n\ufffd"


def test_the_limit_is_on_code_and_not_on_pictures(tmp_path):
    picture = {"cell_type": "code", "source": "x = 1", "outputs": [{"data": {"image/png": "A" * 900}}]}
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": [picture], "metadata": {}}))
    assert isinstance(read(path, limit=200), Source)
    path.write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1\n" * 100}], "metadata": {}}))
    too_much = read(path, limit=200)
    assert isinstance(too_much, Unreadable)
    assert "limit of 200" in too_much.reason


def test_a_cell_that_ends_with_a_carriage_return_moves_no_other():
    cells = [{"cell_type": "code", "source": text} for text in ("a\r", "b", "c\r\n", "\nd")]
    found = decode(json.dumps({"cells": cells, "nbformat": 4}).encode(), None, "train.ipynb")
    assert [found.lines[cell.first_row - 1 : cell.first_row - 1 + cell.rows] for cell in found.cells] == [
        ["a", ""],
        ["b"],
        ["c", ""],
        ["", "d"],
    ]


def test_a_cell_that_is_indented_as_a_whole_is_python_to_ipython():
    cells = [" # shown\n for x in y:\n   print(x)\nz = 1", "model.fit(x)"]
    source = notebook(*cells)
    assert isinstance(source, Source)
    compile(source.text, "n.ipynb", "exec")
    row = source.lines.index("model.fit(x)") + 1
    assert source.cell_position(row) == (2, 1)
    assert source.cell_position(source.lines.index("   print(x)") + 1) == (1, 3)


def test_a_cell_with_one_indented_line_stays_wrong():
    source = notebook("# shown\n x = 1")
    assert isinstance(source, Source)
    with pytest.raises(IndentationError):
        compile(source.text, "n.ipynb", "exec")
