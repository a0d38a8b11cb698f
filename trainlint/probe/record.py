"""The probe's report as JSON for programs: field names and meanings are a promise to the scripts that read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from trainlint.facts.json import plain
from trainlint.facts.run import TrainingRun
from trainlint.probe.host import ProbeResult
from trainlint.probe.protocol import Measurement
from trainlint.probe.summary import remarks
from trainlint.report.records import finding_record, run_record
from trainlint.result import CheckResult


def probe_json(
    result: ProbeResult, check: CheckResult, pairs: Sequence[tuple[Measurement, TrainingRun]], command: Sequence[str]
) -> str:
    """One object: how the probe ended, the runs with all that was measured, and the findings on the file.

    `runs` has for each run `measured` (`protocol.Measurement`), `facts` (as `trainlint facts` prints them) and `remarks`.
    """
    closed = asdict(result.closed)
    record = {
        "command": list(command),
        "ending": result.ending.value,
        "exit_code": result.exit_code,
        "seconds": result.seconds,
        "peak_memory": result.peak_memory,
        "closed": {**closed, "left": list(closed["left"])},
        "runs": [_run(measurement, run, check) for measurement, run in pairs],
        "findings": [finding_record(check, finding) for finding in check.findings],
        "traceback": result.traceback,
        "stack": result.stack,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "faults": list(result.faults),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _run(measurement: Measurement, run: TrainingRun, check: CheckResult) -> dict[str, Any]:
    return {
        "measured": plain(asdict(measurement)),
        "facts": run_record(check, run),
        "remarks": [{"severity": one.severity.value, "text": one.text} for one in remarks(measurement)],
    }
