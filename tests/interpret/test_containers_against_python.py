"""What plain scripts leave in their names, against Python itself: the same text is interpreted and run."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.values import Unknown

KNOWN = (
    # sets hold each item once
    *("n = len(set([1, 1, 2]))", "n = len({1, 1, 2})", "n = len({x % 3 for x in range(10)})", "n = len(frozenset('aab'))"),
    *(
        "s = {1}\ns.add(1)\ns.add(2)\nn = len(s)",
        "s = {1, 2}\ns.discard(1)\ns.discard(9)\nn = len(s)",
        "n = len({1, True, 1.0, 'x'})",
    ),
    *("s = {1, 2}\ns.update([2, 3])\nn = sorted(s)", "s = {5}\nn = s.pop()\nm = len(s)", "n = len({(1, 2), (1, 2), (2, 1)})"),
    *(
        "n = {1, 2} | {2, 3}",
        "n = {1, 2} & {2, 3}",
        "n = {1, 2} - {2, 3}",
        "n = {1, 2} ^ {2, 3}",
        "s = t = {1}\ns |= {2}\nn = len(t)",
    ),
    # order
    *(
        "n = sorted([3, 1, 2])",
        "n = sorted([3, 1, 2], reverse=True)",
        "n = sorted(['b', 'a'])[0]",
        "n = sorted({'b': 1, 'a': 2})",
    ),
    *("n = sorted([(2, 'x'), (1, 'y')])", "n = sorted([-3, 1, 2], key=abs)", "n = sorted(['aa', 'b'], key=lambda one: len(one))"),
    *(
        "a = [3, 1, 2]\na.sort()",
        "a = [3, 1]\na.sort(reverse=False)",
        "a = [1, 3]\na.sort(reverse=True)\nn = a[0]",
        "n = sorted([2, 1], key=None)",
    ),
    *(
        "a = [1, 2, 3]\na.reverse()\nn = a[0]",
        "n = list(reversed([1, 2, 3]))",
        "n = sorted([])",
        "n = sorted([(2, 1), (1, 9)], key=lambda p: p[1])",
    ),
    # taking out and putting in
    *(
        "a = [1, 2, 1]\na.remove(1)",
        "a = [1, 2, 3]\nn = a.pop()\nm = a.pop(0)",
        "a = [1, 2]\na.clear()\nn = len(a)",
        "a = [1, 2]\na.insert(0, 9)",
    ),
    *(
        "a = [1]\na.insert(10 ** 6, 2)",
        "a = [1, 2]\na.insert(-10 ** 6, 3)",
        "a = [1, 2, 3]\ndel a[0]",
        "a = [1, 2, 3]\ndel a[-1]",
    ),
    *("a = [1, 2, 3, 4]\ndel a[1:3]", "a = [1, 2, 3, 4]\ndel a[::2]", "a = [1]\na.extend((2, 3))", "a = [1, 2, 3]\na[1] = 'x'"),
    *(
        "n = [1, 2, 1].count(1)",
        "n = (3, 4).index(4)",
        "a = [1, 2]\nb = a.copy()\nb.append(3)\nn = len(a)",
        "a = [1, 2]\na[0], a[1] = a[1], a[0]",
    ),
    *(
        "a = b = [1]\na += [2]\nn = b",
        "a = b = [1]\na *= 2\nn = b",
        "a = b = {1: 2}\na |= {3: 4}\nn = b",
        "a = b = (1,)\na *= 2\nn = b",
        "a = b = (1,)\na += (2,)\nn = b",
    ),
    *(
        "n = [1, 2] * 2",
        "n = 2 * (1,)",
        "n = [1] * -1",
        "n = [] * 10 ** 7",
        "n = [1] * -10 ** 7",
        "n = (1,) * True",
        "n = 'ab' * 2",
        "n = 3 * b'x'",
    ),
    # dicts
    *(
        "d = {1: 2, 3: 4}\ndel d[1]",
        "d = {1: 2}\nn = d.pop(1)\nm = len(d)",
        "d = {1: 2}\nn = d.pop(9, 0)",
        "d = {1: 2}\nd.clear()\nn = len(d)",
    ),
    *(
        "d = {1: 2, 3: 4}\nn = d.popitem()\nm = len(d)",
        "d = {}\nn = d.setdefault('a', 1)\nm = d['a']",
        "d = {1: 2}\nn = d.get(5, 6)",
    ),
    *(
        "d = dict([(1, 2), (3, 4)])",
        "d = dict(zip('ab', [1, 2]))",
        "d = dict({1: 2}, b=3)",
        "d = {1: 2}\nd.update(a=5)\nn = len(d)",
        "n = {1: 2} | {1: 3}",
    ),
    *(
        "d = {(1, 2): 3}\nn = d[1, 2]",
        "n = 1 in {1: 2}",
        "n = 5 in {1: 2}",
        "n = list({'a': 1}.items())",
        "n = {k: v for k, v in [(1, 2)]}",
    ),
    # membership, truth and comparison
    *(
        "n = 2 in [1, 2]",
        "n = 3 in (1, 2)",
        "n = 3 not in (1, 2)",
        "n = 'a' in 'abc'",
        "n = 'z' in 'abc'",
        "n = (1, 2) == (1, 2)",
        "x = 1\nn = x is None",
        "n = [] is None",
    ),
    *(
        "n = not []",
        "n = not {}",
        "n = not {1: 2}",
        "n = bool(())",
        "n = bool([0])",
        "n = 1 if {} else 2",
        "n = not ''",
        "n = None == 0",
        "n = [1] != None",
    ),
    *(
        "n = 1 if ... else 2",
        "n = max(3, 1)",
        "n = min([4, 2])",
        "n = sum([1, 2], 10)",
        "n = any([0, 1])",
        "n = sum([1], start=2.5)",
        "n = list(filter(lambda x: x > 1, [1, 2]))",
        "n = all([1, 0])",
        "n = sum(())",
        "n = all([])",
    ),
    # numbers and texts
    *(
        "n = ~5",
        "n = +5",
        "n = -2.5",
        "n = 7 // 2",
        "n = -7 % 3",
        "n = 1 << 4",
        "n = 5 >> 1",
        "n = 6 & 3",
        "n = 6 | 1",
        "n = 6 ^ 3",
        "n = 2 ** -1",
        "n = 1j * 1j",
    ),
    *(
        "n = int('12')",
        "n = float('1e-3')",
        "n = int(3.9)",
        "n = str(5)",
        "n = bool('x')",
        "n = int(True)",
        "n = round(2.567, 1)",
        "n = abs(-3)",
    ),
    *(
        "n = '%s-%d' % ('a', 3)",
        "n = '%.2f' % 1.5",
        "n = 'a,b'.split(',')",
        "n = '-'.join(['a', 'b'])",
        "n = '{}_{}'.format(1, 2)",
        "n = 'x.py'.endswith('.py')",
    ),
    *(
        "n = 'abc'[1]",
        "n = 'abc'[-1]",
        "n = 'abc'[1:]",
        "n = 'abc'[::-1]",
        "n = len('abc')",
        "n = list(range(5, 0, -2))",
        "n = len(range(3))",
        "n = list(range(10))[3]",
    ),
    *(
        "a, *b = [1, 2, 3]",
        "*a, b = (1, 2, 3)",
        "a, (b, c) = 1, (2, 3)",
        "[a, b] = 'xy'",
        "a = b = 3",
        "a: int = 5",
        "n = (m := 4) + 1",
        "a = 1\na -= 3",
        "a = 8\na >>= 1",
    ),
    *(
        "d = {'a': {'b': 1}}\nd['a']['b'] = 5\nn = d['a']['b']",
        "x = 1\ndef f():\n    global x\n    x = 7\nf()\nn = x",
        "x = 5\ndel x\nn = 1",
    ),
    *(
        "def f():\n    c = 0\n    def g():\n        nonlocal c\n        c += 2\n    g()\n    return c\nn = f()",
        "n = [i for i, x in enumerate('ab', 1)]",
    ),
    *(
        "n = list(map(abs, [-1, 2]))",
        "n = list(filter(None, [0, 1]))",
        "n = list(zip([1, 2], 'ab'))",
        "n = [x for x in range(5) if x % 2]",
        "n = isinstance(1, int)",
    ),
    *(
        "match 3:\n    case 1 | 3:\n        n = 'a'\n    case _:\n        n = 'b'",
        "match 3:\n    case 1:\n        n = 'a'\n    case x:\n        n = x",
    ),
)
"""Everything in these is known before the script runs."""


def left_behind(script: str) -> dict[str, Any]:
    """The names that running the script binds to plain values."""
    scope: dict[str, Any] = {}
    exec(script, scope)  # the scripts are this file's own
    return {
        name: one
        for name, one in scope.items()
        if isinstance(one, int | float | complex | str | bytes | tuple | list | dict | set)
    }


@pytest.mark.parametrize("script", KNOWN)
def test_a_plain_script_leaves_what_python_leaves(script: str) -> None:
    found = follow(script).module.scope.cells
    for name, expected in left_behind(script).items():
        if name.startswith("__"):
            continue
        value = plain(found[name])
        assert type(value) is type(expected), (name, value)
        assert value == expected, name


NOT_KNOWN = (
    # the length depends on what the user types, so no number is right for all
    *(
        "k = input()\nd = {'1': 2}\nd.pop(k, 0)\nn = len(d)",
        "k = input()\nd = {'1': 2, '2': 4}\ndel d[k]\nn = len(list(d)) + int(k)",
        "k = input()\na = [1, 2]\na.insert(int(k), 3)\nn = a[1]",
    ),
    *(
        "k = input()\nd = {'1': 2}\nd.setdefault(k, 3)\nn = len(d)",
        "k = input()\ns = {'1'}\ns.add(k)\nn = len(s)",
        "k = input()\nn = len({k, '1'})",
    ),
    *(
        "k = input()\na = ['1', '0']\na.remove(k)\nn = a[0]",
        "k = input()\na = [1, 2]\nn = a.pop(int(k))",
        "k = input()\na = [1, 2]\na.pop(int(k))\nn = a[0]",
        "k = input()\nn = {k} & {'1'}",
    ),
    *(
        "k = input()\nn = k in {'1': 2}",
        "k = input()\nn = '1' in [k]",
        "k = input()\nn = not k",
        "k = input()\nn = k == '1'",
        "k = input()\nn = -int(k)",
        "k = input()\nn = int(k) + 1",
    ),
    *(
        "k = input()\ns = {'1', '2'}\ns.discard(k)\nn = len(s)",
        "k = input()\na = [1, 2, 3]\ndel a[int(k)]\nn = a[0]",
        "k = input()\nn = 'abc'[int(k)]",
        "k = input()\nn = 'a' * int(k)",
    ),
    *(
        "k = input()\nn = 2 if k else 3",
        "k = input()\nn = {'1': 2, '2': 5}[k]",
        "k = input()\nn = [1, 2][int(k)]",
        "k = input()\nn = '%s' % k",
        "k = input()\nn = sum([int(k), 1])",
    ),
)
"""Scripts that bind `n`, among other things, to what depends on the user's line."""

