"""More of what plain scripts leave in their names, against Python itself: iterators, texts, functions, objects, command lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interpret.helpers import follow, plain
from tests.interpret.test_containers_against_python import left_behind
from trainlint.interpret.values import OPEN, Choice, Dict, List, Literal, Value

SCRIPTS = (
    # iterators give each item once
    *("it = iter([1, 2])\na = next(it)\nn = next(it)", "it = iter([1, 2])\nnext(it)\nn = list(it)", "n = next(iter([]), 5)", "z = zip([1, 2], [3, 4])\na = next(z)\nn = list(z)"),
    *("e = enumerate('ab')\nnext(e)\nn = list(e)", "n = list(enumerate('ab', start=1))", "k = 2\nn = list(enumerate('ab', k))", "n = [y for y in map(lambda x, y=0: x + y, [1, 2], [3, 4])]"),
    *("n = list(map(abs, []))", "n = list(filter(None, [0, 1]))", "n = list(zip())", "n = list(zip([1], [2, 3]))", "n = list(zip(*[[1, 2], [3, 4]]))", "n = list(reversed((1, 2)))"),
    *("def g():\n    yield 5\n    yield 6\nn = list(g())", "def g():\n    yield from [1, 2]\nn = list(g())", "def g():\n    yield\nn = list(g())", "def g():\n    for i in range(3):\n        yield i\nn = [x for x in g()]"),
    *("def g():\n    yield 1\n    yield 2\nfor n in g():\n    pass", "def g(k):\n    if k:\n        yield 1\n    yield 2\nfor n in g(input):\n    pass", "import itertools\nn = list(itertools.chain([1], [2]))"),
    *("import itertools\nn = list(itertools.product([0, 1], repeat=2))", "import itertools\nn = len(list(itertools.product(range(20), range(20))))", "import itertools\nn = [a for a, b in itertools.product(range(17), range(17))][-1]"),
    *("import itertools\nn = list(itertools.product('ab', [1, 2]))", "import itertools\nn = list(itertools.product(*[[1, 2], [3]]))", "import itertools\nn = list(itertools.product([1], repeat=0))", "import itertools\nn = list(itertools.islice(range(10), 2, 5))"),
    *("import itertools\nc = itertools.cycle([1, 2])\nn = [next(c) for _ in range(3)]", "import itertools\nc = itertools.count(5)\nn = next(c)", "import itertools\nn = list(itertools.islice([1, 2, 3], 1, None))", "import itertools\nn = list(itertools.repeat(1, 3))"),
    *("import itertools\nn = list(itertools.chain.from_iterable([[1], [2]]))", "import itertools\nfor i, n in zip(range(3), itertools.cycle('ab')):\n    pass", "import itertools\nfor n in itertools.islice(itertools.cycle([1, 2]), 3):\n    pass"),
    # order that is not known is not made up
    *("from operator import itemgetter\nn = sorted([(1, 3), (2, 1)], key=itemgetter(1))", "n = sorted([[2], [1]])", "n = sorted([2, 'a', 1], key=str)", "n = sorted([3, 1], key=None, reverse=True)", "a = [3, 1, 2]\na.sort(key=lambda x: -x)\nn = a"),
    # formatted texts
    *("n = f\"{'a'!r}\"", "x = 3\nn = f'{x=}'", "n = f'a\\n'", "n = f'a\\t{1}'", "n = rf'a\\n{1}'", "n = f'{{}}{1}'", "n = f'{1:03d}'", "x = 2.5\nn = f'{x:.1f}'", "n = f'{1!s}'", "n = 'a' f'{1}'", "n = f'''a\"\\''''", "n = '''a\nb'''"),
    *("n = '\\x41'", "n = 0o17", "n = 0b11", "n = 1_000", "n = 2j", "n = str(b'x', 'utf8')", "n = 'a-b'.partition('-')", "n = ','.join(str(i) for i in range(3))", "n = 'a'.join(['b', 'c'])", "n = 'x'.replace('x', 'y', 1)"),
    *("n = '{a}'.format(a=1)", "n = 'abc'[1:5]", "n = 'abc'[::-1]", "n = 'a,b'.split(',', maxsplit=1)", "n = 'abc'.count('b')", "n = 'Abc'.lower().title()", "n = '%s' % (1,)", "n = 'a b'.split(' ', 10 ** 12)"),
    # numbers
    *("n = round(2.567, ndigits=1)", "n = round(1234.5, -2)", "n = int()", "n = bool()", "n = float()", "n = str()", "n = int('ff', 16)", "n = complex(1, 2)", "n = sum([0.5] * 3)", "n = max([1, 2], default=0)", "n = min(3, *[1, 2])"),
    *("n = len((1, 2))", "n = len(range(1, 10, 3))", "n = list(range(3, 0, -1))", "n = list(range(0))", "n = sum(x for x in range(4))", "n = any(x > 2 for x in [1, 3])", "n = divmod(7, 2)", "n = 3 if 1 < 2 < 3 else 4", "n = 3 > 2 > 2"),
    *("import math\nn = math.isclose(1, 1.1, rel_tol=0.2)", "import math\nn = math.log(8, 2)", "import math\nn = math.hypot(3, 4)", "import math\nn = math.prod([1, 2])", "import math\nn = math.inf > 1", "n = -2 ** 2", "n = not (1 and 0 or '')"),
    # containers
    *("s = {1}\ns.update([2], [3])\nn = len(s)", "d = {1: 2}\nd.update([(3, 4)])\nn = len(d)", "d = {1: 2}\nd.update({3: 4})\nn = d", "d = {**{1: 2}, 3: 4}\nn = d", "n = dict([(1, 2)], b=3)", "n = dict([[1, 2]])", "d = {}\nn = d.popitem() if d else 3"),
    *("a = [[0] * 2] * 2\na[0][0] = 1\nn = a", "a = [1, [2]]\nb = list(a)\nb[1].append(3)\nn = a", "import copy\na = {'k': [1]}\nb = copy.deepcopy(a)\nb['k'].append(2)\nn = a", "import copy\na = [[1]]\nb = copy.copy(a)\nb[0].append(2)\nn = a"),
    *("n = [1, 2, 3][slice(1, 3)] if False else 0", "a = [1, 2, 3]\ndel a[5:]\nn = a", "a = [1, 2]\nn = a.index(5) if 5 in a else -1", "n = [1, 2].count(7)", "n = (*[1], 2)", "n = {*[1, 1]}", "n = [a for a, *b in [(1, 2, 3)]]", "a = 1,\nn = a"),
    *("from collections import defaultdict\nd = defaultdict(int)\nd['a'] += 1\nn = d['a']", "from collections import defaultdict\nd = defaultdict(list, {1: [2]})\nn = d[1]", "from collections import deque\nq = deque([1, 2], maxlen=2)\nq.append(3)\nn = list(q)"),
    *("from collections import namedtuple\nP = namedtuple('P', 'x y')\nn = P(1, 2).x", "from collections import namedtuple\nP = namedtuple('P', ['x', 'y'])\nn = P(1, y=2).y", "from types import SimpleNamespace\nn = SimpleNamespace(a=1).a", "n = {(1, None): 2}\nm = list(n)"),
    # names and scopes
    *("x = 5\nn = globals()['x']", "def f():\n    x = 1\n    return locals()['x']\nn = f()", "x = 3\ndef f():\n    return globals()['x']\nn = f()", "def f():\n    def g():\n        nonlocal y\n        y = 2\n    y = 1\n    g()\n    return y\nn = f()"),
    *("def f():\n    global made\n    made = 4\nf()\nn = made", "class A:\n    x = 1\na = A()\na.x = 2\ndel a.x\nn = A.x", "class A:\n    pass\na = A()\na.y = [1]\ndel a.y[0]\nn = a.y", "n = m = [1]\nm += [2]", "x = [1, 2, 3]\nx[0], *y = 9, 8\nn = x"),
    *("match [1, 2, 3]:\n    case [a, *rest]:\n        n = 1\n    case _:\n        n = 2", "match 5:\n    case 1:\n        n = 1\n    case x if x > 9:\n        n = 2\n    case _:\n        n = 3", "match 'a':\n    case 'a' | 'b' as k:\n        n = k"),
    # functions
    *("def f(a, b=2, *c, d, e=5, **k):\n    return (a, b, c, d, e, sorted(k))\nn = f(1, 7, 8, d=4, z=3)", "def f(a, /, b):\n    return a - b\nn = f(5, b=2)", "def f(x=[]):\n    x.append(1)\n    return len(x)\nf()\nn = f()", "n = (lambda *a: a)(1, 2)"),
    *("def f(n):\n    return 1 if n < 2 else n * f(n - 1)\nn = f(5)", "import functools\ndef d(k):\n    def o(f):\n        @functools.wraps(f)\n        def w(*a):\n            return f(*a) * k\n        return w\n    return o\n@d(3)\ndef h(x):\n    return x\nn = h(2)"),
    *("from functools import reduce\nn = reduce(lambda a, b: a * b, [1, 2, 3])", "from functools import lru_cache\n@lru_cache(None)\ndef f(x):\n    return x + 1\nn = f(2)", "def f():\n    try:\n        return 1\n    finally:\n        pass\nn = f()", "def f(): return\nn = f() is None"),
    # classes
    *("class A:\n    pass\nn = A.__name__", "class A:\n    pass\nn = A().__class__.__name__", "class A:\n    def __init__(self):\n        self.y = 1\nn = A().__dict__['y']", "class A:\n    x = 1\nn = getattr(A, 'x')", "class A:\n    pass\nn = getattr(A(), 'q', 4)", "class A:\n    pass\nn = hasattr(A(), 'q')"),
    *("class A:\n    @property\n    def p(self):\n        return self.v\n    @p.setter\n    def p(self, v):\n        self.v = v + 1\na = A()\na.p = 3\nn = a.p", "class A:\n    def __getattr__(self, k):\n        return 8\nn = A().zz", "class A:\n    c = 0\n    def __init__(self):\n        A.c += 1\nA()\nA()\nn = A.c"),
    *("class A:\n    @staticmethod\n    def s(x):\n        return x\n    @classmethod\n    def c(cls, x):\n        return x + 1\nn = A.s(1) + A.c(1)", "class A:\n    def f(self):\n        return 1\nclass B(A):\n    def f(self):\n        return super().f() + 1\nn = B().f()", "class A:\n    def f(self):\n        return 1\nclass B(A):\n    pass\nclass C(A):\n    def f(self):\n        return 3\nclass D(B, C):\n    pass\nn = D().f()"),
    *("class A:\n    def __add__(self, o):\n        return 5\n    def __radd__(self, o):\n        return 6\nn = A() + 1\nm = 1 + A()", "class A:\n    def __iter__(self):\n        return iter([1, 2])\nn = list(A())", "class A:\n    def __init__(self):\n        self.k = 0\n    def __iter__(self):\n        return self\n    def __next__(self):\n        self.k += 1\n        if self.k > 2:\n            raise StopIteration\n        return self.k\nn = list(A())"),
    *("class A:\n    def __enter__(self):\n        return 3\n    def __exit__(self, *a):\n        pass\nwith A() as n:\n    pass", "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: int = 1\n    b: list = field(default_factory=list)\n    def __post_init__(self):\n        self.a += 1\nn = C(5).a\nm = C().b", "from dataclasses import dataclass, replace, asdict\n@dataclass\nclass C:\n    a: int = 1\nn = replace(C(), a=4).a\nm = asdict(C())"),
    *("from enum import Enum\nclass E(Enum):\n    A = 1\nn = E.A.value", "class A:\n    pass\nn = isinstance(A(), A)\nm = issubclass(A, A)", "n = isinstance([], list)\nm = isinstance({}, dict)\nk = isinstance((), (list, tuple))", "n = callable(len)\nm = callable(3)", "class A:\n    pass\nn = type(A()) is A", "def f(): pass\nn = f.__name__"),
    *("class A:\n    x = 1\nsetattr(A, 'x', 2)\nn = A.x", "class A:\n    pass\na = A()\nvars(a)['k'] = 2\nn = a.k", "n = [] is None\nm = () is not None", "a = b = [1]\nn = a is b", "n = None is None", "n = len is len", "def f(): pass\nn = 1 if f else 2", "n = {len: 1}[len]"),
    # paths and the environment
    *("import os\nn = os.path.join('a', 'b.py')", "import os\nn = os.path.basename('a/b.py')", "from pathlib import Path\nn = Path('a/b.txt').stem", "from pathlib import Path\nn = Path('a/b.txt').suffix", "from pathlib import Path\nn = (Path('a') / 'b').name", "from pathlib import Path\nn = Path('a', 'b').parent.name"),
    *("import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default='0.5')\np.add_argument('--fast', action='store_true')\np.add_argument('--slow', action='store_false')\na = p.parse_args([])\nn = a.lr\nm = a.fast\nk = a.slow",),
    *("import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\np.add_argument('-n', '--number', type=int, default=3)\np.set_defaults(lr=0.25)\na = p.parse_args(['-n', '4'])\nn = a.number\nm = a.lr\nk = p.get_default('lr')",),
    *("import argparse\nq = argparse.ArgumentParser(add_help=False)\nq.add_argument('--lr', default=0.5)\np = argparse.ArgumentParser(parents=[q])\ng = p.add_argument_group('x')\ng.add_argument('--sizes', nargs='+', default=[1, 2])\na, rest = p.parse_known_args(['--lr=2'])\nn = a.lr\nm = a.sizes",),
    # long, deep, odd
    *("n = list(range(1, 2 ** 70, 2 ** 69))", "n = len([i for i in range(5000)])", "n = [i for i in range(5000)][-1]", "n = {i: 1 for i in range(3)}\nm = len(n)", "n = range(3, 1)\nm = len(n)", "a = [1] * 9999\na.append(2)\na.append(3)\nn = len(a)"),
    *("x = 1\nfor i in range(3):\n    x = -x\nn = x", "x = 4\nwhile x > 1:\n    x -= 1\nn = x", "n = 0\ni = 0\nwhile i < 10:\n    i += 3\n    n += 1", "n = 0\nwhile True:\n    n += 1\n    if n > 2:\n        break", "def f():\n    while True:\n        return 3\nn = f()"),
    *("n = 0\nfor i in range(3):\n    if i == 1:\n        continue\n    n += i\nelse:\n    m = 2", "def f(k):\n    for i in range(5):\n        if i == k:\n            return i\n    return -1\nn = f(3)\nm = f(9)", "n = []\nfor i in range(3):\n    n.append(i)\n    n.extend([i])"),
    *("def f():\n    global a, b\n    a, *b = 1, 2, 3\nf()\nn = b", "match {'k': 1, 'z': 2}:\n    case {'k': v, **rest}:\n        n = 1", "match 3:\n    case int() as k:\n        n = 1\n    case _:\n        n = 2", "match (1, 2):\n    case (a, b) if a > b:\n        n = 1\n    case _:\n        n = 2"),
    *("class A:\n    n: int = 2\n    m: str\nn = A.n", "class A(dict):\n    pass\na = A()\na['k'] = 3\nn = a['k']\ndel a['k']", "class A:\n    def __setitem__(self, k, v):\n        self.v = v\n    def __delitem__(self, k):\n        self.v = 9\na = A()\na[1] = 5\nn = a.v\ndel a[1]\nm = a.v"),
    *("import math\nmath.tau = 3\nn = math.tau", "a = [1, 2, 3]\nk = input if False else 1\ndel a[:k]\nn = a", "n = 'a'\nn *= 2\nn += 'b'", "a = [1]\na += (x for x in [2, 3])\nn = a", "x = True\nif not x or x is None:\n    n = 1\nelse:\n    n = 2", "try:\n    raise ValueError\nexcept ValueError:\n    n = 4"),
    *("def f(k):\n    if k == 1:\n        return 'a'\n    elif k == 2:\n        return 'b'\n    else:\n        return 'c'\nn = f(2) + f(3)", "def f(*a, **k):\n    return len(a) + len(k)\nn = f(*[1, 2], **{'x': 1})", "from functools import partial\nn = partial(int, base=2)('101')", "n = getattr('abc', 'upper')()"),
    *("import numpy as np\nn = int(np.float64(2.5))\nm = bool(np.array([1]))\nk = float(np.ones(1)[0])", "import numpy as np\na, b = np.array([1.0, 2.0])\nn = float(b)", "import numpy as np\nn = [float(v) for v in np.arange(3)]", "import numpy as np\nn = len(np.zeros((4, 2)))"),
    *("n = 1 if 'x' > 'a' else 2", "n = [1, 2] == [1, 2]", "n = (1, 2) < (1, 3)", "n = {1: 2} == {1: 2}", "n = 5 in range(3)", "n = 'b' in ['a', 'b'] and 'c' not in 'ab'", "n = 3 if None else 4", "n = 10 ** 3 % 7", "n = 0.1 + 0.2", "n = -7 // 2", "n = ~3 & 0xff"),
)  # fmt: skip


def may_be(value: Value, expected: Any) -> bool:
    """Whether what is known of a value leaves room for the real one (a value that is not known leaves room for all)."""
    if isinstance(value, Choice):
        return any(may_be(one, expected) for one in value.alternatives)
    if isinstance(value, Literal):
        return type(value.value) is type(expected) and value.value == expected
    if isinstance(value, List) and "open" in value.cells:
        return isinstance(expected, list | set)
    if isinstance(value, Dict) and OPEN in value.cells:
        return isinstance(expected, dict)
    found = plain(value)
    if isinstance(found, tuple | list) and isinstance(expected, tuple | list):
        items = value.items if not isinstance(value, List) else value.cells["items"].items  # type: ignore[union-attr]
        return type(found) is type(expected) and len(found) == len(expected) and all(map(may_be, items, expected))
    return not isinstance(found, tuple | list | dict | set) or found == expected


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_is_said_that_python_contradicts(script: str) -> None:
    found = follow(script).module.scope.cells
    ends = {name: one for name, one in left_behind(script).items() if not name.startswith("__")}
    assert ends
    for name, expected in ends.items():
        assert name not in found or may_be(found[name], expected), (name, found[name])
