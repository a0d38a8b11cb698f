"""A command's own process parses with lighter nodes: the trees are the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ = """
import pathlib, sys
{before}
import libcst
for path in sorted(pathlib.Path("fixtures").glob("*.py")) + sorted(pathlib.Path("trainlint/source").glob("*.py")):
    module = libcst.parse_module(path.read_text(encoding="utf-8"))
    print(repr(module))
    first = module.body[0]
    assert first == first and first != first.deep_clone() and len({{first, first, first.deep_clone()}}) == 2
    assert module.with_changes(body=module.body[1:]).code in module.code
print("post init:", hasattr(libcst.CSTNode, "__post_init__"), "frozen:", libcst.Name.__dataclass_params__.frozen)
"""
THRIFTY = "from trainlint.cli.thrift import be_thrifty; be_thrifty(); be_thrifty()"


def output(before: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", READ.format(before=before)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_trees_of_lighter_nodes_are_the_same() -> None:
    usual, thrifty = output(""), output(THRIFTY)
    assert usual[-1] == "post init: True frozen: True"
    assert thrifty[-1] == "post init: False frozen: False"
    assert usual[:-1] == thrifty[:-1]


def test_the_hook_is_there_once_and_gone_after_the_import() -> None:
    code = (
        "import dataclasses, sys; usual, before = dataclasses.dataclass, list(sys.meta_path)\n"
        "from trainlint.cli.thrift import be_thrifty; be_thrifty(); be_thrifty(); assert len(sys.meta_path) == len(before) + 1\n"
        "import libcst.matchers; assert sys.meta_path == before and dataclasses.dataclass is usual\n"
        "from libcst.metadata import CodeRange; assert CodeRange.__dataclass_params__.frozen"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


@pytest.mark.parametrize("set_before", [None, "3"])
def test_numpy_has_one_thread_here_and_as_many_as_before_in_a_probed_script(set_before: str | None) -> None:
    program = (
        "import os, subprocess, sys; from trainlint.cli.thrift import be_thrifty; be_thrifty(); show = 'import os;"
        ' print(os.environ.get("OPENBLAS_NUM_THREADS"))\'\n'
        "print([subprocess.run([sys.executable, '-c', show], env=one, capture_output=True, text=True).stdout.strip()"
        " for one in (None, dict(os.environ))])"
    )
    given = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    given |= {} if set_before is None else {"OPENBLAS_NUM_THREADS": set_before}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=given | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    # A child without an environment of its own inherits that of the process as the C library has it, as NumPy sees it.
    assert ran.stdout.strip() == str([set_before or "1", str(set_before)])


def test_what_is_alive_at_the_end_is_not_looked_at_again() -> None:
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
        "from trainlint.cli.thrift import be_thrifty; be_thrifty(); be_thrifty(); print(gc.get_freeze_count() > 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
