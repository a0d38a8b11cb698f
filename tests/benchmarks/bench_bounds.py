"""Estimated curvature at initialisation against PyTorch's: `python -m tests.benchmarks.bench_bounds` prints a Markdown table.

pytest does not collect this file; `tests/stability/test_accuracy.py` asserts the same for a few of its setups.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.benchmarks.setups import estimated, measured, setups
from trainlint.stability.bound import StabilityBound

DRAWS = 9
"""Draws of weights and data in PyTorch, of which the middle one counts."""


def main() -> None:
    """One row a setup: λ in PyTorch (the middle one of nine draws, with their range), the estimate, their ratio, its time."""
    sys.stdout.write("| setup | λ in PyTorch | range | estimated λ | ratio | ms |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    ratios = []
    for setup in setups():
        truth = sorted(measured(setup, seed) for seed in range(DRAWS))
        low, middle, high = truth[0], truth[DRAWS // 2], truth[-1]
        started = time.process_time()
        found = estimated(setup)
        spent = 1e3 * (time.process_time() - started)
        if not isinstance(found, StabilityBound):
            sys.stdout.write(
                f"| {setup.name} | {middle:.3g} | {low:.3g}..{high:.3g} | unknown: {found.reason} | | {spent:.0f} |\n"
            )
            continue
        ratio = found.sharpness / middle
        rough = " (order of magnitude)" if any("order of magnitude" in one for one in found.premises) else ""
        ratios += [] if rough else [max(ratio, 1 / ratio)]
        sys.stdout.write(
            f"| {setup.name} | {middle:.3g} | {low:.3g}..{high:.3g} | {found.sharpness:.3g}{rough} | {ratio:.2f} | {spent:.0f} |"
        )
    within = sum(one <= 1.5 for one in ratios) / len(ratios)
    sys.stdout.write(f"\n{len(ratios)} judged setups: {within:.0%} within a factor of 1.5, worst factor {max(ratios):.2f}.\n")


if __name__ == "__main__":
    main()
