"""When the rules of step size and pace speak: for bounds of every kind, by the conditions of their documentation."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from tests.stability.graphs import PLACE, data, dense, run, squared
from trainlint.core import Evidence, Fact, Severity, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import DataFacts, LayerFacts, LossFacts, ModelFacts, ScheduleFacts, TrainingRun
from trainlint.registry import Report, all_rules
from trainlint.stability.bound import StabilityBound
from trainlint.wording import site_cause

BOUND = StabilityBound(
    sharpness=200.0,
    max_learning_rate=0.01,
    learning_rate=0.02,
    ratio=2.0,
    growth_per_step=9.0,
    evidence=Evidence.PROVED,
    method="",
    verdict="diverges",
    unit_scale_max_learning_rate=650.0,
    input_magnitude=255.0,
)
BYTES = DataFacts(shape=(2000, 4), low=0.0, high=255.0, mean=127.5, second_moment=127.5**2 + 255**2 / 12, scale="byte")
LEAF = Node("data", (), {"batched": True}, shape=(2000, 4), place=PLACE)


def net(below: Node = LEAF, **kernel: Any) -> Node:
    first = dataclasses.replace(dense(below, 8, shape=(4, 8), **kernel), place=PLACE)
    return dense(Node("relu", (first,)), 1, shape=(8, 1))


def training(bound: StabilityBound | None = BOUND, root: Node | None = None, **changes: Any) -> TrainingRun:
    """A run of a network on bytes, with this bound."""
    output = net() if root is None else root
    made = run(squared(output, Node("data", (), {"batched": True}, shape=(2000, 1))), 0.02, batch=32, epochs=1)
    layers = (
        LayerFacts("dense", node=output.inputs[0].inputs[0]) if output.inputs else LayerFacts("dense"),
        LayerFacts("dense", node=output),
    )
    model = ModelFacts(layers, output, None, None, None)
    known = {"measured": bound, "inputs": BYTES, "model": model, "loss": LossFacts("mean_squared_error", "mean", None)}
    return dataclasses.replace(made, **{**known, "steps_per_epoch": Fact(63), **changes})


def said(code: str, the_run: TrainingRun) -> list[Report]:
    (found,) = (one for one in all_rules() if one.code == code)
    return list(found.check(the_run))


def bound(**changes: Any) -> StabilityBound:
    return dataclasses.replace(BOUND, **changes)


def optimizer(**changes: Any) -> Any:
    return dataclasses.replace(training().optimizer, **changes)


SCHEDULE = ScheduleFacts("exponential_decay")
SILENT_OPTIMIZERS = [
    {"optimizer": Unknown("?")},
    {"optimizer": optimizer(clip=("norm", 1.0))},
    {"schedule": SCHEDULE},
]


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({}, Severity.ERROR),
        ({"evidence": Evidence.SIMULATED}, Severity.ERROR),
        ({"evidence": Evidence.ESTIMATED}, Severity.WARNING),
        ({"verdict": "slow_divergence"}, Severity.WARNING),
        ({"verdict": "unstable_in_mean_square"}, Severity.WARNING),
        ({"verdict": "unstable_at_start"}, Severity.WARNING),
        ({"verdict": "stable"}, None),
        ({"verdict": "rises_first"}, None),
        ({"verdict": "near_edge"}, None),
        ({"verdict": "not_judged"}, None),
    ],
)
def test_trn101_follows_verdict_and_evidence(changes: dict[str, Any], severity: Severity | None) -> None:
    found = said("TRN101", training(bound(**changes)))
    assert [one.severity for one in found] == ([] if severity is None else [severity])
    if severity:
        assert found[0].numbers["max_learning_rate"] == 0.01
        assert "0.01" in found[0].message


def test_trn101_of_a_divergence_below_the_bound_at_the_start() -> None:
    """What training shows goes before a bound that holds at the start only."""
    (found,) = said("TRN101", training(bound(evidence=Evidence.SIMULATED, ratio=0.8, max_learning_rate=0.025)))
    assert "is below 2/λ = 0.025" in found.message
    assert "and yet trained on this data in full batch, the loss diverges. Begin with a tenth of it, lr=0.002." in found.message
    assert "exceeds" not in found.message
    assert "Stable up to" not in found.message


def test_trn101_of_a_loss_that_is_left_high() -> None:
    left = bound(evidence=Evidence.SIMULATED, verdict="unstable_at_start", loss_at_start=2.0, loss_reached=500.0)
    assert "in full batch, the loss goes from 2 to 500. " in said("TRN101", training(left))[0].message
    assert "the loss diverges. " in said("TRN101", training(dataclasses.replace(left, loss_reached=None)))[0].message


@pytest.mark.parametrize("changes", SILENT_OPTIMIZERS)
@pytest.mark.parametrize("code", ["TRN101", "TRN102"])
def test_steps_that_are_not_constant_are_left_to_other_rules(code: str, changes: dict[str, Any]) -> None:
    estimated = bound(evidence=Evidence.ESTIMATED, verdict="unstable_at_start")
    assert said(code, training(estimated)) != []
    assert said(code, training(estimated, **changes)) == []


def test_trn101_of_adam_without_a_bound() -> None:
    """Glorot's kernel (4, 8) starts at a root mean square of sqrt(2 / 12) = 0.41: a step of 0.6 is larger, one of 0.3 is not."""
    judged = {"inputs": DataFacts(shape=(2000, 4)), "loss_graph": None}
    for rate, speaks in ((0.6, True), (0.3, False)):
        adam = optimizer(name="adam", learning_rate=Fact(rate))
        assert bool(said("TRN101", training(None, optimizer=adam, **judged))) == speaks
        assert said("TRN101", training(None, optimizer=optimizer(learning_rate=Fact(rate)), **judged)) == []
        assert said("TRN101", training(bound(verdict="stable"), optimizer=adam, **judged)) == []


