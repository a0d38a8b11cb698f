"""What the probe's sharpness costs in PyTorch: `python -m tests.benchmarks.bench_probe` prints Markdown tables.

The first table has the time of one Hessian-vector product as a multiple of one forward and backward pass as the probed script
runs it, and of one without the probe's switches (recurrent layers and attention are fused there); and the products until the
largest eigenvalue is within 1 %, those that the probe takes with its own tolerance, and the error that is left then. The second
one has the whole search, forward pass included, against PyHessian's (`hessian.eigenvalues`) and curvlinops'
(`HessianLinearOperator` with SciPy's `eigsh`) where they are installed: each with the loosest of its tolerances that comes within
the accuracy of the head line, measured in turns in one run. These start at random: both their error and their time are the medians
of three rounds, as are the probe's, which starts the same each time. They are given the probe's switches: without them attention has
no second derivative, and recurrent layers a slower one. The last table has each as it comes, with its own tolerance. Times are CPU
seconds on one thread. The reference is a long Lanczos run in double precision on the same weights and batch, to six digits.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.nn import functional

from trainlint.probe import lanczos
from trainlint.probe.child.torch.cycle import Loss, leaves
from trainlint.probe.child.torch.hessian import Graph
from trainlint.probe.child.torch.switches import make_differentiable
from trainlint.probe.child.torch.vectors import Space
from trainlint.probe.child.torch.work import Work

REPEATS, TRAINED = 3, 60
ENOUGH = 0.1  # CPU seconds that the timing of one search takes at least
ACCURACIES = (1e-2, 1e-3)
TOLERANCES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 1e-4, 1e-5)
OWN = {"probe": 0.01, "PyHessian": 1e-3, "curvlinops": 0.0}  # the tolerances that they have where none is given
Search: TypeAlias = Callable[["Setup", float], float]


class Setup(NamedTuple):
    """A network with one batch."""

    name: str
    net: Any
    inputs: Any
    targets: Any
    loss: Any


class Recurrent(nn.Module):
    """An LSTM over all steps, and a linear layer on the last."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent, self.head = nn.LSTM(8, 64, batch_first=True), nn.Linear(64, 5)

    def forward(self, x: Any) -> Any:
        return self.head(self.recurrent(x)[0][:, -1])


class Encoder(nn.Module):
    """One transformer block on embedded tokens, averaged."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(200, 64)
        self.block = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
        self.head = nn.Linear(64, 5)

    def forward(self, x: Any) -> Any:
        return self.head(self.block(self.embedding(x)).mean(1))


def setups() -> Iterator[Setup]:
    """Each architecture as initialised, and after a little training."""
    for name, net, inputs in (
        (
            "MLP, ReLU",
            nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)),
            (128, 784),
        ),
        (
            "MLP, tanh",
            nn.Sequential(nn.Linear(64, 256), nn.Tanh(), nn.Linear(256, 256), nn.Tanh(), nn.Linear(256, 10)),
            (128, 64),
        ),
        (
            "CNN",
            nn.Sequential(
                nn.Conv2d(1, 16, 3),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(16, 32, 3),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(3872, 10),
            ),
            (64, 1, 28, 28),
        ),
        ("LSTM", Recurrent(), (64, 20, 8)),
        ("transformer block", Encoder(), (32, 16)),
        (
            "autoencoder",
            nn.Sequential(
                nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 196)
            ),
            (128, 196),
        ),
    ):
        torch.manual_seed(0)
        for layer in net.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        x = torch.randint(0, 200, inputs) if name == "transformer block" else torch.rand(inputs)
        y = x if name == "autoencoder" else torch.randint(0, 5, inputs[:1])
        loss = functional.mse_loss if name == "autoencoder" else functional.cross_entropy
        yield Setup(f"{name}, at the start", net, x, y, loss)
        optimizer = torch.optim.Adam(net.parameters(), 1e-3)
        for _ in range(TRAINED):
            optimizer.zero_grad()
            loss(net(x), y).backward()
            optimizer.step()
        optimizer.zero_grad()
        yield Setup(f"{name}, after {TRAINED} steps", net, x, y, loss)


def graph_of(one: Setup) -> Graph:
    """The probe's Hessian of the setup's loss, forward and first backward pass included."""
    loss = one.loss(one.net(one.inputs), one.targets)
    found = leaves((loss,))
    record = Loss((loss,), (None,), 1.0, found, None, True)
    return Graph([record], Space(list(one.net.parameters()), Work()), torch.autograd.grad)


def ours(one: Setup, tolerance: float) -> lanczos.Ritz:
    """The probe's search."""
    graph = graph_of(one)
    space = graph.space
    start = space.start(graph.gradient)
    return lanczos.largest(graph.product, start, space.dot, 100, tolerance, dimension=space.size, subtract=space.subtract)


