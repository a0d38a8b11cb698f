"""Networks and optimizers of torchvision, the hub and timm: their heads, what a script puts in place of them, and their names."""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.dispatch import Arguments, Call, bind, function
from trainlint.interpret.torch.common import Module, children, is_index, is_module
from trainlint.interpret.values import NONE, Array, Dict, Instance, Literal, Object, Unknown, Value
from trainlint.knowledge import find
from trainlint.knowledge.rows import Row
from trainlint.knowledge.torch_ecosystem_rows import TIMM_NETWORK
from trainlint.knowledge.torch_networks import STEM, WIDTHS, channels_of, children_of, pooled_side

HEADS = ("fc", "classifier", "head", "heads")
"""Where classifiers of torchvision and timm keep their last layers."""

OWN_ENDS = ("squeezenet",)
"""Networks whose classifier goes on after the layer that scripts replace."""

TIMM_OPTIMIZERS: dict[str, tuple[str, dict[str, bool]]] = {
    "sgd": ("SGD", {"nesterov": True}),
    "nesterov": ("SGD", {"nesterov": True}),
    "momentum": ("SGD", {"nesterov": False}),
    **{name.lower(): (name, {}) for name in ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta")},
}
"""`opt=` of `timm.optim.create_optimizer_v2`, the PyTorch optimizer that it is, and what timm sets for it."""


def replaced_head(network: Module) -> Module | None:
    """What the script put in place of a network's last layers: a module, or the last layer of its classifier."""
    if network.row is None or network.row.name.rpartition(".")[2].startswith(OWN_ENDS):
        return None
    for name in HEADS:
        head = network.cells.get(name)
        if not isinstance(head, Object | Instance) or not is_module(head) or "as made" in head.cells:
            continue
        if "open" not in head.cells:
            return head
        placed = [(int(key), one) for key, one in children(head) if is_index(key)]
        last = max(placed, key=lambda one: one[0], default=None)
        named = [one for key, one in children(head) if key == "head"]  # of a vision transformer's `heads`
        return last[1] if last is not None else named[0] if named else None
    return None


def ends_linear(network: Module) -> bool:
    """Whether a classifier gives logits: as its library made it, with classes to tell apart."""
    held = network.arguments.get("num_classes") if isinstance(network, Object) else None
    cut = isinstance(held, Literal) and held.value == 0
    changed = [network.cells[name] for name in (*HEADS, "avgpool") if name in network.cells]
    return not cut and all(isinstance(one, Object) and "as made" in one.cells for one in changed)


def through_head(call: Call, network: Module, features: Array) -> Value | None:
    """The output of a network whose last layers the script replaced; None if it did not."""
    from trainlint.interpret.torch.modules import run_module

    head = replaced_head(network)
    if head is None:
        return None
    rows = features.shape[0] if features.shape else None
    given = replace(features, shape=(rows, None), attributes={**features.attributes, "features": True})
    return run_module(replace(call, place=head.place or call.place), head, Arguments((given,), {}, (None,)))


def part(network: Module, name: str) -> Object | None:
    """A container of which nothing is known yet but what the script puts there, and the channels that it gives: "channels"."""
    row = find("torch.nn.Sequential")
    channels = channels_of(_known_name(network), name)
    cells: dict[object, Value] = {"open": Literal(True), **({} if channels is None else {"channels": Literal(channels)})}
    return None if row is None else Object(row, cells=cells, spelled=row.name, place=network.place)


def last_layer(network: Module, place: Place | None) -> Object | None:
    """`net.fc` as its library made it: the cell "as made" tells it from one that the script puts there."""
    row, wide = find("torch.nn.Linear"), WIDTHS.get(_known_name(network))
    entering = Unknown("the width of a pretrained network", place) if wide is None else Literal(wide, place)
    sizes = {"in_features": entering, "units": Unknown("the classes of a pretrained network", place)}
    return None if row is None else Object(row, sizes, cells={"as made": Literal(True)}, spelled=row.name, place=place)


def parts(network: Object) -> list[tuple[str, Module]] | None:
    """The children of one of torchvision's networks as it makes them, but for what the script put in their places."""
    name = _known_name(network)
    found: list[tuple[str, Module]] = []
    for child in children_of(name):
        held = network.cells.get(child)
        made = held if isinstance(held, Object | Instance) and is_module(held) else _part_as_made(network, name, child)
        if made is None:
            return None
        found.append((child, made))
    return found or None


def _part_as_made(network: Object, name: str, child: str) -> Object | None:
    """A child as torchvision makes it; those that hold whole blocks are open containers."""
    if child == "fc":
        return last_layer(network, network.place)
    kind, settings = (
        ("AdaptiveAvgPool2d", {"output_size": pooled_side(name)}) if child == "avgpool" else STEM.get(child, ("", {}))
    )
    row = find(f"torch.nn.{kind}") if kind else None
    if row is None:
        return part(network, child)
    given: dict[str, Value] = {key: Literal(value, network.place) for key, value in settings.items()}
    return Object(row, given, cells={"as made": Literal(True)}, spelled=row.name, place=network.place)


def _known_name(network: Module) -> str:
    row = network.row
    return row.name.rpartition(".")[2] if row is not None and row.name.startswith("torchvision.models.") else ""


@function("timm.create_model", "timm.models.create_model", "timm.models.factory.create_model")
def _create_model(call: Call) -> Value:
    name = call.literal(0, "model_name")
    known = name if isinstance(name, str) else "network"
    row = Row(f"timm.models.{known.rpartition('/')[2].partition('.')[0]}", "model", "backbone", TIMM_NETWORK)
    bound = bind(row, call.arguments)
    return Object(row, bound.arguments, bound.extra, {}, call.spelled or call.name, call.place, bound.places)


@function("torch.hub.load")
def _hub(call: Call) -> Value:
    """`torch.hub.load("pytorch/vision", "resnet18")`: the network of torchvision."""
    name, repository = call.literal(1, "model"), call.literal(0, "repo_or_dir")
    row = find(f"torchvision.models.{name}") if isinstance(name, str) else None
    if row is None or not isinstance(repository, str) or not repository.startswith("pytorch/vision"):
        return call.unknown("a network of the hub that is not known")
    keywords = {key: one for key, one in call.arguments.keywords.items() if key not in ("model", "repo_or_dir", "force_reload")}
    return Object(row, bind(row, Arguments((), keywords)).arguments, spelled=row.name, place=call.place)


@function("timm.optim.create_optimizer_v2", "timm.optim.optim_factory.create_optimizer_v2")
def _create_optimizer(call: Call) -> Value:
    settings = call.arguments.keywords
    chosen = call.argument(1, "opt")
    rate = call.argument(2, "lr")
    decay = call.argument(3, "weight_decay") or Literal(0.0, call.place)
    momentum = call.argument(4, "momentum") or Literal(0.9, call.place)
    name = str(chosen.value).lower() if isinstance(chosen, Literal) else "" if chosen is not None else "sgd"
    found, own = TIMM_OPTIMIZERS.get(name, ("", {}))
    row = find(f"torch.optim.{found}") if found and call.arguments.complete else None
    if row is None:
        return call.unknown("the optimizer that `opt=` names is not known")
    unknown = call.unknown("timm chooses the learning rate of the optimizer")
    given = rate if rate is not None and not (isinstance(rate, Literal) and rate.value is None) else unknown
    parameters = call.argument(0, "model_or_params") or NONE
    arguments: dict[str, Value] = {"params": parameters, "learning_rate": given, "weight_decay": decay}
    if found == "SGD":
        arguments["momentum"] = momentum
    arguments.update({key: Literal(value, call.place) for key, value in own.items()})
    for key in ("betas", "eps"):
        if key in settings and not _is_none(settings[key]):
            arguments["epsilon" if key == "eps" else key] = settings[key]
    return Object(row, arguments, spelled=call.spelled, place=call.place, argument_places=_places(call))


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None


def _places(call: Call) -> dict[str, Place]:
    rate = call.arguments.keyword_places.get("lr")
    return {} if rate is None else {"learning_rate": rate}


@function("timm.optim.optimizer_kwargs", "timm.optim.optim_factory.optimizer_kwargs")
def _optimizer_settings(call: Call) -> Value:
    """`optimizer_kwargs(cfg)`: the settings of a command line under the names of `create_optimizer_v2`."""
    settings = call.argument(0, "cfg")
    if not isinstance(settings, Object):
        return call.unknown("settings that are not known")
    cells = {key: settings.cells[key] for key in ("opt", "lr", "weight_decay", "momentum") if key in settings.cells}
    return Dict(dict(cells.items()), call.place)


@function("timm.optim.create_optimizer", "timm.optim.optim_factory.create_optimizer")
def _create_from_settings(call: Call) -> Value:
    settings, model = call.argument(0, "args"), call.argument(1, "model") or NONE
    given = _optimizer_settings(replace(call, arguments=Arguments((settings or NONE,))))
    keywords = {str(key): value for key, value in given.cells.items()} if isinstance(given, Dict) else {}
    return _create_optimizer(replace(call, arguments=Arguments((model,), keywords, complete=isinstance(given, Dict))))
