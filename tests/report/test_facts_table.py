"""What the table of a run says: each setting as the script gives it, and why one is not known."""

from __future__ import annotations

import pytest

from trainlint.engine import check_source
from trainlint.report.facts_table import rows_of
from trainlint.settings import Settings
from trainlint.source.read import read_text

TORCH = """\
import torch
from torch import nn, optim

x, y = torch.rand(64, 8), torch.randint(0, 4, (64,))
model = nn.Sequential({model})
optimizer = {optimizer}
{more}
for epoch in range(5):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    {clip}
    optimizer.step()
    {step}
"""
ADAM = "optim.Adam(model.parameters(), lr=0.002)"
LINEAR = "nn.Linear(8, 4)"


def rows(model: str = LINEAR, optimizer: str = ADAM, more: str = "", clip: str = "pass", step: str = "pass") -> dict[str, str]:
    text = TORCH.format(model=model, optimizer=optimizer, more=more, clip=clip, step=step)
    result = check_source(read_text(text, "train.py"), Settings())
    assert result.script is not None
    [run] = result.script.runs
    return dict(rows_of(run))


@pytest.mark.parametrize(
    ("given", "row", "part"),
    [
        ({}, "optimizer", "Adam lr 0.002"),
        ({"optimizer": "optim.Adam(model.parameters(), betas=(0.8, 0.99))"}, "optimizer", "betas 0.8, 0.99"),
        ({"optimizer": "optim.AdamW(model.parameters(), weight_decay=0.05)"}, "optimizer", "weight decay 0.05"),
        ({"optimizer": "optim.Adam(model.parameters(), eps=0.001)"}, "optimizer", "ε 0.001"),
        ({"optimizer": "optim.SGD(model.parameters(), lr=float(input()))"}, "optimizer", "lr unknown ("),
        ({"optimizer": "make(model)", "more": "", "model": LINEAR}, "optimizer", "unknown: "),
        ({"clip": "nn.utils.clip_grad_norm_(model.parameters(), 0.5)"}, "optimizer", "gradients clipped by global_norm at 0.5"),
        (
            {"more": "schedule = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.25)", "step": "schedule.step()"},
            "schedule",
            "gamma=0.25",
        ),
        ({}, "loss", "from logits"),
        ({}, "model", "dense(4); output linear; 36 parameters; linear in its parameters"),
        ({"model": ", ".join(["nn.Linear(8, 8), nn.Tanh()"] * 16 + [LINEAR])}, "model", " → … 5 more; "),
        ({}, "inputs", "64×8"),
        ({}, "inputs", "0 to 1"),
        ({}, "targets", "of 4 classes"),
        ({}, "batches", "epochs 5"),
        ({"model": "nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 4)", "optimizer": "optim.SGD(model.parameters(), lr=1)"}, "stability", "lr/bound"),
    ],
)  # fmt: skip
def test_each_setting_is_said(given: dict[str, str], row: str, part: str) -> None:
    assert part in rows(**given)[row]


def test_what_is_zero_or_not_given_is_left_out() -> None:
    said = rows(optimizer="optim.SGD(model.parameters(), lr=0.1, weight_decay=0)")
    assert "weight decay" not in said["optimizer"]
    assert "betas" not in said["optimizer"]
    assert "clipped" not in said["optimizer"]
    assert "schedule" not in said
