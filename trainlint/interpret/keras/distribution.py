"""`tf.distribute`: a strategy runs the script's own step on every device, over the same data set."""

from __future__ import annotations

from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Arguments, Call, function, method
from trainlint.interpret.keras.common import items_of
from trainlint.interpret.values import Array, Dict, Literal, Unknown, Value

STRATEGY = "object:strategy"


@method(STRATEGY, "run", "experimental_run_v2", "call_for_each_replica")
def _run(call: Call) -> Value:
    """`strategy.run(step, args=(batch,))`: what the step gives on one device stands for all."""
    step, given, named = call.argument(0, "fn"), call.argument(1, "args"), call.argument(2, "kwargs")
    positional = items_of(given) if given is not None else ()
    if step is None or positional is None:
        return call.unknown("what a strategy runs")
    cells = named.cells if isinstance(named, Dict) else {}
    keywords = {key: value for key, value in cells.items() if isinstance(key, str)}
    return call.interpreter.call(step, Arguments(positional, keywords, (None,) * len(positional)), call.place)


@method(STRATEGY, "experimental_distribute_dataset", "make_dataset_iterator")
def _distributed(call: Call) -> Value:
    """The same data set, each batch of which is dealt out to the devices."""
    return call.argument(0, "dataset") or call.unknown("a data set that is not given")


@method(STRATEGY, "distribute_datasets_from_function", "experimental_distribute_datasets_from_function")
def _from_function(call: Call) -> Value:
    """The data set that a function of the script makes."""
    made = call.argument(0, "dataset_fn")
    if made is None:
        return call.unknown("a data set that is not given")
    context = Unknown("the context of a device", call.place)
    return call.interpreter.call(made, Arguments((context,), {}, (None,)), call.place)


@method(STRATEGY, "reduce")
def _reduce(call: Call) -> Value:
    """The value of all devices together: that of one stands for it."""
    return call.argument(1, "value") or call.unknown("what a strategy reduces")


@method(STRATEGY, "experimental_local_results", "unwrap")
def _local(call: Call) -> Value:
    return call.argument(0, "value") or call.unknown("what a device computed")


@function("tensorflow.nn.compute_average_loss")
def _average_loss(call: Call) -> Value:
    """The losses of the samples, summed and divided by the size of the batch on all devices together."""
    losses, size = call.argument(0, "per_example_loss"), call.arguments.keywords.get("global_batch_size")
    if losses is None or "sample_weight" in call.arguments.keywords:
        return call.unknown("a weighted average of losses")
    if not isinstance(size, Literal | Array):
        return arrays.operate("mean", [losses], {"axis": None, "keepdims": False}, call.place, "tensorflow")
    summed = arrays.operate("sum", [losses], {"axis": None, "keepdims": False}, call.place, "tensorflow")
    return arrays.binary("truediv", summed, size, call.place)


@function("tensorflow.nn.scale_regularization_loss")
def _scaled_penalty(call: Call) -> Value:
    return call.argument(0, "regularization_loss") or call.unknown("a penalty")
