"""PyTorch loops and updates by hand, from events and values built by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.facts import idioms
from tests.facts.building import (
    applied,
    at,
    batch,
    constant,
    event,
    library_loss,
    literal,
    loop,
    made,
    operation,
    run,
    runs,
    tensor,
    unknown_data,
)
from trainlint.core import Fact, Origin, Unknown
from trainlint.facts.graph import walk
from trainlint.facts.run import LossFacts, OptimizerFacts
from trainlint.interpret import values as v
from trainlint.interpret.events import Frame

X = constant(np.arange(1.0, 21.0).reshape(20, 1), "torch")
Y = constant(np.arange(1.0, 21.0).reshape(20, 1) / 2, "torch")


NETWORK = """import torch
x, y = torch.arange(1.0, 21.0).reshape(20, 1), torch.arange(1.0, 21.0).reshape(20, 1) / 2
net = torch.nn.Linear(1, 1)
"""
STEP = """        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(rows), targets).backward()
        optimizer.step()
"""
ANEW = f"""for trial in range(5):
    optimizer, rows, targets = torch.optim.SGD(net.parameters(), lr=0.01), x, y
    for epoch in range(100):
{STEP}"""
PICKED = f"""optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(7):
    for i in torch.randperm(20).split(4):
        rows, targets = x[i], y[i]
{STEP}"""

LISTED = """optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
batches = [(x[i:i + 4], y[i:i + 4, 0]) for i in range(0, 20, 4)]
for epoch in range(7):
    for rows, targets in batches:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(rows)[:, 0], targets).backward()
        optimizer.step()
