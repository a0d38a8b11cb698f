"""Ignite, fastai and skorch: training loops that a library runs around the script's model, loss and optimizer."""

from __future__ import annotations

from trainlint.core import Origin, Place, dataclass
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, function, make, method
from trainlint.interpret.events import Frame
from trainlint.interpret.torch.common import integer
from trainlint.interpret.values import NONE, Array, Class, Instance, Literal, Object, Symbol, Unknown, Value
from trainlint.knowledge import find
from trainlint.knowledge.rows import Row

ENGINE = Row("ignite.engine.Engine", "trainer", "ignite_engine", "process_function")
CYCLE_START = 25
"""`fit_one_cycle` begins with a 25th of its largest rate (`div=25.`), as `OneCycleLR` does."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a training loop is made of; without a `loss` the model's own output is it, which is not known."""

    model: Value
    optimizer: Value
    loss: Value | None
    loader: Value
    epochs: Value | None
    schedule: Object | None = None
    logarithm: bool = False


def train(interpreter: Interpreter, parts: Parts, place: Place | None) -> None:
    """The events of one fit: for each batch a forward pass, the loss, cleared gradients, a backward pass and a step."""
    passes = interpreter.iterate(parts.loader, place)
    batch = passes.items[0] if passes.items else Unknown("a batch that is not known", place)
    pair = interpreter.iterate(batch, place).items
    given = pair[0] if pair else batch
    target = pair[1] if len(pair) > 1 else Unknown("the targets of a batch", place)
    with (
        interpreter.frame(Frame("loop", None, "epoch", integer(parts.epochs))),
        interpreter.frame(Frame("loop", getattr(parts.model, "place", place), "batch", passes.trips, parts.loader)),
    ):
        interpreter.emit("mode", place, model=parts.model, mode=Literal("train"))
        interpreter.emit("zero_grad", place, target=parts.optimizer)
        output = interpreter.call(parts.model, Arguments((given,)), place)
        if parts.logarithm and isinstance(output, Array):
            output = interpreter.call(Symbol("torch.log", "torch.log", place), Arguments((output,)), place)
        loss: Value = Unknown("the loss is the library's choice", place)
        if parts.loss is not None:
            loss = interpreter.call(parts.loss, Arguments((output, target)), place)
        interpreter.emit("backward", place, loss=loss)
        interpreter.emit("step", place, optimizer=parts.optimizer)
        if parts.schedule is not None:
            interpreter.emit("scheduler_step", place, schedule=parts.schedule, metric=NONE)


def _given(value: Value | None) -> Value | None:
    return None if value is None or (isinstance(value, Literal) and value.value is None) else value


@function("ignite.engine.create_supervised_trainer")
def _supervised(call: Call) -> Value:
    """`create_supervised_trainer(model, optimizer, loss_fn)`."""
    names = ("model", "optimizer", "loss_fn")
    cells = {name: call.argument(index, name) or call.unknown(f"`{name}` is not passed") for index, name in enumerate(names)}
    return Object(ENGINE, cells=dict(cells.items()), spelled=call.spelled, place=call.place)


@function("ignite.engine.Engine", "ignite.engine.engine.Engine")
def _engine(call: Call) -> Value:
    return make(call, ENGINE)


@method("trainer:ignite_engine", "run")
def _run(call: Call) -> Value:
    """`trainer.run(loader, max_epochs=...)`: the supervised step, or the script's own function for each batch."""
    engine = call.receiver
    loader = call.argument(0, "data") or call.unknown("the data are not passed to `run`")
    epochs = call.argument(1, "max_epochs") or Literal(1, call.place, Origin.LIBRARY_DEFAULT)
    if not isinstance(engine, Object):
        return NONE
    own = engine.arguments.get("process_function")
    if own is None:
        parts = [engine.cells.get(name, NONE) for name in ("model", "optimizer", "loss_fn")]
        train(call.interpreter, Parts(parts[0], parts[1], parts[2], loader, epochs), call.place)
        return NONE
    passes = call.interpreter.iterate(loader, call.place)
    batch = passes.items[0] if passes.items else call.unknown("a batch that is not known")
    with (
        call.interpreter.frame(Frame("loop", call.place, "epoch", integer(epochs))),
        call.interpreter.frame(Frame("loop", engine.place, "batch", passes.trips, loader)),
    ):
        call.interpreter.call(own, Arguments((engine, batch)), call.place)
    return NONE


@method("trainer:ignite_engine", "on", "add_event_handler")
def _handler(_call: Call) -> Value:
    return NONE


LEARNER = "trainer:fastai_learner"


