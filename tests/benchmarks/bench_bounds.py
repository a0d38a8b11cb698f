"""Estimated curvature at initialisation against PyTorch's: `python -m tests.benchmarks.bench_bounds` prints a Markdown table.

pytest does not collect this file; `tests/stability/test_accuracy.py` asserts the same for a few of its setups.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.benchmarks.setups import Setup, estimated, measured, setups
from trainlint.stability.bound import StabilityBound

DRAWS = 5
"""Draws of weights and data in PyTorch, of which the middle one counts."""


def main() -> None:
    """One row a setup: λ in PyTorch with its range over the draws, the estimate, their ratio, its CPU time."""
    lines = ["| setup | λ in PyTorch | range | estimated λ | ratio | ms |", "|---|---|---|---|---|---|"]
    sys.stdout.write("\n".join(lines) + "\n")
    factors = [factor for setup in setups() if (factor := compare(setup)) is not None]
    within = sum(one <= 1.5 for one in factors) / len(factors)
    sys.stdout.write(f"\n{len(factors)} judged setups: {within:.0%} within a factor of 1.5, worst factor {max(factors):.2f}.\n")


def compare(setup: Setup) -> float | None:
    """Write one row; the factor by which the estimate is off, None where it claims no more than the order of magnitude."""
    truth = sorted(measured(setup, seed) for seed in range(DRAWS))
    middle = truth[DRAWS // 2]
    started = time.process_time()
    found = estimated(setup)
    spent = 1e3 * (time.process_time() - started)
    row = f"| {setup.name} | {middle:.3g} | {truth[0]:.3g}..{truth[-1]:.3g} |"
    if not isinstance(found, StabilityBound):
        sys.stdout.write(f"{row} unknown: {found.reason} | | {spent:.0f} |\n")
        return None
    rough = any("order of magnitude" in one for one in found.premises)
    ratio = found.sharpness / middle
    sys.stdout.write(f"{row} {found.sharpness:.3g}{' (order of magnitude)' if rough else ''} | {ratio:.2f} | {spent:.0f} |\n")
    sys.stdout.flush()
    return None if rough else max(ratio, 1 / ratio)


if __name__ == "__main__":
    main()
