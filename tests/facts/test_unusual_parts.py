"""Optimizers, rates, losses, layers and starts that stand in unusual places: what is known of them, and why not more."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.facts.idioms import IMPORTS, facts, runs
from trainlint.core import Fact, Unknown
from trainlint.facts.graph import Initializer, walk
from trainlint.facts.json import plain
from trainlint.facts.run import ModelFacts, OptimizerFacts

KERAS = """
import os
import numpy as np
from tensorflow import keras
open_ = os.environ.get("WHICH") == "a"
x, y = np.random.rand(64, 4), np.random.rand(64, 1)
class Mine:
    pass
def chosen(step=0):
    return float(input())
model = keras.Sequential([keras.layers.Dense(1, input_shape=(4,))])
"""
TORCH = (
    IMPORTS
    + """
import math
x, y = torch.rand(64, 4), torch.rand(64, 1)
model = nn.Linear(4, 1)
"""
)
LOOP = """
for epoch in range(7):
    optimizer.zero_grad()
    F.mse_loss(model(x), y).backward()
    optimizer.step()
    scheduler.step()
"""


def compiled(optimizer: str, loss: str = '"mse"') -> str:
    return f"{KERAS}model.compile(optimizer={optimizer}, loss={loss})\nmodel.fit(x, y)\n"


@pytest.mark.parametrize(
    ("optimizer", "why"),
    [
        ("None", "no optimizer is given"),
        ("keras.optimizers.Adam() if open_ else keras.optimizers.SGD()", "the optimizer is Adam or SGD, depending on a branch"),
        ("Mine()", "the optimizer is of the script's own class `Mine`"),
        ("5", "5 is not an optimizer"),
        ("keras.layers.Dense(1)", "a layer stands where the optimizer belongs"),
        ("chosen", "the optimizer could not be followed"),
        ("keras.optimizers.SGD(learning_rate=chosen)", "a function of the script decides the learning rate"),
        ("keras.optimizers.SGD(learning_rate=lambda: 0.1)", "a function of the script decides the learning rate"),
        ("keras.optimizers.SGD(learning_rate=chosen())", ""),
    ],
)
def test_why_no_optimizer_or_rate_is_known(optimizer: str, why: str) -> None:
    (found,) = runs(compiled(optimizer))
    given = found.optimizer
    unknown = given if isinstance(given, Unknown) else given.learning_rate
    assert isinstance(unknown, Unknown)
    assert why in unknown.reason


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        ('"mse" if open_ else "mae"', "the loss depends on a branch"),
        ("None", "no loss is given"),
        ("keras.layers.Dense(1)", "a layer stands where the loss belongs"),
        ('["mse", "mae"]', "each output has a loss of its own: mean_squared_error, mean_absolute_error"),
        ('["mse", chosen()]', "each output has a loss of its own"),
        ("[None]", "no loss is given"),
    ],
)
def test_why_no_loss_is_known(loss: str, why: str) -> None:
    (found,) = runs(compiled('"sgd"', loss))
    assert isinstance(found.loss, Unknown)
    assert found.loss.reason == why


@pytest.mark.parametrize(
    ("scheduler", "rate"),
    [
        # torch.optim.lr_scheduler: what each makes of 0.1 before the first step
        ("optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.03, max_lr=0.3)", 0.03),
        ("optim.lr_scheduler.ConstantLR(optimizer, factor=0.5)", 0.05),
        ("optim.lr_scheduler.ConstantLR(optimizer)", 0.1 / 3),
        ("optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25)", 0.025),
        ("optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=7)", 0.5 / 25),
        ("optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=7, div_factor=0)", None),
        ("optim.lr_scheduler.OneCycleLR(optimizer, max_lr=float(input()), total_steps=7)", None),
        ("optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5)", 0.05),
        ("optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (epoch + 1))", 0.1),
        ("optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: epoch / 10)", None),
        ("optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: float(input()))", None),
        ("optim.lr_scheduler.ChainedScheduler([optim.lr_scheduler.ConstantLR(optimizer, factor=0.5), optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5)])", 0.025),
        ("optim.lr_scheduler.SequentialLR(optimizer, [optim.lr_scheduler.ConstantLR(optimizer, factor=0.2), optim.lr_scheduler.ExponentialLR(optimizer, 0.9)], [3])", 0.02),
        ("optim.lr_scheduler.SequentialLR(optimizer, [pick(optimizer)], [3])", None),
    ],
)  # fmt: skip
def test_the_rate_of_the_first_step_under_a_scheduler(scheduler: str, rate: float | None) -> None:
    script = TORCH + f"optimizer = optim.SGD(model.parameters(), lr=0.1)\nscheduler = {scheduler}\n" + LOOP
    optimizer = runs(script)[0].optimizer
    assert isinstance(optimizer, OptimizerFacts)
    known = optimizer.learning_rate
    assert (known.value if isinstance(known, Fact) else None) == (rate if rate is None else pytest.approx(rate))


@pytest.mark.parametrize(
    ("groups", "rate"),
    [
        ('[{"params": model.parameters(), "lr": 0.03}]', 0.03),
        ('[{"params": [model.weight], "lr": 0.03}, {"params": [model.bias], "lr": 0.03}]', 0.03),
        ('[{"params": [model.weight], "lr": 0.03}, {"params": [model.bias], "lr": 0.3}]', None),
        ('[{"params": [model.weight], "lr": 0.03}, {"params": [model.bias]}]', None),
        ('[{"params": model.parameters()}]', 0.1),
    ],
)
def test_the_rate_of_parameter_groups(groups: str, rate: float | None) -> None:
    script = TORCH + f"optimizer = optim.SGD({groups}, lr=0.1)\n" + LOOP.replace("    scheduler.step()\n", "")
    assert facts(runs(script)[0])["rate"] == rate


@pytest.mark.parametrize(
    ("start", "kind", "numbers"),
    [
        # a * N(m, s) + b is N(a m + b, |a| s), a * U(l, h) + b is U(a l + b, a h + b), with the ends in order
        ("torch.randn(4, 1) * 0.1", "normal", {"mean": 0.0, "stddev": 0.1}),
        ("torch.randn(4, 1) / 4", "normal", {"mean": 0.0, "stddev": 0.25}),
        ("3 - torch.randn(4, 1)", "normal", {"mean": 3.0, "stddev": 1.0}),
        ("-torch.randn(4, 1) + 2", "normal", {"mean": 2.0, "stddev": 1.0}),
        ("2 * torch.rand(4, 1) - 1", "uniform", {"low": -1.0, "high": 1.0}),
        ("1 - torch.rand(4, 1) * 3", "uniform", {"low": -2.0, "high": 1.0}),
        ("torch.randn(4, 1) / math.sqrt(4)", "normal", {"mean": 0.0, "stddev": 0.5}),
        # of these there is no such rule
        ("1 / torch.randn(4, 1)", "unknown", {}),
        ("torch.randn(4, 1) / 0", "unknown", {}),
        ("torch.randn(4, 1) * torch.rand(4, 1)", "unknown", {}),
        ("torch.randn(4, 1) * float(input())", "unknown", {}),
        ("torch.exp(torch.randn(4, 1)) * 2", "unknown", {}),
        ("torch.randn(4, 1) ** 2", "unknown", {}),
    ],
)
def test_the_start_of_a_parameter_that_is_drawn_and_changed(start: str, kind: str, numbers: dict[str, float]) -> None:
    script = TORCH + f"w = nn.Parameter({start})\noptimizer = optim.SGD([w], lr=0.1)\n"
    script += LOOP.replace("model(x)", "x @ w").replace("    scheduler.step()\n", "")
    assert start_of(script) == (kind, pytest.approx(numbers))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("keras.initializers.HeNormal", "he_normal"),
        ("keras.initializers.HeNormal()", "he_normal"),
        ('"lecun_uniform"', "lecun_uniform"),
        ('"nonsense"', "unknown"),
        ("chosen", "unknown"),
        ("keras.initializers.RandomNormal(stddev=chosen())", "unknown"),
    ],
)
def test_the_start_that_a_layer_is_given(given: str, kind: str) -> None:
    script = compiled('"sgd"').replace("Dense(1, input", f"Dense(1, kernel_initializer={given}, input")
    assert start_of(script)[0] == kind


def start_of(script: str) -> tuple[str, dict[str, float]]:
    graph = runs(script)[0].loss_graph
    assert graph is not None
    starts: list[Initializer] = [
        one.initializer for node in walk(graph) for one in node.parameters if one.name in ("kernel", "weight")
    ]
    return starts[0].kind, dict(starts[0].numbers)


@pytest.mark.parametrize(
    ("layer", "op", "attributes"),
    [
        ("nn.Softmax2d()", "softmax2d", {"axis": -3}),
        ("nn.Upsample(scale_factor=2)", "upsample", {}),
        ("nn.Upsample(size=(8, 9))", "upsample", {"extents": (8, 9)}),
        ("nn.UpsamplingBilinear2d(scale_factor=2)", "upsample", {"interpolation": "bilinear", "align_corners": True}),
        ("nn.Conv2d(3, 3, 3, padding=1)", "conv", {"padding": ((1, 1), (1, 1))}),
        ("nn.Conv2d(3, 3, 3, padding=0)", "conv", {"padding": "valid"}),
        ('nn.Conv2d(3, 3, 3, padding="same")', "conv", {"padding": "same"}),
    ],
)
def test_what_a_layer_of_torch_does(layer: str, op: str, attributes: dict[str, Any]) -> None:
    script = TORCH.replace("torch.rand(64, 4), torch.rand(64, 1)", "torch.rand(8, 3, 6, 6), torch.rand(8, 3, 6, 6)")
    script = script.replace("nn.Linear(4, 1)", f"nn.Sequential(nn.Conv2d(3, 3, 1), {layer})")
    script += "optimizer = optim.SGD(model.parameters(), lr=0.1)\n" + LOOP.replace("    scheduler.step()\n", "")
    found = shown(script, op)
    assert {name: found.get(name) for name in attributes} == attributes


@pytest.mark.parametrize(
    ("layer", "op"),
    [
        ("keras.layers.ReLU(max_value=6)", "relu6"),
        ("keras.layers.ReLU(negative_slope=0.1)", "leaky_relu"),
        ("keras.layers.ReLU(max_value=3)", "custom"),
        ("keras.layers.ReLU(threshold=0.5)", "custom"),
        ("keras.layers.ReLU(max_value=6, negative_slope=0.1)", "custom"),
        ("keras.layers.ReLU()", "relu"),
        ("keras.layers.TimeDistributed(chosen())", "custom"),
        ("keras.layers.Activation(chosen)", "custom"),
        ('keras.layers.Activation("nonsense")', "custom"),
        ('keras.layers.Activation("linear")', ""),
    ],
)
def test_what_a_layer_of_keras_does(layer: str, op: str) -> None:
    script = compiled('"sgd"').replace("input_shape=(4,))", f"input_shape=(4,)), {layer}")
    (found,) = runs(script)
    assert isinstance(found.model, ModelFacts)
    ops = [node.op for node in walk(found.model.output)] if found.model.output is not None else []
    assert (op or "dense") in ops


def shown(script: str, op: str) -> dict[str, Any]:
    model = runs(script)[0].model
    assert isinstance(model, ModelFacts)
    assert model.output is not None
    assert model.output.op == op
    return dict(model.output.attributes)


def test_plain_values_for_json() -> None:
    deep: object = 1
    for _ in range(9):
        deep = [deep]
    assert plain({"a": Fact(0.5), 2: (math.inf, 1.5), "c": {"d": object()}}) == {"a": 0.5, "2": [None, 1.5], "c": {"d": None}}
    assert plain(deep) == [[[[[[None]]]]]]
