"""The output formats by name."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import TextIO

from trainlint.result import CheckResult

PIPE_WIDTH = 140
"""What is written to a pipe or file without COLUMNS: lines of code are seldom longer."""

FOR_PEOPLE = ("full", "concise")
FOR_PROGRAMS = {
    "json": "records:findings_json",
    "json-lines": "records:findings_json_lines",
    "sarif": "sarif:sarif",
    "github": "annotations:github",
    "gitlab": "services:gitlab",
    "junit": "services:junit",
    "pylint": "annotations:pylint",
    "rdjson": "services:rdjson",
    "azure": "annotations:azure",
}
"""Where the function of each format is: `module:function` of this folder, from results to text."""

FORMATS = (*FOR_PEOPLE, *FOR_PROGRAMS)


def write(results: Sequence[CheckResult], name: str, stream: TextIO) -> None:
    """Write the findings in the format of that name."""
    if name == "full" and (_has_colours(stream) or any(one.findings for one in results)):
        from rich.console import Console

        from trainlint.report.full import print_full

        width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
        print_full(results, Console(file=stream, width=width, highlight=False, emoji=False, markup=False))
    elif name in FOR_PEOPLE:  # without findings and colours they are the same line
        from trainlint.report.concise import lines

        stream.writelines(f"{line}\n" for line in lines(results))
    else:
        module, _, function = FOR_PROGRAMS[name].partition(":")
        render: Callable[[Sequence[CheckResult]], str] = getattr(importlib.import_module(f"trainlint.report.{module}"), function)
        stream.write(render(results))


def _has_colours(stream: TextIO) -> bool:
    """Whether Rich may colour what is written: a terminal, or an environment that asks for it (Rich's own variables)."""
    return stream.isatty() or any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
