"""Losses: criterion objects and `torch.nn.functional`. Both give Array(op="loss") and a "loss" event."""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret.dispatch import Arguments, Call, bind, function
from trainlint.interpret.torch.common import Module, argument_of, make_object
from trainlint.interpret.torch.layers import dtype_of, shape_of
from trainlint.interpret.values import Array, Literal, Shape, Value, alternatives
from trainlint.knowledge.torch_training_rows import LOSSES

_OVER_CLASSES = frozenset({"cross_entropy", "nll"})
_PER_SAMPLE = frozenset(
    {"multi_margin", "multilabel_margin", "multilabel_soft_margin", "triplet_margin", "cosine_embedding", "ctc"}
)
_INPUTS = ("input", "target", "var", "input1", "input2", "anchor", "positive", "negative", "log_probs", "targets")


def apply_loss_object(call: Call, loss: Module) -> Value:
    """`criterion(prediction, target)`."""
    return _loss_array(call, loss, call.arguments)


@function(*(f"torch.nn.functional.{name}" for _, name, _, _, _ in LOSSES))
def _functional(call: Call) -> Value:
    """`F.mse_loss(prediction, target, reduction="sum")`: the loss is an Object of the function's own row."""
    assert call.row is not None
    return _loss_array(call, make_object(call, call.row), call.arguments)


def _loss_array(call: Call, loss: Module, arguments: Arguments) -> Value:
    inputs = _inputs(loss, arguments)
    if len(inputs) < 2:
        return call.unknown("a loss that is called without a prediction and a target")
    shape = _shape(loss, inputs)
    symbolic = any(not isinstance(one, Array) or one.symbolic for value in inputs for one in alternatives(value))
    attributes = {"loss": loss}
    output = Array("loss", inputs, attributes, shape, dtype_of(inputs[0]), "torch", symbolic=symbolic, place=call.place)
    places: dict[str, Place] = dict(arguments.keyword_places)
    names = ("prediction", "target")
    places.update({name: place for name, place in zip(names, arguments.positional_places, strict=False) if place is not None})
    call.interpreter.emit("loss", call.place, places, loss=loss, output=output)
    return output


def _inputs(loss: Module, arguments: Arguments) -> tuple[Value, ...]:
    """Prediction, target and further tensors, however they are passed."""
    row = loss.row
    if row is not None and row.makes == "function":
        bound = bind(row, arguments).arguments
        return tuple(bound[name] for name in (one.name for one in row.parameters) if name in bound and name in _INPUTS)
    keywords = [arguments.keywords[name] for name in _INPUTS if name in arguments.keywords]
    return (*arguments.positional, *keywords)


def reduction_of(loss: Module) -> str | None:
    """mean, sum or none; None if it is not known. The old `size_average` and `reduce` win over `reduction`, as in PyTorch."""
    old = [argument_of(loss, name) for name in ("size_average", "reduce")]
    given = [one.value if isinstance(one, Literal) else None for one in old]
    if any(value is not None for value in given):
        if given[1] is False:
            return "none"
        return "sum" if given[0] is False else "mean"
    value = argument_of(loss, "reduction")
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def _shape(loss: Module, inputs: tuple[Value, ...]) -> Shape | None:
    reduction = reduction_of(loss)
    if reduction in ("mean", "sum", "batchmean"):
        return ()
    prediction = shape_of(inputs[0])
    kind = loss.row.kind if loss.row is not None else ""
    if reduction != "none" or prediction is None or kind in ("ctc", "margin_ranking"):
        return None
    if kind in _OVER_CLASSES:
        return (prediction[0], *prediction[2:]) if len(prediction) > 1 else ()
    return prediction[:1] if kind in _PER_SAMPLE else prediction
