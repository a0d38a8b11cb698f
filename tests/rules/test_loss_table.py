"""The decision table of losses and outputs: well formed, every code has its rule, and the rows of the specification decide."""

from __future__ import annotations

import math

import pytest

from trainlint.core import At, Span
from trainlint.facts.loss_fit import KERAS_ONLY, LABELS, LOSSES, TORCH_ONLY, UNITS, WRITTEN, LossFit, matches
from trainlint.facts.loss_messages import placeholders
from trainlint.facts.loss_table import ADVICE, EFFECTS, Row, rows
from trainlint.facts.metric_fit import metric_rows
from trainlint.facts.run import DataFacts
from trainlint.registry import all_rules

KINDS = {"int", "onehot", "multihot", "binary", "pm1", "prob", "continuous", "unknown"}
HERE = At(Span("train.py", 1, 1, 1, 2))


def fit(loss: tuple[str, bool | None], activation: str, units: int, targets: DataFacts, *, keras: bool = True) -> LossFit:
    shape = (None, units)
    return LossFit(LOSSES[loss], loss[0], activation, units, targets, shape, HERE, None, keras)


def deciding(found: LossFit) -> Row | None:
    for row in rows():
        if (row.keras if found.keras else row.torch) is not None and matches(row, found):
            return row
    return None


INTEGERS = DataFacts(shape=(600,), labels="int", classes=10, low=0, high=9)
ONE_HOT = DataFacts(shape=(600, 10), labels="onehot", classes=10, low=0, high=1)
PAIRS = DataFacts(shape=(600, 2), labels="onehot", classes=2, low=0, high=1)
BINARY = DataFacts(shape=(600, 1), labels="binary", classes=2, low=0, high=1)
SIGNS = DataFacts(shape=(600,), labels="pm1", classes=2, low=-1, high=1)
REAL = DataFacts(shape=(600, 1), labels="continuous", low=-3, high=4)
SHARES = DataFacts(shape=(600, 1), labels="continuous", low=0, high=1)
FLAT = DataFacts(shape=(600,), labels="continuous", low=-3, high=4)
NOTHING = DataFacts()
CCE, SCCE = ("categorical_crossentropy", False), ("sparse_categorical_crossentropy", False)
BCE, BCEL, CE = ("binary_crossentropy", False), ("binary_cross_entropy_with_logits", True), ("cross_entropy", True)
MSE, MAE, NLL, HINGE = ("mean_squared_error", None), ("mean_absolute_error", None), ("nll", None), ("hinge", None)

