"""A pytest plugin (`-p tests.measured`) for measuring coverage where tests cut it off: in the probe's cage and in the editor server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trainlint.probe import host
from trainlint.probe.cage.plan import Plan


@pytest.fixture(autouse=True, scope="session")
def measured_cage() -> Iterator[None]:
    """Let the cage open the folder of the measurements, and let its supervisor start with `site`, which starts the measuring."""
    folder = str(Path(os.environ["COVERAGE_FILE"]).parent)
    plan_of, original = host._plan, host.subprocess

    def plan(*arguments: Any) -> Plan:
        made = plan_of(*arguments)
        return replace(made, write=(*made.write, folder))

    def start(words: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([word for place, word in enumerate(words) if (place, word) != (2, "-S")], **options)

    names = {name: getattr(subprocess, name) for name in ("PIPE", "DEVNULL", "TimeoutExpired")}
    host._plan, host.subprocess = plan, SimpleNamespace(Popen=start, **names)
    yield
    host._plan, host.subprocess = plan_of, original


@pytest.fixture(autouse=True, scope="session")
def measured_server() -> None:
    """Tell the editor servers, whose environment is otherwise bare, that they are measured."""
    from tests.server.editors import CONFIGURATION

    assert CONFIGURATION.server_env is not None
    CONFIGURATION.server_env.update({name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")})
