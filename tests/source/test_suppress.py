import pytest

from trainlint.core import Edit, Span
from trainlint.source.read import Cell, Source, read_text
from trainlint.source.suppress import find_suppressions, rows_inside_strings


def covered(text: str, code: str, first: int, last: int | None = None) -> bool:
    return find_suppressions(read_text(text, "x.py")).covers(code, first, last or first) is not None


@pytest.mark.parametrize(
    ("comment", "covers"),
    [
        ("# noqa", True),
        ("#noqa", True),
        ("# NOQA", True),
        ("# noqa: TRN101", True),
        ("# noqa:TRN101", True),
        ("# noqa : trn101", True),
        ("# noqa: E501,TRN101", True),
        ("# noqa: E501 TRN101", True),
        ("# noqa: TRN101 because", True),
        ("# why  # noqa: TRN101", True),
        ("# type: ignore # noqa", True),
        ("# noqa: TRN101 # trainlint: ignore[TRN102]", True),
        ("# trainlint: ignore", True),
        ("# trainlint: ignore[TRN101]", True),
        ("# trainlint:ignore[TRN102, TRN101]  it is meant so", True),
        ("# Trainlint: Ignore[trn101]", True),
        ("# noqa: E501", False),
        ("# noqa: TRN102", False),
        ("# noqa: TRN1", False),
        ("# noqa: because", False),
        ("# noqa:", False),
        ("# noqas", False),
        ("# no noqa", False),
        ("# trainlint: ignore[]", False),
        ("# trainlint: ignore[TRN102]", False),
        ("# trainlint: ignored", False),
        ("# trainlint ignore", False),
        ("# noqa-file", False),
    ],
)
def test_on_its_line(comment, covers):
    text = f"a = 1\nx = f()  {comment}\nb = 2\n"
    assert covered(text, "TRN101", 2) == covers
    assert not covered(text, "TRN101", 1)
    assert not covered(text, "TRN101", 3)


def test_only_comments_count():
    assert not covered("x = '# noqa'\n", "TRN101", 1)
    assert not covered("'''\n# trainlint: ignore-file\n'''\n", "TRN101", 1)
    assert covered("x = '''\n# no\n'''  # noqa\n", "TRN101", 1, 3)


def test_in_broken_files_too():
    assert covered("x = ((\ny = 'unclosed\nz = 1  # noqa: TRN101\n", "TRN101", 3)


@pytest.mark.parametrize("row", [1, 2, 3])
def test_any_line_of_what_the_finding_spans(row):
    lines = ["optimizer = SGD(", "    lr=10.0,", ")"]
    lines[row - 1] += "  # noqa: TRN101"
    assert covered("\n".join(lines), "TRN101", 1, 3)
    lines[row - 1] = lines[row - 1].replace(": TRN101", "")
    assert covered("\n".join(lines), "TRN101", 1, 3) == (row != 2)


def test_in_the_whole_file():
    assert covered("x = 1\ny = 2\n# trainlint: ignore-file[TRN101]\n", "TRN101", 1)
    assert not covered("x = 1\n# trainlint: ignore-file[TRN101]\n", "TRN102", 1)
    assert covered("x = 1\n# trainlint: ignore-file\n", "TRN102", 1)


def rows_covered(text: str, code: str) -> list[int]:
    suppressions = find_suppressions(read_text(text, "x.py"))
    return [row for row in range(1, 10) if suppressions.covers(code, row, row)]


@pytest.mark.parametrize(
    ("begin", "end", "code", "rows"),
    [
        ("off[TRN101]", "on[TRN101]", "TRN101", [2, 3, 4, 5]),
        ("off[TRN101]", "on", "TRN101", [2, 3, 4, 5]),
        ("off", "on", "TRN101", [2, 3, 4, 5]),
        ("off[TRN101]", "on[TRN102]", "TRN101", [2, 3, 4, 5, 6, 7, 8, 9]),
        ("off", "on[TRN101]", "TRN101", [2, 3, 4, 5, 6, 7, 8, 9]),
        ("off[TRN101,TRN102]", "on[TRN101]", "TRN101", [2, 3, 4, 5]),
        ("off[TRN101,TRN102]", "on[TRN101]", "TRN102", [2, 3, 4, 5, 6, 7, 8, 9]),
        ("off[TRN101]", "on[TRN101]", "TRN102", []),
        ("on[TRN101]", "off[TRN101]", "TRN101", [5, 6, 7, 8, 9]),
    ],
)
def test_from_off_to_on(begin, end, code, rows):
    text = f"a\n# trainlint: {begin}\nb\nc\n# trainlint: {end}\nd\ne\nf\ng"
    assert rows_covered(text, code) == rows


KNOWN = {"TRN101", "TRN102", "TRN103", "TRN901"}
RAN = {"TRN101", "TRN102", "TRN103"}


