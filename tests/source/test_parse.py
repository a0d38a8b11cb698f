import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import libcst as cst
import pytest

from trainlint.source.nesting import MAX_BRACKETS, MAX_DEPTH, too_deep
from trainlint.source.parse import SyntaxFailure, Tree, parse
from trainlint.source.read import read_text


def failure(text: str) -> SyntaxFailure:
    """The one thing that is said against a text, whether it is given up or only a statement of it."""
    result = parse(read_text(text, "x.py"))
    (failure,) = (result,) if isinstance(result, SyntaxFailure) else result.failures
    assert "\n" not in failure.message
    return failure


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# only a comment",
        "match x:\n    case 1: pass\n",
        "type X[T] = list[T]\n",
        "def f[T: int](x: T) -> T: ...\n",
        "try:\n    pass\nexcept* ValueError:\n    pass\n",
        'f"{"nested quotes"}"\n',
        "try:\n    pass\nexcept A, B:\n    pass\n",
        't"{x}"\n',
        "x = 1\\\n + 2",
        "\x0cx = 1\n",
        "x = 1\r\ny = 2\rz = 3\n",
        "if x:\n\ty = 1\n",
        "await x\n",
    ],
)
def test_python_of_every_version_parses(text):
    assert isinstance(parse(read_text(text, "x.py")), Tree)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("x = 1\nprint 'x'\n", 2),
        ("print x\n", 1),
        ("exec 'x'\n", 1),
        ("\nx = 0777\n", 2),
        ("if a <> b:\n    pass\n", 1),
        ("x = `a`\n", 1),
        ("raise ValueError, 'x'\n", 1),
        ("x = ur'a'\n", 1),
    ],
)
def test_python_2_in_python_3_is_recognised(text, row):
    found = failure(text + "f'{x}'\n")
    assert found.message.startswith("looks like Python 2: ")
    assert found.span.row == row


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [("x = (1,\n", 1, 5), ("\ndef f(:\n    pass\n", 2, 7), ("x = 'abc\n", 1, 5), ("α = β γ\n", 1, 7), ("x = $\n", 1, 5)],
)
def test_syntax_errors_stand_where_python_says(text, row, column):
    found = failure(text)
    assert found.message.startswith("is not valid Python: ")
    assert (found.filename, found.span.filename) == ("x.py", "x.py")
    assert (found.span.row, found.span.column) == (row, column)


def test_what_python_takes_and_libcst_does_not_is_not_called_invalid():
    found = failure("x = 1\n(y): int = 2\n")
    assert found.message.startswith("cannot be parsed: ")
    assert found.span.row == 2


def test_nul_characters_do_not_raise():
    assert failure("x = 1\n\0\n").message


DEEP = {
    "parentheses": lambda n: "(" * n + "x" + ")" * n,
    "lists": lambda n: "[" * n + "x" + "]" * n,
    "calls": lambda n: "f(" * n + "x" + ")" * n,
    "unclosed": lambda n: "f([" * n,
    "f-strings": lambda n: "f'{(" * n,
    "format": lambda n: "f'{x:" + "{x:" * n + "}" * n + "}'",
    "sum": lambda n: "x" + " + x" * n,
    "power": lambda n: "x" + "**x" * n,
    "and": lambda n: "x" + " and x" * n,
    "attributes": lambda n: "x" + ".x" * n,
    "call chain": lambda n: "x" + "()" * n,
    "minus": lambda n: "-" * n + "x",
    "not": lambda n: "not " * n + "x",
    "lambda": lambda n: "lambda a, b: " * n + "x",
    "conditional": lambda n: "x" + " if x else x" * n,
    "strings": lambda n: "(" + "'a'\n" * n + ")",
    "elif": lambda n: "if x:\n pass\n" + "elif x:\n pass\n" * n,
    "comprehension": lambda n: "[x" + " for a, b in c" * n + "]",
    "rows": lambda n: "x = (x\n" + "+\nx\n" * n + ")",
    "mixed": lambda n: ("x + " * 50 + "f(") * (n // 50),
    "pattern": lambda n: "match x:\n case " + "1|" * n + "1:\n  pass\n",
    "continued": lambda n: "x" + "\\\n+x" * n,
    "in f-string": lambda n: "f'{x" + " + x" * n + "}'",
    "hidden by braces": lambda n: "f'''{" + "'}' + (" * n,
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_nesting_is_refused_before_it_is_parsed(kind):
    assert too_deep(DEEP[kind](30_000)) is not None
    assert "nests" in failure(DEEP[kind](30_000)).message


BROKEN = ("unclosed", "f-strings", "mixed", "hidden by braces")
BRACKETS = ("parentheses", "lists", "calls", "format")

ON_A_SMALL_STACK = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, resource.RLIM_INFINITY))
from trainlint.source.parse import parse
from trainlint.source.read import read_text
for text in json.load(sys.stdin):
    tree = parse(read_text(text, "x.py"))
    print(tree.place(tree.module.body[0]).span.row if hasattr(tree, "module") else tree.message)
