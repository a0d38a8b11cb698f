"""Imports from the project: the same values as Python's own import gives, and no file is opened of which nothing is read."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from tests.interpret.helpers import acts, plain
from trainlint.interpret.interpreter import Interpretation, interpret
from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text
from trainlint.workspace import Project

if TYPE_CHECKING:
    from pathlib import Path

SIZES = "WIDTH = 64\n_HIDDEN = 3\n\n\ndef double(x):\n    return 2 * x\n"
PARTS = "from .sizes import *\nfrom .sizes import double as twice\n\nDEPTH = twice(2)\n"
REGISTRY = "names = []\n\n\ndef register(f):\n    names.append(f.__name__)\n    return f\n"
ENGINE = """
import torch

def run(model, x, y):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "pkg"
    package.mkdir()
    for name, text in (("sizes", SIZES), ("parts", PARTS), ("registry", REGISTRY), ("engine", ENGINE), ("__init__", "")):
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def follow(folder: Path, script: str, project: Project | None = None) -> Interpretation:
    tree = parse(read_text(script, str(folder / "pkg" / "main.py")))
    assert isinstance(tree, Tree)
    return interpret(tree, project or Project(folder))


@pytest.mark.parametrize("remark", ["", "# the optimizer\n"], ids=["nothing trains", "something may train"])
@pytest.mark.parametrize(
    "script",
    [
        "from .sizes import WIDTH, double as twice\na = twice(WIDTH)\n",
        "from .sizes import *\na = double(WIDTH)\n",
        "from .parts import *\na = [WIDTH, DEPTH, twice(1)]\n",
        "from . import sizes\na = sizes.double(sizes.WIDTH)\n",
        "from .parts import double, DEPTH\na = double(DEPTH)\n",
        "from . import parts\na = parts.WIDTH + parts.twice(1)\n",
        "from .sizes import WIDTH\n\ndef f(x=WIDTH):\n    return x + WIDTH\n\na = f()\n",
        "from .sizes import double\n\nclass C:\n    n = double(4)\n\na = C.n\n",
    ],
)
def test_a_name_of_another_file_is_what_python_imports(
    folder: Path, script: str, remark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pkg" / "main.py").write_text(script, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    try:
        expected = importlib.import_module("pkg.main").a
    finally:
        for name in [one for one in sys.modules if one == "pkg" or one.startswith("pkg.")]:
            del sys.modules[name]
    found = follow(folder, remark + script).module.scope
    assert plain(found.cells["a"]) == expected


def test_a_script_that_only_calls_what_trains_is_followed_there(folder: Path) -> None:
    script = "import torch\nfrom .engine import run\n\nrun(torch.nn.Linear(4, 1), torch.ones(8, 4), torch.ones(8, 1))\n"
    assert "step" in {event.kind for event in acts(follow(folder, script))}


@pytest.mark.parametrize(
    ("script", "opened"),
    [
        ("from .sizes import WIDTH\n\ndef f():\n    return WIDTH\n", False),
        ("from .sizes import *\n", False),
        ("from .sizes import WIDTH\na = WIDTH\n", True),
        ("from .sizes import *\na = WIDTH\n", True),
        ("# the optimizer\nfrom .sizes import WIDTH\n\ndef f():\n    return WIDTH\n", True),
    ],
)
def test_where_nothing_trains_a_file_is_opened_when_its_names_are_read(folder: Path, script: str, opened: bool) -> None:
    project = Project(folder)
    follow(folder, script, project)
    assert (str(folder / "pkg" / "sizes.py") in project.asked) is opened


def test_a_decorator_of_another_file_leaves_its_function_callable_where_nothing_trains(folder: Path) -> None:
    project = Project(folder)
    script = "from .registry import register\n\n@register\ndef small():\n    return 7\n\na = small()\n"
    assert plain(follow(folder, script, project).module.scope.cells["a"]) == 7
    assert str(folder / "pkg" / "registry.py") not in project.asked
