"""Predicted bounds against where real training diverges: `python -m tests.benchmarks.bench_divergence` prints Markdown tables.

The optimizers are PyTorch's, and Keras' own (on its PyTorch backend) where PyTorch has none. All edges are bisected to 5 %:

- the loss "rises" from the rate at which that of 100 full-batch steps (10 of L-BFGS) is ever above 10 times the first, or not
  finite;
- the "first step" raises the loss from the rate at which it does so in the middle one of three draws: that is what the bound
  of an optimizer with a step of its own says (Adam, Lion, ...). Such a bound does not say where training diverges. Steps of a
  fixed size (Lion, LAMB, Rprop, Muon) have no rate from which they grow exponentially: there the verdict alone is compared.

A run diverges where its loss ends above 100 times the first, is not finite, or is ever above 1e10 times the first: that is what
the simulated verdict says, and it is compared with the majority of three real runs. Proved bounds are not here: the tests
`tests/stability/test_bounds_in_libraries.py` hold each of them to 1 % in both libraries.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["KERAS_BACKEND"] = "torch"

from tests.benchmarks.setups import Setup, drawn_data, estimated, graph_of, loss_of, setups
from tests.stability.graphs import run
from trainlint.core import Fact
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

STEPS, RISEN, BLOWN_UP, HOPELESS, DRAWS = 100, 10.0, 100.0, 1e10, 3
SIDES = (0.5, 2.0, 10.0)
"""At these multiples of the rate from which the loss rises the simulated verdict is compared."""

CHOSEN = (
    "linear regression, standardized",
    "logistic regression, standardized",
    "MLP relu he_normal mse, standardized",
    "MLP tanh glorot_uniform mse, standardized",
    "MLP relu torch_default ce, standardized",
    "small CNN glorot_uniform, 0..1",
    "small LSTM mse, standardized",
    "CNN glorot_uniform, 0..1",
    "LSTM mse, standardized",
)


class Method(NamedTuple):
    """An optimizer in its library, and as facts."""

    name: str
    kind: str
    arguments: dict[str, Any]
    facts: dict[str, Any]
    library: str = "torch"


def of_keras(kind: str, **facts: Any) -> Method:
    """An optimizer of Keras with its defaults."""
    return Method(f"{kind} (Keras)", kind, {}, {"name": kind.lower(), **facts}, "keras")


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
    of_keras("Adafactor"),
    of_keras("Lion", betas=(0.9, 0.99)),
    of_keras("Lamb"),
    of_keras("Muon", momentum=Fact(0.95), nesterov=True, weight_decay=Fact(0.004), decoupled=True),
)
MORE: dict[str, dict[str, Any]] = {
    "Adagrad": {"epsilon": Fact(1e-10)},
    "Adadelta": {"epsilon": Fact(1e-6), "parameters": {"rho": 0.9}},
    "Muon": {"parameters": {"adam_weight_decay": 0.004}},
}
"""Defaults of a library that differ from those of the others."""


def steps_of(method: Method) -> int:
    """How long a run is."""
    return STEPS // 10 if method.kind == "LBFGS" else STEPS


Losses = tuple[Callable[[], Any], Callable[[], float]]
"""The loss of the weights as they are, and one step of training that gives the loss before it."""


def trainer(setup: Setup, seed: int, method: Method, rate: float, data: int | None = 0) -> Losses:
    """Real training of a setup from one draw of its weights; `data` as in `loss_of`."""
    import torch

    loss_at, tensors = loss_of(setup, seed, data)

    def closure() -> Any:
        for one in tensors:
            one.grad = None
        loss = loss_at()
        loss.backward()
        return loss

    if method.library == "torch":
        optimizer = getattr(torch.optim, method.kind)(tensors, lr=rate, **method.arguments)
        return loss_at, lambda: optimizer.step(closure).item()
    import keras

    variables = [keras.Variable(one.detach(), dtype="float64") for one in tensors]
    tensors[:] = [one.value for one in variables]
    of_keras = getattr(keras.optimizers, method.kind)(learning_rate=rate, **method.arguments)

    def step() -> float:
        loss = closure().item()
        of_keras.apply([one.grad for one in tensors], variables)
        return loss

    return loss_at, step


def trained(setup: Setup, seed: int, method: Method, rate: float, data: int | None = 0) -> tuple[bool, bool]:
    """Whether the loss of real training rises, and whether it diverges."""
    loss_at, step = trainer(setup, seed, method, rate, data)
    first, rises = loss_at().item(), False
    for _ in range(steps_of(method)):
        loss = step()
        if not loss <= HOPELESS * first:
            return True, True
        rises = rises or loss > RISEN * first
    last = loss_at().item()
    return rises or not last <= RISEN * first, not last <= BLOWN_UP * first


def overshoots(setup: Setup, seed: int, method: Method, rate: float) -> bool:
    """Whether the first real step raises the loss."""
    loss_at, step = trainer(setup, seed, method, rate)
    first = step()
    return not loss_at().item() <= first


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


def middle_edge(bad: Callable[[int, float], bool], start: float) -> float:
    """The middle one of the edges of three draws."""
    return sorted(edge(lambda rate, seed=seed: bad(seed, rate), start) for seed in range(DRAWS))[DRAWS // 2]


def known(setup: Setup, method: Method, rate: float) -> StabilityBound | Any:
    """What trainlint says of a script with these very numbers."""
    facts = {**method.facts, **MORE.get(method.kind, {})}
    graph = graph_of(setup, drawn_data(setup, 0))
    return stability(run(graph, rate, epochs=steps_of(method), framework=method.library, **facts))


class Row(NamedTuple):
    """What was found of one optimizer on one setup; shares of the bound are None where there is none."""

    method: str
    judged: bool
    first: float | None = None
    rises: float | None = None
    right: int = 0
    compared: int = 0


def of_estimates(wanted: Iterator[Setup]) -> None:
    """Plain descent, the statistics known alone."""
    sys.stdout.write("| setup | 2/λ estimated | rises from | ratio |\n|---|---|---|---|\n")
    ratios = []
    for setup in wanted:
        bound = estimated(setup)
        if not isinstance(bound, StabilityBound):
            continue
        rises = lambda seed, rate, s=setup: trained(s, seed, METHODS[0], rate, None)[0]  # noqa: E731
        found = middle_edge(rises, bound.max_learning_rate)
        ratios.append(found / bound.max_learning_rate)
        sys.stdout.write(f"| {setup.name} | {bound.max_learning_rate:.3g} | {found:.3g} | {ratios[-1]:.2f} |\n")
        sys.stdout.flush()
    below = sum(one < 1 / 1.5 for one in ratios)
    sys.stdout.write(f"\n{len(ratios)} setups: {below} rise below two thirds of the bound.\n\n")


def compared(setup: Setup, method: Method) -> Row:
    """Write one row: the bound, and the verdict around the rate from which the loss rises."""
    bound = known(setup, method, 1e-3)
    if not isinstance(bound, StabilityBound):
        sys.stdout.write(f"| {setup.name} | {method.name} | not judged: {bound.reason} | | | | | | |\n")
        return Row(method.name, judged=False)
    largest = bound.max_learning_rate
    if known(setup, method, 2 * largest).ratio < 1:
        found = edge(lambda rate: trained(setup, 0, method, rate)[0], largest)
        sys.stdout.write(f"| {setup.name} | {method.name} | none: rates are cut below {largest:.3g} | | {found:.3g} | | | | |\n")
        return Row(method.name, judged=True)
    first = None
    if bound.preconditioned and method.kind != "LBFGS":
        first = middle_edge(lambda seed, rate: overshoots(setup, seed, method, rate), largest) / largest
    found = edge(lambda rate: trained(setup, 0, method, rate)[0], largest)
    cells = [f"{largest:.3g}", "" if first is None else f"{first:.2f}", f"{found:.3g}", f"{found / largest:.2f}"]
    right, sides = 0, SIDES if math.isfinite(found) else ()
    for share in sides:
        said = known(setup, method, share * found).verdict
        real = sum(trained(setup, seed, method, share * found)[1] for seed in range(DRAWS))
        agrees = (said in ("diverges", "unstable_at_start")) == (real >= 2)
        right += agrees
        cells.append(said.replace("_", " ") + ("" if agrees else f" (in fact {real} of {DRAWS} diverge)"))
    sys.stdout.write(f"| {setup.name} | {method.name} | {' | '.join(cells)} |\n")
    sys.stdout.flush()
    return Row(method.name, True, first, found / largest, right, len(sides))


def of_verdicts(wanted: list[Setup]) -> None:
    """Every optimizer, the numbers known."""
    sys.stdout.write("| setup | optimizer | bound | first step raises the loss from, of the bound | rises from | of the bound ")
    sys.stdout.write("| verdict at half | twice | ten times |\n|---|---|---|---|---|---|---|---|---|\n")
    rows = [compared(setup, method) for setup in wanted for method in METHODS]
    sys.stdout.write("\n| optimizer | judged | first step, of the bound | rises, of the bound | verdicts that agree |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    for method in METHODS:
        own = [one for one in rows if one.method == method.name]
        judged = [one for one in own if one.judged]
        first, rises = (between([one[index] for one in judged]) for index in (2, 3))
        right, sides = sum(one.right for one in own), sum(one.compared for one in own)
        sys.stdout.write(f"| {method.name} | {len(judged)} of {len(own)} | {first} | {rises} | {right} of {sides} |\n")
    right, sides = sum(one.right for one in rows), sum(one.compared for one in rows)
    sys.stdout.write(f"\n{right} of {sides} verdicts agree with real training; ")
    sys.stdout.write(f"{sum(not one.judged for one in rows)} of {len(rows)} rows are not judged.\n")


def between(shares: list[float | None]) -> str:
    """The smallest and the largest of some numbers, in words."""
    there = sorted(one for one in shares if one is not None)
    return f"{there[0]:.2f}..{there[-1]:.2f}" if there else ""


def main() -> None:
    """Both tables."""
    import torch

    torch.set_num_threads(1)
    every = list(setups())
    of_verdicts([one for one in every if one.name in CHOSEN])
    small = [one for one in every if "deep" not in one.name and "of pixels" not in one.name]
    sys.stdout.write("\n")
    of_estimates(iter(small))


if __name__ == "__main__":
    main()
