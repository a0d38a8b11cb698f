"""What the messages of the architecture rules claim happens in PyTorch, for real."""

from __future__ import annotations

import pytest

from tests.framework.lazily import F, nn, torch

pytestmark = pytest.mark.framework


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


def trained(model: torch.nn.Module, steps: int = 20) -> None:
    optimizer, x, y = torch.optim.SGD(model.parameters(), lr=0.1), torch.rand(32, 8), torch.rand(32, 1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


def test_linear_layers_in_a_row_equal_one() -> None:  # TRN401
    first, second, x = nn.Linear(8, 64), nn.Linear(64, 3), torch.rand(5, 8)
    matrix, bias = second.weight @ first.weight, second.weight @ first.bias + second.bias
    assert torch.allclose(second(first(x)), x @ matrix.T + bias, atol=1e-5)
    assert torch.linalg.matrix_rank(matrix) <= 3


def test_units_that_start_equal_stay_equal() -> None:  # TRN402
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    trained(model)
    assert torch.all(model[0].weight == model[0].weight[0])


def test_zeros_in_front_of_relu_never_move() -> None:  # TRN402
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    nn.init.zeros_(model[0].weight)
    nn.init.zeros_(model[0].bias)
    trained(model)
    assert model[0].weight.abs().max() == 0


def test_layers_that_do_not_fit_raise() -> None:  # TRN406, TRN408
    with pytest.raises(RuntimeError):
        nn.Linear(512, 10)(torch.rand(2, 1152))
    with pytest.raises(RuntimeError):
        nn.Conv2d(3, 8, 3)(torch.rand(2, 28, 28, 3))


def test_layers_in_a_list_and_layers_not_called_never_train() -> None:  # TRN410, TRN415
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.Linear(8, 8)]
            self.last = nn.Linear(8, 1)
            self.unused = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.layers[0](x))

    model = Listed()
    kept, unused = model.layers[0].weight.clone(), model.unused.weight.clone()
    assert len(list(model.parameters())) == 4
    trained(model)
    assert torch.equal(model.layers[0].weight, kept)
    assert torch.equal(model.unused.weight, unused)
    assert model.unused.weight.grad is None


def test_what_forward_makes_is_new_each_time_and_stays_in_training() -> None:  # TRN411, TRN412
    class Anew(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.Linear(8, 1)(F.dropout(self.first(x)))

    model, x = Anew().eval(), torch.rand(2, 8)
    assert len(list(model.parameters())) == 2
    assert not torch.equal(model(x), model(x))
    assert not torch.equal(F.dropout(torch.ones(100)), torch.ones(100))


def test_module_without_its_constructor_raises() -> None:  # TRN413
    class Unconstructed(nn.Module):
        def __init__(self) -> None:
            self.first = nn.Linear(8, 1)

    class Empty(nn.Module):
        def __init__(self) -> None:
            self.by = 2

    with pytest.raises(AttributeError):
        Unconstructed()
    with pytest.raises(AttributeError):
        Empty()(torch.rand(2, 8))
    with pytest.raises((NotImplementedError, TypeError)):
        nn.ModuleList([nn.Linear(8, 1)])(torch.rand(2, 8))


def test_view_of_another_width_mixes_samples() -> None:  # TRN414
    assert torch.rand(64, 32, 5, 5).view(-1, 400).shape == (128, 400)


def test_dropout_of_everything_stops_the_gradient() -> None:  # TRN416
    model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(1.0), nn.Linear(16, 1))
    model(torch.rand(4, 8)).sum().backward()
    assert model[0].weight.grad.abs().max() == 0


def test_dropout_on_the_output_zeroes_its_share() -> None:  # TRN417
    assert (nn.Dropout(0.5)(torch.ones(10_000)) == 0).float().mean().item() == pytest.approx(0.5, abs=0.03)


def test_recurrent_layers_take_the_first_axis_for_time() -> None:  # TRN421
    layer, x = nn.LSTM(3, 4), torch.rand(6, 5, 3)
    together, alone = layer(x)[0][-1], layer(x[-1:])[0][-1]
    assert not torch.allclose(together, alone)


def test_relu_twice_is_relu_once() -> None:  # TRN425
    x = torch.randn(100)
    assert torch.equal(torch.relu(torch.relu(x)), torch.relu(x))