"""


def test_what_is_nested_as_deeply_as_allowed_is_parsed_with_positions():
    """In a process of its own, since running out of native stack would kill it; the stack is as small as on Windows."""
    texts = []
    for kind in (kind for kind in DEEP if kind not in BROKEN):
        # LibCST takes seconds for these two at the limit.
        limit = MAX_BRACKETS if kind in BRACKETS else MAX_DEPTH // 2 if kind in ("comprehension", "conditional") else MAX_DEPTH
        texts.append(next(text for n in range(limit, 0, -1) if too_deep(text := DEEP[kind](n)) is None))
    done = subprocess.run(
        [sys.executable, "-c", ON_A_SMALL_STACK],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["1"] * len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "x = [" + "-1, " * 10_000 + "]\n",
        "x = {" + "'a': -1 + 2, " * 5_000 + "}\n",
        "x = {" + "'k': lambda a, b: a + b, " * 3_000 + "}\n",
        "x = '" + "(" * 5_000 + "'\n",
        "x = f'" + "((((  ----- " * 5_000 + "{y}'\n",
        "# " + "(" * 5_000 + "\n",
        "'''" + "x + " * 5_000 + "'''\n",
        "".join(f"if x:\n    y = {i}\nelif z:\n    y = 1\n" for i in range(3_000)),
        "f(a, b)\n" * 20_000,
        "x = [" + "(1, 2), " * 5_000 + "]\n",
    ],
)
def test_long_is_not_deep(text):
    assert too_deep(text) is None


def test_data_written_as_code_is_refused():
    assert "it is data" in failure("x = [" + "0, " * 130_000 + "]\n").message
    assert "it is data" in failure("x = 1\n" * 70_000).message


def test_settings_of_the_interpreter_are_put_back():
    before = (threading.stack_size(), sys.getrecursionlimit())
    parse(read_text("f(1)\n", "x.py"))
    parse(read_text("f(1\n", "x.py"))
    assert (threading.stack_size(), sys.getrecursionlimit()) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_panic_of_the_native_parser_is_a_failure_of_the_file(monkeypatch):
    class PanicError(BaseException):
        """As of pyo3: not an Exception."""

    def panic(_text: str) -> None:
        raise PanicError("called `Option::unwrap()` on a `None` value")

    monkeypatch.setattr(cst, "parse_module", panic)
    assert failure("x = 1\n").message.startswith("cannot be parsed: ")


def test_many_threads_parse_at_once():
    before = (threading.stack_size(), sys.getrecursionlimit())
    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(lambda n: parse(read_text(f"f({n})\n" * 50, "x.py")), range(40)))
    assert all(isinstance(tree, Tree) for tree in trees)
    assert (threading.stack_size(), sys.getrecursionlimit()) == before
