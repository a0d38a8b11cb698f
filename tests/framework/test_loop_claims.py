"""What the messages of the loop, library and precision rules say happens: it happens when the faulty lines are really run."""

from __future__ import annotations

import copy

import numpy as np
import pytest

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def torch():
    import torch

    torch.manual_seed(0)
    return torch


@pytest.fixture(scope="module")
def keras():
    import keras

    keras.utils.set_random_seed(0)
    return keras


@pytest.fixture
def regression(torch):
    model = torch.nn.Linear(3, 1)
    return model, torch.ones(4, 3), torch.full((4, 1), 5.0)


def loss_of(torch, model, x, y):
    return torch.nn.functional.mse_loss(model(x), y)


def test_trn501_gradients_of_all_batches_add_up(torch, regression):
    model, x, y = regression
    loss_of(torch, model, x, y).backward()
    first = model.weight.grad.clone()
    loss_of(torch, model, x, y).backward()
    assert torch.allclose(model.weight.grad, 2 * first)


def test_trn502_a_step_after_the_clear_moves_nothing(torch, regression):
    model, x, y = regression
    optimizer, before = torch.optim.SGD(model.parameters(), lr=0.1), model.weight.clone()
    loss_of(torch, model, x, y).backward()
    optimizer.zero_grad()
    optimizer.step()
    assert torch.equal(model.weight, before)


def test_trn507_backward_under_no_grad_raises(torch, regression):
    with torch.no_grad():
        loss = loss_of(torch, *regression)
    with pytest.raises(RuntimeError, match="does not require grad"):
        loss.backward()


def test_trn507_only_what_is_recorded_gets_gradients(torch):
    maker, critic = torch.nn.Linear(4, 6), torch.nn.Linear(6, 1)
    with torch.no_grad():
        made = maker(torch.ones(2, 4))
    critic(made).sum().backward()
    assert maker.weight.grad is None
    assert critic.weight.grad is not None


def test_trn509_a_total_of_losses_keeps_the_graph_of_each(torch, regression):
    total = 0.0
    for _ in range(3):
        total += loss_of(torch, *regression)
    depth, node = 0, total.grad_fn
    while node is not None and node.name().startswith("Add"):
        depth, node = depth + 1, node.next_functions[0][0]
    assert depth == 3


def test_trn510_clipping_after_the_step_changes_nothing(torch, regression):
    model, x, y = regression
    twin = copy.deepcopy(model)
    for one, clip in ((model, True), (twin, False)):
        optimizer = torch.optim.SGD(one.parameters(), lr=0.1)
        loss_of(torch, one, x, y).backward()
        optimizer.step()
        if clip:
            torch.nn.utils.clip_grad_norm_(one.parameters(), 1e-3)
    assert torch.equal(model.weight, twin.weight)


def test_trn511_a_state_dict_changes_with_the_model(torch, regression):
    model, x, y = regression
    optimizer, best = torch.optim.SGD(model.parameters(), lr=0.1), model.state_dict()
    loss_of(torch, model, x, y).backward()
    optimizer.step()
    assert torch.equal(best["weight"], model.weight)


@pytest.mark.parametrize("passes", [2, 4])
def test_trn513_accumulated_gradients_make_the_step_as_many_times_as_large(torch, regression, passes):
    model, x, y = regression
    start, moved = model.weight.detach().clone(), []
    for times in (1, passes):
        one = copy.deepcopy(model)
        optimizer = torch.optim.SGD(one.parameters(), lr=0.01)
        for _ in range(times):
            loss_of(torch, one, x, y).backward()
        optimizer.step()
        moved.append(one.weight.detach() - start)
    assert torch.allclose(moved[1], passes * moved[0], atol=1e-6)


def test_trn517_a_copy_leaves_the_tensor_as_it_was(torch):
    x = torch.ones(3)
    x.to(torch.float64)
    assert x.dtype == torch.float32


def test_trn607_a_layer_put_in_afterwards_never_trains(torch):
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[1] = torch.nn.Linear(3, 1)
    before = model[1].weight.clone()
    model(torch.ones(2, 3)).square().mean().backward()
    optimizer.step()
    assert torch.equal(model[1].weight, before)


def test_trn608_a_new_adam_is_at_its_first_step(torch, regression):
    model, x, y = regression
    for _ in range(2):
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        loss_of(torch, model, x, y).backward()
        optimizer.step()
    assert optimizer.state[model.weight]["step"] == 1


