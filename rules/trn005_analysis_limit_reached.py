"""Analysis limit reached.

## Why

A script is followed only up to a number of steps, nested calls and events, so that checking always ends. Here a limit was met:
what the script does after that is not checked, and the runs found so far may lack parts.

## References

- Every static interpreter bounds its work; the bounds of this one are constants of `trainlint.interpret`.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule


@rule("TRN005", "analysis-limit-reached", Severity.INFO, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Say which limits were met."""
    for limit in script.limits:
        yield Report(limit.reason, at=limit.place or script.start)
