"""Steps, loaders and parameter groups as loops by hand write them: what PyTorch does with the same lines."""

from __future__ import annotations

from math import ceil
from typing import Any

import pytest

from tests.interpret.helpers import acts, follow, plain
from trainlint.interpret.values import Array, Unknown

HEADER = """
import torch
from torch import nn, optim
from torch.utils.data import *
X, y = torch.zeros(100, 5), torch.zeros(100)
rows = TensorDataset(X, y)
w = torch.ones(3, requires_grad=True)
loss = (w ** 2).sum()
loss.backward()
"""

STEPS = (
    ("w.data.add_(w.grad, alpha=-0.1)", 0.1),
    ("w.data.sub_(w.grad, alpha=0.1)", 0.1),
    ("w.data -= torch.tensor(0.1) * w.grad / 2", 0.05),
    ("w.data += -0.1 * w.grad.detach().clone()", 0.1),
    ("w.data = w.data - 0.3 * w.grad", 0.3),
    ("w.data = -0.3 * w.grad + w.data", 0.3),
    ("w.data.copy_(w.data - 0.2 * w.grad)", 0.2),
    ("w.data.addcdiv_(w.grad, w.grad.abs() + 1, value=-0.1)", 0.1),
    ("w.data -= 0.1 * (w.grad + 0.01 * w.data)", 0.1),
    ("w.data -= 1 * w.grad", 1),
    ("w.data -= w.grad", 1),
    ("w.data -= 0.1 * (-w.grad)", -0.1),
    ("w.data -= 0.1 * (w.data - w.grad)", -0.1),
    ("w.data -= 0.1 * (w.grad * 1)", 0.1),
)
"""A line, and the factor of the gradient that it subtracts."""

STEPS_OF_OTHER_FORMS = (
    "w.data -= w.grad * w.grad",
    "w.data = 0.3 * w.grad",
    "w.data -= torch.sqrt(w.grad.abs())",
    "w.data -= w.grad / 0",
    "w.data -= w.grad / rate()",
)
"""The gradient is not multiplied by one known factor."""

NO_STEPS = (
    *(
        "w.data *= 0.9",
        "w.data.mul_(0.9)",
        "w.data += noise()",
        "w.data.addcmul_(w.data, w.data, value=2)",
        "w.data = torch.ones(3)",
        "w.data.clamp_(-1, 1)",
    ),
    *(
        "w.grad.mul_(0.5)",
        "w.data -= 0.1 * w.data",
        "w.data.copy_(torch.zeros(3))",
        "w.grad.clone()",
        "w.data.add_()",
        "w.data.copy_()",
        "w.grad.fill_(2)",
    ),
)

CLEARED = (
    "w.grad.zero_()",
    "w.grad.fill_(0)",
    "w.grad = None",
    "w.grad *= 0",
    "w.grad.data.zero_()",
    "w.grad.mul_(0)",
    "optim.SGD([w], 0.1).zero_grad()",
)


def events(script: str, kind: str) -> list[Any]:
    return [event for event in acts(follow(HEADER + script)) if event.kind == kind]


@pytest.mark.parametrize(("line", "factor"), STEPS)
def test_the_factor_of_a_gradient(line: str, factor: float) -> None:
    (step,) = events(line, "step")
    assert plain(step.values["learning_rate"]) == pytest.approx(factor)


@pytest.mark.parametrize("line", STEPS_OF_OTHER_FORMS)
def test_a_step_without_one_factor(line: str) -> None:
    (step,) = events(line, "step")
    assert isinstance(step.values["learning_rate"], Unknown)


@pytest.mark.parametrize("line", NO_STEPS)
def test_what_subtracts_no_gradient_is_no_step(line: str) -> None:
    assert not events(line, "step")
    assert not events(line, "zero_grad")


@pytest.mark.parametrize("line", CLEARED)
def test_gradients_are_cleared(line: str) -> None:
    assert len(events(line, "zero_grad")) == 1


@pytest.mark.framework
def test_pytorch_takes_these_steps() -> None:
    import torch

    for line, factor in STEPS:
        scope: dict[str, Any] = {}
        exec(HEADER, scope)
        exec(line, scope)
        gradient = 2 * torch.ones(3)
        moved = torch.ones(3) - scope["w"].data
        divisor = gradient.abs() + 1 if "addcdiv" in line else torch.ones(3)
        decay = 0.1 * 0.01 if "0.01" in line else 0.1 if "(w.data - w.grad)" in line else 0.0
        torch.testing.assert_close(moved, factor * gradient / divisor + decay, msg=line)
    for line in CLEARED:
        exec(HEADER, scope)
        exec(line, scope)
        assert scope["w"].grad is None or not scope["w"].grad.any(), line