@method(LEARNER, "fit", "fit_one_cycle", "fine_tune", "fit_flat_cos")
def _fit_learner(call: Call) -> Value:
    """fastai: Adam with the rate of the call, or of the learner."""
    learner = call.receiver
    if not isinstance(learner, Object):
        return NONE
    given = _given(call.argument(1, "lr", "lr_max", "base_lr")) or _given(learner.arguments.get("lr"))
    default = 2e-3 if call.name == "fine_tune" else 1e-3
    rate = given or Literal(default, learner.place, Origin.LIBRARY_DEFAULT)
    row = find("torch.optim.Adam")
    chosen = _given(learner.arguments.get("opt_func"))
    plain = chosen is None or (isinstance(chosen, Symbol) and chosen.name.rpartition(".")[2] == "Adam")
    unknown = call.unknown("the optimizer that `opt_func=` makes is not known")
    optimizer: Value = Object(row, {"learning_rate": rate}, place=call.place) if row is not None and plain else unknown
    schedule = _one_cycle(call, optimizer, rate) if call.name == "fit_one_cycle" else None
    batches = learner.arguments.get("dls")
    loader = batches.cells.get("train", NONE) if isinstance(batches, Object) else call.unknown("the batches of `DataLoaders`")
    model = learner.arguments.get("model") or call.unknown("a model that is not passed")
    loss = _given(learner.arguments.get("loss_func"))
    train(call.interpreter, Parts(model, optimizer, loss, loader, call.argument(0, "n_epoch", "epochs"), schedule), call.place)
    return NONE


def _one_cycle(call: Call, optimizer: Value, rate: Value) -> Object | None:
    row = find("torch.optim.lr_scheduler.OneCycleLR")
    settings = {"optimizer": optimizer, "max_lr": rate, "div_factor": Literal(float(CYCLE_START), call.place)}
    return None if row is None else Object(row, settings, spelled=call.name, place=call.place)


@function("fastai.data.core.DataLoaders", "fastai.basics.DataLoaders", "fastai.data.all.DataLoaders")
def _loaders(call: Call) -> Value:
    cells = {"train": call.argument(0) or call.unknown("a loader that is not passed")}
    return Object(Row("fastai.data.core.DataLoaders", "loaders", "fastai_loaders"), cells=dict(cells.items()), place=call.place)


NETS = ("trainer:skorch_classifier", "trainer:skorch_regressor", "trainer:skorch_binary", "trainer:skorch_net")
CRITERIA = {"skorch_classifier": "NLLLoss", "skorch_regressor": "MSELoss", "skorch_binary": "BCEWithLogitsLoss"}


def _fit_net(call: Call) -> Value:
    """skorch: the module, the criterion and the optimizer are classes; `module__width=8` goes to the module."""
    net = call.receiver
    x, y = call.argument(0, "X"), call.argument(1, "y")
    if not isinstance(net, Object) or x is None:
        return NONE
    model = _made(call, net, "module", None)
    criterion = _made(call, net, "criterion", CRITERIA.get(net.row.kind))
    optimizer = _made_optimizer(call, net, model)
    row, sets = find("torch.utils.data.DataLoader"), find("torch.utils.data.TensorDataset")
    size = _setting(net, "batch_size")
    loader: Value = call.unknown("the batches of skorch")
    if row is not None and sets is not None:
        arrays = {"tensors[0]": x, **({"tensors[1]": y} if y is not None else {})}
        given = {"dataset": _training_part(net, Object(sets, arrays, place=call.place)), "batch_size": size}
        loader = Object(row, given, spelled="skorch", place=net.place, argument_places=net.argument_places)
    logarithm = isinstance(criterion, Object) and criterion.row.kind == "nll"
    train(call.interpreter, Parts(model, optimizer, criterion, loader, _setting(net, "max_epochs"), None, logarithm), call.place)
    return net


def _training_part(net: Object, samples: Object) -> Value:
    """What is left of the samples for training: skorch keeps some to validate on, unless `train_split=None`."""
    given, row = net.arguments.get("train_split"), find("torch.utils.data.Subset")
    if row is None or (isinstance(given, Literal) and given.value is None):
        return samples
    count = Unknown("how many samples skorch keeps to validate on is not known", net.place)
    return Object(row, {"dataset": samples}, cells={"length": count}, place=net.place)


for _kind in NETS:
    method(_kind, "fit", "partial_fit")(_fit_net)


def _setting(net: Object, name: str) -> Value:
    given = net.arguments.get(name)
    default = net.row.default(name)
    known = isinstance(default, bool | int | float)
    return given or (
        Literal(default, net.place, Origin.LIBRARY_DEFAULT) if known else Unknown(f"`{name}` is not given", net.place)
    )


def _own(net: Object, part: str) -> dict[str, Value]:
    """The settings for one part: `optimizer__momentum=0.9`."""
    every = {**net.arguments, **net.extra}
    return {name.partition("__")[2]: value for name, value in every.items() if name.startswith(f"{part}__")}


def _made(call: Call, net: Object, part: str, default: str | None) -> Value:
    given = _given(net.arguments.get(part)) or (
        Symbol(f"torch.nn.{default}", f"torch.nn.{default}", net.place) if default else None
    )
    if given is None:
        return call.unknown(f"the {part} is not given")
    if isinstance(given, Instance | Object):
        return given
    place = given.place if isinstance(given, Class) else net.place
    return call.interpreter.call(given, Arguments((), _own(net, part)), place)


def _made_optimizer(call: Call, net: Object, model: Value) -> Value:
    chosen = _given(net.arguments.get("optimizer")) or Symbol("torch.optim.SGD", "torch.optim.SGD", net.place)
    parameters = call.interpreter.attribute(model, "parameters", net.place)
    given = call.interpreter.call(parameters, Arguments(), net.place)
    keywords = {"lr": _setting(net, "lr"), **_own(net, "optimizer")}
    written = net.argument_places.get("lr")
    places = {} if written is None else {"lr": written}
    return call.interpreter.call(chosen, Arguments((given,), keywords, (), places), net.place)
