"""Tracebacks in what a script wrote: the script's own, without the frames of the probe."""

from __future__ import annotations

import re
from pathlib import Path

PROBE = Path(__file__).parent
FIRST = "Traceback (most recent call last):"
CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line \d+')
LONGEST_STACK = 40


def without_probe(text: str) -> str:
    """The text without the frames of tracebacks that lie in the probe's child."""
    kept: list[str] = []
    skipping = False
    for line in text.splitlines(keepends=True):
        frame = FRAME.match(line)
        if frame is not None:
            skipping = _is_ours(frame["file"])
        elif skipping and not line.startswith("    "):
            skipping = False
        if not skipping:
            kept.append(line)
    return "".join(kept)


def _is_ours(file: str) -> bool:
    return file.startswith(f"{PROBE}/")


def last_traceback(text: str) -> str:
    """The last traceback in the text up to the line of its error, with those that it says led to it; empty if there is none."""
    lines = without_probe(text).splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip() == FIRST]
    if not starts:
        return ""
    begin = starts[-1]
    for earlier in reversed(starts[:-1]):
        if not any(line in CHAINED for line in lines[earlier:begin]):
            break
        begin = earlier
    end = starts[-1] + 1
    while end < len(lines) and lines[end].startswith("  "):
        end += 1
    while end + 1 < len(lines) and lines[end + 1].startswith(" "):  # a message of several lines
        end += 1
    return "\n".join(lines[begin : end + 1])


def innermost_first(stack: str) -> str:
    """The stack of the main thread as `faulthandler` writes it, last of all threads, without its heading and our frames."""
    threads = re.split(r"^(?:Current thread|Thread) .*$", stack, flags=re.MULTILINE)
    frames = [line.strip() for line in threads[-1].splitlines() if FRAME.match(line)]
    ours = [line for line in frames if not _is_ours(line.split('"')[1])]
    return "\n".join(ours[:LONGEST_STACK])