SEEN: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "for a, b in DataLoader(ConcatDataset([rows, rows]), 32): pass\nn = len(DataLoader(ConcatDataset([rows, rows]), 32))",
        {"a": (32, 5), "b": (32,), "n": ceil(200 / 32)},
    ),
    (
        "for a, b in DataLoader(rows, batch_size=None): pass\nn = len(DataLoader(rows, batch_size=None))",
        {"a": (5,), "b": (), "n": 100},
    ),
    (
        "g = DataLoader(rows, batch_sampler=BatchSampler(SequentialSampler(rows), 10, False))\nfor a, b in g: pass\nn = len(g)",
        {"a": (10, 5), "n": 10},
    ),
    ("n = len(DataLoader(rows, 5, sampler=WeightedRandomSampler([1.0] * 20, 20)))", {"n": 4}),
    (
        "n = len(Subset(rows, [1, 2, 3]))\na, b = Subset(rows, [1, 2])[0]\nc, d = rows[0]\nfor e, f in rows: pass",
        {"n": 3, "a": (5,), "b": (), "c": (5,), "f": ()},
    ),
    (
        "n = len(rows)\nm = len(ConcatDataset([rows, Subset(rows, [0])]))\na, b = ConcatDataset([rows, rows])[3]",
        {"n": 100, "m": 101, "a": (5,)},
    ),
    (
        """
class Rows(Dataset):
    def __len__(self):
        return 10
    def __getitem__(self, i):
        return {"x": X[i], "c": 1, "t": 2.5, "s": "a"}
for b in DataLoader(Rows(), 4):
    pass
a, c, t = b["x"], b["c"], b["t"]
""",
        {"a": (4, 5), "c": (4,), "t": (4,)},
    ),
    ("def f(s):\n    return {'x': torch.zeros(4, 7)}\nfor b in DataLoader(rows, 4, collate_fn=f): a = b['x']", {"a": (4, 7)}),
    (
        "def f(s):\n    return [torch.zeros(4, 7), (torch.zeros(4),)]\nfor b in DataLoader(rows, 4, collate_fn=f):\n    a, c = b[0], b[1][0]",
        {"a": (4, 7), "c": (4,)},
    ),
    (
        "class It(IterableDataset):\n    def __iter__(self):\n        yield torch.zeros(3)\nfor a in DataLoader(It(), 4): break",
        {"a": (4, 3)},
    ),
    ("for a, b in DataLoader(rows if len(rows) > 5 else None, 256): pass", {"a": (100, 5)}),
    ("for a in DataLoader([torch.zeros(3)] * 8, 4): pass\nn = len(DataLoader([1, 2, 3], 2))", {"a": (4, 3), "n": 2}),
    ("for a in DataLoader(X, 8): pass", {"a": (8, 5)}),
    ("for (a, b), c in zip(DataLoader(rows, 8), DataLoader(X, 4)): pass", {"a": (8, 5), "c": (4, 5)}),
)
"""Lines, and the shapes or numbers of names after them."""


def plainly(value: Any) -> Any:
    if isinstance(value, Array) or hasattr(value, "numpy"):
        return tuple(value.shape)
    return value if isinstance(value, int) else plain(value)


@pytest.mark.parametrize(("script", "expected"), SEEN)
def test_what_a_loop_over_a_loader_sees(script: str, expected: dict[str, Any]) -> None:
    found = follow(HEADER + script).module.scope.cells
    assert {name: plainly(found[name]) for name in expected} == expected


def test_a_batch_of_unknown_structure_has_parts_of_its_own() -> None:
    lines = "for b in DataLoader(what(), 4):\n    i, t, k = b['ids'], b.text, b[0]\n    for key, v in b.items(): q = v\n"
    found = follow(HEADER + lines).module.scope.cells
    assert all(isinstance(found[name], Array) and found[name].op == "batch" for name in "itkq")
    assert found["i"] is not found["t"]
    assert isinstance(found["key"], Unknown)


