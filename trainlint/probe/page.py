"""The probe's report as one page of HTML: no script, no network, readable in dark and light."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from trainlint.core import Finding, Severity
from trainlint.facts.run import TrainingRun
from trainlint.probe.charts import of_run
from trainlint.probe.host import ProbeResult
from trainlint.probe.protocol import Measurement
from trainlint.probe.summary import remarks, rows, title, unbounded, verdict
from trainlint.probe.text import closing, ending, failures
from trainlint.probe.verdict import bound_of
from trainlint.report.concise import location, summary
from trainlint.report.plain import printable
from trainlint.result import CheckResult

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1c2430;--soft:#5c6675;--rule:#dde2e9;--main:#2563c9;
--good:#1a7f4b;--bad:#c62f2f;--warn:#9a6200;--shade:#c62f2f1f;--code:#eef1f5}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b2129;--ink:#e4e8ee;--soft:#9aa5b4;--rule:#313a46;
--main:#6ea5ff;--good:#4cc38a;--bad:#ff7b72;--warn:#e3a33c;--shade:#ff7b7226;--code:#232b35}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:0 0 12px}
h3{font-size:13px;margin:0 0 6px;color:var(--soft);font-weight:600}
code,pre,.place{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
code,pre{background:var(--code);border-radius:6px}code{padding:1px 5px}
pre{color:var(--ink);padding:12px;overflow-x:auto;margin:8px 0}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:18px;margin:16px 0}
.soft,.place{color:var(--soft)}
.pill{display:inline-block;border-radius:999px;padding:1px 10px;font-size:13px;font-weight:600;border:1px solid;margin-left:8px;
vertical-align:1px}
.error{color:var(--bad)}.warning{color:var(--warn)}.info{color:var(--soft)}.fine{color:var(--good)}
table{border-collapse:collapse;width:100%;margin:0 0 14px}td{padding:4px 10px 4px 0;vertical-align:top;overflow-wrap:anywhere}
td:first-child{color:var(--soft);white-space:nowrap;width:1%}tr+tr td{border-top:1px solid var(--rule)}
ul{padding-left:0;list-style:none;margin:0}li{padding:4px 0 4px 22px;position:relative;overflow-wrap:anywhere}
li::before{content:"●";position:absolute;left:2px}li.error::before{content:"✗"}li.warning::before{content:"!";font-weight:700}
li>span{color:var(--ink)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px 32px;margin-top:18px}
figure{margin:0;min-width:0}svg{width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .tick,svg .name{fill:var(--soft)}svg .mark{font-weight:600}
svg .axis{stroke:var(--soft);stroke-width:1}svg .grid{stroke:var(--rule);stroke-width:1}
svg .zero{stroke:var(--soft);stroke-dasharray:3 3}
svg .limit{stroke:var(--bad);stroke-width:2}svg .beyond{fill:var(--shade)}
svg .error{stroke:var(--main);stroke-width:3;opacity:.45}
svg circle{stroke:var(--card);stroke-width:1.5}svg .main{fill:var(--main)}svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}
svg .muted{fill:var(--soft)}svg .bar{fill:var(--main)}svg .bar.bad{fill:var(--bad)}
svg .course{fill:none;stroke:var(--main);stroke-width:2}
details{margin-top:8px}summary{cursor:pointer;color:var(--soft)}
@media print{body{background:#fff}section{break-inside:avoid}}
"""

TONES = {
    "diverges": "error",
    "unstable_at_start": "warning",
    "unstable_in_mean_square": "warning",
    "slow_divergence": "warning",
    "near_edge": "warning",
    "rises_first": "warning",
    "stable": "fine",
}
"""How a verdict is coloured."""


def page(
    result: ProbeResult, check: CheckResult, pairs: Sequence[tuple[Measurement, TrainingRun]], command: Sequence[str]
) -> str:
    """The whole page."""
    name = printable(check.filename)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(name)}: probe</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{escape(name)}</h1>",
        f'<p class="soft"><code>{escape(printable(shown(command)))}</code></p>',
        *_end(result),
        *(part for measurement, run in pairs for part in _run(measurement, run, check)),
        *_findings(check),
        *_output(result),
        f'<p class="soft">{escape(closing(result))}</p>',
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def shown(command: Sequence[str]) -> str:
    """The command as one types it: the Python by its name."""
    first = Path(command[0]).name if command else ""
    return shlex.join([first, *command[1:]])


def _end(result: ProbeResult) -> Iterator[str]:
    lines = [*ending(result), *failures(result)]
    if lines:
        yield f'<section><h2 class="error">{escape(printable(lines[0]))}</h2>'
        yield f"<pre>{escape(chr(10).join(map(printable, lines[1:])))}</pre></section>" if lines[1:] else "</section>"


def _run(measurement: Measurement, run: TrainingRun, check: CheckResult) -> Iterator[str]:
    bound = bound_of(run)
    pill = ""
    if bound is not None:
        pill = f'<span class="pill {TONES.get(bound.verdict, "info")}">{escape(verdict(bound.verdict))}</span>'
    yield f"<section><h2>{escape(printable(title(measurement, run)))}{pill}"
    yield f'<br><span class="place">{escape(location(check, run.place.span))}</span></h2>'
    noted = [f'<li class="{one.severity.value}"><span>{escape(printable(one.text))}</span></li>' for one in remarks(measurement)]
    shown = list(rows(measurement, run))
    reason = unbounded(measurement, run)
    lines = [(row.name, row.value) for row in shown] + ([] if reason is None else [("no bound", reason)])
    yield "<table>"
    yield from (f"<tr><td>{escape(name)}</td><td>{escape(printable(value))}</td></tr>" for name, value in lines)
    yield "</table>"
    if noted:
        yield f"<ul>{''.join(noted)}</ul>"
    pictures = of_run(measurement, run)
    if pictures:
        yield '<div class="charts">'
        yield from (f"<figure><h3>{escape(heading)}</h3>{picture}</figure>" for heading, picture in pictures)
        yield "</div>"
    yield "</section>"


def _findings(check: CheckResult) -> Iterator[str]:
    yield f"<section><h2>{escape(summary([check]))}</h2>"
    if check.findings:
        yield f"<ul>{''.join(_finding(one, check) for one in check.findings)}</ul>"
    yield "</section>"


def _finding(finding: Finding, check: CheckResult) -> str:
    code = check.line(finding.span)
    shown = f"<pre>{escape(printable(code.strip()))}</pre>" if code and code.strip() else ""
    tone = finding.severity.value if finding.severity is not Severity.INFO else "info"
    return (
        f'<li class="{tone}"><b>{finding.code}</b> <span>{escape(printable(finding.message))}</span>'
        f' <span class="place">{escape(location(check, finding.span))}, {finding.evidence.value}</span>{shown}</li>'
    )


def _output(result: ProbeResult) -> Iterator[str]:
    """What the script wrote, folded away."""
    for name, written in (("stdout", result.stdout), ("stderr", result.stderr)):
        lines = [printable(one) for one in written.rstrip().splitlines()[-200:]]
        if lines:
            yield f"<details><summary>{name}</summary><pre>{escape(chr(10).join(lines))}</pre></details>"