CASES = [
    (1, CCE, "softmax", 1, NOTHING, True),
    (2, CE, "linear", 1, NOTHING, False),
    (3, BCE, "softmax", 1, BINARY, True),
    (4, MSE, "softmax", 1, REAL, True),
    (5, BCE, "sigmoid", 1, REAL, True),
    (6, CCE, "softmax", 10, INTEGERS, True),
    (8, CCE, "softmax", 10, ONE_HOT, True),
    (17, CCE, "softmax", 100, DataFacts(shape=(50, 6), labels="unknown"), True),
    (9, SCCE, "softmax", 10, ONE_HOT, True),
    (10, SCCE, "linear", 10, NOTHING, True),
    (11, CCE, "relu", 10, ONE_HOT, True),
    (14, SCCE, "sigmoid", 10, INTEGERS, True),
    (15, SCCE, "softmax", 9, INTEGERS, True),
    (16, SCCE, "softmax", 10, INTEGERS, True),
    (17, CCE, "softmax", 12, ONE_HOT, True),
    (19, CE, "softmax", 10, INTEGERS, False),
    (22, CE, "log_softmax", 10, INTEGERS, False),
    (23, CE, "linear", 9, INTEGERS, False),
    (24, CE, "linear", 10, INTEGERS, False),
    (26, NLL, "softmax", 10, INTEGERS, False),
    (27, NLL, "log_softmax", 10, INTEGERS, False),
    (28, BCE, "sigmoid", 10, INTEGERS, True),
    (29, BCEL, "linear", 1, SIGNS, False),
    (30, BCE, "linear", 1, BINARY, True),
    (31, BCE, "tanh", 1, BINARY, True),
    (32, BCEL, "sigmoid", 1, BINARY, False),
    (34, BCEL, "relu", 1, BINARY, False),
    (35, BCE, "sigmoid", 1, DataFacts(shape=(600,), labels="binary", classes=2, low=0, high=1), False),
    (37, BCE, "sigmoid", 1, SHARES, True),
    (38, BCE, "softmax", 2, PAIRS, True),
    (39, BCE, "softmax", 10, ONE_HOT, True),
    (43, BCE, "sigmoid", 2, PAIRS, True),
    (44, MSE, "linear", 10, REAL, True),
    (45, MSE, "linear", 1, FLAT, False),
    (46, MSE, "sigmoid", 1, REAL, True),
    (47, MSE, "relu", 1, REAL, True),
    (48, MSE, "relu", 1, NOTHING, True),
    (49, MSE, "sigmoid", 1, BINARY, True),
    (50, MAE, "softmax", 2, PAIRS, True),
    (51, MSE, "linear", 1, INTEGERS, True),
    (58, HINGE, "sigmoid", 1, SIGNS, True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"row {case[0]}")
def test_row_decides(case: tuple[int, tuple[str, bool | None], str, int, DataFacts, bool]) -> None:
    number, loss, activation, units, targets, keras = case
    row = deciding(fit(loss, activation, units, targets, keras=keras))
    assert row is not None
    assert row.number == number


SILENT = [
    (MSE, "linear", 1, FLAT, True),
    (MSE, "linear", 1, REAL, False),
    (MSE, "sigmoid", 1, NOTHING, True),
    (MSE, "tanh", 1, SHARES, True),
    (BCE, "sigmoid", 1, BINARY, True),
    (BCE, "sigmoid", 1, NOTHING, False),
    (CCE, "softmax", 10, NOTHING, True),
    (HINGE, "tanh", 1, SIGNS, True),
    (BCEL, "linear", 1, BINARY, True),
]


@pytest.mark.parametrize("case", SILENT, ids=str)
def test_right_or_unknown_combinations_have_no_verdict(case: tuple[tuple[str, bool | None], str, int, DataFacts, bool]) -> None:
    loss, activation, units, targets, keras = case
    row = deciding(fit(loss, activation, units, targets, keras=keras))
    assert row is None or not row.code


def test_one_hot_integers_raise_in_torch_and_float_rows_do_not() -> None:
    whole = DataFacts(shape=(600, 10), labels="onehot", classes=10, dtype="int64")
    real = DataFacts(shape=(600, 10), labels="onehot", classes=10, dtype="float32")
    found = deciding(fit(CE, "linear", 10, whole, keras=False))
    assert found is not None
    assert found.number == 18
    fine = deciding(fit(CE, "linear", 10, real, keras=False))
    assert fine is not None
    assert not fine.code


def test_floor_of_a_doubled_softmax_is_that_of_the_best_logits() -> None:
    best = -math.log(math.e / (math.e + 9))  # one class at 1, nine at 0
    assert placeholders(fit(CE, "softmax", 10, INTEGERS, keras=False))["floor"] == f"{best:.3f}" == "1.461"


def test_most_that_a_doubled_softmax_gives_a_class_is_that_of_the_best_inputs() -> None:
    most = math.e / (math.e + 9)  # one class at 1, nine at 0
    assert placeholders(fit(CE, "softmax", 10, INTEGERS, keras=False))["most"] == f"{most:.3f}"


def test_every_row_is_well_formed() -> None:
    codes = {one.code for one in all_rules()}
    names = {one for table in (LOSSES, WRITTEN, KERAS_ONLY, TORCH_ONLY) for group in table.values() for one in group}
    for row in (*rows(), *(row for _, row in metric_rows())):
        assert set(row.losses) <= names
        assert row.units in UNITS
        assert {one for one in row.labels if one not in LABELS} <= KINDS
        assert (not row.code) or row.code in codes
        assert bool(row.advice) == bool(row.code)
        for effect in (row.keras, row.torch):
            assert effect is None or effect == "right" or " " in effect


def test_no_text_is_left_over() -> None:
    used = {effect for row in rows() for effect in (row.keras, row.torch)}
    assert set(EFFECTS.values()) <= used
    assert set(ADVICE.values()) <= {row.advice for row in rows()}