GROUPS = """
model = nn.Linear(5, 1)
opt = optim.Adam(model.parameters(), lr=0.1)
g = opt.param_groups[0]
a, b = g['lr'], g.get('other', 7)
g['lr'] = 0.5
c = g['lr']
g.update(lr=0.2)
g.update({'lr': 0.3})
g.setdefault('lr', 9)
g['weight_decay'] = 0.25
d, e = g['lr'], g['weight_decay']
f, h = opt.defaults['lr'], opt.defaults['eps']
opt.add_param_group({'params': [w], 'lr': 1.0})
i, j, k = len(opt.param_groups), opt.param_groups[1]['lr'], opt.param_groups[1]['eps']
"""
LEFT = {"a": 0.1, "b": 7, "c": 0.5, "d": 0.3, "e": 0.25, "f": 0.1, "h": 1e-8, "i": 2, "j": 1.0, "k": 1e-8}


def test_parameter_groups_are_read_and_written() -> None:
    followed = follow(HEADER + GROUPS)
    assert {name: plain(followed.module.scope.cells[name]) for name in LEFT} == LEFT
    changes = [plain(one.values["learning_rate"]) for one in followed.events if one.kind == "set_learning_rate"]
    assert changes == [0.5, 0.2, 0.3]


@pytest.mark.framework
def test_pytorch_sees_the_same() -> None:
    for script, expected in SEEN:
        scope: dict[str, Any] = {}
        exec(HEADER, scope)
        exec(script, scope)
        # the last batch of a loop may be a rest; the interpreter's stands for all but that
        for name, one in expected.items():
            real = plainly(scope[name])
            assert real == one or (isinstance(one, tuple) and real[1:] == one[1:] and real[0] <= one[0]), (script, name)
    scope = {}
    exec(HEADER + GROUPS, scope)
    assert {name: scope[name] for name in LEFT} == LEFT


CONTAINERS = (
    ("m = nn.Sequential(nn.Linear(4, 3), nn.ReLU())\nn = len(m)\nm.append(nn.Linear(3, 2))\nk = len(m)", {"n": 2, "k": 3}),
    (
        "m = nn.ModuleList([nn.Linear(4, 3)])\nm.extend([nn.ReLU(), nn.Linear(3, 2)])\nm.insert(0, nn.Flatten())\nn = len(m)",
        {"n": 4},
    ),
    (
        "m = nn.ModuleList([nn.Linear(4, 3), nn.ReLU()])\nm[1] = nn.Linear(3, 7)\nn = m[1].out_features\nk = m[-2].out_features",
        {"n": 7, "k": 3},
    ),
    ("m = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))\nm = m[:-1]\nn = len(m)", {"n": 2}),
    ("m = nn.Sequential(nn.Linear(4, 3), nn.ReLU())\ndel m[1]\nn = len(m)", {"n": 1}),
    (
        "m = nn.ModuleDict({'a': nn.Linear(4, 3)})\nm['b'] = nn.Linear(3, 9)\nn = len(m)\nk = m['b'].out_features",
        {"n": 2, "k": 9},
    ),
    (
        "m = nn.ModuleDict({'a': nn.Linear(4, 3)})\nm.update({'c': nn.ReLU()})\nn = len(m)\nm.pop('a')\nk = len(m)",
        {"n": 2, "k": 1},
    ),
    ("m = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))\ny = m(torch.zeros(8, 4))", {"y": (8, 2)}),
    ("m = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])\ny = torch.zeros(8, 4)\nfor one in m: y = one(y)", {"y": (8, 4)}),
    (
        "m = nn.ModuleDict({'a': nn.Linear(4, 6), 'b': nn.ReLU()})\ndel m['b']\nn = len(m)\ny = m['a'](torch.zeros(8, 4))",
        {"n": 1, "y": (8, 6)},
    ),
    (
        "m = nn.ModuleList([nn.Linear(4, 3), nn.ReLU(), nn.Tanh()])\ndel m[0]\nn = len(m)\ny = m[0](torch.zeros(8, 4))",
        {"n": 2, "y": (8, 4)},
    ),
)


@pytest.mark.parametrize(("script", "expected"), CONTAINERS)
def test_containers_of_modules(script: str, expected: dict[str, Any]) -> None:
    found = follow(HEADER + script).module.scope.cells
    assert {name: plainly(found[name]) for name in expected} == expected


@pytest.mark.framework
@pytest.mark.parametrize(("script", "expected"), CONTAINERS)
def test_containers_are_as_pytorch_says(script: str, expected: dict[str, Any]) -> None:
    scope: dict[str, Any] = {}
    exec(HEADER + script, scope)
    assert {name: plainly(scope[name]) for name in expected} == expected
