"""Lists of draws, as toy data sets make them: as many items, of the same shapes, as in Python."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.operators import is_open, items_of
from trainlint.interpret.values import Array, List, Literal, Tuple, Value

DRAW = "seen = []\ndef draw():\n    seen.append(1)\n    return np.random.rand({})\n"
SCRIPTS = (
    "made = [np.random.rand(3) for _ in range(700)]\n",
    "made = [(np.random.rand(20), np.random.rand(1)) for _ in range(100)]\n",
    "made = [np.random.rand(i + 1) for i in range(40)]\n",
    "made = [np.random.rand(2) for i in range(40) if i % 2]\n",
    "made = [np.random.rand(i % 3 + 1) for i in range(7) for _ in range(6)]\n",
    "made = [[np.random.rand(2) for _ in range(20)] for _ in range(3)]\n",
    "made = {_: np.random.rand(2) for _ in range(40)}\n",
    DRAW.format(2) + "made = [draw() for _ in range(40)]\n",
    DRAW.format("len(seen)") + "made = [draw() for _ in range(40)]\n",
)


def shapes(value: Value) -> Any:
    """The shapes of the arrays in a value."""
    if isinstance(value, Array):
        return value.shape
    if isinstance(value, Tuple):
        return [shapes(one) for one in value.items]
    if isinstance(value, List):
        assert not is_open(value)
        return [shapes(one) for one in items_of(value)]
    return [shapes(one) for one in getattr(value, "cells", {}).values()]


def real_shapes(value: Any) -> Any:
    """The same of what Python made."""
    if hasattr(value, "shape"):
        return value.shape
    return [real_shapes(one) for one in (value.values() if isinstance(value, dict) else value)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_list_of_draws_has_as_many_items_of_the_same_shapes(script: str) -> None:
    script = "import numpy as np\n" + script
    names: dict[str, Any] = {}
    exec(script, names)  # the scripts are this file's own
    cells = follow(script).module.scope.cells
    assert shapes(cells["made"]) == real_shapes(names["made"])
    assert plain(cells["seen"] if "seen" in cells else Literal(None)) == names.get("seen")
