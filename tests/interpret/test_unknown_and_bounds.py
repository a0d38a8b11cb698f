"""What the interpreter does where Python would need the run: undecided branches, widened loops, bounds, uncalled functions."""

from __future__ import annotations

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.core import Origin
from trainlint.interpret.values import Choice, Literal, Unknown


def cell(script: str, name: str) -> object:
    return follow(script).module.scope.cells.get(name)


def test_an_undecided_branch_leaves_both_values() -> None:
    value = cell("import os\nif os.getenv('X'):\n    a = 1\nelse:\n    a = 2\n", "a")
    assert isinstance(value, Choice)
    assert sorted(plain(one) for one in value.alternatives) == [1, 2]


def test_the_sides_of_a_branch_do_not_see_each_other() -> None:
    script = "import os\na = []\nif os.getenv('X'):\n    a.append(1)\n    b = len(a)\nelse:\n    b = len(a)\n"
    value = cell(script, "b")
    assert isinstance(value, Choice)
    assert sorted(plain(one) for one in value.alternatives) == [0, 1]


def test_a_side_that_raises_is_left_out() -> None:
    assert plain(cell("import os\na = 1\nif os.getenv('X'):\n    a = 2\n    raise SystemExit\n", "a")) == 1  # type: ignore[arg-type]
    assert plain(cell("import sys\na = 1\nif len(sys.argv) > 1:\n    a = 2\n    sys.exit(1)\n", "a")) == 1  # type: ignore[arg-type]


def test_both_returns_of_an_undecided_function_are_kept() -> None:
    script = "import os\ndef f():\n    if os.getenv('X'):\n        return 1\n    return 2\na = f()\n"
    value = cell(script, "a")
    assert isinstance(value, Choice)
    assert sorted(plain(one) for one in value.alternatives) == [1, 2]


def test_a_scalar_that_changes_in_an_endless_loop_is_forgotten() -> None:
    assert isinstance(cell("n = 0\nwhile True:\n    n += 1\n    if input():\n        break\n", "n"), Unknown)


def test_defaults_of_the_command_line_say_so() -> None:
    script = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default='0.5')\na = p.parse_args().lr\n"
    value = cell(script, "a")
    assert isinstance(value, Literal)
    assert (value.value, value.origin, value.note) == (0.5, Origin.ARGUMENT_DEFAULT, "default of `--lr`")


def test_a_required_option_is_unknown_and_says_why() -> None:
    value = cell("import argparse\np = argparse.ArgumentParser()\np.add_argument('lr', type=float)\na = p.parse_args().lr\n", "a")
    assert isinstance(value, Unknown)
    assert "`lr` must be given on the command line" in value.why


def test_functions_that_nobody_calls_are_entered_with_their_defaults() -> None:
    value = cell("def train(lr=0.3, n=None):\n    global kept, other\n    kept, other = lr, n\n", "kept")
    assert isinstance(value, Literal)
    assert (value.value, value.origin) == (0.3, Origin.ARGUMENT_DEFAULT)
    other = cell("def train(lr, n=None):\n    global kept\n    kept = lr\n", "kept")
    assert isinstance(other, Unknown)


def test_methods_that_nobody_calls_see_the_instance() -> None:
    script = "class T:\n    def __init__(self, lr=2):\n        self.lr = lr\n    def fit(self):\n        global kept\n        kept = self.lr\n"
    assert plain(cell(script, "kept")) == 2  # type: ignore[arg-type]


BOMBS = {
    "power": "a = 10 ** 10 ** 10\n",
    "repeated text": "a = 'x' * 10 ** 12\n",
    "repeated list": "a = [0] * 10 ** 12\n",
    "shift": "a = 1 << 10 ** 9\n",
    "nested comprehensions": "a = [[[[i for i in range(200)] for j in range(200)] for k in range(200)] for l in range(200)]\n",
    "recursion": "def f(n):\n    return f(n + 1)\na = f(0)\n",
    "mutual recursion": "def f(n):\n    return g(n) + g(n)\ndef g(n):\n    return f(n) + f(n)\na = f(0)\n",
    "self-containing list": "a = []\na.append(a)\nb = a == a\nimport copy\nc = copy.deepcopy(a)\n",
    "long sum": "a = " + " + ".join(["1"] * 200) + "\n",
    "nested calls": "def f(x):\n    return x\na = " + "f(" * 90 + "1" + ")" * 90 + "\n",
    "million passes": "a = 0\nfor i in range(10 ** 6):\n    a += i\n",
    "loops in loops": "a = 0\n" + "".join("    " * k + f"for i{k} in range(60):\n" for k in range(8)) + "    " * 8 + "a += 1\n",
    "doubling": "a = 'x'\n" + "a = a + a\n" * 60,
    "doubling list": "a = [1]\n" + "a = a + a\n" * 60,
    "format bomb": "a = '{:>1000000000}'.format(1)\n",
    "huge integer text": "a = int('9' * 5000)\n",
    "metaclass": "class M(type):\n    pass\nclass A(metaclass=M):\n    b = A\na = A()\n",
    "class loop": "class A: pass\nA.__bases__ = (A,)\na = A()\n",
    "property loop": "class A:\n    @property\n    def p(self):\n        return self.p\na = A().p\n",
    "getattr loop": "class A:\n    def __getattr__(self, n):\n        return self.x\na = A().y\n",
    "empty": "",
    "only comments": "# nothing\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_nothing_blows_up(name: str) -> None:
    followed = follow(BOMBS[name])
    assert followed.tree.source.text == BOMBS[name]


def test_running_out_of_steps_is_reported() -> None:
    followed = follow(BOMBS["loops in loops"] + BOMBS["nested comprehensions"] * 3)
    assert isinstance(followed.limits, tuple)
    assert any("stopped after" in one.reason for one in followed.limits)


def test_a_loop_over_settings_runs_once_for_each() -> None:
    script = "seen = []\nfor lr in (0.1, 0.01):\n    seen.append(lr)\n"
    assert plain(cell(script, "seen")) == [0.1, 0.01]  # type: ignore[arg-type]
