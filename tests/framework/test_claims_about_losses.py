"""What the messages of the loss rules claim happens in PyTorch, for real."""

from __future__ import annotations

import math
import warnings

import pytest

from tests.framework.lazily import F, nn, torch

pytestmark = pytest.mark.framework


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


def test_loss_cut_from_graph_leaves_every_gradient_none() -> None:  # TRN316
    model = nn.Linear(8, 1)
    loss = F.mse_loss(model(torch.rand(4, 8)), torch.rand(4, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copy = torch.tensor(loss, requires_grad=True)
        wrapped = torch.autograd.Variable(loss, requires_grad=True)
    for one in (copy, wrapped):
        one.backward()
        assert model.weight.grad is None


@pytest.mark.parametrize("cut", [lambda out: out.detach(), lambda out: out.argmax(1).float(), lambda out: (out > 0).float()])
def test_loss_cut_without_a_leaf_raises(cut: object) -> None:  # TRN316
    output = cut(nn.Linear(8, 2)(torch.rand(4, 8)))  # type: ignore[operator]
    with pytest.raises(RuntimeError, match="does not require grad"):
        output.mean().backward()


@pytest.mark.parametrize("name", ["round", "sign", "floor", "ceil"])
def test_rounding_has_the_gradient_zero(name: str) -> None:  # TRN316
    model = nn.Linear(8, 2)
    getattr(torch, name)(model(torch.rand(4, 8))).sum().backward()
    assert model.weight.grad.abs().max() == 0


def test_a_number_has_no_backward() -> None:  # TRN316
    with pytest.raises(AttributeError):
        nn.Linear(8, 1)(torch.rand(4, 8)).mean().item().backward()


def test_tensors_to_the_constructor_raise() -> None:  # TRN318
    output, target = torch.rand(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])
    with pytest.raises((RuntimeError, AttributeError)):
        nn.CrossEntropyLoss(output, target).backward()


def test_a_criterion_replaced_by_its_result_cannot_be_called() -> None:  # TRN318
    loss = nn.MSELoss()
    loss = loss(torch.rand(4, 1), torch.rand(4, 1))
    with pytest.raises(TypeError):
        loss(torch.rand(4, 1), torch.rand(4, 1))


def test_softmax_over_the_batch_does_not_sum_to_one_in_a_sample() -> None:  # TRN315
    rows = torch.softmax(torch.randn(4, 10), dim=0)
    assert torch.allclose(rows.sum(0), torch.ones(10))
    assert not torch.allclose(rows.sum(1), torch.ones(4), atol=1e-2)


def test_classes_last_raise_in_cross_entropy() -> None:  # TRN315
    with pytest.raises(RuntimeError):
        F.cross_entropy(torch.randn(64, 20, 5), torch.randint(0, 5, (64, 20)))


def test_double_softmax_has_the_floor_of_the_message() -> None:  # TRN302
    best = F.cross_entropy(torch.eye(10), torch.arange(10))
    assert best.item() == pytest.approx(math.log(1 + 9 / math.e), abs=1e-5)


def test_double_sigmoid_has_the_floors_of_the_message() -> None:  # TRN302
    one = F.binary_cross_entropy_with_logits(torch.ones(1), torch.ones(1))
    zero = F.binary_cross_entropy_with_logits(torch.zeros(1), torch.zeros(1))
    assert one.item() == pytest.approx(0.313, abs=1e-3)
    assert zero.item() == pytest.approx(0.693, abs=1e-3)


def test_stacked_activations_predict_only_the_ranges_of_the_messages() -> None:  # TRN302, TRN304
    values = torch.linspace(-50, 50, 101)
    twice, cut, narrow = (torch.sigmoid(f(values)) for f in (torch.sigmoid, torch.relu, torch.tanh))
    assert (twice.min().item(), twice.max().item()) == pytest.approx((0.5, 0.731), abs=1e-3)
    assert cut.min().item() == 0.5
    assert (narrow.min().item(), narrow.max().item()) == pytest.approx((0.269, 0.731), abs=1e-3)


def test_softmax_over_one_unit_is_constant() -> None:  # TRN303
    logits = torch.randn(8, 1, requires_grad=True)
    probabilities = torch.softmax(logits, dim=1)
    F.mse_loss(probabilities, torch.zeros(8, 1)).backward()
    assert torch.all(probabilities == 1)
    assert logits.grad.abs().max() == 0
    assert F.cross_entropy(torch.randn(8, 1), torch.zeros(8, dtype=torch.long)).item() == 0


def test_bce_raises_outside_of_zero_and_one() -> None:  # TRN301, TRN313
    with pytest.raises(RuntimeError):
        F.binary_cross_entropy(torch.tensor([1.5]), torch.tensor([1.0]))
    with pytest.raises(RuntimeError):
        F.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([2.0]))


