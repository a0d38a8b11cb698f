"""The probe's report for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainlint.core import Severity
from trainlint.facts.run import TrainingRun
from trainlint.probe.cage.plan import Closed
from trainlint.probe.host import Ending, ProbeResult
from trainlint.probe.protocol import Measurement, Trial
from trainlint.probe.summary import duration, remarks, rows, title, unbounded
from trainlint.probe.verdict import bound_of
from trainlint.report.concise import location
from trainlint.report.full import COLOURS
from trainlint.report.gauge import gauge
from trainlint.report.plain import plural, printable
from trainlint.result import CheckResult
from trainlint.wording import figure, stability_numbers

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}
REFUSED_WRITE = ("PermissionError: [Errno 13]", "Read-only file system")
REFUSED_NETWORK = (
    "Network is unreachable",
    "name resolution",
    "Name or service not known",
    "nodename nor servname",
    "ConnectionError",
    "URLError",
    "OfflineMode",
    "LocalEntryNotFoundError",
)
"""How errors say that the cage was in the way."""
SHOWN_OUTPUT = 20
"""Lines of the script's output that are shown where it failed."""


def print_probe(
    result: ProbeResult, check: CheckResult, pairs: Sequence[tuple[Measurement, TrainingRun]], console: Console
) -> None:
    """Print a block for each run that was measured, then how the probe ended if it did not end well, and what was closed off."""
    for measurement, run in pairs:
        _print_run(measurement, run, check, console)
    for line in ending(result):
        console.print(printable(line) if line else "", soft_wrap=True, style="bold" if line and not line[0].isspace() else "")
    for line in failures(result):
        console.print(printable(line), soft_wrap=True, style="" if line[:1].isspace() else "bold")
    console.print(closing(result), soft_wrap=True, style="dim")
    console.print()


def _print_run(measurement: Measurement, run: TrainingRun, check: CheckResult, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(Text(f"{location(check, run.place.span)}: {printable(title(measurement, run))}", style="bold"), soft_wrap=True)
    table = Table(show_header=False, box=None, padding=(0, 1), pad_edge=False, width=min(console.width, 120))
    table.add_column(style="cyan", no_wrap=True, width=14)
    table.add_column(overflow="fold")
    bound = bound_of(run)
    for name, value in rows(measurement, run):
        table.add_row(f"  {name}", Text(printable(value)))
        line = gauge(stability_numbers(bound)) if name == "step" and bound is not None else None
        if line:
            table.add_row("", Text(line.partition("  ●")[0] + "  ● lr  ┃ bound"))
    reason = unbounded(measurement, run)
    if reason is not None:
        table.add_row("  no bound", Text(printable(reason), style="dim"))
    console.print(table)
    if measurement.sweep:
        _print_sweep(measurement.sweep, run, console)
    for one in remarks(measurement):
        mark = (MARKS[one.severity], COLOURS[one.severity])
        console.print(Text.assemble("  ", mark, f" {printable(one.text)}"), soft_wrap=True)
    console.print()


def _print_sweep(trials: Sequence[Trial], run: TrainingRun, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    bound = bound_of(run)
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for name in ("    lr", "lr/bound", "loss", "after", "steps", ""):
        table.add_column(name, justify="right" if name else "left", header_style="cyan")
    for one in sorted(trials, key=lambda trial: trial.learning_rate):
        ratio = "" if bound is None else figure(one.learning_rate / bound.max_learning_rate, 3)
        ends = (figure(one.losses[0], 3), figure(one.losses[-1], 3)) if one.losses else ("", "")
        state = Text("diverges", style="bold red") if one.diverged else Text("stable", style="green")
        table.add_row(figure(one.learning_rate, 3), ratio, *ends, str(max(0, len(one.losses) - 1)), state)
    console.print(table)


def ending(result: ProbeResult) -> list[str]:
    """What there is to say of the end of a probe, a line each; nothing of one that measured what it should."""
    limits = result.limits
    code = "" if result.exit_code is None else _code(result.exit_code)
    if result.ending is Ending.MEASURED:
        return []
    if result.ending is Ending.FAILED:
        shown = result.traceback.splitlines() or _tail(result)
        head = f"The script failed before its training could be measured{code}:"
        return [head, *(f"  {line}" for line in shown), *_hints(result)]
    if result.ending is Ending.UNTRAINED:
        output = _tail(result)
        said = [f"The script ended{code} without a training step.", *(f"  {line}" for line in output)]
        return said if output else said[:1]
    if result.ending is Ending.TIME:
        where = [f"  {line}" for line in result.stack.splitlines()]
        last = [" It was here, innermost first:"] if where else [""]
        what = "The measuring was not finished" if result.measuring else "No training step was reached"
        return [f"{what} in {duration(limits.seconds)} (--timeout).{last[0]}", *where]
    if result.ending is Ending.MEMORY:
        return [f"The script took more than {_bytes(limits.memory or 0)} of memory (--memory) and was ended."]
    if result.ending is Ending.DISK:
        return [f"The script wrote more than {_bytes(limits.disk)} (--disk) and was ended."]
    return [f"The command did not start a Python in which the probe could wait{code}.", *(f"  {line}" for line in _tail(result))]


def _hints(result: ProbeResult) -> list[str]:
    """What opens the cage, where it is what made the script fail."""
    last = result.traceback[-2000:]
    found = []
    if result.closed.files != "open" and any(one in last for one in REFUSED_WRITE):
        found.append("The cage refuses to change files here: --write FOLDER opens a folder.")
    if result.closed.network != "open" and any(one in last for one in REFUSED_NETWORK):
        found.append("The cage has no network: --network opens it.")
    return found


def failures(result: ProbeResult) -> list[str]:
    """What went wrong in the probe itself, a line each."""
    lines = [f"  {line}" for fault in result.faults for line in fault.strip().splitlines()[-SHOWN_OUTPUT:]]
    return [f"{plural(len(result.faults), 'fault')} of the probe itself:", *lines] if lines else []


def _code(code: int) -> str:
    return f" (signal {-code})" if code < 0 else f" (exit code {code})"


def _tail(result: ProbeResult) -> list[str]:
    return (result.stderr or result.stdout).rstrip().splitlines()[-SHOWN_OUTPUT:]


def _bytes(size: int) -> str:
    return f"{figure(size / (1 << 30), 3)} GiB" if size >= 1 << 30 else f"{figure(size / (1 << 20), 3)} MiB"


def closing(result: ProbeResult) -> str:
    """How long it took, and what the script could touch."""
    return f"Probed in {duration(result.seconds)}, {_bytes(result.peak_memory)} of memory at most. {closed_off(result.closed)}"


def closed_off(closed: Closed) -> str:
    """What the script could not do, and what it could."""
    files = {
        "layered": "What it wrote is gone",
        "refused": "It could write only in its temporary folder and to shared memory",
        "open": "Its files were NOT closed off: what it wrote is there",
    }[closed.files if closed.files in ("layered", "refused") else "open"]
    network = "it had no network" if closed.network == "none" else "the network was NOT closed off"
    left = f" ({'; '.join(printable(one) for one in closed.left)})" if closed.left else ""
    return f"{files}, {network}{left}."
