"""When two arrays are surely the same rows."""

from __future__ import annotations

import pytest

from trainlint.facts.leakage import same_rows
from trainlint.interpret.values import Array, Choice, Literal, Unknown, Value

READ = Array("data", (), {"source": "numpy.load"})
OPAQUE = Unknown("`read` is a parameter of run()")


def flat(value: Value) -> Array:
    return Array("reshape", (value,), {"shape": (-1, 30)})


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (READ, READ, True),
        (flat(READ), flat(READ), True),
        (flat(READ), READ, False),
        (READ, Array("data", (), {"source": "numpy.load"}), False),
        # several unknown things are one value at times: the two parts that a function hands out, say
        (OPAQUE, OPAQUE, False),
        (flat(OPAQUE), flat(OPAQUE), False),
        (both := Choice((OPAQUE, Literal(None))), both, False),
    ],
)
def test_what_is_not_known_is_not_the_same_as_itself(first: Value, second: Value, same: bool) -> None:
    assert same_rows(first, second) == same
