"""Estimated curvature at initialisation against PyTorch's: `python -m tests.benchmarks.bench_bounds` prints a Markdown table.

pytest does not collect this file; `tests/stability/test_accuracy.py` asserts the same for a few of its setups.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.benchmarks.setups import estimated, measured, setups
from trainlint.stability.bound import StabilityBound


def main() -> None:
    """One row a setup: λ in PyTorch (middle one of three draws, with their range), the estimate, their ratio, its time."""
    print("| setup | λ in PyTorch | range | estimated λ | ratio | ms |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for setup in setups():
        low, middle, high = sorted(measured(setup, seed) for seed in range(3))
        started = time.process_time()
        found = estimated(setup)
        spent = 1e3 * (time.process_time() - started)
        if not isinstance(found, StabilityBound):
            print(f"| {setup.name} | {middle:.3g} | {low:.3g}..{high:.3g} | unknown: {found.reason} | | {spent:.0f} |")
            continue
        ratio = found.sharpness / middle
        rough = " (order of magnitude)" if any("order of magnitude" in one for one in found.premises) else ""
        ratios += [] if rough else [max(ratio, 1 / ratio)]
        print(
            f"| {setup.name} | {middle:.3g} | {low:.3g}..{high:.3g} | {found.sharpness:.3g}{rough} | {ratio:.2f} | {spent:.0f} |"
        )
    within = sum(one <= 1.5 for one in ratios) / len(ratios)
    print(f"\n{len(ratios)} judged setups: {within:.0%} within a factor of 1.5, worst factor {max(ratios):.2f}.")


if __name__ == "__main__":
    main()
