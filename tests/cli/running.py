"""Running the program as a process, as people and other programs do."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a run of the program left."""

    code: int
    out: str
    err: str


def trainlint(*arguments: str, cwd: Path, stdin: bytes = b"", **environment: str) -> Done:
    """Run the program in a folder, without the colours and sizes of the terminal that runs the tests."""
    kept = {
        key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE")
    }
    done = subprocess.run(
        [sys.executable, "-m", "trainlint", *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    result = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.out + result.err
    return result
