"""Estimated curvature at initialisation against PyTorch's own, for a few of the benchmark's setups."""

import pytest

from tests.benchmarks.setups import estimated, measured, setups
from trainlint.stability.bound import StabilityBound

pytestmark = pytest.mark.framework
CLOSE = (
    "linear regression, 0..255",
    "logistic regression, 0..1",
    "softmax regression, standardized",
    "MLP relu he_normal mse, standardized",
    "MLP tanh glorot_uniform mse, 0..1",
    "MLP sigmoid torch_default ce, 0..1",
    "MLP relu torch_default ce, standardized",
    "MLP relu mse, 0..255",
    "MLP of pixels ce, standardized",
    "CNN glorot_uniform, 0..1",
    "LSTM mse, standardized",
)
ROUGH = ("MLP tanh mse, 0..255", "MLP relu ce, raw", "MLP tanh ce, raw")
SETUPS = {one.name: one for one in setups()}


def ratio(name):
    setup = SETUPS[name]
    found = estimated(setup)
    assert isinstance(found, StabilityBound), found
    return found.sharpness / sorted(measured(setup, seed) for seed in range(3))[1], found


@pytest.mark.parametrize("name", CLOSE)
def test_a_known_scale_gives_the_curvature_within_a_half(name):
    found, bound = ratio(name)
    assert 1 / 1.5 < found < 1.5
    assert not any("order of magnitude" in one for one in bound.premises)


@pytest.mark.parametrize("name", ROUGH)
def test_saturated_nets_give_the_order_of_magnitude_and_say_so(name):
    found, bound = ratio(name)
    assert 1 / 4 < found < 4
    assert any("order of magnitude" in one for one in bound.premises)
