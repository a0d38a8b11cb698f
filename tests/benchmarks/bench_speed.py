"""Speed beside other linters: `python -m tests.benchmarks.bench_speed FOLDER ...` prints Markdown tables.

Every command runs as a process of its own on the same folder, one after the other in each round, so that all of them meet the
same machine; the fastest round counts (`--rounds`). TorchFix and Fixit take part where they are installed. pytest does not collect
this file.
"""

from __future__ import annotations

import argparse
import compileall
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PARSE = """
import gc, pathlib, sys
import libcst
from trainlint.source.discover import discover
from trainlint.source.screen import may_train
gc.disable()
for path in discover([pathlib.Path(sys.argv[1])]):
    data = path.read_bytes()
    if path.suffix == ".py" and may_train(data):
        try:
            libcst.parse_module(data)
        except libcst.ParserSyntaxError:
            pass
"""
COLD, WARM = "trainlint, cold", "trainlint, warm"
CHECK = ("-m", "trainlint", "check", "--output-format", "concise")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one table a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--screening", action="store_true", help="instead analyse in full what is screened out")
    options = parser.parse_args(arguments)
    for folder in options.folders if options.screening else ():
        sys.stdout.write(screened(folder))
    for folder in () if options.screening else options.folders:
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / folder.name
            shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            sys.stdout.write(table(folder.name, measured(copy, Path(scratch), options.rounds)))
            sys.stdout.flush()


def screened(folder: Path) -> str:
    """One line on the files that are said not to train: how many they are, and in which of them something was found after all."""
    from trainlint.engine import check_source
    from trainlint.settings import Settings
    from trainlint.source.discover import discover
    from trainlint.source.read import Source, read
    from trainlint.source.screen import may_train
    from trainlint.workspace import Project, root_of

    files = [source for path in discover([folder]) if isinstance(path, Path) and isinstance(source := read(path), Source)]
    out = [source for source in files if not may_train(source)]
    wrong = []
    for source in out:
        result = check_source(source, Settings(preview=True), Project(root_of(source.path or folder)))
        if result.runs or any(one.code != "TRN001" for one in result.findings):
            wrong.append(source.filename)
    return (
        f"{folder.name}: {len(out)} of {len(files)} files are screened out; of these something was found in {wrong or 'none'}\n"
    )


class Cost(NamedTuple):
    """What a command took: seconds on the clock, seconds of CPU of all its processes, megabytes at the peak of the largest."""

    seconds: float
    cpu: float
    peak: float


def measured(folder: Path, scratch: Path, rounds: int) -> dict[str, Cost]:
    """The fastest round of everything that is run, with the largest peak of all rounds."""
    costs: dict[str, Cost] = {}
    cache = scratch / "cache"
    scripts = [path for path in folder.rglob("*.py") if b"optimizer" in path.read_bytes()] or list(folder.rglob("*.py"))
    script = min(scripts, key=lambda path: abs(path.read_bytes().count(b"\n") - 300))

    def run(name: str, *command: str) -> None:
        cost = timed(command, {"TRAINLINT_CACHE_DIR": str(cache)})
        before = costs.get(name, cost)
        costs[name] = Cost(min(cost[0], before[0]), min(cost[1], before[1]), max(cost[2], before[2]))

    for package in ("trainlint", "rules"):
        compileall.compile_dir(ROOT / package, quiet=1)  # as an installation does, also where Python is told to write no bytecode
    for _ in range(rounds):
        shutil.rmtree(cache, ignore_errors=True)
        run("python -c pass", sys.executable, "-c", "pass")
        run("python -c 'import libcst'", sys.executable, "-c", "import libcst")
        run("LibCST's parser on the files that may train", sys.executable, "-c", PARSE, str(folder))
        run("trainlint, cold, one process", sys.executable, *CHECK, "--no-cache", "--jobs", "1", str(folder))
        run(COLD, sys.executable, *CHECK, str(folder))
        time.sleep(2.1)  # until the times of the files can be told from those of a change
        run("", sys.executable, *CHECK, str(folder))
        run(WARM, sys.executable, *CHECK, str(folder))
        script.write_bytes(script.read_bytes() + b"# changed\n")
        run("trainlint, one file changed", sys.executable, *CHECK, str(folder))
        run(f"trainlint, {script.relative_to(folder)} alone, cold", sys.executable, *CHECK, "--no-cache", str(script))
        for name, command in others(folder).items():
            run(name, *command)
    return {name: cost for name, cost in costs.items() if name}


def others(folder: Path) -> dict[str, tuple[str, ...]]:
    """The other linters that are installed."""
    found: dict[str, tuple[str, ...]] = {}
    if shutil.which("ruff"):
        found["ruff, without its cache"] = ("ruff", "check", "--no-cache", "--exit-zero", "--quiet", str(folder))
    if importlib.util.find_spec("torchfix"):
        found["TorchFix"] = (sys.executable, "-m", "torchfix", str(folder))
    if importlib.util.find_spec("fixit"):
        found["Fixit"] = (sys.executable, "-m", "fixit", "lint", str(folder))
    return found


def timed(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """What a command takes; what it writes is thrown away."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return Cost(time.perf_counter() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def table(name: str, costs: dict[str, Cost]) -> str:
    """A Markdown table with the ratio of each time on the clock to that of a cold run and of a warm run."""
    cold, warm = costs[COLD].seconds, costs[WARM].seconds
    rows = [f"\n### {name}\n", "| | seconds | to cold | to warm | CPU seconds | peak MB |", "|---|---|---|---|---|---|"]
    for what, cost in costs.items():
        ratios = f"{cost.seconds / cold:.2f} | {cost.seconds / warm:.1f}"
        rows.append(f"| {what} | {cost.seconds:.3f} | {ratios} | {cost.cpu:.3f} | {cost.peak:.0f} |")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return "\n".join([*rows, f"\n{cores} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}\n"])


if __name__ == "__main__":
    main()
