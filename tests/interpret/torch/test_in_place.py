"""Tensors that are written anew in place, and all names that hold them."""

from __future__ import annotations

import pytest

from tests.interpret.helpers import follow


@pytest.mark.parametrize(
    ("statement", "op"),
    [
        ("x.exponential_()", "random"),
        ("x.normal_()", "random"),
        ("x.uniform_(-1, 1)", "random"),
        ("torch.nn.init.normal_(x)", "random"),
        ("x.scatter_(1, torch.tensor([[1]]), 1.0)", "data"),
        ("x.mul_(3)", "multiply"),
        ("x.clamp_(0, 1)", "clip"),
        ("print(x.clamp(0, 1))", "constant"),
    ],
)
def test_what_a_method_makes_of_a_tensor_is_what_its_names_hold(statement, op):
    found = follow(
        f"import torch\nx = torch.ones(3, 4)\nheld = {{'x': x}}\ny = x\n{statement}\nz = held['x']\n"
    ).module.scope.cells
    assert [found[name].op for name in "xyz"] == [op] * 3