def test_signs_as_labels_let_the_loss_fall_below_zero() -> None:  # TRN313
    assert F.binary_cross_entropy_with_logits(torch.tensor([-50.0]), torch.tensor([-1.0])).item() == pytest.approx(-50)


def test_one_hot_integers_and_other_widths_raise() -> None:  # TRN305, TRN306, TRN307
    with pytest.raises((RuntimeError, TypeError)):
        F.cross_entropy(torch.randn(4, 10), F.one_hot(torch.tensor([1, 2, 3, 4]), 10))
    with pytest.raises(IndexError):
        F.cross_entropy(torch.randn(2, 3), torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="size"):
        F.binary_cross_entropy_with_logits(torch.randn(4, 10), torch.tensor([1.0, 2, 3, 4]))


def test_nll_is_not_a_loss_of_raw_values_or_probabilities() -> None:  # TRN312
    assert F.nll_loss(1000 * torch.ones(1, 3), torch.tensor([0])).item() == -1000
    assert -1 <= F.nll_loss(torch.softmax(torch.randn(5, 3), 1), torch.tensor([0, 1, 2, 0, 1])).item() <= 0


def test_n_by_one_against_n_compares_all_pairs() -> None:  # TRN314
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert F.mse_loss(torch.zeros(5, 1), torch.zeros(5), reduction="none").shape == (5, 5)


def test_losses_that_want_another_form() -> None:  # TRN319
    rows = torch.softmax(torch.randn(5, 3), 1)
    assert F.kl_div(rows, rows, reduction="batchmean").item() < 0
    assert F.ctc_loss(50 * torch.ones(4, 1, 3), torch.tensor([[1]]), torch.tensor([4]), torch.tensor([1])).item() < 0
    with pytest.raises(ValueError, match="negative"):
        F.gaussian_nll_loss(torch.zeros(2), torch.zeros(2), torch.tensor([1.0, -1.0]))


def test_what_reaches_zero_is_no_number() -> None:  # TRN320
    dead = torch.relu(-torch.ones(2, 3))
    assert torch.isinf(torch.log(dead)).all()
    assert torch.isnan(dead / dead.sum(1, keepdim=True)).all()
    leaf = torch.zeros(2, 3, requires_grad=True)
    torch.sqrt(leaf.pow(2).sum(1)).sum().backward()
    assert torch.isnan(leaf.grad).all()
    softmax = torch.softmax(torch.tensor([[0.0, 200.0]]), 1)
    assert torch.isinf(torch.log(softmax)).any()
    assert not torch.isinf(torch.log_softmax(torch.tensor([[0.0, 200.0]]), 1)).any()


def test_minus_a_loss_grows_by_its_steps() -> None:  # TRN317
    model = nn.Linear(4, 1)
    optimizer, x, y = torch.optim.SGD(model.parameters(), lr=0.05), torch.rand(32, 4), torch.rand(32, 1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        (-loss).backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == sorted(losses)
