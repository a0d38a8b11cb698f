"""File not readable.

## Why

The file could not be read as Python text: it is binary, too large, not in the encoding that it names, no regular file, not
permitted to be read, or a broken notebook. It was not checked; all other files were. Leave it out with `exclude` if it is
meant so.

## References

- PEP 263 (source code encodings).
- The Jupyter notebook format, version 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule


@rule("TRN002", "file-not-readable", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Say why the file was not read."""
    if script.unreadable is not None:
        yield Report(script.unreadable.reason, at=script.unreadable.place or script.start)
