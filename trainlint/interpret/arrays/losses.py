"""The losses of `tf.nn`: functions of logits that give one number a row, or (sigmoid) one an entry."""

from __future__ import annotations

from dataclasses import replace

from trainlint.interpret.arrays.nodes import shape_of
from trainlint.interpret.dispatch import Call, bind, function
from trainlint.interpret.values import Literal, Object, Value
from trainlint.knowledge.tensorflow_operation_rows import LOSSES


@function(*(f"tensorflow.nn.{name}" for name, _, _ in LOSSES))
def loss_of_logits(call: Call) -> Value:
    """The loss of each row, as Keras's loss of the same kind with `from_logits=True` and no reduction."""
    from trainlint.interpret.keras.common import row_of
    from trainlint.interpret.keras.compiling import CLASS_OF_KIND, loss_array

    assert call.row is not None
    bound = bind(call.row, call.arguments)
    target, prediction = bound.arguments.get("target"), bound.arguments.get("prediction")
    if target is None or prediction is None:
        return call.unknown("a loss that is called without a target and a prediction")
    arguments = {"from_logits": Literal(True, call.place), "reduction": Literal("none", call.place)}
    made = Object(row_of(CLASS_OF_KIND[call.row.kind]), arguments, {}, {}, call.spelled, call.place, bound.places)
    output = loss_array(call, made, target, prediction, bound.places)
    return replace(output, shape=shape_of(prediction)) if call.row.kind == "binary_crossentropy" else output