def pyhessian(one: Setup, tolerance: float) -> float:
    """PyHessian's power iteration; it sets the network to evaluation, which changes none of these."""
    from pyhessian import hessian

    one.net.zero_grad()
    found = hessian(one.net, one.loss, data=(one.inputs, one.targets), cuda=False)
    with contextlib.redirect_stdout(io.StringIO()):
        return float(found.eigenvalues(maxIter=200, tol=tolerance, top_n=1)[0][0])


def curvlinops(one: Setup, tolerance: float) -> float:
    """SciPy's Lanczos on curvlinops' operator."""
    from curvlinops import HessianLinearOperator
    from scipy.sparse.linalg import eigsh

    criterion = nn.MSELoss() if one.loss is functional.mse_loss else nn.CrossEntropyLoss()
    parameters = list(one.net.parameters())
    operator = HessianLinearOperator(one.net, criterion, parameters, [(one.inputs, one.targets)], check_deterministic=False)
    return float(eigsh(operator.to_scipy(), k=1, which="LA", tol=tolerance, return_eigenvectors=False)[0])


def seconds(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """CPU seconds, the least of `repeats`."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def reference(one: Setup) -> float:
    """The largest eigenvalue in double precision."""
    inputs, targets = (value.double() if value.is_floating_point() else value for value in (one.inputs, one.targets))
    return ours(one._replace(net=copy.deepcopy(one.net).double(), inputs=inputs, targets=targets), 1e-6).values[0]


def products_to(one: Setup, exact: float, accuracy: float) -> int:
    """Products until the largest Ritz value is within `accuracy`."""
    graph = graph_of(one)
    search = lanczos.Search(graph.space.start(graph.gradient), graph.space.dot, 200, 1e-7)
    while not search.done:
        search.give(graph.product(search.vector))
        if abs(search.values[0] - exact) <= accuracy * exact:
            break
    return search.count


def passes(one: Setup) -> float:
    """CPU seconds of one forward and backward pass."""
    parameters = list(one.net.parameters())
    return seconds(lambda: torch.autograd.grad(one.loss(one.net(one.inputs), one.targets), parameters), 10)


def of_products(every: list[tuple[Setup, float]], plain: list[float]) -> None:
    """The first table; `plain` are the passes without the switches."""
    head = (
        "network",
        "parameters",
        "pass, ms",
        "product, ms",
        "product / pass",
        "/ fused pass",
        "products to 1 %",
        "probe's",
        "its error",
    )
    sys.stdout.write(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n")
    ratios, fused_ratios, counts, taken = [], [], [], []
    for (one, exact), fused in zip(every, plain, strict=True):
        once = passes(one)
        graph = graph_of(one)
        vector = graph.space.start()
        product = seconds(lambda graph=graph, vector=vector: graph.product(vector), 10)
        found, count = ours(one, 0.01), products_to(one, exact, 0.01)
        ratios.append(product / once)
        fused_ratios.append(product / fused)
        counts.append(count)
        taken.append(found.products)
        sys.stdout.write(
            f"| {one.name} | {graph.space.size:,} | {once * 1e3:.1f} | {product * 1e3:.1f} | {product / once:.2f} "
            f"| {product / fused:.2f} | {count} | {found.products} | {abs(found.values[0] / exact - 1):.1e} |\n"
        )
    sys.stdout.write(f"\nMedian ratio {statistics.median(ratios):.2f}, largest {max(ratios):.2f}, ")
    sys.stdout.write(f"to the fused pass {statistics.median(fused_ratios):.2f} and {max(fused_ratios):.2f}; ")
    sys.stdout.write(f"median products to 1 %: {statistics.median(counts):g}, most {max(counts)}; ")
    sys.stdout.write(f"the probe's: {statistics.median(taken):g}, most {max(taken)}.\n")


def clocked(search: Search, one: Setup, tolerance: float, state: int) -> tuple[float, float]:
    """What `search` finds from a random state, and its CPU seconds: the least of two runs or more."""
    times: list[float] = []
    while len(times) < 2 or sum(times) < ENOUGH:
        torch.manual_seed(state)
        began = time.process_time()
        found = search(one, tolerance)
        times.append(time.process_time() - began)
    return found, min(times)


def enough(search: Search, one: Setup, exact: float, accuracy: float) -> float | None:
    """The loosest tolerance whose median error is within `accuracy`; None if none is."""
    for tolerance in TOLERANCES:
        found = []
        for state in range(REPEATS):
            torch.manual_seed(state)
            found.append(abs(search(one, tolerance) / exact - 1))
        if statistics.median(found) <= accuracy:
            return tolerance
    return None


def rivals() -> dict[str, Search]:
    """The probe's search, and those of the packages that are installed."""
    known: dict[str, tuple[str, Search]] = {"pyhessian": ("PyHessian", pyhessian), "curvlinops": ("curvlinops", curvlinops)}
    others = [known[name] for name in known if importlib.util.find_spec(name)]
    return {"probe": lambda one, tolerance: ours(one, tolerance).values[0], **dict(others)}


def in_turns(searches: dict[str, Search], one: Setup, exact: float, accuracy: float | None) -> dict[str, tuple[float, float]]:
    """CPU seconds and error of each search that gets there, the medians of `REPEATS` rounds."""
    wanted = {name: OWN[name] if accuracy is None else enough(searches[name], one, exact, accuracy) for name in searches}
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name, tolerance in wanted.items() if tolerance is not None}
    for state in range(REPEATS):
        for name, of in runs.items():
            of.append(clocked(searches[name], one, wanted[name] or 0.0, state))
    return {
        name: (statistics.median(one[1] for one in found), statistics.median(abs(one[0] / exact - 1) for one in found))
        for name, found in runs.items()
    }


