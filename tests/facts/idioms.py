"""Shared by the fixtures of idioms: the parts that many scripts have in common, and the facts of a run laid out flat."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

from tests.interpret.helpers import follow
from trainlint.core import Fact, Place, Unknown
from trainlint.facts.extract import extract
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.interpret.interpreter import interpret
from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text
from trainlint.workspace import Project

if TYPE_CHECKING:
    from pathlib import Path

IMPORTS = """
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import datasets, transforms
"""
NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(784, 32)
        self.last = nn.Linear(32, 10)
    def forward(self, x):
        x = torch.flatten(x, 1)
        return F.log_softmax(self.last(F.relu(self.first(x))), dim=1)
"""
MNIST = """
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
train_set = datasets.MNIST("data", train=True, download=True, transform=transform)
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
"""
TENSORS = """
x, y = torch.randn(96, 4), torch.randn(96, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16)
"""
MODEL = "model = nn.Linear(4, 1)\n"
LOOP = """
for epoch in range(7):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
"""
CLASSIFY = """
for epoch in range(2):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
"""
SGD = "optimizer = optim.SGD(model.parameters(), lr=0.1)\n"
FIT = {"optimizer": "sgd", "rate": 0.1, "origin": "literal", "loss": "mean_squared_error", "batch": 16, "epochs": 7}

Idiom = tuple[str, str, dict[str, Any]]


def idiom(name: str, *parts: str, **expected: Any) -> Idiom:
    """One fixture: its name, the script (parts are dedented and follow the usual imports) and the facts to be found."""
    return name, IMPORTS + "\n".join(dedent(part) for part in parts), expected


def facts(run: TrainingRun) -> dict[str, Any]:
    """What is known of a run, flat; None for what is not."""
    found: dict[str, Any] = {"optimizer": None, "rate": None, "origin": None, "loss": None, "activation": None}
    if isinstance(run.optimizer, OptimizerFacts):
        found["optimizer"] = run.optimizer.name
        found["momentum"] = run.optimizer.momentum.value if isinstance(run.optimizer.momentum, Fact) else None
        found["decay"] = run.optimizer.weight_decay.value if isinstance(run.optimizer.weight_decay, Fact) else None
        found["clip"] = run.optimizer.clip
        rate = run.optimizer.learning_rate
        if isinstance(rate, Fact):
            found["rate"], found["origin"], found["said"] = float(f"{rate.value:.12g}"), rate.origin.value, " ".join(rate.why)
        else:
            found["why"] = rate.reason
    else:
        found["why"] = run.optimizer.reason
    if isinstance(run.loss, LossFacts):
        found["loss"], found["reduction"] = run.loss.name, run.loss.reduction
    if isinstance(run.model, ModelFacts):
        found["activation"], found["parameters"] = run.model.output_activation, run.model.parameters
        found["layers"] = [one.kind for one in run.model.layers]
    found["batch"] = run.batch_size.value if isinstance(run.batch_size, Fact) else None
    found["batch_origin"] = run.batch_size.origin.value if isinstance(run.batch_size, Fact) else None
    found["epochs"] = run.epochs.value if isinstance(run.epochs, Fact) else None
    found["steps"] = run.steps_per_epoch.value if isinstance(run.steps_per_epoch, Fact) else None
    found["scale"], found["known"] = run.inputs.scale, run.inputs.known
    found["schedule"] = run.schedule.name if run.schedule is not None else None
    return found


def runs(script: str) -> tuple[TrainingRun, ...]:
    """The runs of a script that stands alone."""
    return extract(follow(script)).runs


def project_runs(folder: Path, files: dict[str, str], script: str = "train.py") -> tuple[TrainingRun, ...]:
    """The runs of one script of a project whose files are written to `folder`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    tree = parse(read_text((folder / script).read_text(), str(folder / script)))
    assert isinstance(tree, Tree)
    return extract(interpret(tree, Project(folder))).runs


def check(found: tuple[TrainingRun, ...], expected: dict[str, Any]) -> None:
    """Assert that the first run (of as many as `runs` says) has the expected facts."""
    wanted = dict(expected)
    count = wanted.pop("runs", None)
    assert count is None or len(found) == count
    if wanted:
        known = facts(found[0])
        assert {name: known.get(name) for name in wanted} == wanted


def row_of(fact: Fact[Any] | Unknown) -> int | None:
    """The row that a fact points at."""
    place: Place | None = fact.place
    return None if place is None else place.span.row