def test_trn609_the_optimizer_reads_its_groups(torch, regression):
    optimizer = torch.optim.SGD(regression[0].parameters(), lr=0.1)
    optimizer.lr = 0.001
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_trn611_cosine_climbs_back_past_its_total(torch, regression):
    optimizer = torch.optim.SGD(regression[0].parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    rates = []
    for _ in range(20):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[9] == pytest.approx(0, abs=1e-9)
    assert rates[19] == pytest.approx(0.1)


def test_trn611_one_cycle_raises_past_its_total(torch, regression):
    optimizer = torch.optim.SGD(regression[0].parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10)
    for _ in range(10):
        optimizer.step()
        scheduler.step()
    with pytest.raises(ValueError, match="total steps"):
        scheduler.step()


def test_trn612_a_plateau_schedule_asks_for_its_metric(torch, regression):
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(torch.optim.SGD(regression[0].parameters(), lr=0.1))
    with pytest.raises(TypeError):
        scheduler.step()


@pytest.mark.parametrize(("dtype", "bits"), [("bfloat16", 9), ("float16", 12)])
def test_trn803_half_weights_lose_steps_below_half_a_unit(torch, dtype, bits):
    for weight in (0.5, 0.07, 1.9):
        held = torch.tensor(weight, dtype=getattr(torch, dtype))
        assert held + held * 2.0**-bits * 0.99 == held


def test_trn805_a_sampler_without_its_epoch_repeats_the_order(torch):
    from torch.utils.data.distributed import DistributedSampler

    sampler = DistributedSampler(range(50), num_replicas=2, rank=0)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_trn601_compile_refuses_an_unknown_argument_and_a_class(keras):
    model = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(TypeError):
        model.compile("adam", loss_function="mse")
    with pytest.raises(ValueError, match="optimizer"):
        model.compile(keras.optimizers.Adam, "mse")


def test_trn602_and_trn603_keras_3_ignores_decay_and_refuses_lr(keras):
    with pytest.warns(UserWarning, match="decay"):
        optimizer = keras.optimizers.SGD(learning_rate=0.01, decay=0.5)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    with pytest.raises(ValueError, match="lr"):
        keras.optimizers.Adam(lr=0.1)
    with pytest.raises((TypeError, ValueError)):
        keras.layers.Dense(1, init="uniform")
    assert not hasattr(keras.Model, "fit_generator")


def test_trn604_a_name_that_is_not_recorded_raises(keras):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    with pytest.raises(KeyError):
        history.history["accuracy"]


def test_trn605_a_schedule_is_not_settable(keras):
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    optimizer = keras.optimizers.SGD(rate)
    with pytest.raises(TypeError):
        optimizer.learning_rate = 0.01


def test_trn606_tensorflow_keeps_to_the_compiled_step(keras):
    base = keras.layers.Dense(2)
    model = keras.Sequential([base, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = np.ones((8, 2)), np.ones((8, 1))
    model.fit(x, y, verbose=0)
    base.trainable = False
    before = base.get_weights()[0].copy()
    model.fit(x, y, verbose=0)
    assert not np.array_equal(base.get_weights()[0], before)


def test_trn520_a_call_without_training_leaves_dropout_out(keras):
    model = keras.Sequential([keras.layers.Dropout(0.5)])
    x = np.ones((1, 100))
    assert np.array_equal(np.asarray(model(x)), x)
    assert not np.array_equal(np.asarray(model(x, training=True)), x)


def test_trn613_class_numbers_raise_with_categorical_crossentropy(keras):
    model = keras.Sequential([keras.layers.Dense(5, activation="softmax")])
    model.compile("adam", "categorical_crossentropy")
    with pytest.raises(ValueError, match="shape"):
        model.fit(np.ones((4, 2)), np.arange(4), verbose=0)


@pytest.mark.parametrize("given", [(), (1.0,)])
def test_trn519_lbfgs_calls_its_closure(torch, regression, given):
    model, *_ = regression
    with pytest.raises(TypeError):
        torch.optim.LBFGS(model.parameters()).step(*given)


def test_a_loss_reads_how_it_averages_only_when_it_is_made(torch):
    loss = torch.nn.MSELoss()
    loss.size_average = False
    assert float(loss(torch.zeros(4), torch.ones(4))) == 1
    loss.reduction = "sum"
    assert float(loss(torch.zeros(4), torch.ones(4))) == 4
