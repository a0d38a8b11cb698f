"""Statements of which a part is not known, refused or unusual: nothing is said that Python contradicts."""

from __future__ import annotations

import pytest

from tests.interpret.helpers import follow, plain
from tests.interpret.test_containers_against_python import left_behind
from tests.interpret.test_further_against_python import may_be
from trainlint.interpret.values import Unknown

OPEN = "import os\nk = int(os.environ.get('TRAINLINT_IS_NOT_SET', '2'))\n"
"""k is 2, and nobody can know it."""

SCRIPTS = (
    # what is not known leaves room for everything
    *(OPEN + one for one in ("a = [1, 2, 3]\ndel a[:k]\nn = a", "a = [1, 2, 3]\ndel a[k]\nn = a", "d = {1: 2, 2: 3}\ndel d[k]\nn = d", "n = 'abcd'[:k]", "n = 'abcd'[k]", "n = [1, 2, 3][:k]", "a = [0] * 3\na[k] = 5\nn = a")),
    *(OPEN + one for one in ("n = [1] * k", "n = 'a' * k", "n = (1, 2) * k", "n = list(range(k))", "n = list(range(0, 9, k))", "i = 0\nwhile i < k:\n    i += 1\nn = i", "i = 0\nwhile i < 8:\n    i += 1\n    i += k\nn = i", "i = 9\nwhile i > k:\n    i -= 1\nn = i")),
    *(OPEN + one for one in ("class A:\n    v = 1\nclass B:\n    v = 2\nx = A() if k > 2 else B()\nn = x.v", "class A:\n    v = 1\nx = A() if k == 2 else None\nn = x.v", "a = [1, 2]\nb = [3, 4]\nx = a if k > 2 else b\nn = x[1]", "def f(k):\n    if k > 2:\n        return 1\n    else:\n        return 2\nn = f(k)")),
    *(OPEN + one for one in ("def f(k):\n    if k > 2:\n        raise ValueError\n    else:\n        return 5\nn = f(k)", "n = 0\nfor i in range(5):\n    if i == k:\n        break\n    n += 1", "n = {1: 'a', 2: 'b'}[k]", "n = {1: 'a', 2: 'b'}.get(k, 'c')", "n = max(k, 1)", "n = [i for i in range(5) if i != k]", "n = f'{k}'", "n = k if k else 3")),
    *(OPEN + one for one in ("import numpy as np\nx = np.zeros(2) if k > 2 else np.ones(2)\nx[0] = 5\nn = float(x[0])\nm = float(x[1])", "import numpy as np\nn = len(np.arange(6)[:k])", "import numpy as np\nx = np.arange(6)\nx[k] = 9\nn = int(x[2])", "import numpy as np\nn = np.zeros((k, 3)).shape", "import numpy as np\nn = int(np.arange(4)[k])")),
    *(OPEN + one for one in ("import math\nn = math.__dict__['pi' if k > 1 else 'e']", "a, b = (1, 2) if k > 2 else (3, 4)\nn = a\nm = b", "a, *b = range(k)\nn = b", "x = [1]\nx += [2] * k\nn = x", "n = sorted([3, k, 1])", "n = sum([1, k])", "n = any([k > 2, False])", "n = not k", "n = -k", "n = (k, 1)[0]", "n = k in (1, 2)", "n = [k] == [2]")),
    # what Python refuses
    *("try:\n    n = 'a' + 1\nexcept TypeError:\n    n = 5", "try:\n    n = [1] * 2.5\nexcept TypeError:\n    n = 5", "try:\n    del missing\nexcept NameError:\n    n = 5", "try:\n    n = [1][4]\nexcept IndexError:\n    n = 5", "try:\n    x = [1]\n    n = x['a']\nexcept TypeError:\n    n = 5"),
    *("try:\n    super().x\nexcept RuntimeError:\n    n = 5", "try:\n    try:\n        raise ValueError\n    except ValueError:\n        raise\nexcept ValueError:\n    n = 5", "try:\n    n = 'abc'[::0]\nexcept ValueError:\n    n = 5", "try:\n    n = 1 << -1\nexcept ValueError:\n    n = 5", "try:\n    n = {}['a']\nexcept KeyError:\n    n = 5", "try:\n    a, b = 1, 2, 3\nexcept ValueError:\n    n = 5"),
    *("try:\n    n = int('x')\nexcept ValueError:\n    n = 5", "try:\n    n = (1, 2).missing\nexcept AttributeError:\n    n = 5", "try:\n    n = None.x\nexcept AttributeError:\n    n = 5", "try:\n    [].pop()\nexcept IndexError:\n    n = 5", "try:\n    n = next(iter(()))\nexcept StopIteration:\n    n = 5"),
    # loops that end early, are long or hold pairs
    *("n = 0\nwhile n < 10:\n    n += 1\n    if n == 3:\n        break", "def f():\n    i = 0\n    while i < 9:\n        i += 1\n        if i == 4:\n            return i\nn = f()", "for n, m in [(1, 'a')] * 3000:\n    pass", "n = 0\nfor a, b in zip(range(2000), range(2000)):\n    n = a\n    m = b", "n = []\nfor a, b in enumerate('ab' * 900):\n    n.append(b)\nm = len(n)"),
    *("n = 0\nwhile n < 10:\n    n += 1\n    if n == 3:\n        continue\nelse:\n    m = 1", "def f():\n    while 1:\n        raise ValueError\ntry:\n    f()\nexcept ValueError:\n    n = 5", "n = 1\nwhile n < 10**12:\n    n *= 2", "i = 0\nn = 1\nwhile i < 5000:\n    i += 1\n    n = -n"),
    # records and generators
    *("from dataclasses import dataclass\n@dataclass\nclass A:\n    a: int = 1\n    b: int = 2\n@dataclass\nclass B(A):\n    a: int = 3\nn = B().a\nm = B(7, 8).b", "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: int = field(init=False)\n    def __post_init__(self):\n        self.a = 3\nn = C().a", "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: int = field(default=4)\nn = C().a"),
    *("def f():\n    def g():\n        yield 1\n    return list(g())\nn = f()", "def f():\n    h = lambda: (yield)\n    return 3\nn = f()", "x: int\nn = 1", "def f():\n    y: int\n    y = 2\n    return y\nn = f()", "class A:\n    def __init__(self):\n        self.v: int = 4\nn = A().v", "class E(ValueError):\n    pass\nn = E('a').args[0]", "class A(int):\n    pass\nn = A(3) + 1"),
    # items of what is no list
    *("b = bytearray(b'abc')\ndel b[0]\nn = len(b)", "b = bytearray(b'abc')\nb[0] = 65\nn = b[0]", "import types\nm = types.SimpleNamespace(a=1)\ndel m.a\nn = hasattr(m, 'a')", "import numpy as np\ndef f():\n    return np.zeros(3)\nf()[0] = 1\nn = 2", "import numpy as np\nclass A:\n    pass\na = A()\na.x = np.zeros(2)\na.x[1] = 3\nn = float(a.x[1])", "n = ('a' * 200_000)[-1]", "n = ('a' * 200_000)[:2]", "n = b'abc'[1]"),
)  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_is_said_that_python_contradicts(script: str) -> None:
    found = follow(script).module.scope.cells
    ends = {name: one for name, one in left_behind(script).items() if not name.startswith("__")}
    assert "n" in ends
    for name, expected in ends.items():
        assert name not in found or may_be(found[name], expected), (name, found[name])


YACS = "from yacs.config import CfgNode as CN\ncfg = CN()\ncfg.EPOCHS = 5\ncfg.SOLVER = CN()\ncfg.SOLVER.LR = 0.1\n"


def test_settings_that_a_file_overrides_are_not_known() -> None:
    found = follow(
        YACS
        + "n = cfg.get('EPOCHS', 3)\nm = cfg.get('MISSING', 3)\nb = cfg.SOLVER.LR\ncfg.merge_from_file('a.yaml')\na = cfg.SOLVER.LR\n"
    ).module.scope.cells
    assert [plain(found[name]) for name in "nmb"] == [5, 3, 0.1]
    assert isinstance(found["a"], Unknown)
