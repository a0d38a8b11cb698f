"""The script's own traceback, without the probe's frames."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from trainlint.probe.traces import PROBE, innermost_first, last_traceback, without_probe


def written(code: str, tmp_path: Path) -> str:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code), encoding="utf-8")
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False).stderr


def test_the_last_traceback_with_what_led_to_it(tmp_path: Path) -> None:
    text = written(
        """
        import sys, traceback
        try:
            int("a")
        except ValueError:
            traceback.print_exc()
        print("between", file=sys.stderr)
        try:
            {}["key"]
        except KeyError as error:
            raise RuntimeError("second") from error
        """,
        tmp_path,
    )
    found = last_traceback(text)
    assert "int(" not in found
    assert found.startswith("Traceback (most recent call last):")
    assert "KeyError: 'key'" in found
    assert found.endswith("RuntimeError: second")


def test_without_a_traceback_there_is_none() -> None:
    assert last_traceback("some\nwords\n") == ""


def test_frames_of_the_probe_are_left_out() -> None:
    text = f"""Traceback (most recent call last):
  File "/home/me/train.py", line 1, in <module>
    import torch
  File "{PROBE}/child/start.py", line 90, in exec_module
    run(module)
    ^^^^^^^^^^^
  File "/usr/lib/torch/__init__.py", line 2, in <module>
    boom
ImportError: no
"""
    assert without_probe(text) == text.replace(
        f'  File "{PROBE}/child/start.py", line 90, in exec_module\n    run(module)\n    ^^^^^^^^^^^\n', ""
    )
    assert last_traceback(text).splitlines()[-1] == "ImportError: no"


def test_of_all_threads_the_main_one_is_told() -> None:
    stack = f"""Timeout (0:00:01)!
Thread 0x00007f (most recent call first):
  File "/usr/lib/threading.py", line 3 in wait

Thread 0x00008f (most recent call first):
  File "{PROBE}/child/start.py", line 3 in hook
  File "/home/me/train.py", line 8 in prepare
  File "/home/me/train.py", line 12 in <module>
"""
    assert innermost_first(stack) == 'File "/home/me/train.py", line 8 in prepare\nFile "/home/me/train.py", line 12 in <module>'