MAY_BE_LEFT_OPEN = (
    "n = max([-3, 1], key=abs)",
    "n = min({'a': 2, 'b': 1}, key={'a': 2, 'b': 1}.get)",
    "n = range(10)[3]",
    "n = divmod(7, 2)",
)


@pytest.mark.parametrize("script", MAY_BE_LEFT_OPEN)
def test_nothing_wrong_is_said_of_what_is_rarely_written(script: str) -> None:
    value = follow(script).module.scope.cells["n"]
    assert isinstance(value, Unknown) or plain(value) == left_behind(script)["n"]


TYPED = ("0", "1", "2", "")


@pytest.mark.parametrize("script", NOT_KNOWN)
def test_what_depends_on_the_user_is_no_plain_value(script: str) -> None:
    ends = set()
    for typed in TYPED:
        scope: dict[str, Any] = {"input": lambda typed=typed: typed}
        try:
            exec(script, scope)
        except (ValueError, KeyError, IndexError):
            continue
        ends.add(repr(scope["n"]))
    assert len(ends) > 1, "the script must have several ends"
    value = plain(follow(script).module.scope.cells["n"])
    assert not isinstance(value, int | float | str | set)


REFUSED = (
    *(
        "n = 1 + 'a'",
        "n = 1 / 0",
        "n = 'a' < 1",
        "n = ~1.5",
        "n = 2.0 ** 10 ** 5",
        "n = [] + 1",
        "n = -'a'",
        "n = 1 << -1",
        "n = 'ab' % 3",
        "n = int('x')",
        "n = (1,) + [2]",
    ),
    *(
        "n = {1} + {2}",
        "n = {1: 2} + {}",
        "n = 'abc'[9]",
        "n = [1][5]",
        "n = {1: 2}[3]",
        "t = (1, 2)\nn = t['a']",
        "n = [] * 10 ** 30",
        "n = (1,) * -10 ** 30",
        "n = b'%d' % 1j",
        "n = abs('a')",
        "n = sum(5)",
        "n = len(5)",
    ),
)
"""Python raises in each of these."""


@pytest.mark.parametrize("script", REFUSED)
def test_what_python_refuses_is_not_known(script: str) -> None:
    with pytest.raises((TypeError, ValueError, ArithmeticError, LookupError)):
        exec(script, {})
    assert isinstance(follow(script).module.scope.cells["n"], Unknown)


TOO_LARGE = (
    *(
        "n = 10 ** 10 ** 9",
        "n = 1 << 10 ** 9",
        "n = 'a' * 10 ** 9",
        "n = [0] * 10 ** 9",
        "n = b'a' * 10 ** 9",
        "n = ('ab' * 5000).replace('a', 'b' * 9000)",
    ),
    *(
        "n = ('a' * 9000).join('b' * 9000)",
        "n = '%999999999d' % 1",
        "n = ('{0}' * 3000).format('a' * 9000)",
        "n = '{:999999999}'.format(1)",
    ),
)


@pytest.mark.parametrize("script", TOO_LARGE)
def test_what_would_fill_memory_is_left_alone(script: str) -> None:
    ast.parse(script)
    assert isinstance(follow(script).module.scope.cells["n"], Unknown)
