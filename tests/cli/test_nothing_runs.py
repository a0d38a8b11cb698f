"""Nothing of a checked tree runs, is imported or is written to: Python's own audit events prove it."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT

MARK = "open({mark!r}, 'w').close()"
OBSERVER = """
import json, os, sys
events = []
def note(name, arguments):
    if name == "open":
        path, mode, flags = arguments
        if isinstance(path, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
            events.append(["write", os.path.abspath(os.fsdecode(path))])
    elif name == "exec":
        name = arguments[0].co_filename
        if name.startswith("<"):  # made at run time: by whom?
            name = sys._getframe(1).f_code.co_filename
        events.append(["exec", name if name.startswith("<frozen") else os.path.abspath(name)])
    elif name == "import":
        if arguments[1]:
            events.append(["import", os.path.abspath(arguments[1])])
    elif name.split(".")[0] in ("socket", "subprocess", "pty", "ftplib", "smtplib", "urllib", "webbrowser", "shutil", "winreg"):
        events.append([name, repr(arguments)[:200]])
    elif name in ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.remove", "os.rename", "os.rmdir",
                  "os.chmod", "os.chown", "os.symlink", "os.link", "os.truncate", "pickle.find_class",
                  "marshal.loads", "ctypes.dlopen", "code.__new__"):
        events.append([name, repr(arguments)[:200]])