SMALL = DataFacts(shape=(2000, 4), low=-1.0, high=1.0, mean=0.0, second_moment=0.5)


@pytest.mark.parametrize(
    ("changes", "speaks"),
    [
        ({}, True),
        ({"inputs": dataclasses.replace(BYTES, scale="unknown")}, True),
        ({"inputs": dataclasses.replace(BYTES, scale="byte", second_moment=None)}, True),
        ({"inputs": dataclasses.replace(SMALL, second_moment=100.5)}, True),
        ({"inputs": dataclasses.replace(SMALL, second_moment=100.0)}, False),
        ({"inputs": dataclasses.replace(SMALL, second_moment=None)}, False),
        ({"inputs": SMALL}, False),
        ({"optimizer": optimizer(name="adam")}, False),
        ({"bound": {"unit_scale_max_learning_rate": None}}, False),
        ({"bound": {"unit_scale_max_learning_rate": 0.0}}, False),
        ({"bound": {"unit_scale_max_learning_rate": 0.02}}, False),
        ({"bound": {"unit_scale_max_learning_rate": 0.0201}}, True),
        ({"bound": {"ratio": 1.0}}, True),
        ({"bound": {"ratio": 0.99}}, False),
        ({"bound": {"evidence": Evidence.PROVED}}, False),
        ({"bound": {"evidence": Evidence.SIMULATED}}, False),
        ({"root": net(Node("divide", (LEAF, data(255.0, batched=False))))}, False),
        ({"root": net(Node("batch_norm", (LEAF,)))}, False),
    ],
)
def test_trn102_needs_large_inputs_that_reach_a_layer_and_a_rate_between_the_bounds(
    changes: dict[str, Any], speaks: bool
) -> None:
    estimated = {"evidence": Evidence.ESTIMATED, "verdict": "unstable_at_start", **changes.pop("bound", {})}
    found = said("TRN102", training(bound(**estimated), **changes))
    assert bool(found) == speaks
    if speaks:
        assert found[0].severity is Severity.WARNING
        assert "650" in found[0].message or "0.02" in found[0].message


def test_trn102_needs_a_bound() -> None:
    assert said("TRN102", training(None, loss_graph=None)) == []


def batches(count: int, **changes: Any) -> TrainingRun:
    """A run of so many updates in one epoch, whose data is not known."""
    samples = count * 32
    inputs = dataclasses.replace(BYTES, shape=(samples, 4))
    settings: dict[str, Any] = {"inputs": inputs, "steps_per_epoch": Fact(count), "loss_graph": None, **changes}
    return training(None, **settings)


@pytest.mark.parametrize(("count", "needed"), [(1, "1,000"), (33, "31"), (99, "11")])
def test_trn110_asks_for_a_thousand_updates(count: int, needed: str) -> None:
    """ceil(1000 / updates of an epoch) epochs."""
    (found,) = said("TRN110", batches(count))
    assert found.severity is None or found.severity is Severity.WARNING
    assert found.numbers == {"updates": count, "epochs": 1, "batch_size": 32}
    assert f"{count * 32:,} rows in batches of 32 for one epoch make {count} updates" in found.message
    assert f"starts at random: train for {needed} epochs" in found.message
    assert found.cause == said("TRN101", training())[0].cause  # so that only one of them is said