def of_rivals(every: list[tuple[Setup, float]], accuracy: float | None) -> None:
    """A table of whole searches, to `accuracy` or with each one's own tolerance."""
    searches = rivals()
    head = "With their own tolerances" if accuracy is None else f"To {accuracy:.1%}"
    sys.stdout.write(f"\n{head}, CPU milliseconds (error):\n\n| network | {' | '.join(searches)} |\n")
    sys.stdout.write(f"|---|{'---|' * len(searches)}\n")
    ratios: dict[str, list[float]] = {name: [] for name in searches}
    for one, exact in every:
        found = in_turns(searches, one, exact, accuracy)
        cells = [f"{found[name][0] * 1e3:.1f} ({found[name][1]:.0e})" if name in found else "not reached" for name in searches]
        sys.stdout.write(f"| {one.name} | {' | '.join(cells)} |\n")
        for name, of in found.items():
            if "probe" in found:
                ratios[name].append(found["probe"][0] / of[0])
    for name in list(searches)[1:]:
        text = f"geometric mean {statistics.geometric_mean(ratios[name]):.2f}, worst {max(ratios[name]):.2f}"
        sys.stdout.write(f"\nThe probe's time as a share of {name}'s: {text} ({len(ratios[name])} networks).\n")


def main() -> None:
    """All tables."""
    torch.set_num_threads(1)
    copies = [one._replace(net=copy.deepcopy(one.net)) for one in setups()]
    plain = [passes(one) for one in copies]
    make_differentiable()
    every = [(one, reference(one)) for one in copies]
    of_products(every, plain)
    for accuracy in (*ACCURACIES, None):
        of_rivals(every, accuracy)


if __name__ == "__main__":
    main()
