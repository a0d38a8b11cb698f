"""The interpreter against Python itself: each snippet is executed for real and followed, and every name must agree."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

import pytest

from tests.interpret.helpers import follow, plain

SNIPPETS = {
    "arithmetic": "a = 3 * (2 + 4) ** 2 // 5\nb = -a % 7\nc = 1e-3 * 10\nd = 7 / 2\ne = 1 << 4 | 1\nf = not a\n",
    "chained comparison": "x = 5\na = 1 < x < 10\nb = 1 < x < 3\nc = x == 5 != 4\nd = 'a' in 'cat'\ne = 4 not in [1, 2]\n",
    "boolean operators give operands": "a = 0 or 'x'\nb = 1 and 2\nc = None or 0\nd = '' and 5\n",
    "unpacking": "a, (b, *c), d = 1, (2, 3, 4), 5\n[e, f] = 'xy'\n*g, h = [1, 2, 3]\n",
    "augmented": "a = 1\na += 2\na *= 5\nb = [1]\nc = b\nb += [2]\nd = 'x'\nd += 'y'\n",
    "slices": "a = list(range(10))\nb = a[2:5]\nc = a[::-2]\nd = 'hello'[1:3]\ne = (1, 2, 3)[-1]\nf = a[-3:]\n",
    "dictionaries": "a = {'x': 1, **{'y': 2}}\nb = a['y']\na['z'] = 3\nc = a.get('q', 7)\nd = list(a.items())\ne = len(a)\n",
    "dict methods": "a = dict(x=1)\na.update(y=2)\nb = a.pop('x')\nc = a.setdefault('w', 5)\nd = {k: v * 2 for k, v in a.items()}\n",
    "list methods": "a = [3]\na.append(1)\na.extend((5, 6))\na.insert(0, 9)\nb = a.pop()\nc = a.pop(0)\na.reverse()\n",
    "aliasing": "a = []\nb = a\nb.append(1)\nc = {'k': a}\nc['k'].append(2)\n",
    "comprehensions": "a = [i * j for i in range(3) for j in range(i) if j != 1]\nb = {str(i): i for i in (1, 2)}\nc = [x for x in 'ab']\n",
    "text by percent": "n = 3\na = 'part%d' % n\nb = '%s-%03d' % ('x', n + 1)\nc = '%d%%' % 50\n",
    "rows turned into columns": "a = [(1, 'x'), (2, 'y')]\nb, c = zip(*a)\nd = list(zip(*a))\n",
    "f-strings": "n = 3\na = f'{n}-{n + 1}{{}}'\nb = 'a' 'b'\nc = '-'.join(['x', 'y'])\nd = 'A,B'.lower().split(',')\n",
    "strings": (
        "a = ''\nb = \"it's\"\nc = 'say \"x\"'\nd = 'a\\tb\\\nc'\ne = r'\\d'\nf = \"\"\"x\n'y'\"\"\"\n"
        "g = \"\"\"\"\"\"\nh = b'k'\ni = '\\x41'\nj = 'é #{}'\nk = u'u'\n"
    ),
    "if": "x = 4\nif x > 10:\n    y = 1\nelif x > 3:\n    y = 2\nelse:\n    y = 3\nz = 'big' if x > 3 else 'small'\n",
    "for": "t = 0\nfor i in range(5):\n    if i == 1:\n        continue\n    if i == 4:\n        break\n    t += i\nelse:\n    t = -1\n",
    "for else": "for i in [1, 2]:\n    pass\nelse:\n    done = True\n",
    "while": "n = 10\nc = 0\nwhile n > 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\n    c += 1\n",
    "functions": "def f(a, b=2, *c, d, e=5, **g):\n    return a, b, c, d, e, g\nr = f(1, d=4)\ns = f(1, 2, 3, 4, d=0, z=9)\n",
    "closures": "def outer(n):\n    k = 10\n    def inner(x):\n        return x + n + k\n    return inner\na = outer(1)(2)\n",
    "defaults are bound at definition": "n = 1\ndef f(x=n):\n    return x\nn = 2\na = f()\n",
    "nonlocal and global": (
        "g = 0\ndef f():\n    n = 1\n    def h():\n        nonlocal n\n        global g\n        n += 1\n        g = 7\n"
        "    h()\n    return n\na = f()\n"
    ),
    "lambda": "a = (lambda x, y=3: x * y)(2)\nb = list(map(lambda v: v + 1, [1, 2]))\nc = list(filter(lambda v: v > 1, [1, 2]))\n",
    "star arguments": "def f(*a, **k):\n    return a, k\nx = f(*[1, 2], 3, **{'z': 4})\n",
    "builtins": "a = sum([1, 2])\nb = max(3, 9, 2)\nc = min([4, 2])\nd = abs(-3)\ne = round(2.567, 1)\nf = len('abc')\ng = int('12') + float('1e-3')\n",
    "enumerate and zip": "a = [(i, x) for i, x in enumerate('ab', 1)]\nb = list(zip([1, 2], 'xy'))\nc = tuple(reversed([1, 2]))\n",
    "classes": (
        "class A:\n    k = 2\n    def __init__(self, n):\n        self.n = n\n    def twice(self):\n        return self.n * self.k\n"
        "class B(A):\n    k = 5\n    def __init__(self):\n        super().__init__(3)\n        self.m = super().twice()\n"
        "o = B()\na = o.twice()\nb = o.m\nc = A(4).twice()\nd = B.k\n"
    ),
    "properties": (
        "class A:\n    @property\n    def p(self):\n        return self._p + 1\n    @p.setter\n    def p(self, v):\n        self._p = v * 2\n"
        "    @staticmethod\n    def s(x):\n        return x\n    @classmethod\n    def c(cls, x):\n        return cls.s(x) + 1\n"
        "o = A()\no.p = 3\na = o.p\nb = A.s(4)\nd = o.c(1)\n"
    ),
    "dataclass": (
        "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    lr: float = 0.1\n    n: int = 3\n    xs: list = field(default_factory=list)\n"
        "c = C(n=5)\na = c.lr\nb = c.n\nd = c.xs\n"
    ),
    "operators of classes": (
        "class V:\n    def __init__(self, x):\n        self.x = x\n    def __add__(self, o):\n        return V(self.x + o.x)\n"
        "    def __call__(self, k):\n        return self.x * k\n    def __getitem__(self, i):\n        return self.x + i\n    def __len__(self):\n        return 6\n"
        "v = V(1) + V(2)\na = v.x\nb = v(4)\nc = v[5]\nd = len(v)\n"
    ),
    "decorators": "def deco(f):\n    def g(x):\n        return f(x) + 1\n    return g\n@deco\ndef h(x):\n    return x * 2\na = h(3)\n",
    "generators": "def g():\n    yield 5\n    yield 6\nfor a in g():\n    break\n",
    "getattr and vars": "class A:\n    pass\no = A()\nsetattr(o, 'x', 3)\na = getattr(o, 'x')\nb = getattr(o, 'y', 4)\nc = vars(o)['x']\nd = hasattr(o, 'x')\n",
    "isinstance": "a = isinstance(3, int)\nb = isinstance('x', (int, float))\nclass A: pass\nclass B(A): pass\nc = isinstance(B(), A)\n",
    "walrus and conditional": "if (n := 5) > 3:\n    a = n\nb = [y := 2, y ** 2]\n",
    "try": "try:\n    a = 1\nexcept ValueError:\n    a = 2\nelse:\n    b = 3\nfinally:\n    c = 4\n",
    "raise is handled": "try:\n    raise ValueError('x')\nexcept ValueError:\n    a = 2\n",
    "match": "x = 2\nmatch x:\n    case 1:\n        a = 'one'\n    case 2 | 3:\n        a = 'few'\n    case _:\n        a = 'many'\n",
    "partial": "from functools import partial\ndef f(a, b, c=0):\n    return a, b, c\ng = partial(f, 1, c=3)\nr = g(2)\n",
    "math": "import math\na = math.sqrt(16)\nb = math.ceil(10 / 3)\nc = math.pi\n",
    "main guard": "a = 0\nif __name__ == '__main__':\n    a = 1\n",
    "delete": "a = [1, 2, 3]\ndel a[0]\nb = {'x': 1, 'y': 2}\ndel b['x']\n",
    "collections": "from collections import OrderedDict\na = OrderedDict([('x', 1), ('y', 2)])\nb = list(a.keys())\nc = a['y']\n",
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_every_name_agrees_with_python(name: str) -> None:
    script = SNIPPETS[name]
    real: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(script, name, "exec"), real)
    followed = follow(script)
    compared = 0
    for key, expected in real.items():
        if key.startswith("__") or isinstance(expected, type | FunctionType | ModuleType) or callable(expected):
            continue
        if type(expected).__module__ not in ("builtins", "collections"):
            continue
        assert plain(followed.module.scope.cells[key]) == expected, key
        compared += 1
    assert compared