sys.addaudithook(note)
from trainlint.__main__ import main
code = main(sys.argv[2:])
json.dump([code, events], open(sys.argv[1], "w"))
"""


def scripts(mark: str) -> dict[str, str]:
    act = MARK.format(mark=mark)
    call = f"__import__('builtins').{act}"
    return {
        "at_import.py": f"import torch\n{act}\nimport subprocess\nsubprocess.run(['touch', {mark!r}])\n",
        "decorators.py": f"import torch\n@({call} or (lambda f: f))\ndef train(model={call}): pass\ntrain()\n",
        "metaclasses.py": (
            f"import torch\nclass Meta(type):\n    def __new__(*a):\n        {act}\n    def __prepare__(*a):\n        {act}\n"
            "class Net(torch.nn.Module, metaclass=Meta): pass\nNet()\n"
        ),
        "subclasses.py": (
            f"import torch\nclass Base:\n    def __init_subclass__(cls):\n        {act}\n    def __class_getitem__(cls, k):\n"
            f"        {act}\nclass Net(Base, torch.nn.Module): pass\nBase[0]\n"
        ),
        "texts.py": f"import torch\nx = f'{{{call}}}'\ny = eval({call!r})\nexec({act!r})\ncompile({act!r}, 'x', 'exec')\n",
        "protocols.py": (
            f"import torch\nclass T:\n    def __getattr__(self, n):\n        {act}\n    def __del__(self):\n        {act}\n"
            f"    def __eq__(self, o):\n        {act}\n    def __iter__(self):\n        {act}\n"
            "for t in T(): t\ntorch.optim.SGD(T().parameters(), lr=T())\nT() == 1\n"
        ),
        "pickles.py": (
            "import torch, numpy as np, pickle, joblib\nx = np.load('data.npy', allow_pickle=True)\nm = torch.load('data.pkl')\n"
            "p = pickle.load(open('data.pkl', 'rb'))\nj = joblib.load('data.pkl')\n"
            "model = torch.nn.Linear(4, 1)\no = torch.optim.SGD(model.parameters(), lr=p)\n"
        ),
        "configured.py": (
            "import torch, yaml, json\nc = yaml.load(open('config.yaml'), Loader=yaml.Loader)\nd = yaml.safe_load(open('config.yaml'))\n"
            "import tomllib\ne = tomllib.load(open('config.toml', 'rb'))\n"
            "o = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=c['lr'])\n"
        ),
        "downloads.py": (
            "import torch, urllib.request, keras, os\nurllib.request.urlopen('http://127.0.0.1:9/')\n"
            f"torch.hub.load('a/b', 'c')\nkeras.utils.get_file('a', 'http://127.0.0.1:9/')\nos.system('touch {mark}')\n"
        ),
        "imports_helper.py": "import torch\nimport helper\nfrom helper import rate\ntorch.optim.SGD(m.parameters(), lr=rate)\n",
        "helper.py": f"{act}\nimport torch\nrate = 0.1\n",
        "conftest.py": f"import torch\n{act}\n",
        "sitecustomize.py": act,
        "usercustomize.py": act,
        "setup.py": act,
        "yaml.py": act,
        "pathspec.py": act,
        "numpy/__init__.py": act,
        "libcst/__init__.py": act,
        "rich/__init__.py": act,
        "trainlint/__init__.py": act,
        "trainlint/__main__.py": act,
        "rules/trn999_planted.py": act,
        "own/trn998_planted.py": act,
        "config.yaml": f"lr: !!python/object/apply:os.system ['touch {mark}']\nx: !!python/name:os.system\n",
        "config.toml": "lr = 0.1\n",
        "pyproject.toml": '[tool.trainlint]\nrules = ["own", "rules"]\n[build-system]\nrequires = ["planted"]\n',
        "book.ipynb": json.dumps(
            {
                "cells": [
                    {"cell_type": "code", "metadata": {"run": act}, "outputs": [], "source": f"import torch\n!touch {mark}\n"},
                    {"cell_type": "code", "metadata": {}, "outputs": [], "source": f"%%bash\ntouch {mark}\n"},
                    {"cell_type": "code", "metadata": {}, "outputs": [], "source": f"%run at_import.py\n{act}\n"},
                ],
                "metadata": {"kernelspec": {"name": "python3", "argv": ["touch", mark]}},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ),
    }


class Planted:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def tree(tmp_path: Path) -> tuple[Path, Path]:
    folder, mark = tmp_path / "tree", tmp_path / "was-run"
    for name, text in scripts(str(mark)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("data.pkl", "data.npy"):
        (folder / name).write_bytes(pickle.dumps(Planted(str(mark))))
    return folder, mark


@pytest.mark.parametrize(
    ("words", "writes_scripts"),
    [
        (["check", "--preview", "--output-format", "json"], False),
        (["check", "--select", "ALL", "--diff", "--unsafe-fixes"], False),
        (["check", "--fix", "--unsafe-fixes"], True),
        (["check", "--explain-stability", "--jobs", "1"], False),
        (["facts", "--output-format", "json"], False),
        (["check", "--show-settings"], False),
    ],
    ids=["json", "diff", "fix", "explain", "facts", "settings"],
)
def test_no_code_of_the_tree_runs(tree: tuple[Path, Path], tmp_path: Path, words: list[str], writes_scripts: bool) -> None:
    folder, mark = tree
    observer, told, cache = tmp_path / "observer.py", tmp_path / "told.json", tmp_path / "cache"
    observer.write_text(OBSERVER, encoding="utf-8")
    more = ["--cache-dir", str(cache)] if words[0] == "check" else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, str(observer), str(told), *words, *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    code, events = json.loads(told.read_text(encoding="utf-8"))
    assert code in (0, 1)
    assert not mark.exists()
    inside = f"{folder}{os.sep}"
    assert [one for one in events if one[0] in ("exec", "import") and one[1].startswith(inside)] == []
    allowed = (str(cache), os.devnull, str(told)) + ((inside,) if writes_scripts else ())
    assert [one for one in events if one[0] == "write" and not one[1].startswith(allowed)] == []
    quiet = {"write", "exec", "import", "marshal.loads", "code.__new__"} | (
        {"os.rename", "os.chmod", "os.remove"} if writes_scripts else set()
    )
    by_numpy = ["ctypes.dlopen", "(None,)"]  # it opens the process itself
    assert [one for one in events if one[0] not in quiet and str(cache) not in one[1] and one != by_numpy] == []


def test_the_observer_sees_what_it_should(tree: tuple[Path, Path], tmp_path: Path) -> None:
    """The check above can fail: with `--trust-project` the planted rules do run, and the audit events show it."""
    folder, mark = tree
    observer, told = tmp_path / "observer.py", tmp_path / "told.json"
    observer.write_text(OBSERVER, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(observer), str(told), "check", "--trust-project", "--no-cache"]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120, check=False)
    code, events = json.loads(told.read_text(encoding="utf-8"))
    assert code == 2
    assert mark.exists()
    assert ["write", str(mark)] in events
    assert any(name == "exec" and path.startswith(f"{folder}{os.sep}own") for name, path in events)


@pytest.mark.parametrize("how", [["-m", "trainlint"], ["-m", "trainlint.__main__"]], ids=["package", "module"])
def test_modules_of_the_working_folder_are_not_taken(tree: tuple[Path, Path], tmp_path: Path, how: list[str]) -> None:
    folder, mark = tree
    for name in ("trainlint/__init__.py", "trainlint/__main__.py"):  # `python -m` itself would prefer these; the script does not
        (folder / name).unlink()
    (folder / "trainlint").rmdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, *how, "check", "--cache-dir", str(tmp_path / "cache"), "--output-format", "concise"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert not mark.exists()
