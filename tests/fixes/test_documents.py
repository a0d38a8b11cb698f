"""Outside the edits every byte of a file stays: line ends, encodings, marks, the end of the file, the JSON of a notebook."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.fixes.marking import Edits, becomes, mended
from trainlint.core import Edit, Span

FIXES: dict[str, Edits] = {"bad": becomes("good")}


@pytest.mark.parametrize(
    "data",
    [
        b"x = bad\n",
        b"x = bad",
        b"\xef\xbb\xbfx = bad\n",
        b"# c\r\nx = bad  \r\n\r\n\ty = 1\r\n".replace(b"\ty", b"y"),
        b"a = 1\r\nx = bad\nb = 2\r\n",
        b"a = 1\rx = bad\rb = 2",
        "s = 'Größe 💡 é'; x = bad  # λ\n".encode(),
        "# -*- coding: latin-1 -*-\ns = 'Größe'; x = bad  # é\n".encode("latin-1"),
        "# coding: cp1251\ns = 'Привет'; x = bad\n".encode("cp1251"),
        "# coding: shift_jis\ns = '学習'; x = bad\n".encode("shift_jis"),
        b"\xef\xbb\xbf# coding: utf-8-sig\r\nx = bad",
        b"x = bad\x0c\n\x0cy = '\\\n'  \n\n\n",
    ],
)
def test_every_other_byte_stays(data: bytes) -> None:
    after, fixed = mended(data, FIXES)
    assert after == data.replace(b"bad", b"good")
    assert len(fixed.findings) == 1
    assert fixed.results[0].findings == ()


def test_inserted_rows_end_like_their_neighbours() -> None:
    def above(_: object, place: Span) -> tuple[Edit, ...]:
        top = Span(place.filename, place.row, 1, place.row, 1)
        return Edit(top, "import a\nimport b\n"), Edit(place, "good")

    assert mended(b"x = bad\r\n", {"bad": above})[0] == b"import a\r\nimport b\r\nx = good\r\n"
    assert mended(b"# c\r\nx = bad", {"bad": above})[0] == b"# c\r\nimport a\r\nimport b\r\nx = good"
    assert mended(b"x = bad\n", {"bad": above})[0] == b"import a\nimport b\nx = good\n"


def test_what_the_encoding_has_no_character_for_is_refused() -> None:
    data = "# coding: latin-1\nx = bad  # é\n".encode("latin-1")
    after, fixed = mended(data, {"bad": becomes("λ")})
    assert (after, [left.reason for left in fixed.left]) == (
        data,
        ["its text cannot be written in the file's encoding iso8859-1"],
    )


def test_an_encoding_that_cannot_give_back_the_bytes_is_refused() -> None:
    data = b"# coding: utf-7\ns = '+AGEAYg-'; x = bad\n"  # in UTF-7 `ab` may be written in two ways
    after, fixed = mended(data, FIXES)
    assert (after, len(fixed.left)) == (data, 1)


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    language = {"language_info": {"name": "python"}, "zeta": {"b": 1.50, "a": "é"}}
    return {"nbformat_minor": 5, "cells": list(cells), "metadata": language, "nbformat": 4}


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    return {"source": source, "outputs": [{"text": ["bad"]}], "cell_type": "code", **more}


def test_only_the_source_of_the_cell_changes() -> None:
    before = json.dumps(
        notebook(
            {"cell_type": "markdown", "source": ["bad"]},
            code(["%matplotlib inline\n", "a = 1\n", "x = bad\n", "y = 2"], id="one"),
            code("y = bad; s = 'é'\n", id="two"),
            code([]),
        ),
        indent=1,
        ensure_ascii=False,
    )
    after, fixed = mended(f"{before}\n".encode(), FIXES, filename="a.ipynb")
    expected = before.replace("x = bad", "x = good").replace("y = bad", "y = good")
    assert after.decode() == f"{expected}\n"
    assert [result.findings for result in fixed.results] == [()]


def test_numbers_spaces_and_escapes_of_the_json_stay() -> None:
    before = (
        '\ufeff{ "nbformat" : 4,"cells":[ {"cell_type":"code" , "n":1.50e+0,"source":["a = \\"\\u00e9\\"\\n",\t"x = bad"], '
        '"e": [ ] }\r\n ],"metadata":{"x":"\\/"} }'
    )
    after, _ = mended(before.encode(), FIXES, filename="a.ipynb")
    assert after.decode() == before.replace("bad", "good")


def test_rows_that_are_inserted_and_deleted_in_a_cell() -> None:
    def below(_: object, place: Span) -> tuple[Edit, ...]:
        return (Edit(Span(place.filename, place.row, 1, place.row + 1, 1), "good\ngood\n"),)

    def away(_: object, place: Span) -> tuple[Edit, ...]:
        return (Edit(Span(place.filename, place.row, 1, place.row + 1, 1), ""),)

    before = json.dumps(notebook(code(["a = 1\n", "bad\n", "b = 2"])), indent=1)
    after, _ = mended(before.encode(), {"bad": below}, filename="a.ipynb")
    assert after.decode() == before.replace('"bad\\n"', '"good\\n",\n    "good\\n"')
    after, _ = mended(before.encode(), {"bad": away}, filename="a.ipynb")
    assert after.decode() == before.replace('    "bad\\n",\n', "")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%time x = f(bad)\nbad\n", "%time x = f(bad)\ngood\n"),
        ("x = !bad\n!bad\nbad", "x = !bad\n!bad\ngood"),
        ("%%time bad\nbad", "%%time bad\ngood"),
        ("%%bash\nbad", "%%bash\nbad"),
    ],
)
def test_rows_that_ipython_reads_otherwise_are_left_alone(cell: str, expected: str) -> None:
    after, _ = mended(json.dumps(notebook(code(cell))).encode(), FIXES, filename="a.ipynb")
    assert json.loads(after)["cells"][0]["source"] == expected


def test_why_a_magic_is_left_alone_is_said() -> None:
    _, fixed = mended(json.dumps(notebook(code("%time f(bad)"))).encode(), FIXES, filename="a.ipynb")
    assert [left.reason for left in fixed.left] == ["it would change a row that IPython reads otherwise"]


def test_edits_over_two_cells_are_refused() -> None:
    def much(_: object, place: Span) -> tuple[Edit, ...]:
        return (Edit(Span(place.filename, place.row, 1, place.row + 1, 1), ""),)

    data = json.dumps(notebook(code("bad"), code("x = 1"))).encode()
    after, fixed = mended(data, {"bad": much}, filename="a.ipynb")
    assert (after, [left.reason for left in fixed.left]) == (data, ["its edits leave their cell"])


ROW = st.text("abé💡\"\\'= \t", max_size=8).map(lambda row: f"# {row}")


@given(
    st.lists(st.lists(st.one_of(ROW, st.just("x = bad")), max_size=5), max_size=4),
    st.sampled_from([None, 0, 1, "\t"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_notebooks_of_every_shape(
    cells: list[list[str]], indent: Any, escaped: bool, as_lists: bool, marked: bool, newline: str
) -> None:
    texts = [newline.join(rows) for rows in cells]
    document = notebook(*(code(text.splitlines(keepends=True) if as_lists else text) for text in texts))
    written = json.dumps(document, indent=indent, ensure_ascii=escaped)
    before = (codecs.BOM_UTF8 if marked else b"") + written.encode()
    after, _ = mended(before, {"bad": becomes("good")}, filename="a.ipynb")
    assert after == before.replace(b"x = bad", b"x = good")
