"""Settings that a script reads from files of its project: the same values as the run would see, and nothing outside the root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.interpret.helpers import plain
from trainlint.core import Origin
from trainlint.interpret.interpreter import Interpretation, interpret
from trainlint.interpret.values import Literal, Unknown
from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text
from trainlint.workspace import Project

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "optimizer:\n  name: sgd\n  lr: 0.1\n  eps: 1e-3\nepochs: 5\nlayers: [64, 10]\nshared: &s {a: 1}\nother: *s\n"


def follow(folder: Path, script: str) -> Interpretation:
    tree = parse(read_text(script, str(folder / "train.py")))
    assert isinstance(tree, Tree)
    return interpret(tree, Project(folder))


def cell(folder: Path, script: str, name: str = "a") -> Any:
    return follow(folder, script).module.scope.cells[name]


@pytest.mark.parametrize(
    "script",
    [
        "import yaml\nwith open('conf/run.yaml') as f:\n    c = yaml.safe_load(f)\na = c['optimizer']['lr']\n",
        "import yaml\na = yaml.load(open('conf/run.yaml'), Loader=yaml.FullLoader)['optimizer']['lr']\n",
        "import yaml\nfrom pathlib import Path\na = yaml.safe_load((Path('conf') / 'run.yaml').read_text())['optimizer']['lr']\n",
        "import yaml\nfrom pathlib import Path\np = Path(__file__).parent / 'conf' / 'run.yaml'\na = yaml.safe_load(p.open())['optimizer']['lr']\n",
        "import os, yaml\np = os.path.join('conf', 'run.yaml')\na = yaml.safe_load(open(p, 'r'))['optimizer']['lr']\n",
        "from omegaconf import OmegaConf\na = OmegaConf.load('conf/run.yaml').optimizer.lr\n",
        "import json\na = json.load(open('run.json'))['optimizer']['lr']\n",
        "import tomllib\nwith open('run.toml', 'rb') as f:\n    a = tomllib.load(f)['optimizer']['lr']\n",
        "import yaml\nfrom easydict import EasyDict\na = EasyDict(yaml.safe_load(open('conf/run.yaml'))).optimizer.lr\n",
        "from types import SimpleNamespace\nimport yaml\na = SimpleNamespace(**yaml.safe_load(open('conf/run.yaml'))['optimizer']).lr\n",
    ],
)
def test_a_rate_from_a_file(tmp_path: Path, script: str) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "run.yaml").write_text(CONFIG)
    (tmp_path / "run.json").write_text('{"optimizer": {"lr": 0.1}}')
    (tmp_path / "run.toml").write_text("[optimizer]\nlr = 0.1\n")
    value = cell(tmp_path, script)
    assert isinstance(value, Literal)
    assert (value.value, value.origin) == (0.1, Origin.CONFIG)
    assert "lr` in run." in value.note


def test_the_whole_document_is_as_the_library_reads_it(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(CONFIG)
    value = cell(tmp_path, "import yaml\na = yaml.safe_load(open('run.yaml'))\n")
    assert plain(value) == yaml.safe_load(CONFIG)
    assert plain(value)["optimizer"]["eps"] == "1e-3"  # a text in YAML 1.1, as in the run


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "not in the project"),
        ("a: [", "is not valid YAML"),
        ("!!python/object/apply:os.system ['echo hello']", "is not valid YAML"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: str | None, why: str) -> None:
    if content is not None:
        (tmp_path / "run.yaml").write_text(content)
    value = cell(tmp_path, "import yaml\na = yaml.unsafe_load(open('run.yaml'))\n")
    assert isinstance(value, Unknown)
    assert why in value.why


@pytest.mark.parametrize("path", ["../secret.yaml", "/etc/passwd", "link.yaml"])
def test_nothing_outside_the_root_is_opened(tmp_path: Path, path: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.yaml").write_text("lr: 0.1\n")
    (project / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    value = cell(project, f"import yaml\na = yaml.safe_load(open({path!r}))\n")
    assert isinstance(value, Unknown)
    assert "not in the project" in value.why


def test_shared_nodes_do_not_explode(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    (tmp_path / "run.yaml").write_text("\n".join(rows) + "\n")
    followed = follow(tmp_path, "import yaml\na = yaml.safe_load(open('run.yaml'))\n")
    assert "a" in followed.module.scope.cells


def test_a_file_that_is_written_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"lr": 0.1}')
    assert isinstance(cell(tmp_path, "a = open('run.json', 'w')\n"), Unknown)


def test_a_literal_text_is_parsed(tmp_path: Path) -> None:
    value = cell(tmp_path, "import json\na = json.loads('{\"lr\": 0.5}')['lr']\n")
    assert isinstance(value, Literal)
    assert value.value == 0.5
