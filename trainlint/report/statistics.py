"""How many findings each rule has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from trainlint.result import CheckResult


def statistics(results: Sequence[CheckResult], output_format: str) -> str:
    """A row for each rule, the most frequent first; JSON where the output format is one of JSON."""
    findings = [finding for result in results for finding in result.findings]
    counts = Counter((one.code, one.name) for one in findings)
    fixable = Counter((one.code, one.name) for one in findings if one.fix is not None)
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if output_format in ("json", "json-lines"):
        records = [{"code": code, "name": name, "count": n, "fixable": fixable[code, name]} for (code, name), n in rows]
        return json.dumps(records, indent=2) + "\n"
    width = max((len(f"{n:,}") for _, n in rows), default=0)
    return "".join(f"{n:>{width},}  {code}  {name}\n" for (code, name), n in rows)