def test_trn110_counts_the_epochs() -> None:
    (found,) = said("TRN110", batches(9, epochs=Fact(5)))
    assert "for 5 epochs make 45 updates" in found.message
    assert f"train for {-(-1000 // 9)} epochs" in found.message


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": Unknown("?")},
        {"batch_size": Unknown("?")},
        {"optimizer": optimizer(name="lbfgs")},
        {"optimizer": optimizer(name="rprop")},
        {"inputs": dataclasses.replace(BYTES, shape=(64, 4), known="exact")},
    ],
)
def test_trn110_is_silent(changes: dict[str, Any]) -> None:
    assert said("TRN110", batches(2, **changes)) == []


def test_trn110_is_silent_of_a_hundred_updates() -> None:
    assert said("TRN110", batches(100)) == []


@pytest.mark.parametrize(
    ("start", "reached", "share"),
    [
        (2.0, 0.5, "25 %"),
        (2.0, 0.21, "10 %"),
        (2.0, 0.2, None),
        (2.0, 0.0, None),
        (2.0, 3.0, None),
        (0.0, 1.0, ""),
        (2.0, None, ""),
    ],
)
def test_trn110_believes_a_training_that_was_followed(start: float, reached: float | None, share: str | None) -> None:
    """A tenth of the loss is learned enough, a loss that grows is not cured by more updates; on data that is known nothing is
    said without a training.
    """
    measured = bound(verdict="stable", loss_at_start=start, loss_reached=reached)
    found = said("TRN110", batches(2, measured=measured))
    assert len(found) == (share is not None)
    if share:
        assert f"; on this data they leave {share} of the loss: train" in found[0].message
    elif share == "":
        assert "on this data" not in found[0].message
    known = dataclasses.replace(BYTES, shape=(64, 4), known="exact")
    assert bool(said("TRN110", batches(2, measured=measured, inputs=known))) == bool(share)


def test_trn201_says_where_bytes_go_and_how_large_the_outputs_start() -> None:
    """Glorot (4, 8): the outputs start at rms(x) sqrt(4 * 2 / 12)."""
    size = float(np.sqrt(BYTES.second_moment))
    (found,) = said("TRN201", training(bound(ratio=0.5)))
    assert found.numbers["input_rms"] == pytest.approx(size)
    assert found.numbers["first_output_rms"] == pytest.approx(size * np.sqrt(4 * 2 / 12), rel=1e-6)
    assert ": its outputs start at about ±" in found.message
    assert found.message.endswith("Divide by 255 or rescale in a first layer")
    assert found.evidence is Evidence.ESTIMATED
    assert found.fix_message == "divide by 255"
    assert [place for _, place in found.related] == [PLACE]
    assert found.at == PLACE


def test_trn201_and_the_bound_share_a_cause_where_the_step_is_too_large() -> None:
    """So that only one of them is said."""
    above, at, below = (said("TRN201", training(bound(ratio=ratio)))[0].cause for ratio in (2.0, 1.0, 0.99))
    assert above == at == said("TRN101", training())[0].cause
    assert below == site_cause("input-scale", PLACE)  # as TRN203 and TRN210, which speak of the same array
    assert said("TRN201", training(None, loss_graph=None))[0].cause == below


def test_trn201_of_bytes_whose_moments_are_not_known() -> None:
    """Pixels of photographs: a root mean square of about 147 for uniform bytes."""
    inputs = dataclasses.replace(BYTES, mean=None, second_moment=None)
    (found,) = said("TRN201", training(None, inputs=inputs, loss_graph=None))
    assert 100 < found.numbers["input_rms"] < 200


def test_trn201_of_weights_that_start_in_an_unknown_way() -> None:
    (found,) = said("TRN201", training(None, root=net(kind="unknown"), loss_graph=None))
    assert set(found.numbers) == {"input_rms"}
    assert "unscaled. Divide by 255" in found.message


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": dataclasses.replace(BYTES, scale="unit")},
        {"root": net(Node("divide", (LEAF, data(255.0, batched=False))))},
        {"root": net(Node("batch_norm", (LEAF,)))},
    ],
)
def test_trn201_is_silent_of_bytes_that_are_scaled(changes: dict[str, Any]) -> None:
    assert said("TRN201", training(None, loss_graph=None, **changes)) == []


def test_a_step_near_the_bound_is_told_of() -> None:
    (near,) = said("TRN130", training(bound(verdict="near_edge", ratio=0.95, evidence=Evidence.SIMULATED)))
    assert "is 0.95 times" in near.message
    assert "the loss can jump in the first epochs" in near.message
    assert said("TRN130", training(bound(verdict="stable", evidence=Evidence.SIMULATED))) == []


def test_a_short_last_batch_is_told_of() -> None:
    last = "each epoch ends with a batch of 3"
    (short,) = said("TRN130", training(bound(verdict="stable", evidence=Evidence.SIMULATED, premises=("relu", last))))
    assert f"but {last}" in short.message
