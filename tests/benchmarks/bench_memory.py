"""Memory over many files: `python -m tests.benchmarks.bench_memory [N ...]` checks N made-up training scripts and prints a table.

Peak is that of the largest process. Where memory is kept for each file, the peak grows with N. pytest does not collect this file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.bench_speed import CHECK, timed
from tests.benchmarks.scripts import as_people_write, many_functions, many_trainings

LONG = 20
"""One file of so many has 300 lines, as people write them; the others some 40 lines, half of them with a step that is too large."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one row for each number of files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("counts", nargs="*", type=int, default=[1000, 4000, 10000])
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    sys.stdout.write("| files | seconds | CPU seconds | peak MB of the largest process |\n|---|---|---|---|\n")
    for count in options.counts:
        with tempfile.TemporaryDirectory() as scratch:
            write(Path(scratch), count)
            cost = timed((sys.executable, *CHECK, "--no-cache", "--jobs", str(options.jobs), scratch), {})
        sys.stdout.write(f"| {count:,} | {cost.seconds:.0f} | {cost.cpu:.0f} | {cost.peak:.0f} |\n")
        sys.stdout.flush()


def write(folder: Path, count: int) -> None:
    """Scripts that all differ, in folders of a hundred that do not import each other."""
    long, many, some = as_people_write(300), many_trainings(40), many_functions(40)
    for number in range(count):
        place = folder / f"part{number // 100}"
        place.mkdir(exist_ok=True)
        text = long.replace("512", str(512 + number)) if number % LONG == 0 else (many, some)[number % 2]
        rate = ("0.01", "50.0")[number % 4 // 2]
        text = text.replace("Sequential(nn.Linear(8, ", f"Sequential(nn.Linear({8 + number}, ").replace(
            "randn(64, 8)", f"randn(64, {8 + number})"
        )
        (place / f"train{number}.py").write_text(text.replace("lr=0.01", f"lr={rate}").replace("0.001", f"0.00{number}"))


if __name__ == "__main__":
    main()
