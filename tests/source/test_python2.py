"""Scripts that are Python 2 by their spelling only: parsed, with every position where it stands in the file."""

import libcst as cst
import pytest

from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text
from trainlint.source.walk import walk


def tree_of(text: str) -> Tree:
    tree = parse(read_text(text, "x.py"))
    assert isinstance(tree, Tree)
    assert tree.failures == ()
    return tree


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("print 'a', b\n", "print('a', b)\n"),
        ("print\nprint x,\n", "print\nprint(x,)\n"),
        ("print >>f, 'x' % (a,\n  b)\n", "print(f, 'x' % (a,\n  b))\n"),
        ("print>>f\n", "print(f)\n"),
        ("if x: print 1; y = 2\n", "if x: print(1); y = 2\n"),
        ("print '''a\nb''' % c # why\n", "print('''a\nb''' % c) # why\n"),
        ("print (a), b\nprint a\n", "print (a), b\nprint(a)\n"),
        ("x = x.cuda(async=True)\nprint x\n", "x = x.cuda(async_=True)\nprint(x)\n"),
        ("print -x, not y\n", "print(-x, not y)\n"),
        ("exec 'x = 1'\nexec code in space\n", "exec('x = 1')\nexec(code in space)\n"),
        ("try:\n    f()\nexcept IOError, e:\n    pass\n", "try:\n    f()\nexcept IOError as  e:\n    pass\n"),
        ("try:\n    f()\nexcept (A, B), e: print e\n", "try:\n    f()\nexcept (A, B) as  e: print(e)\n"),
        ("raise E, 'why'\n", "raise E( 'why')\n"),
        ("raise E, 'why', trace\n", "raise E( 'why', trace)\n"),
        ("x = `a` + `b`\n", "x = (a) + (b)\n"),
        ("if a <> b: pass\n", "if a != b: pass\n"),
        ("x = 0777 + 0xFFL + 10L\n", "x = 0o777 + 0xFF + 10\n"),
        ("x = ur'a' + UR'b'\n", "x = r'a' + R'b'\n"),
        ("sorted(x, key=lambda (k, v): v)\n", "sorted(x, key=lambda  k, v : v)\n"),
        ("if x:\n        y\n\tz\n", "if x:\n        y\n        z\n"),
        ("s = 'print x' # print y\nprint s\n", "s = 'print x' # print y\nprint(s)\n"),
    ],
)
def test_it_is_parsed_as_python_3(text, written):
    tree = tree_of(f"{text}print end\n")
    assert tree.python == 2
    assert tree.module.code == f"{written}print(end)\n"


def test_positions_are_those_of_the_file():
    text = "import x\nif x:\n        a = 1\n\tb = 2\nprint 'a', model.fit(x); print >>f, g(y)\nx = `h(1)` + 0777 + i(2)\n"
    tree = tree_of(text)
    rows = text.split("\n")
    names = [node for node in walk(tree.module) if isinstance(node, cst.Name) and node.value in "abfghiy"]
    assert {tree.text_of(node) for node in names} == set("abfghiy")
    for node in names:
        span = tree.span(node)
        assert rows[span.row - 1][span.column - 1 : span.end_column - 1] == node.value
    calls = {tree.text_of(node) for node in walk(tree.module) if isinstance(node, cst.Call)}
    assert {"model.fit(x)", "g(y)", "h(1)", "i(2)"} <= calls


@pytest.mark.parametrize(
    "text",
    ["x = f'{a}'\nprint 'a'\n", "def f(a) -> int: pass\nprint 'a'\n", "async def f(): pass\nprint 'a'\n", "(x := 1)\nprint x\n"],
)
def test_python_3_with_a_forgotten_bracket_is_not_python_2(text):
    tree = parse(read_text(text, "x.py"))
    assert isinstance(tree, Tree)
    (failure,) = tree.failures
    assert failure.message.startswith("looks like Python 2: ")
    assert failure.span.row == 2


def test_python_3_is_left_alone():
    text = "x = 10\nprint('a', x)\nprint = 3\ny = [print, exec]\n"
    tree = tree_of(text)
    assert tree.python == 3
    assert tree.module.code == text
