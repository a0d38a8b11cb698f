"""`--explain-stability`: the derivation holds the script's own numbers, which follow from the formulas."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from trainlint.engine import judged_facts_of
from trainlint.report.derivation import derivation
from trainlint.settings import Settings
from trainlint.source.read import read, read_text

FIXTURES = Path(__file__).parents[2] / "fixtures"


def rows(text_or_name: str, run: int = 0) -> dict[str, str]:
    is_file = text_or_name.endswith(".py")
    source = read(FIXTURES / text_or_name, text_or_name) if is_file else read_text(text_or_name, "train.py")
    return dict(derivation(judged_facts_of(source, Settings()).runs[run]))


@pytest.mark.parametrize(("name", "run"), [("keras_one_weight_explodes.py", 1), ("torch_one_weight_explodes.py", 0)])
def test_one_weight_on_0_to_19(name: str, run: int) -> None:
    found = rows(name, run)
    assert found["λ"].startswith("247,")
    assert "exact Hessian" in found["λ"]
    assert "proved" in found["λ"]
    assert found["bound"] == "2/λ = 2/247 = 0.0080972"
    assert found["lr/bound"] == "0.01/0.0080972 = 1.235"
    assert "(1 - 2.47)² = ×2.1609 per step" in found["growth"]
    assert "full batch" in found["loss"]
    assert "up to 19" in found["loss"]
    assert "no preconditioner" in found["step"]
    assert found["good rates"].startswith("below 0.0080972, fastest near 0.0040486")
    assert found["inputs"] == "divided by 19 the bound is 2.9231"  # 2/247 * 19**2
    assert "does not depend" in found["targets"]


def test_twenty_points_with_a_bias() -> None:
    x = np.arange(1.0, 21.0)
    square, mean = (x**2).mean(), x.mean()
    assert (square + 1) + math.sqrt((square - 1) ** 2 + 4 * mean**2) == pytest.approx(288.539, abs=5e-4)
    found = rows("keras_twenty_points_explode.py")
    assert found["bound"] == "2/λ = 2/288.539 = 0.0069315"
    assert "×3.5547 per step" in found["growth"]
    assert found["lr/bound"] == "0.01/0.0069315 = 1.4427"


def script(optimizer: str, fit: str = "epochs=50") -> str:
    return f"""import numpy as np
from tensorflow import keras

x = np.arange(40.0) / 10
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.{optimizer}, loss="mse")
model.fit(x, 2 * x, {fit})
"""


def test_momentum_and_batches() -> None:
    sharpness = 2 * float(((np.arange(40) / 10) ** 2).mean())
    found = rows(script("SGD(0.01, momentum=0.9)", "batch_size=40"))
    assert found["bound"].startswith(f"2(1+β)/λ = {2 * 1.9 / sharpness:.5g} with λ = {sharpness:.6g}, β = 0.9")
    assert "z² - (1+β-lr·λ)z + β" in found["growth"]
    assert "batches of 32" in rows(script("SGD(0.01)"))["loss"]
    assert "batches of 32" in rows(script("SGD(0.01)"))["bound"]


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("Adam(0.01)", "(√v + ε)/√(1-β₂ᵗ), ε = 1e-7"),
        ("RMSprop(0.01)", "√(v + ε), ε = 1e-7"),
        ("SGD(0.01)", "a step is lr times the gradient"),
    ],
)
def test_the_preconditioner_is_named(optimizer: str, words: str) -> None:
    assert words in rows(script(optimizer))["step"]


def test_what_is_not_judged_says_why() -> None:
    found = rows(script("SGD(0.01)").replace("x = np.arange(40.0) / 10", "from data import x"))
    assert list(found) == ["not judged"]
    assert found["not judged"]
