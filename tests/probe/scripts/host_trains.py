"""Speaks, writes a checkpoint and leaves a process behind before it trains; what follows the step must not happen."""

import atexit
import os
import subprocess
import sys
from pathlib import Path

from standin import measure

here = Path(__file__).parent
print("arguments", sys.argv[1:])
Path("checkpoint.bin").write_bytes(b"weights")
print("checkpoint", Path("checkpoint.bin").read_bytes())
subprocess.Popen(["sleep", "300"], start_new_session=True)
atexit.register(print, "atexit ran")
try:
    measure(loss=2.5, notes=(f"pid {os.getpid()}",))
except:  # noqa: E722
    print("swallowed")
finally:
    print("went on")
