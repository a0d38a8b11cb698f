"""Predicted bounds against where real training diverges: `python -m tests.benchmarks.bench_divergence` prints Markdown tables.

"Rises" is the learning rate from which the loss of 100 full-batch steps (10 of L-BFGS) is ever above 10 times the first or not finite, bisected
in PyTorch to 5 %. A run diverges where its loss ends above 100 times the first, or is not finite: that is what the simulated
verdict says, and it is compared with the majority of three real runs. Proved bounds are not here: the tests
`tests/stability/test_bounds_in_libraries.py` hold each of them to 1 % in both libraries.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.benchmarks.setups import Setup, drawn_data, estimated, graph_of, loss_of, setups
from tests.stability.graphs import run
from trainlint.core import Fact
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

STEPS, RISEN, BLOWN_UP, DRAWS = 100, 10.0, 100.0, 3
SIDES = (0.5, 2.0, 10.0)
"""At these multiples of the rate from which the loss rises the simulated verdict is compared."""

CHOSEN = (
    "linear regression, standardized",
    "logistic regression, standardized",
    "MLP relu he_normal mse, standardized",
    "MLP tanh glorot_uniform mse, standardized",
    "MLP relu torch_default ce, standardized",
    "CNN glorot_uniform, 0..1",
    "LSTM mse, standardized",
)


class Method(NamedTuple):
    """An optimizer in PyTorch, and as facts."""

    name: str
    kind: str
    arguments: dict[str, Any]
    facts: dict[str, Any]


MOMENTUM = {"momentum": Fact(0.9)}
METHODS = (
    Method("SGD", "SGD", {}, {"name": "sgd"}),
    Method("momentum 0.9", "SGD", {"momentum": 0.9}, {"name": "sgd", **MOMENTUM}),
    Method("dampening 0.3", "SGD", {"momentum": 0.9, "dampening": 0.3}, {"name": "sgd", "dampening": 0.3, **MOMENTUM}),
    Method("Nesterov 0.9", "SGD", {"momentum": 0.9, "nesterov": True}, {"name": "sgd", "nesterov": True, **MOMENTUM}),
    *(Method(kind, kind, {}, {"name": kind.lower()}) for kind in ("RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "NAdam")),
    Method("RMSprop, centered", "RMSprop", {"centered": True}, {"name": "rmsprop", "parameters": {"centered": True}}),
    Method("AdamW", "AdamW", {}, {"name": "adamw", "weight_decay": Fact(0.01), "decoupled": True}),
    Method("AMSGrad", "Adam", {"amsgrad": True}, {"name": "adam", "amsgrad": True}),
    *(Method(kind, kind, {}, {"name": kind.lower()}) for kind in ("RAdam", "Rprop", "Adafactor", "LBFGS")),
)
EPSILONS = {"Adagrad": 1e-10, "Adadelta": 1e-6}


def steps_of(method: Method) -> int:
    """How long a run is."""
    return STEPS // 10 if method.kind == "LBFGS" else STEPS


def trained(setup: Setup, seed: int, method: Method, rate: float) -> tuple[bool, bool]:
    """Whether the loss of real training rises, and whether it diverges."""
    import torch

    loss_at, tensors = loss_of(setup, seed)
    optimizer = getattr(torch.optim, method.kind)(tensors, lr=rate, **method.arguments)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_at()
        loss.backward()
        return loss

    first, rises = closure().item(), False
    for _ in range(steps_of(method)):
        loss = optimizer.step(closure).item()
        if not math.isfinite(loss):
            return True, True
        rises = rises or loss > RISEN * first
    last = loss_at().item()
    return rises or last > RISEN * first, not math.isfinite(last) or last > BLOWN_UP * first


def edge(bad: Callable[[float], bool], start: float) -> float:
    """Where training begins to be bad; infinite where it never is up to a factor of 2^12."""
    low = high = start
    for _ in range(12):
        if bad(high):
            break
        low, high = high, 2 * high
    else:
        return math.inf
    while bad(low) and low > 1e-6 * start:
        low, high = low / 2, low
    while high / low > 1.05:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if bad(middle) else (middle, high)
    return high


def known(setup: Setup, seed: int, method: Method, rate: float) -> StabilityBound | Any:
    """What trainlint says of a script with these very numbers."""
    facts = dict(method.facts)
    if method.kind in EPSILONS:
        facts["epsilon"] = Fact(EPSILONS[method.kind])
    if method.kind == "Adadelta":
        facts["parameters"] = {"rho": 0.9}
    return stability(run(graph_of(setup, drawn_data(setup, seed)), rate, epochs=steps_of(method), framework="torch", **facts))


def of_estimates(wanted: Iterator[Setup]) -> None:
    """Plain descent, the statistics known alone."""
    sys.stdout.write("| setup | 2/λ estimated | rises from | ratio |\n|---|---|---|---|\n")
    ratios = []
    for setup in wanted:
        bound = estimated(setup)
        if not isinstance(bound, StabilityBound):
            continue
        found = sorted(
            edge(lambda rate, s=setup, d=seed: trained(s, d, METHODS[0], rate)[0], bound.max_learning_rate)
            for seed in range(DRAWS)
        )[DRAWS // 2]
        ratios.append(found / bound.max_learning_rate)
        sys.stdout.write(f"| {setup.name} | {bound.max_learning_rate:.3g} | {found:.3g} | {ratios[-1]:.2f} |\n")
        sys.stdout.flush()
    below = sum(one < 1 / 1.5 for one in ratios)
    sys.stdout.write(f"\n{len(ratios)} setups: {below} rise below two thirds of the bound.\n\n")


def of_verdicts(wanted: list[Setup]) -> None:
    """Every optimizer, the numbers known: the bound, and the verdict around the rate from which the loss rises."""
    sys.stdout.write("| setup | optimizer | bound | rises from | ratio | verdict at half | twice | ten times |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|---|\n")
    right = judged = 0
    for setup in wanted:
        for method in METHODS:
            bound = known(setup, 0, method, 1e-3)
            if not isinstance(bound, StabilityBound):
                sys.stdout.write(f"| {setup.name} | {method.name} | unknown: {bound.reason} | | | | |\n")
                continue
            found = edge(lambda rate, s=setup, m=method: trained(s, 0, m, rate)[0], bound.max_learning_rate)
            cells = [f"{bound.max_learning_rate:.3g}", f"{found:.3g}", f"{found / bound.max_learning_rate:.2f}"]
            for share in SIDES if math.isfinite(found) else ():
                said = known(setup, 0, method, share * found).verdict
                real = sum(trained(setup, seed, method, share * found)[1] for seed in range(DRAWS))
                agrees = (said in ("diverges", "unstable_at_start")) == (real >= 2)
                judged, right = judged + 1, right + agrees
                cells.append(said.replace("_", " ") + ("" if agrees else f" (in fact {real} of {DRAWS} diverge)"))
            sys.stdout.write(f"| {setup.name} | {method.name} | {' | '.join(cells)} |\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{right} of {judged} simulated verdicts agree with real training.\n")


def main() -> None:
    """Both tables."""
    every = list(setups())
    of_verdicts([one for one in every if one.name in CHOSEN])
    small = [one for one in every if "deep" not in one.name and "of pixels" not in one.name]
    sys.stdout.write("\n")
    of_estimates(iter(small))


if __name__ == "__main__":
    main()