"""


def linear(row: int = 3) -> v.Object:
    return made("torch.nn.Linear", row, in_features=1, out_features=1, units=1)


def trained(optimizer: v.Object, loss: v.Array, frames: tuple[Frame, ...] = (loop(500),), *others):
    return run(event("backward", 1, frames, loss=loss), *others, event("step", 9, frames, optimizer=optimizer))


def mean_squared(x: v.Array = X, y: v.Array = Y, **settings: object) -> v.Array:
    prediction = applied(linear(), x, *(x.shape or ()))
    return library_loss(made("torch.nn.MSELoss", **settings), prediction, y)


def sgd(**settings: object) -> v.Object:
    return made("torch.optim.SGD", 2, **settings)


def test_full_batch_loop() -> None:
    found = trained(sgd(learning_rate=0.01), mean_squared())
    assert (found.framework, found.optimizer.name, found.optimizer.learning_rate.value) == ("torch", "sgd", 0.01)
    assert (found.epochs.value, found.steps_per_epoch.value, found.batch_size.value) == (500, 1, 20)
    assert found.full_batch is True
    assert (found.inputs.low, found.inputs.high, found.targets.high) == (1, 20, 10)
    assert (found.model.parameters, found.model.linear_in_parameters) == (2, True)


def test_torch_linear_starts_uniform_over_root_fan_in() -> None:
    dense = next(node for node in walk(trained(sgd(learning_rate=0.01), mean_squared()).loss_graph) if node.op == "dense")
    for weight in dense.parameters:
        assert (weight.initializer.kind, weight.initializer.numbers) == ("torch_default", {"fan_in": 1.0})
    assert [one.shape for one in dense.parameters] == [(1, 1), (1,)]


def test_loader_gives_batch_size_and_steps() -> None:
    x = v.Array("data", (), {}, (100, 1), "float32", "torch", statistics=v.Statistics(0, 1, 0.5, 0.3, "declared"))
    frames = (loop(10, 8), loop(None, 9))
    found = trained(sgd(learning_rate=0.01), mean_squared(batch(x, 32), batch(x, 32)), frames)
    assert (found.batch_size.value, found.steps_per_epoch.value, found.epochs.value) == (32, 4, 10)
    assert (found.inputs.shape, found.inputs.scale) == ((100, 1), "unit")
    leaf = next(node for node in walk(found.loss_graph) if node.op == "data")
    assert leaf.attributes["batched"] is True


def test_scaled_batch_keeps_the_scaling_in_the_graph() -> None:
    x = v.Array("data", (), {}, (100, 1), "uint8", "torch")
    scaled = operation("divide", batch(x, 10), literal(255.0), shape=(10, 1))
    found = trained(sgd(learning_rate=0.01), mean_squared(scaled), (loop(3), loop(10)))
    ops = [node.op for node in walk(found.loss_graph)]
    assert ops.count("divide") == 1
    assert found.batch_size.value == 10


def test_loop_that_makes_the_optimizer_is_not_part_of_the_run() -> None:
    (found,) = idioms.runs(NETWORK + ANEW)
    assert found.epochs.value == 100


def test_step_on_some_passes_only() -> None:
    frames = (loop(100), Frame("branch", at(9)))
    found = run(event("backward", 1, frames[:1], loss=mean_squared()), event("step", 2, frames, optimizer=sgd(learning_rate=0.1)))
    assert isinstance(found.epochs, Unknown)


@pytest.mark.parametrize(
    ("name", "settings", "coupled"),
    [
        ("torch.optim.SGD", {"weight_decay": 0.1}, True),
        ("torch.optim.Adam", {"weight_decay": 0.1}, True),
        ("torch.optim.AdamW", {}, False),
        ("torch.optim.NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}, False),
    ],
)
def test_weight_decay_of_torch(name: str, settings: dict[str, object], coupled: bool) -> None:
    found = trained(made(name, 2, **settings), mean_squared()).optimizer
    assert found.decoupled is not coupled
    assert found.weight_decay.value == settings.get("weight_decay", 0.01)


def test_settings_of_torch_optimizers() -> None:
    found = trained(made("torch.optim.Adam", 2, betas=(0.8, 0.9), epsilon=1e-3, amsgrad=True), mean_squared()).optimizer
    assert (found.betas, found.epsilon.value, found.amsgrad) == ((0.8, 0.9), 1e-3, True)
    assert (found.learning_rate.value, found.learning_rate.origin) == (0.001, Origin.LIBRARY_DEFAULT)
    found = trained(sgd(learning_rate=0.1, momentum=0.9, nesterov=True), mean_squared()).optimizer
    assert (found.momentum.value, found.nesterov) == (0.9, True)


def test_groups_with_rates_of_their_own() -> None:
    groups = v.List({"items": v.Tuple((v.Dict({"lr": literal(0.1)}), v.Dict({"lr": literal(0.2)})))})
    assert isinstance(trained(sgd(params=groups, learning_rate=0.5), mean_squared()).optimizer.learning_rate, Unknown)


def test_clip_of_the_loop() -> None:
    clip = event("clip", 5, (loop(500),), maximum=literal(1.0), by=literal("norm"))
    assert trained(sgd(learning_rate=0.01), mean_squared(), (loop(500),), clip).optimizer.clip == ("global_norm", 1.0)


def test_scheduler_of_the_optimizer() -> None:
    optimizer = sgd(learning_rate=0.1)
    schedule = made("torch.optim.lr_scheduler.StepLR", optimizer=optimizer, step_size=30)
    step = event("scheduler_step", 12, (loop(500),), schedule=schedule)
    found = trained(optimizer, mean_squared(), (loop(500),), step)
    assert (found.schedule.name, found.schedule.parameters) == ("step", {"step_size": 30, "gamma": 0.1})
    assert found.optimizer.learning_rate.value == 0.1


def test_one_cycle_starts_at_a_25th_of_its_peak() -> None:
    optimizer = sgd(learning_rate=0.1)
    schedule = made("torch.optim.lr_scheduler.OneCycleLR", optimizer=optimizer, max_lr=1.0, total_steps=100)
    step = event("scheduler_step", 12, (loop(500),), schedule=schedule)
    found = trained(optimizer, mean_squared(), (loop(500),), step).optimizer.learning_rate
    assert (found.value, found.origin) == (0.04, Origin.SCHEDULE)


@pytest.mark.parametrize(
    ("settings", "reduction"),
    [({}, "mean"), ({"reduction": "sum"}, "sum"), ({"size_average": False}, "sum"), ({"reduce": False}, "none")],
)
def test_reductions_of_torch(settings: dict[str, object], reduction: str) -> None:
    loss = trained(sgd(learning_rate=0.01), mean_squared(**settings)).loss
    assert isinstance(loss, LossFacts)
    assert loss.name == "mean_squared_error"
    assert loss.reduction == (reduction if reduction != "none" else "unknown")


def test_unreduced_loss_then_mean() -> None:
    unreduced = mean_squared(reduction="none")
    found = trained(sgd(learning_rate=0.01), operation("mean", unreduced, shape=()))
    assert (found.loss.name, found.loss.reduction) == ("mean_squared_error", "mean")


def error(scale: float = 1.0, square: str = "power", outer: str = "mean") -> v.Array:
    w = tensor(0.5)
    x, y = constant(np.arange(20.0), "torch"), constant(2 * np.arange(20.0), "torch")
    residual = operation("subtract", operation("multiply", w, x, shape=(20,)), y, shape=(20,))
    squares = {
        "power": operation("power", residual, literal(2), shape=(20,)),
        "square": operation("square", residual, shape=(20,)),
        "product": operation("multiply", residual, residual, shape=(20,)),
        "abs": operation("abs", residual, shape=(20,)),
        "exp": operation("exp", residual, shape=(20,)),
    }
    return operation("multiply", literal(scale), operation(outer, squares[square], shape=()), shape=())


@pytest.mark.parametrize(
    ("square", "outer", "expected"),
    [
        ("power", "mean", ("mean_squared_error", "mean")),
        ("square", "sum", ("mean_squared_error", "sum")),
        ("product", "mean", ("mean_squared_error", "mean")),
        ("abs", "mean", ("mean_absolute_error", "mean")),
        ("exp", "mean", ("custom", "mean")),
    ],
)
def test_losses_written_by_hand(square: str, outer: str, expected: tuple[str, str]) -> None:
    found = trained(sgd(learning_rate=0.01), error(0.5, square, outer))
    assert (found.loss.name, found.loss.reduction) == expected
    factor = next(node for node in walk(found.loss_graph) if node.op == "multiply" and node.shape == ())
    assert factor.inputs[0].data.item() == 0.5


def test_update_by_hand_of_several_parameters_is_one_run() -> None:
    frames = (loop(100),)
    w, bias = tensor(0.5), tensor(0.0, "b")
    loss = error()
    gradient = v.Array("gradient", (w,), {}, (), "float32", "torch", symbolic=True)
    update = operation("multiply", literal(0.01, 4), gradient, shape=())
    found = run(
        event("backward", 1, frames, loss=loss),
        event("step", 2, frames, parameter=w, update=update),
        event("step", 3, frames, parameter=bias, update=update, learning_rate=literal(0.01, 4)),
    )
    assert isinstance(found.optimizer, OptimizerFacts)
    assert (found.optimizer.name, found.optimizer.written_by_hand, found.optimizer.library) == ("sgd", True, "torch")
    assert (found.optimizer.learning_rate.value, found.optimizer.learning_rate.place) == (0.01, at(4))
    assert (found.loss.name, found.epochs.value, found.steps_per_epoch.value) == ("mean_squared_error", 100, 1)
    assert (found.inputs.second_moment, found.model.linear_in_parameters) == (123.5, True)


def test_momentum_by_hand_is_not_plain_descent() -> None:
    w = tensor(0.5)
    gradient = v.Array("gradient", (w,), {}, (), "float32", "torch", symbolic=True)
    velocity = operation("add", unknown_data(), gradient, shape=())
    update = operation("multiply", literal(0.01), velocity, shape=())
    found = run(event("backward", 1, loss=error()), event("step", 2, parameter=w, update=update, learning_rate=literal(0.01)))
    assert found.optimizer.name == "custom"


def test_parameter_that_starts_at_known_values() -> None:
    found = trained(sgd(learning_rate=0.01), error())
    weight = next(node for node in walk(found.loss_graph) if node.op == "parameter").parameters[0]
    assert (weight.initializer.kind, weight.initializer.data.item(), weight.shape) == ("values", 0.5, ())


def test_two_optimizers_with_backwards_of_their_own() -> None:
    frames = (loop(10),)
    first, second = sgd(learning_rate=0.1), sgd(learning_rate=0.2)
    found = runs(
        event("backward", 1, frames, loss=mean_squared()),
        event("step", 2, frames, optimizer=first),
        event("backward", 3, frames, loss=error()),
        event("step", 4, frames, optimizer=second),
    )
    assert [(one.optimizer.learning_rate.value, one.loss_graph.op) for one in found] == [
        (0.1, "mean_squared_error"),
        (0.2, "multiply"),
    ]


def test_losses_of_several_backwards_add_up() -> None:
    frames = (loop(10),)
    found = run(
        event("backward", 1, frames, loss=mean_squared()),
        event("backward", 2, frames, loss=mean_squared()),
        event("step", 3, frames, optimizer=sgd(learning_rate=0.1)),
    )
    assert (found.loss_graph.op, len(found.loss_graph.inputs), found.loss.name) == ("add", 2, "mean_squared_error")


def test_tied_weights_are_one_parameter() -> None:
    encoder, decoder = linear(3), linear(4)
    encoder.cells["weight"] = v.Array(
        "parameter", (), {"name": "weight", "layer": encoder, "state": v.Unknown("")}, (1, 1), "float32", "torch", symbolic=True
    )
    decoder.cells["weight"] = encoder.cells["weight"]
    output = applied(decoder, applied(encoder, X, 20, 1), 20, 1)
    found = trained(sgd(learning_rate=0.01), library_loss(made("torch.nn.MSELoss"), output, Y))
    dense = [node for node in walk(found.loss_graph) if node.op == "dense"]
    assert dense[0].parameters[0] is dense[1].parameters[0]
    assert dense[0].parameters[1] is not dense[1].parameters[1]


def test_linear_and_dense_give_the_same_attributes() -> None:
    torch_node = trained(sgd(learning_rate=0.01), mean_squared()).model.output
    assert {key: torch_node.attributes[key] for key in ("units", "use_bias")} == {"units": 1, "use_bias": True}


def test_gradient_cut_from_the_graph() -> None:
    prediction = applied(linear(), X, 20, 1)
    target = v.Array("detach", (prediction,), {}, (20, 1), "float32", "torch", symbolic=True, detached=True)
    found = trained(sgd(learning_rate=0.01), library_loss(made("torch.nn.MSELoss"), prediction, target))
    assert found.loss_graph.inputs[1].op == "stop_gradient"


def test_loss_that_is_not_followed() -> None:
    found = run(
        event("backward", 1, (loop(5),), loss=v.Unknown("from another library")),
        event("step", 2, (loop(5),), optimizer=sgd(learning_rate=0.1)),
    )
    assert found.loss == Unknown("from another library", at(11))
    assert found.loss_graph is None
    assert isinstance(found.model, Unknown)
    assert isinstance(found.epochs, Fact)


def test_deep_graphs_do_not_exhaust_the_stack() -> None:
    array = operation("multiply", tensor(0.5), X, shape=(20, 1))
    for _ in range(30_000):
        array = operation("negative", array, shape=(20, 1))
    assert trained(sgd(learning_rate=0.1), operation("mean", array, shape=())).loss is not None


def test_swapped_weights_end() -> None:
    first, second = linear(3), linear(4)
    weights = [
        v.Array(
            "parameter", (), {"name": "weight", "layer": one, "state": v.Unknown("")}, (1, 1), "float32", "torch", symbolic=True
        )
        for one in (first, second)
    ]
    first.cells["weight"], second.cells["weight"] = weights[1], weights[0]
    output = applied(second, applied(first, X, 20, 1), 20, 1)
    found = trained(sgd(learning_rate=0.01), library_loss(made("torch.nn.MSELoss"), output, Y))
    dense = [node for node in walk(found.loss_graph) if node.op == "dense"]
    assert dense[0].parameters[0] is not dense[1].parameters[0]


def test_class_weights_keep_the_name_of_the_loss() -> None:
    loss = library_loss(made("torch.nn.CrossEntropyLoss", weight=constant([1.0, 2.0])), applied(linear(), X, 20, 1), Y)
    found = trained(sgd(learning_rate=0.01), loss)
    assert (found.loss.name, found.loss.from_logits, found.loss_graph.op) == ("cross_entropy", True, "custom")


def test_targets_are_those_of_the_loss() -> None:
    labels = v.Array("data", (), {}, (100,), "float32", "torch", statistics=v.Statistics(0, 9, 4.5, 30, "declared"))
    x = v.Array("data", (), {}, (100, 1), "float32", "torch")
    target = operation("reshape", batch(labels, 10), shape=(10, 1))
    found = trained(sgd(learning_rate=0.01), mean_squared(batch(x, 10), target), (loop(3), loop(10)))
    assert (found.targets.shape, found.targets.high) == ((100, 1), 9)


def test_rows_picked_by_the_loop_are_a_batch() -> None:
    (found,) = idioms.runs(NETWORK + PICKED)
    leaf = next(node for node in walk(found.model.output) if node.op == "data")
    assert (leaf.attributes["batched"], leaf.shape) == (True, (20, 1))
    assert (found.epochs.value, found.steps_per_epoch.value, found.batch_size.value) == (7, 5, 4)


@pytest.mark.parametrize(("size", "steps"), [(4, 5), (6, 4), (1, 20)])
def test_a_list_of_slices_is_a_list_of_batches(size: int, steps: int) -> None:
    (found,) = idioms.runs(NETWORK + LISTED.replace("4", str(size)))
    leaf = next(node for node in walk(found.model.output) if node.op == "data")
    assert leaf.attributes["batched"]
    assert leaf.data.tolist() == [[float(one)] for one in range(1, 21)]
    assert (found.targets.low, found.targets.high, found.targets.samples) == (0.5, 10, 20)
    assert (found.epochs.value, found.steps_per_epoch.value, found.batch_size.value) == (7, steps, size)


def test_of_rows_one_by_one_no_numbers_are_known() -> None:
    (found,) = idioms.runs(NETWORK + LISTED.replace(", 4)", ")").replace("i:i + 4", "i").replace("[:, 0]", "[0]"))
    assert (found.epochs.value, found.steps_per_epoch.value) == (7, 20)
    assert (found.inputs.low, found.inputs.high, found.targets.high) == (None, None, None)


def test_rate_set_by_the_loop_is_a_schedule() -> None:
    optimizer, frames = sgd(learning_rate=0.1), (loop(50),)
    changed = event("set_learning_rate", 8, (*frames, Frame("branch", at(9))), optimizer=optimizer, learning_rate=literal(0.01))
    found = trained(optimizer, mean_squared(), frames, changed)
    assert (found.optimizer.learning_rate.value, found.schedule.name) == (0.1, "assigned")