def applied(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        rows = text.split("\n")
        before = "\n".join([*rows[: edit.span.row - 1], rows[edit.span.row - 1][: edit.span.column - 1]])
        after = "\n".join([rows[edit.span.end_row - 1][edit.span.end_column - 1 :], *rows[edit.span.end_row :]])
        text = before + edit.content + after
    return text


def without_unused(text: str, *used: tuple[str, int]) -> str:
    suppressions = find_suppressions(read_text(text, "x.py"))
    for code, row in used:
        assert suppressions.covers(code, row, row)
    edits = {edit for unused in suppressions.unused(KNOWN, RAN) for edit in unused.edits}
    return applied(text, list(edits))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # noqa: TRN101\ny\n", "x = 1\ny\n"),
        ("x = 1  # noqa: TRN101", "x = 1"),
        ("x = 1  # noqa: TRN101,E501\ny\n", "x = 1  # noqa: E501\ny\n"),
        ("x = 1  # noqa: E501 trn101\ny\n", "x = 1  # noqa: E501\ny\n"),
        ("x = 1  # noqa: TRN101, TRN102\ny\n", "x = 1\ny\n"),
        ("x = 1  # noqa: TRN101  # why\ny\n", "x = 1  # why\ny\n"),
        ("x = 1  # noqa: TRN101 why\ny\n", "x = 1  # why\ny\n"),
        ("x = 1  # why  # noqa: TRN101\ny\n", "x = 1  # why\ny\n"),
        ("x = 1  # trainlint: ignore[TRN101]\ny\n", "x = 1\ny\n"),
        ("x = 1  # trainlint: ignore[TRN101] why\ny\n", "x = 1  # why\ny\n"),
        ("x = 1  # trainlint: ignore[TRN901, TRN101]\ny\n", "x = 1  # trainlint: ignore[TRN901]\ny\n"),
        ("x\n    # trainlint: ignore-file[TRN101]\ny\n", "x\ny\n"),
        ("x\n# trainlint: off[TRN101]\ny\n# trainlint: on[TRN101]\nz\n", "x\ny\nz\n"),
        ("# trainlint: off[TRN101]\ny\n# trainlint: on[TRN101, TRN901]\nz\n", "y\n# trainlint: on[TRN901]\nz\n"),
        ("x = 'ä𝒳'  # noqa: TRN101\n", "x = 'ä𝒳'\n"),
    ],
)
def test_unused_codes_are_taken_out_of_their_comments(before, after):
    assert without_unused(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "x  # noqa\n",
        "x  # noqa: E501\n",
        "x  # trainlint: ignore\n",
        "x  # noqa: TRN901\n",
        "x  # trainlint: off\n",
        "x = '# noqa: TRN101'\n",
    ],
)
def test_what_names_no_rule_that_ran_is_left_alone(text):
    assert without_unused(text) == text


def test_what_is_used_is_left_alone():
    assert without_unused("x  # noqa: TRN101, TRN102\n", ("TRN102", 1)) == "x  # noqa: TRN102\n"
    assert without_unused("# trainlint: off[TRN101]\nx\n", ("TRN101", 2)) == "# trainlint: off[TRN101]\nx\n"


def test_why_a_code_is_unused():
    suppressions = find_suppressions(read_text("a\nx  # noqa: TRN101, TRN999\n", "x.py"))
    found = [(one.code, one.reason, one.span) for one in suppressions.unused(KNOWN, RAN)]
    place = Span("x.py", 2, 4, 2, 26)
    assert found == [
        ("TRN101", "there is no finding of TRN101 here to suppress", place),
        ("TRN999", "no rule has the code TRN999", place),
    ]


def test_a_cell_keeps_its_rows():
    source = Source("nb.ipynb", None, "# noqa: TRN101\nx = 1", cells=(Cell(1, 1, 1), Cell(2, 2, 1)))
    (unused,) = find_suppressions(source).unused(KNOWN, RAN)
    assert unused.edits == (Edit(Span("nb.ipynb", 1, 1, 1, 15), ""),)


def test_every_suppression_of_a_finding_counts_as_used():
    suppressions = find_suppressions(read_text("# trainlint: ignore-file[TRN101]\nx  # noqa: TRN101\n", "x.py"))
    assert suppressions.covers("TRN101", 2, 2)
    assert suppressions.unused(KNOWN, RAN) == []


def test_long_comments_take_linear_time():
    text = "x  " + "# trainlint: ignore[" * 50_000 + "#" * 50_000 + "# noqa: " + "TRN101, " * 20_000 + "!\n"
    assert covered(text, "TRN101", 1)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x = 'a'\ny = (1,\n2)\n", set()),
        ('x = """a\nb\n"""\ny\n', {1, 2}),
        ("x = f'''a\nb\n'''\ny\n", {1, 2}),
        ("x = f'''a {b +\n c} d\n'''\ny\n", {1, 2}),
        ("x = f'''{\n{1:\n2}}{\n3}''' + f'{4}'\ny = {\n}\n", {1, 2, 3}),
        ("x = f'''{b:\n>{w}}'''\ny\n", {1}),
        ("x = f'{b}', {\n1: 2}\n", set()),
    ],
)
def test_rows_that_end_in_a_string(text, rows):
    assert rows_inside_strings(text) == rows
