"""Keras runs from events and values built by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.facts.building import applied, at, constant, event, literal, loop, made, model, run, runs, unknown_data
from trainlint.core import Fact, Origin, Unknown
from trainlint.facts.graph import walk
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts
from trainlint.interpret import values as v


def fitted(optimizer: v.Value, loss: v.Value, era: str = "", **values: v.Value):
    owner = model()
    x = values.pop("x", constant(np.arange(20.0).reshape(20, 1)))
    y = values.pop("y", constant(2 * np.arange(20.0)))
    output = values.pop("output", applied(made("keras.layers.Dense", units=1, use_bias=False), x, 20, 1))
    compiled = event("compile", 0, model=owner, optimizer=optimizer, loss=loss)
    fit = event("fit", 1, model=owner, optimizer=optimizer, loss=loss, x=x, y=y, output=output, **values)
    return run(compiled, fit, era=era)


SGD = made("keras.optimizers.SGD")
MSE = literal("mse")


def test_defaults_of_library_are_facts_with_that_origin() -> None:
    found = fitted(SGD, MSE)
    assert isinstance(found.optimizer, OptimizerFacts)
    assert (found.optimizer.name, found.optimizer.library) == ("sgd", "keras")
    rate = found.optimizer.learning_rate
    assert isinstance(rate, Fact)
    assert (rate.value, rate.origin) == (0.01, Origin.LIBRARY_DEFAULT)
    assert found.optimizer.momentum.value == 0
    assert found.optimizer.weight_decay is None
    assert found.schedule is None


def test_numbers_of_arange_20() -> None:
    inputs = fitted(SGD, MSE).inputs
    assert (inputs.low, inputs.high, inputs.mean, inputs.second_moment) == (0, 19, 9.5, 123.5)
    assert (inputs.shape, inputs.scale, inputs.known) == ((20, 1), "unnormalized", "exact")


def test_default_batch_and_steps() -> None:
    found = fitted(SGD, MSE)
    assert (found.batch_size.value, found.batch_size.origin) == (32, Origin.LIBRARY_DEFAULT)
    assert (found.steps_per_epoch.value, found.epochs.value) == (1, 1)
    assert found.full_batch is True
    found = fitted(SGD, MSE, batch_size=literal(8), epochs=literal(10))
    assert (found.steps_per_epoch.value, found.epochs.value, found.updates) == (3, 10, 30)


def test_batch_size_none_is_the_default() -> None:
    assert fitted(SGD, MSE, batch_size=literal(None)).batch_size.value == 32


@pytest.mark.parametrize(("era", "expected"), [("keras1", 1e-8), ("", 1e-7), ("keras3", 1e-7)])
def test_default_of_epsilon_depends_on_era(era: str, expected: float) -> None:
    optimizer = fitted(made("keras.optimizers.Adam"), MSE, era).optimizer
    assert optimizer.epsilon.value == expected
    assert optimizer.betas == (0.9, 0.999)


def test_rate_of_argument_default_keeps_origin_place_and_note() -> None:
    rate = literal(0.1, 5, Origin.ARGUMENT_DEFAULT, "default of `--lr`")
    found = fitted(made("keras.optimizers.SGD", learning_rate=rate), MSE).optimizer.learning_rate
    assert (found.value, found.origin, found.why, found.place) == (0.1, Origin.ARGUMENT_DEFAULT, ("default of `--lr`",), at(5))


def test_rate_that_differs_between_branches_is_unknown() -> None:
    rate = v.Choice((literal(0.1), literal(0.01)))
    found = fitted(made("keras.optimizers.SGD", learning_rate=rate), MSE).optimizer.learning_rate
    assert isinstance(found, Unknown)
    assert found.reason == "0.1 or 0.01, depending on a branch"


def test_rate_that_is_text_is_unknown_and_kept() -> None:
    found = fitted(made("keras.optimizers.SGD", learning_rate="1e-3"), MSE).optimizer
    assert isinstance(found.learning_rate, Unknown)
    assert found.parameters["learning_rate"] == "1e-3"


def test_keras_decay_is_inverse_time() -> None:
    found = fitted(made("keras.optimizers.SGD", learning_rate=0.1, decay=1e-3), MSE)
    assert found.schedule.name == "inverse_time"
    assert found.schedule.parameters == {"decay_rate": 1e-3, "decay_steps": 1}


def test_schedule_as_rate() -> None:
    schedule = made("keras.optimizers.schedules.ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.9)
    found = fitted(made("keras.optimizers.SGD", learning_rate=schedule), MSE)
    assert (found.optimizer.learning_rate.value, found.optimizer.learning_rate.origin) == (0.1, Origin.SCHEDULE)
    assert found.schedule.name == "exponential_decay"
    assert found.schedule.parameters["decay_rate"] == 0.9
    assert found.schedule.parameters["staircase"] is False


def test_plateau_callback_is_a_schedule() -> None:
    callbacks = v.List({"items": v.Tuple((made("keras.callbacks.ReduceLROnPlateau", factor=0.5),))})
    found = fitted(SGD, MSE, callbacks=callbacks)
    assert found.schedule.name == "reduce_on_plateau"
    assert found.schedule.parameters["factor"] == 0.5


@pytest.mark.parametrize(("argument", "kind"), [("clipnorm", "norm"), ("global_clipnorm", "global_norm"), ("clipvalue", "value")])
def test_clipping_arguments(argument: str, kind: str) -> None:
    assert fitted(made("keras.optimizers.SGD", **{argument: 0.5}), MSE).optimizer.clip == (kind, 0.5)


def test_weight_decay_of_keras_is_decoupled() -> None:
    found = fitted(made("keras.optimizers.SGD", weight_decay=0.1), MSE).optimizer
    assert found.weight_decay.value == 0.1
    assert found.decoupled


def test_compile_of_the_model_as_its_own_optimizer() -> None:
    owner, adam = model(), made("keras.optimizers.Adam", learning_rate=1e-5)
    x, y = constant(np.zeros((4, 2))), constant(np.zeros(4))
    compiled = event("compile", 0, model=owner, optimizer=owner, loss=adam, extra_loss_function=literal("binary_crossentropy"))
    found = run(compiled, event("fit", 1, model=owner, optimizer=owner, loss=adam, x=x, y=y))
    assert found.optimizer == Unknown("the first argument of compile is the model", owner.place)
    assert found.loss == Unknown("the loss argument of compile is an optimizer", adam.place)
    assert found.misplaced_optimizer.name == "adam"
    assert found.misplaced_optimizer.learning_rate.value == 1e-5
    assert found.loss_graph is None


def test_optimizer_in_its_place_is_not_misplaced() -> None:
    assert fitted(SGD, MSE).misplaced_optimizer is None


@pytest.mark.parametrize(
    ("loss", "name", "reduction", "from_logits"),
    [
        (literal("mse"), "mean_squared_error", "mean", None),
        (v.Symbol("keras.losses.mean_squared_error", ""), "mean_squared_error", "mean", None),
        (made("keras.losses.MeanSquaredError", reduction="sum"), "mean_squared_error", "sum", None),
        (made("keras.losses.BinaryCrossentropy", from_logits=True), "binary_crossentropy", "mean", True),
        (literal("categorical_crossentropy"), "categorical_crossentropy", "mean", False),
        (made("keras.losses.SparseCategoricalCrossentropy"), "sparse_categorical_crossentropy", "mean", False),
        (made("keras.losses.Huber", reduction="none"), "huber", "none", None),
    ],
)
def test_losses(loss: v.Value, name: str, reduction: str, from_logits: bool | None) -> None:
    found = fitted(SGD, loss).loss
    assert isinstance(found, LossFacts)
    assert (found.name, found.reduction, found.from_logits) == (name, reduction, from_logits)


def test_no_loss_is_unknown() -> None:
    assert fitted(SGD, literal(None)).loss == Unknown("no loss is given", at(1))


def test_vector_targets_get_the_axis_of_the_output() -> None:
    root = fitted(SGD, MSE).loss_graph
    output, target = root.inputs
    assert (root.op, root.attributes["reduction"]) == ("mean_squared_error", "mean")
    assert (output.shape, target.op, target.shape) == ((20, 1), "expand_dims", (20, 1))
    assert target.inputs[0].data.tolist() == (2 * np.arange(20.0)).tolist()


def test_keras_sum_is_over_the_batch_only() -> None:
    root = fitted(SGD, made("keras.losses.MeanSquaredError", reduction="sum")).loss_graph
    assert root.attributes["reduction"] == "sum_over_batch"


def test_weighted_samples_are_no_plain_loss() -> None:
    root = fitted(SGD, MSE, class_weight=v.Dict()).loss_graph
    assert (root.op, root.attributes["weighted"]) == ("custom", "class_weight")


def test_validation_split_takes_the_last_rows() -> None:
    found = fitted(SGD, MSE, validation_split=literal(0.25), batch_size=literal(4))
    assert (found.inputs.shape, found.inputs.high) == ((15, 1), 14)
    assert found.steps_per_epoch.value == 4
    assert next(node for node in walk(found.loss_graph) if node.op == "data").data.shape == (15, 1)


def test_linear_model() -> None:
    found = fitted(SGD, MSE).model
    assert isinstance(found, ModelFacts)
    assert (found.linear_in_parameters, found.parameters, found.output_activation) == (True, 1, "linear")
    assert [(one.kind, one.units, one.activation, one.use_bias) for one in found.layers] == [("dense", 1, "linear", False)]


def deep(second: v.Object | None = None):
    x = unknown_data(100, 8)
    first = made("keras.layers.Dense", units=16, activation="relu", kernel_regularizer=made("keras.regularizers.L2", l2=0.1))
    hidden = applied(first, x, 100, 16)
    dropped = applied(made("keras.layers.Dropout", rate=0.5), hidden, 100, 16)
    last = second or made("keras.layers.Dense", units=3, activation="softmax")
    return fitted(SGD, literal("categorical_crossentropy"), x=x, y=unknown_data(100, 3), output=applied(last, dropped, 100, 3))


def test_layers_fold_their_activations() -> None:
    found = deep().model
    assert [(one.kind, one.activation) for one in found.layers] == [("dense", "relu"), ("dropout", None), ("dense", "softmax")]
    assert (found.output_activation, found.linear_in_parameters) == ("softmax", False)
    assert found.parameters == 8 * 16 + 16 + 16 * 3 + 3


def test_weights_have_shapes_initializers_and_penalties() -> None:
    dense = next(node for node in walk(deep().loss_graph) if node.op == "dense")
    kernel, bias = dense.parameters
    assert (kernel.shape, kernel.initializer.kind, kernel.l2) == ((8, 16), "glorot_uniform", 0.1)
    assert (bias.shape, bias.initializer.kind, bias.l2) == ((16,), "zeros", 0.0)


def test_two_linear_layers_are_not_linear_in_the_weights() -> None:
    x = unknown_data(10, 4)
    hidden = applied(made("keras.layers.Dense", units=2), x, 10, 2)
    found = fitted(SGD, MSE, x=x, y=unknown_data(10, 1), output=applied(made("keras.layers.Dense", units=1), hidden, 10, 1))
    assert found.model.linear_in_parameters is False


def test_a_layer_used_twice_has_one_set_of_weights() -> None:
    shared = made("keras.layers.Dense", units=4, use_bias=False)
    x = unknown_data(10, 4)
    found = fitted(SGD, MSE, x=x, output=applied(shared, applied(shared, x, 10, 4), 10, 4), y=unknown_data(10, 4))
    dense = [node for node in walk(found.loss_graph) if node.op == "dense"]
    assert len(dense) == 2
    assert dense[0].parameters[0] is dense[1].parameters[0]
    assert found.model.parameters == 16
    assert len(found.model.layers) == 1


def test_frozen_layer_is_not_trained() -> None:
    x = unknown_data(10, 4)
    frozen = made("keras.layers.Dense", units=2, cells={"trainable": v.Literal(False)})
    found = fitted(SGD, MSE, x=x, output=applied(made("keras.layers.Dense", units=1), applied(frozen, x, 10, 2), 10, 1))
    first, second = (node for node in walk(found.model.output) if node.op == "dense")
    assert [one.trainable for one in (*first.parameters, *second.parameters)] == [False, False, True, True]
    assert found.model.linear_in_parameters is True


def test_convolution_in_one_vocabulary() -> None:
    x = unknown_data(10, 28, 28, 3)
    layer = made("keras.layers.Conv2D", filters=8, kernel_size=3, padding="same", dilation_rate=2)
    node = fitted(SGD, MSE, x=x, output=applied(layer, x, 10, 28, 28, 8)).model.output
    assert node.attributes["kernel_size"] == (3, 3)
    assert node.attributes["dilation"] == (2, 2)
    assert (node.attributes["filters"], node.attributes["data_format"]) == (8, "channels_last")
    assert node.parameters[0].shape == (3, 3, 3, 8)


def test_what_is_not_followed_is_unknown_with_a_reason() -> None:
    owner = model()
    found = run(event("fit", 0, model=owner, x=v.Unknown("read from a file"), y=v.Unknown("read from a file")))
    assert isinstance(found.optimizer, Unknown)
    assert isinstance(found.model, Unknown)
    assert found.inputs.known == "unknown"
    assert found.loss_graph is None
    assert (found.batch_size.value, isinstance(found.steps_per_epoch, Unknown)) == (32, True)


def test_each_fit_is_a_run_with_the_compile_before_it() -> None:
    owner, x, y = model(), unknown_data(4, 1), unknown_data(4, 1)
    events = (
        event("compile", 0, model=owner, optimizer=SGD, loss=MSE),
        event("fit", 1, model=owner, x=x, y=y),
        event("compile", 2, model=owner, optimizer=made("keras.optimizers.Adam"), loss=MSE),
        event("fit", 3, model=owner, x=x, y=y),
    )
    assert [(one.optimizer.name, one.order) for one in runs(*events)] == [("sgd", 0), ("adam", 1)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (np.array([0, 1, 1, 0]), ("binary", 2)),
        (np.array([-1.0, 1.0, 1.0]), ("pm1", 2)),
        (np.array([0, 1, 2, 2, 1, 0]), ("int", 3)),
        (np.eye(3), ("onehot", 3)),
        (np.array([[1, 1, 0], [0, 1, 0]]), ("multihot", 3)),
        (np.array([[0.3, 0.7], [0.5, 0.5]]), ("prob", 2)),
        (2 * np.arange(20), ("continuous", None)),
    ],
)
def test_kinds_of_labels(data: np.ndarray, expected: tuple[str, int | None]) -> None:
    targets = fitted(SGD, MSE, y=constant(data)).targets
    assert (targets.labels, targets.classes) == expected


@pytest.mark.parametrize(
    ("statistics", "dtype", "expected"),
    [
        (v.Statistics(0, 1, 0.13, 0.1, "typical"), "float32", "unit"),
        (v.Statistics(0, 255, 33, 7000, "typical"), "uint8", "byte"),
        (v.Statistics(mean=0.0, second_moment=1.0, known="declared"), "float64", "standardized"),
        (v.Statistics(-0.42, 2.82, 0.0, 1.0, "typical"), "float32", "standardized"),
        (v.Statistics(0, 19, 9.5, 123.5, "exact"), "float64", "unnormalized"),
        (v.UNKNOWN_STATISTICS, "float32", "unknown"),
    ],
)
def test_scale(statistics: v.Statistics, dtype: str, expected: str) -> None:
    x = v.Array("data", (), {}, (10, 1), dtype, statistics=statistics)
    assert fitted(SGD, MSE, x=x).inputs.scale == expected


def test_scalings_on_the_way() -> None:
    raw = v.Array("data", (), {"source": "keras.datasets.mnist"}, (10, 784), "uint8")
    x = v.Array("divide", (raw, literal(255.0)), {}, (10, 784), "float64", place=at(9))
    inputs = fitted(SGD, MSE, x=x).inputs
    assert inputs.steps == (("divide", 255.0, at(9)),)
    assert inputs.source == "keras.datasets.mnist"


def test_comparison_gives_binary_labels() -> None:
    truth = v.Array("greater", (unknown_data(10), literal(0.5)), {}, (10,), "bool")
    y = v.Array("cast", (truth,), {"dtype": "float32"}, (10,), "float32")
    targets = fitted(SGD, MSE, y=y).targets
    assert (targets.labels, targets.classes) == ("binary", 2)


def test_rows_are_drawn_in_batches() -> None:
    leaves = [node for node in walk(fitted(SGD, MSE).loss_graph) if node.op == "data"]
    assert [node.attributes["batched"] for node in leaves] == [True, True]


def test_vector_of_inputs_becomes_a_column() -> None:
    x = constant(np.arange(20.0))
    output = applied(made("keras.layers.Dense", units=1), x, 20)
    found = fitted(SGD, MSE, x=x, output=output)
    dense = next(node for node in walk(found.loss_graph) if node.op == "dense")
    assert (found.inputs.shape, dense.shape, dense.parameters[0].shape) == ((20, 1), (20, 1), (1, 1))


def test_rate_assigned_ahead_of_fit() -> None:
    owner, x, y = model(), unknown_data(4, 1), unknown_data(4, 1)
    optimizer = made("keras.optimizers.SGD", learning_rate=0.1, cells={"learning_rate": literal(0.9)})
    first, second = runs(
        event("fit", 0, model=owner, optimizer=optimizer, x=x, y=y),
        event("set_attribute", 1, target=optimizer, name=literal("learning_rate"), value=literal(0.9)),
        event("fit", 2, model=owner, optimizer=optimizer, x=x, y=y),
    )
    assert (first.optimizer.learning_rate.value, second.optimizer.learning_rate.value) == (0.1, 0.9)


def test_train_on_batch_counts_the_loops_around_it() -> None:
    frames = (loop(5), loop(100, 9))
    values = {"model": model(), "optimizer": SGD, "x": unknown_data(16, 3), "y": unknown_data(16, 1)}
    found = run(event("fit", 0, frames, **values, method=literal("train_on_batch")))
    assert (found.batch_size.value, found.steps_per_epoch.value, found.epochs.value) == (16, 100, 5)


def test_weights_that_were_set_are_not_the_default() -> None:
    x = unknown_data(10, 2)
    kernel = constant(np.array([[1.0], [2.0]]))
    layer = made("keras.layers.Dense", units=1, cells={"set_weights": v.List({"items": v.Tuple((kernel, unknown_data(1)))})})
    dense = fitted(SGD, MSE, x=x, output=applied(layer, x, 10, 1)).model.output
    assert dense.parameters[0].initializer.data.tolist() == [[1.0], [2.0]]
    assert dense.parameters[1].initializer.kind == "unknown"


@pytest.mark.parametrize("name", ["activation", "layer"])
def test_layer_wrapped_in_itself_ends(name: str) -> None:
    layer = made("keras.layers.Dense" if name == "activation" else "keras.layers.TimeDistributed", units=1)
    layer.cells[name] = layer
    x = unknown_data(10, 2)
    assert isinstance(fitted(SGD, MSE, x=x, output=applied(layer, x, 10, 1)).model, ModelFacts)


def test_numbers_that_python_does_not_write() -> None:
    rate = v.Choice((literal(10**5000), literal(0.1)))
    found = fitted(made("keras.optimizers.SGD", learning_rate=rate), MSE).optimizer.learning_rate
    assert found.reason == "a huge number or 0.1, depending on a branch"
    assert isinstance(fitted(made("keras.optimizers.SGD", learning_rate=10**5000), MSE).optimizer.learning_rate, Unknown)
