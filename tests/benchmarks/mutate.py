"""Faults put into real scripts one at a time: `python -m tests.benchmarks.mutate FOLDER ...` prints Markdown tables.

Every Python file that trains and in which nothing is found takes part. Each kind of fault (`mutations`) is put
where the facts of the file make it a fault, and the changed file is checked again. A fault is found if a code that it stands for
is new in the report, at an edited row or where such a fault is shown by design (the run whose loss it spoils, the act that lost
its partner); everything else that changed in the report counts against it. `--limit` places a fault are drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.benchmarks.mutations.catalogue import MUTATIONS
from tests.benchmarks.mutations.judge import Case, Checkout, is_clean, judge
from tests.benchmarks.mutations.script import Change, Mutation, Script


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one table over all folders."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=6, help="places for each fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", default=[], metavar="WORDS", help="faults whose names hold these words")
    parser.add_argument("--verbose", action="store_true", help="name each place")
    options = parser.parse_args(arguments)
    mutations = [one for one in MUTATIONS if not options.only or any(words in one.name for words in options.only)]

    scripts = [(checkout, one) for folder in options.folders for checkout in [Checkout(folder)] for one in checkout.scripts()]
    clean = [(checkout, one) for checkout, one in scripts if is_clean(one)]
    sys.stdout.write(f"{len(clean)} clean ones of {len(scripts)} scripts that train, {len(mutations)} faults\n\n")
    cases = {one.name: cases_of(one, clean, options.limit, options.seed, options.verbose) for one in mutations}
    sys.stdout.write(table(mutations, cases))


def places_of(mutation: Mutation, scripts: Iterable[tuple[Checkout, Script]]) -> list[tuple[Checkout, Script, Change]]:
    """All places where a fault can be put."""
    return [(checkout, script, change) for checkout, script in scripts for change in mutation.changes(script)]


def cases_of(
    mutation: Mutation, scripts: Iterable[tuple[Checkout, Script]], limit: int, seed: int, verbose: bool = False
) -> list[Case]:
    """The verdicts on a fault at `limit` of its places."""
    places = places_of(mutation, scripts)
    random.Random(f"{seed} {mutation.name}").shuffle(places)
    found: list[Case] = []
    for checkout, script, change in places:
        case = judge(checkout, script, mutation, change) if len(found) < limit else None
        if case is not None:
            found.append(case)
            if verbose and not case.right:
                what = "elsewhere" if case.found and not case.at_line else "found" if case.found else "missed"
                sys.stderr.write(f"{mutation.name}: {case.place}: {what}, new {case.new}, lost {case.lost}\n")
    return found


def table(mutations: Sequence[Mutation], cases: dict[str, list[Case]]) -> str:
    """One row a fault, and their totals."""
    lines = [
        "| fault | codes | applied | found | at its line | and at the edited row | other changes | right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in mutations:
        codes = " ".join(sorted(one.codes))
        lines.append(_row(one.name, codes, cases[one.name]))
    everything = [case for some in cases.values() for case in some]
    put = sum(1 for some in cases.values() if some)
    lines.append(_row(f"**all {put} faults that could be put**", "", everything))
    return "\n".join(lines) + "\n"


def _row(name: str, codes: str, cases: Sequence[Case]) -> str:
    counts = [
        len(cases),
        sum(1 for one in cases if one.found),
        sum(one.at_line for one in cases),
        sum(one.at_edit for one in cases),
        sum(not one.clean for one in cases),
    ]
    right = f"{sum(one.right for one in cases) / len(cases):.0%}" if cases else "–"
    return f"| {name} | {codes} | {' | '.join(map(str, counts))} | {right} |"


if __name__ == "__main__":
    main()
