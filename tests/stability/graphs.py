"""Loss graphs and runs for the tests, written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainlint.core import At, Fact, Span, Unknown
from trainlint.facts.graph import Initializer, Node, Parameter
from trainlint.facts.run import DataFacts, OptimizerFacts, TrainingRun

PLACE = At(Span("train.py", 1, 1, 1, 2))
NOT_NEEDED = Unknown("not needed here")


def data(values: Any, batched: bool = True) -> Node:
    return Node("data", (), {"batched": batched}, data=np.asarray(values))


def weight(shape: tuple[int, ...] | None = None, kind: str = "glorot_uniform", values: Any = None, **settings: Any) -> Parameter:
    if values is not None:
        values = np.asarray(values, dtype=complex if np.iscomplexobj(values) else float)
        return Parameter("w", values.shape, Initializer("values", data=values), **settings)
    return Parameter("w", shape, Initializer(kind), **settings)


def dense(below: Node, units: int = 1, bias: bool = True, **settings: Any) -> Node:
    parameters = (weight(**settings), weight(**{**settings, "kind": "zeros"}))[: 1 + bias]
    return Node("dense", (below,), {"units": units, "use_bias": bias}, parameters)


def squared(prediction: Node, target: Node, reduction: str = "mean") -> Node:
    return Node("mean_squared_error", (prediction, target), {"reduction": reduction})


def regression(x: Any, y: Any = None, units: int = 1, reduction: str = "mean", **settings: Any) -> Node:
    """mse(dense(x), y)."""
    x = np.asarray(x, dtype=float)
    x = x.reshape(len(x), -1)
    y = x[:, :1] * np.arange(1, units + 1) / 2 if y is None else y
    return squared(dense(data(x), units, **settings), data(y), reduction)


def run(
    graph: Node | None,
    rate: float = 0.01,
    *,
    batch: int | None = None,
    epochs: int = 100,
    framework: str = "keras",
    name: str = "sgd",
    **optimizer: Any,
) -> TrainingRun:
    """A run of a graph; the batch holds all rows unless it is given."""
    rows = max((len(n.data) for n in leaves(graph) if n.data is not None and n.data.ndim), default=1) if graph else 1
    size = batch or max(1, rows)
    return TrainingRun(
        framework=framework,
        era="keras3",
        place=PLACE,
        optimizer=OptimizerFacts(name, framework, Fact(rate), **optimizer),
        loss=NOT_NEEDED,
        model=NOT_NEEDED,
        inputs=DataFacts(),
        targets=DataFacts(),
        loss_graph=graph,
        batch_size=Fact(size),
        epochs=Fact(epochs),
        steps_per_epoch=Fact(-(-rows // size)),
    )


def leaves(graph: Node) -> list[Node]:
    from trainlint.facts.graph import walk

    return [node for node in walk(graph) if node.op == "data"]
