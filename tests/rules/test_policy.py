"""A project's own limits: each kind kept and broken, and what cannot be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainlint.engine import check_source
from trainlint.facts.policy import READ
from trainlint.settings import POLICY, SettingsError, schema, settings_in
from trainlint.source.read import read_text

KERAS = """import keras
{first}
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
model.compile(
    keras.optimizers.SGD(0.05),
    loss="mse",
)
model.fit(x, y, batch_size=64, epochs=20)
"""
TORCH = """import torch
from torch import nn
model = nn.Linear(4, 3)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.001)
for x, y in loader:
    optimizer.zero_grad()
    {context}
        loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
"""


def said(tmp_path: Path, text: str, policy: str) -> list[tuple[int, str]]:
    file = tmp_path / "trainlint.toml"
    file.write_text(f"[policy]\n{policy}\n", encoding="utf-8")
    result = check_source(read_text(text, "train.py"), settings_in(file))
    return [(one.span.row, one.message) for one in result.findings if one.code == "TRN006"]


@pytest.mark.parametrize(
    ("broken", "kept", "row", "message"),
    [
        ('optimizers = ["adamw", "adam"]', 'optimizers = ["sgd"]', 5, "the optimizer is sgd; the policy allows adamw or adam"),
        ('losses = ["huber"]', 'losses = ["mean_squared_error"]', 6, "the loss is mean_squared_error; the policy allows huber"),
        ('frameworks = ["torch"]', 'frameworks = ["keras"]', 8, "the framework is keras; the policy allows torch"),
        ("max-learning-rate = 0.01", "max-learning-rate = 0.05", 5, "the learning rate is 0.05; the policy allows at most 0.01"),
        ("min-learning-rate = 0.1", "min-learning-rate = 0.05", 5, "the learning rate is 0.05; the policy allows at least 0.1"),
        ("max-batch-size = 32", "max-batch-size = 64", 8, "the batch size is 64; the policy allows at most 32"),
        ("min-batch-size = 128", "min-batch-size = 64", 8, "the batch size is 64; the policy allows at least 128"),
        ("max-epochs = 10", "max-epochs = 20", 8, "the number of epochs is 20; the policy allows at most 10"),
        ("max-parameters = 14", "max-parameters = 15", 3, "the number of parameters is 15; the policy allows at most 14"),
    ],
)
def test_a_limit_is_kept_or_broken(tmp_path: Path, broken: str, kept: str, row: int, message: str) -> None:
    text = KERAS.format(first="")
    assert said(tmp_path, text, broken) == [(row, message)]
    assert said(tmp_path, text, kept) == []


def test_what_is_not_known_breaks_no_limit(tmp_path: Path) -> None:
    text = KERAS.format(first="import sys").replace("batch_size=64", "batch_size=int(sys.argv[1])")
    assert said(tmp_path, text, "max-batch-size = 1\nmax-updates = 1") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (KERAS.format(first=""), 1),
        (KERAS.format(first='keras.mixed_precision.set_global_policy("mixed_float16")'), 0),
        (KERAS.format(first='keras.config.set_dtype_policy("mixed_bfloat16")'), 0),
        (KERAS.format(first='keras.mixed_precision.set_global_policy("float32")'), 1),
        (KERAS.format(first="keras.mixed_precision.set_global_policy(policy)"), 0),
        (TORCH.format(context="if True:"), 1),
        (TORCH.format(context='with torch.autocast("cuda"):'), 0),
        (TORCH.format(context="with precision():"), 0),
    ],
)
def test_mixed_precision_can_be_required(tmp_path: Path, text: str, expected: int) -> None:
    assert len(said(tmp_path, text, "mixed-precision = true")) == expected
    assert said(tmp_path, text, "mixed-precision = false") == []


@pytest.mark.parametrize(
    ("policy", "said_of_it"),
    [
        ("max-batch-sise = 3", "did you mean 'max-batch-size'?"),
        ('max-batch-size = "3"', "needs a number as 'max-batch-size', not '3'"),
        ("max-batch-size = true", "needs a number as 'max-batch-size', not True"),
        ('optimizers = "adam"', "needs a list of names as 'optimizers', not 'adam'"),
        ("mixed-precision = 1", "needs true or false as 'mixed-precision', not 1"),
    ],
)
def test_what_cannot_be_meant_is_said(tmp_path: Path, policy: str, said_of_it: str) -> None:
    with pytest.raises(SettingsError) as caught:
        said(tmp_path, "", policy)
    assert said_of_it in str(caught.value)


def test_every_limit_can_be_read_and_stands_in_the_schema() -> None:
    properties: dict[str, Any] = schema()["properties"]["policy"]["properties"]
    assert set(properties) == set(POLICY)
    assert set(READ) == {key for key, how in POLICY.items() if how != "required"}
