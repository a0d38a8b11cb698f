import libcst as cst

from trainlint.source.walk import walk

TEXT = """
import a.b as c, d
from .e import (f as g, h)
@deco(1)
class K(Base, metaclass=M):
    x: int = 1
    async def m(self, p, /, q: int = 2, *args, r=3, **kw) -> "T":
        async with a as b, c: pass
        async for i in y: yield i
        await z
        return [j for j in k if j], {l: m for l, m in n}, {o for o in p}, (q for q in r)
def f(*, a): global u; nonlocal_ = 1; del u, v[1:2, ...]
while (w := x) < 3 <= 4 and not y or z: break
else: continue
try: raise E from e
except (A, B) as err: assert t, "m"
except C: pass
finally: x += 1; y = lambda v, *w: v @ w
for (a, *b), c in d: print(f"{a!r:>{width}} {b}", *c, **d)
match s:
    case [1, *rest] | {"k": v, **others} if v: pass
    case P(x, y=2) as z: pass
if a if b else c: a, b = -b, {"x": 1, **y}
x = y[0](1)[::2].z = "a" "b"
type A[T: int, *U, **P] = list[T]
yield_ = (yield from x)
"""

BLANK = (
    *(cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline, cst.Comment),
    *(cst.LeftParen, cst.RightParen, cst.LeftSquareBracket, cst.RightSquareBracket, cst.LeftCurlyBrace, cst.RightCurlyBrace),
    *(cst.Comma, cst.Semicolon, cst.Colon, cst.Dot, cst.AssignEqual, cst.ParamSlash, cst.ParamStar),
)


def test_all_that_means_something_is_found_once():
    module = cst.parse_module(TEXT)
    expected: list[cst.CSTNode] = []

    class Everything(cst.CSTVisitor):
        def on_visit(self, node):
            expected.append(node)
            return True

    module.visit(Everything())
    found = list(walk(module))
    assert len({id(one) for one in found}) == len(found)
    missed = {id(one): one for one in expected if not isinstance(one, BLANK)}.keys() - {id(one) for one in found}
    assert [type(one).__name__ for one in expected if id(one) in missed and not isinstance(one, BLANK)] == []
