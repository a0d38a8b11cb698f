"""Scripts to be probed, and a way to probe them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from trainlint.probe.host import Limits, Openings, ProbeResult, probe
from trainlint.probe.protocol import Request

SCRIPTS = Path(__file__).parent / "scripts"
collect_ignore = [] if find_spec("tf_keras") else ["test_keras_2.py"]


@pytest.fixture
def run_probe(tmp_path: Path) -> Callable[..., ProbeResult]:
    """Probe a script of `scripts/` with arguments; keywords are those of `Request` and, if they are named so, limits and openings."""

    def run(
        script: str, *words: str, limits: Limits | None = None, openings: Openings | None = None, **asked: Any
    ) -> ProbeResult:
        request = Request(folder=str(tmp_path / "probe"), **asked)
        return probe([sys.executable, str(SCRIPTS / script), *words], request, limits or Limits(seconds=60), openings)

    return run


@lru_cache(maxsize=2)
def is_offered(method: str) -> bool:
    """Whether the kernel, as these tests meet it, lets a cage be made by this method: a container can forbid it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nothing.py").touch()
        asked = Request(folder=str(Path(folder) / "probe"))
        result = probe([sys.executable, str(Path(folder) / "nothing.py")], asked, Limits(seconds=60), Openings(methods=(method,)))
    return result.closed.files != "open"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a kernel must offer where it does not (marker `kernel`)."""
    missing = [one for one in items if any(not is_offered(mark.args[0]) for mark in one.iter_markers("kernel"))]
    if missing:
        config.hook.pytest_deselected(items=missing)
        items[:] = [one for one in items if one not in missing]
