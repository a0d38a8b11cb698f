import argparse
import bisect
import dataclasses
import sched
import this
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from trainlint.core import Span
from trainlint.source.parse import Tree, parse
from trainlint.source.read import Source, read, read_text


def tree_of(source: Source) -> Tree:
    tree = parse(source)
    assert isinstance(tree, Tree)
    return tree


def differences(tree: Tree) -> Iterator[tuple[str, Span, cst.metadata.CodeRange]]:
    """Where we and LibCST's own provider disagree. It counts a line end that the last row may lack."""
    last = len(tree.source.lines)
    provided = MetadataWrapper(tree.module, unsafe_skip_copy=True).resolve(PositionProvider)
    assert len(provided) > 5
    for node, theirs in provided.items():
        ours = tree.place(node).span
        same = (ours.row, ours.column - 1, ours.end_row, ours.end_column - 1) == (
            theirs.start.line,
            theirs.start.column,
            theirs.end.line,
            theirs.end.column,
        )
        if not same and theirs.end.line < last:
            yield type(node).__name__, ours, theirs


@pytest.mark.parametrize("module", [bisect, sched, this, dataclasses])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_as_libcsts_own_positions(module, newline):
    read_source = read(Path(module.__file__))
    assert isinstance(read_source, Source)
    source = read_text(read_source.text.replace("\n", newline), "module.py")
    assert list(differences(tree_of(source))) == []


HARD = """\
# α comment 𝒳
if 𝒳 :
\tx = f(a,\t\\
\t\tb = 'ß𝒳' ,  # tab
\t)
\telse_ = {1: [2 , 3], **k}
def f ( a , / , b : int = 3 , * , c ) -> None : ...

@ dec
async  def g():
    await  x ; y = (yield)
    with (open(a) as b, c): pass
    return f'{x!r:>{w}}' 'b' \\
        "c"
class C ( B , metaclass = M ) : x : int = 1
try:
    pass
except* (A, B) as e:
    pass
match x:
    case [1, *_] | {'a': b, **c} if d: pass
type X[T] = list[T]
lambda *a , b = 1 : ( a , )
"""


@pytest.mark.parametrize("text", [HARD, HARD.rstrip("\n"), HARD.replace("\n", "\r\n"), "\n\n  \nx = 1", "x = 1\n   "])
def test_hard_texts(text):
    assert list(differences(tree_of(read_text(text + "\n" * 3, "x.py")))) == []


def calls(tree: Tree) -> list[cst.Call]:
    found: list[cst.Call] = []

    class Collector(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802
            found.append(node)

    tree.module.visit(Collector())
    return found


@pytest.mark.parametrize("module", [argparse, dataclasses])
def test_the_text_at_the_span_is_the_text_of_the_node(module):
    source = read(Path(module.__file__))
    assert isinstance(source, Source)
    tree = tree_of(source)
    for call in calls(tree):
        # Whitespace aside: a node that is written alone has no indentation.
        assert "".join(tree.module.code_for_node(call.with_changes(lpar=(), rpar=())).split()) == "".join(
            tree.text_of(call).split()
        )
        span = tree.span(call)
        if span.row == span.end_row:
            assert tree.text_of(call) == source.lines[span.row - 1][span.column - 1 : span.end_column - 1]


def test_columns_count_code_points_from_one():
    tree = tree_of(read_text("x = '𝒳é', f(1)\n", "x.py"))
    (call,) = calls(tree)
    assert tree.place(call).span == Span("x.py", 1, 11, 1, 15)


def test_the_byte_order_mark_is_no_column():
    tree = tree_of(read_text("\ufefff(1)\n", "x.py"))
    (call,) = calls(tree)
    assert tree.span(call) == Span("x.py", 1, 1, 1, 5)


def test_what_libcst_forgets_to_write_does_not_move_what_follows():
    # LibCST 1.9 drops the form feed, and the white space before this colon, when it writes the tree.
    text = "\x0ctry:\n    pass\nexcept (A, B) :  # why\n    f(1)\nexcept (C) \t : g(2); h(3)\n"
    tree = tree_of(read_text(text, "x.py"))
    assert [tree.text_of(call) for call in calls(tree)] == ["f(1)", "g(2)", "h(3)"]
    assert tree.span(calls(tree)[0]) == Span("x.py", 4, 5, 4, 9)


def test_a_node_of_another_tree_stands_at_the_start_of_the_file():
    tree = tree_of(read_text("\n\nf(1)\n", "x.py"))
    assert tree.place(cst.parse_expression("g(2)")).span == Span("x.py", 1, 1, 1, 1)


def test_positions_are_computed_once_and_only_when_asked_for(monkeypatch):
    from trainlint.source import parse as module

    computed: list[str] = []
    original = module.Offsets

    def counting(tree: cst.Module, text: str) -> object:
        computed.append(text)
        return original(tree, text)

    monkeypatch.setattr(module, "Offsets", counting)
    tree = tree_of(read_text("f(1)\ng(2)\n", "x.py"))
    places = [tree.place(call) for call in calls(tree)]
    assert computed == []
    assert [place.span.row for place in places] == [1, 2]
    assert len(computed) == 1
