"""What is wrong with the arguments of a Keras `compile`."""

from __future__ import annotations

from trainlint.facts.passes import every_event
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Instance, Literal, Object, Symbol, Value
from trainlint.knowledge import find

ACCEPTED = frozenset(
    "optimizer loss metrics loss_weights sample_weight_mode weighted_metrics target_tensors run_eagerly steps_per_execution"
    " jit_compile auto_scale_loss pss_evaluation_shards distribute cloning options run_metadata feed_dict fetches updates"
    " class_mode experimental_run_tf_function experimental_steps_per_execution from_serialized".split()
)
"""Keywords that some version of `compile` takes (Keras 1 to 3; Keras 2 hands unknown ones to the TensorFlow session)."""

MEANT = {
    "loss_function": "loss",
    "loss_fn": "loss",
    "losses": "loss",
    "criterion": "loss",
    "optim": "optimizer",
    "optimiser": "optimizer",
    "metric": "metrics",
}


def compile_problem(event: Event, script: Script) -> str:
    """What is wrong with a compile, as the end of a sentence; empty if nothing is."""
    optimizer, loss, model = (event.values.get(role) for role in ("optimizer", "loss", "model"))
    problems = []
    if _makes(optimizer) == "model":
        problems.append("gets the model as its optimizer, and the optimizer as its loss")
    elif _stands_for(optimizer) == "loss" and _stands_for(loss) == "optimizer":
        problems.append("gets loss and optimizer in each other's place")
    elif isinstance(optimizer, Symbol) and _makes(optimizer) == "optimizer":
        name = optimizer.name.rpartition(".")[2]
        problems.append(f"gets the class {name} instead of an instance `{name}(...)`: raises a ValueError")
    for role in sorted(event.values):
        name = role.removeprefix("extra_")
        if name != role and name.isidentifier() and name not in ACCEPTED:
            meant = f", meant is `{MEANT[name]}=`" if name in MEANT else ""
            problems.append(f"has no argument `{name}=`{meant}: raises a TypeError or trains on nothing")
    if not problems and _no_loss(loss) and _only_losses_of_compile(model) and _is_fitted(model, script):
        problems.append("gets no loss, and the model is then fitted: there is nothing to minimise")
    return " and ".join(problems)


def _makes(value: Value | None) -> str:
    """What kind of thing a value is: that of its row, or of the row that a symbol names."""
    if isinstance(value, Object):
        return value.row.makes
    if isinstance(value, Instance):
        return value.row.makes if value.row is not None else ""
    row = find(value.name) if isinstance(value, Symbol) else None
    return row.makes if row is not None else ""


def _stands_for(value: Value | None) -> str:
    """Whether an argument names a loss or an optimizer, as text or as an object."""
    if not isinstance(value, Literal):
        return _makes(value)
    if not isinstance(value.value, str):
        return ""
    text = value.value
    if text.lower() in OPTIMIZERS:
        return "optimizer"
    return "loss" if text.lower() in LOSSES else ""


OPTIMIZERS = frozenset("sgd adam adamw rmsprop adagrad adadelta adamax nadam ftrl lion adafactor lamb muon".split())
LOSSES = frozenset(
    "mse mae mape msle kld mean_squared_error mean_absolute_error mean_absolute_percentage_error"
    " mean_squared_logarithmic_error binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy hinge"
    " squared_hinge categorical_hinge kl_divergence kullback_leibler_divergence poisson huber huber_loss log_cosh logcosh"
    " cosine_similarity".split()
)


def _no_loss(loss: Value | None) -> bool:
    return loss is None or (isinstance(loss, Literal) and loss.value is None)


def _only_losses_of_compile(model: Value | None) -> bool:
    """Whether a model can have no losses of its own: a plain Sequential of the library's layers."""
    return isinstance(model, Object) and model.row.kind == "sequential"


def _is_fitted(model: Value | None, script: Script) -> bool:
    return any(event.kind == "fit" and event.values.get("model") is model for event in every_event(script))
