"""What fixes changed: as a unified diff, as a list, and what could still be fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from trainlint.core import Finding
from trainlint.report.plain import plural, printable

_NO_END = b"\n\\ No newline at end of file\n"


def diff(filename: str, before: bytes, after: bytes) -> Iterator[bytes]:
    """The rows of a unified diff that `patch -p0` takes, in the file's own encoding and with its own line ends."""
    import difflib

    name = printable(filename).encode("utf-8", "surrogateescape")
    rows = difflib.diff_bytes(difflib.unified_diff, _rows(before), _rows(after), name, name, lineterm=b"\n")
    for row in rows:
        yield row if row.endswith(b"\n") else row + _NO_END


def _rows(data: bytes) -> list[bytes]:
    """The rows with their line feeds: `bytes.splitlines` would split at carriage returns too, which `patch` does not."""
    rows = data.split(b"\n")
    return [*(row + b"\n" for row in rows[:-1]), *([rows[-1]] if rows[-1] else [])]


def fixed_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """What was fixed, by file and rule."""
    counts = Counter((one.span.filename, one.code, one.name) for one in findings)
    last = None
    for (filename, code, name), count in sorted(counts.items()):
        if filename != last:
            yield f"- {printable(filename)}:"
        last = filename
        yield f"    {count:,} × {code} ({name})"


def fixed_summary(fixed: int, findings: Sequence[Finding], *, unsafe: bool, would: bool = False) -> str:
    """`Fixed 2 findings; 1 more can be fixed with --unsafe-fixes`; empty if there is nothing to say."""
    parts = [f"{'Would fix' if would else 'Fixed'} {plural(fixed, 'finding')}"] if fixed else []
    left = 0 if unsafe else sum(one.fix is not None and not one.fix.safe for one in findings)
    if left:
        parts.append(f"{left:,} {'more ' if fixed else ''}can be fixed with --unsafe-fixes")
    return "; ".join(parts)


def fixable_summary(findings: Sequence[Finding], *, unsafe: bool) -> str:
    """What the options could mend that were not given; empty if no finding has a fix."""
    fixes = [one.fix for one in findings if one.fix is not None]
    now = sum(fix.safe or unsafe for fix in fixes)
    parts = [f"{now:,} can be fixed with --fix"] if now else []
    if len(fixes) > now:
        parts.append(f"{len(fixes) - now:,} {'more ' if now else ''}with --fix --unsafe-fixes")
    if parts and not now:
        parts[0] = parts[0].replace(" with", " can be fixed with", 1)
    return ", ".join(parts)
