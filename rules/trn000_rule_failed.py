"""Rule failed.

## Why

A rule, or a stage of trainlint itself, raised an exception: a fault of trainlint, not of the script. What the rule would have
said of this file is missing, so the exit code is 2; all other rules and files go on. Please report it with the script. Until
it is repaired, `--ignore` with the code of the rule leaves the rule out.

## References

- Ruff reports a panic in one file as a diagnostic of that file in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule


@rule("TRN000", "rule-failed", Severity.ERROR, scope="afterwards")
def check(script: Script) -> Iterator[Report]:
    """Say what raised."""
    for failure in script.raised:
        yield Report(failure.reason, at=failure.place or script.start)
