"""The rate of each update under a schedule is the one that the library gives."""

from __future__ import annotations

from typing import Any

import pytest

from trainlint.facts.rates import RATES

TORCH = (
    ("exponential_decay", "ExponentialLR", {"gamma": 0.9}),
    ("step", "StepLR", {"step_size": 3, "gamma": 0.5}),
    ("multi_step", "MultiStepLR", {"milestones": [2, 5], "gamma": 0.1}),
    ("cosine", "CosineAnnealingLR", {"T_max": 10, "eta_min": 0.01}),
    ("polynomial", "PolynomialLR", {"total_iters": 6, "power": 2.0}),
    ("one_cycle", "OneCycleLR", {"max_lr": 0.5, "total_steps": 12, "pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4}),
    ("one_cycle", "OneCycleLR", {"max_lr": 0.5, "epochs": 3, "steps_per_epoch": 4, "pct_start": 0.3, "div_factor": 10.0, "final_div_factor": 100.0}),
)  # fmt: skip


@pytest.mark.framework
@pytest.mark.parametrize(("kind", "name", "settings"), TORCH)
@pytest.mark.filterwarnings("ignore")
def test_pytorch(kind: str, name: str, settings: dict[str, Any]) -> None:
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    schedule = getattr(torch.optim.lr_scheduler, name)(optimizer, **settings)
    for step in range(12):
        assert RATES[kind](settings, 0.2, step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-15), step
        if step < 11:
            schedule.step()


KERAS = (
    ("exponential_decay", "ExponentialDecay", {"decay_steps": 4, "decay_rate": 0.5, "staircase": False}),
    ("exponential_decay", "ExponentialDecay", {"decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("inverse_time_decay", "InverseTimeDecay", {"decay_steps": 4, "decay_rate": 0.5, "staircase": False}),
    ("inverse_time_decay", "InverseTimeDecay", {"decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("polynomial_decay", "PolynomialDecay", {"decay_steps": 6, "end_learning_rate": 0.01, "power": 2.0, "cycle": False}),
    ("piecewise_constant", "PiecewiseConstantDecay", {"boundaries": [3, 6], "values": [0.2, 0.1, 0.05]}),
    ("cosine", "CosineDecay", {"decay_steps": 8, "alpha": 0.1}),
)


@pytest.mark.framework
@pytest.mark.parametrize(("kind", "name", "settings"), KERAS)
def test_keras(kind: str, name: str, settings: dict[str, Any]) -> None:
    import keras

    first = {} if name.startswith("Piecewise") else {"initial_learning_rate": 0.2}
    schedule = getattr(keras.optimizers.schedules, name)(**first, **settings)
    for step in range(10):
        assert RATES[kind](settings, 0.2, step) == pytest.approx(float(schedule(step)), rel=1e-5), step


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("polynomial_decay", {"decay_steps": 6, "end_learning_rate": 0.01, "power": 1.0, "cycle": True}),
        ("cosine", {"decay_steps": 8, "alpha": 0.0, "warmup_target": 0.5}),
        ("one_cycle", {"total_steps": 9, "max_lr": 1.0, "three_phase": True}),
        ("one_cycle", {"total_steps": 9, "max_lr": 1.0, "anneal_strategy": "linear"}),
    ],
)
def test_what_is_not_followed_is_refused(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="follow"):
        RATES[kind](settings, 0.2, 3)
