"""Which layers and weights of a script's modules are registered, and which are made where no optimizer finds them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event, owner_of
from trainlint.facts.run import Script
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import (
    Array,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    Object,
    Symbol,
    Tuple,
    Value,
    alternatives,
)

WEIGHTED = frozenset(
    {
        "dense", "bilinear", "conv", "conv_transpose", "depthwise_conv", "separable_conv", "embedding", "embedding_bag",
        "batch_norm", "layer_norm", "group_norm", "instance_norm", "prelu", "simple_rnn", "lstm", "gru", "rnn_cell", "lstm_cell",
        "gru_cell", "attention", "transformer_encoder_layer", "transformer_encoder", "transformer_decoder_layer",
        "transformer_decoder", "transformer", "conv_lstm", "bidirectional",
    }
)  # fmt: skip
"""Kinds of layers that own weights."""

MODE_DEPENDENT = frozenset({"dropout", "batch_norm"})
"""Kinds of layers that do something else in evaluation."""

MOST_BASES = 16
REGISTERING = ("add_module", "register_module", "setattr(", "register_parameter", "__setattr__")
MISSPELT = frozenset(
    {"_init_", "___init__", "__init___", "___init___", "__init", "_init__", "__init_", "__int__", "__innit__", "init__"}
)


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Something trainable that a module keeps where `parameters()` does not look: `what` it is, kept as `attribute`.

    `kept` is where the list or dict is made.
    """

    attribute: str
    what: str
    count: int
    container: str
    place: Place
    kept: Place | None = None


class Unconstructed(NamedTuple):
    """A module whose base is not constructed: what follows, how its `__init__` is misspelt if it is, where."""

    effect: str
    misspelt: str
    place: Place


def is_module(value: Value) -> bool:
    """Whether a value is a `torch.nn.Module`."""
    from trainlint.interpret.torch.common import is_module

    return is_module(value)


def descendants(module: Object | Instance) -> Iterator[tuple[str, Object | Instance]]:
    """A module (named "") and all that it registers, parents first."""
    from trainlint.interpret.torch.common import descendants

    return descendants(module)


def made(script: Script, *kinds: str) -> Iterator[tuple[Event, Object | Instance]]:
    """What the script makes of the library's layers, modules, optimizers and schedules, and of its own classes of these."""
    for event in every_event(script):
        one = event.values.get("object")
        known = event.kind == "made" and isinstance(one, Object | Instance) and one.row is not None
        if known and isinstance(one, Object | Instance) and one.row is not None and (not kinds or one.row.makes in kinds):
            yield event, one


def optimized_modules(script: Script) -> set[int]:
    """The identities of all modules whose `parameters()` (or those of a module around them) some optimizer was given."""
    found: set[int] = set()
    for _, optimizer in made(script, "optimizer"):
        owner = owner_of(optimizer)
        for one in alternatives(owner) if owner is not None else ():
            if isinstance(one, Object | Instance):
                found.update(id(below) for _, below in descendants(one))
    return found


def has_weights(value: Value, known: Collection[int] = ()) -> bool:
    """Whether a value is a module with weights of its own or below it, others than those of known layers."""
    if not isinstance(value, Object | Instance) or not is_module(value):
        return False
    return any(id(one) not in known and _owns_weights(one) for _, one in descendants(value))


def _owns_weights(module: Object | Instance) -> bool:
    """Whether a module is a layer with weights, or registers a Parameter of the script's own."""
    if module.row is not None and module.row.kind in WEIGHTED:
        return True
    held = (one for cell in module.cells.values() for one in alternatives(cell)) if isinstance(module, Instance) else ()
    return any(isinstance(one, Array) and one.op == "parameter" and bool(one.attributes.get("registered")) for one in held)


def unregistered(script: Script) -> Iterator[Unregistered]:
    """Layers in plain lists and dicts, and plain tensors that want gradients, of modules whose parameters are optimized."""
    modules = [one for _, one in made(script) if isinstance(one, Instance) and is_module(one)]
    optimized = optimized_modules(script)
    registered = {id(below) for one in modules for name, below in descendants(one) if name}
    seen: set[tuple[int, str]] = set()
    for module in modules:
        text = getattr(module.cls.place, "source_text", "")
        if id(module) not in optimized or any(word in text for word in REGISTERING):
            continue
        for name, value in module.cells.items():
            key = (id(module.cls), str(name))
            if isinstance(name, str) and key not in seen:
                seen.add(key)
                yield from _kept(name, value, registered, optimized)


def _kept(name: str, value: Value, registered: set[int], optimized: set[int]) -> Iterator[Unregistered]:
    if isinstance(value, List | Dict | Tuple) and value.place is not None:
        held = [one for one in _items(value) if id(one) not in registered and not is_frozen(one)]
        layers = [one for one in held if has_weights(one, optimized)]  # what wraps the module itself has nothing of its own
        kind = "dict" if isinstance(value, Dict) else "list" if isinstance(value, List) else "tuple"
        if layers:
            what = "layer" if len(layers) == 1 else "layers"
            yield Unregistered(name, what, len(layers), kind, layers[0].place or value.place, value.place)
    elif isinstance(value, Array) and value.place is not None:
        if (
            value.op == "parameter"
            and not value.attributes.get("registered")
            and not {"layer", "model"} & value.attributes.keys()
        ):
            yield Unregistered(name, "tensor", 1, "plain tensor", value.place)
        elif value.op == "cast" and isinstance(value.inputs[0], Array) and value.inputs[0].attributes.get("registered"):
            yield Unregistered(name, "tensor", 1, "converted copy of a Parameter", value.place)


def _items(value: List | Dict | Tuple) -> list[Value]:
    if isinstance(value, Dict):
        return list(value.cells.values())
    held = value if isinstance(value, Tuple) else value.cells.get("items")
    return list(held.items) if isinstance(held, Tuple) else []


def is_frozen(value: Value) -> bool:
    """Whether the weights of a module were set, or on some branch set, not to be trained."""
    held = value.cells.get("requires_grad") if isinstance(value, Object | Instance) else None
    return held is not None and not (isinstance(held, Literal) and held.value)


def made_in_forward(script: Script) -> Iterator[tuple[Event, Object, str]]:
    """Layers with weights, dropout or statistics that are made at each forward pass, with the method's name."""
    for event, layer in made(script, "layer"):
        frame = _forward_frame(event)
        if frame is None or not isinstance(layer, Object) or not isinstance(frame.over, Instance):
            continue
        told = layer.row.library == "keras" and layer.row.kind == "dropout"
        if layer.row.kind in WEIGHTED | MODE_DEPENDENT and not told and not _is_kept(layer, frame.over):
            yield event, layer, frame.name  # Keras tells a layer inside a call the mode of that call


def _forward_frame(event: Event) -> Frame | None:
    """The `forward` or `call` of a module that an event happens in, if no constructor lies between."""
    for frame in reversed(event.frames):
        if frame.kind != "call":
            continue
        if frame.name in ("forward", "call") and isinstance(frame.over, Instance) and frame.over.row is not None:
            return frame if is_module(frame.over) or frame.over.row.library == "keras" else None
        if frame.name in ("__init__", "build") or isinstance(frame.over, Instance) is False:
            return None
    return None


def _is_kept(layer: Object, owner: Instance) -> bool:
    """Whether a module keeps a layer (made once, behind `if self.layer is None`)."""
    for value in owner.cells.values():
        for one in alternatives(value):
            if one is layer or (isinstance(one, List | Dict | Tuple) and any(item is layer for item in _items(one))):
                return True
    return False


def unconstructed(script: Script) -> Iterator[Unconstructed]:
    """Modules that assign layers though the `__init__` of `nn.Module` never ran, or whose `__init__` is misspelt."""
    seen: set[int] = set()
    for event, module in made(script):
        if not isinstance(module, Instance) or not is_module(module) or id(module.cls) in seen:
            continue
        seen.add(id(module.cls))
        own = event.values.get("unconstructed")
        # what the script put in the place of `__init__` has another name
        if isinstance(own, Function) and own.name == "__init__" and own.place is not None and _leads_to(module.cls, own.owner):
            raising = _raising(script, module)
            if raising:
                yield Unconstructed(f"{raising} without `super().__init__()`: raises an AttributeError", "", own.place)
        wrong = [one for name, one in module.cls.cells.items() if name in MISSPELT and isinstance(one, Function)]
        if wrong and "__init__" not in module.cls.cells and wrong[0].place is not None:
            effect = "is no `__init__`: it never runs, the model has no layers and no parameters"
            yield Unconstructed(f"`{wrong[0].name}` of {module.cls.name} {effect}", wrong[0].name, wrong[0].place)


def _raising(script: Script, module: Instance) -> str:
    """What a module does that needs its tables: it assigns a layer, or is called. "" if neither is seen."""
    layer = next((name for name, one in module.cells.items() if is_module(one)), None)
    if layer is not None:
        return f"{module.cls.name} assigns `self.{layer}`"
    called = any(event.kind == "forward" and event.values.get("model") is module for event in every_event(script))
    return f"{module.cls.name} is called" if called and "__call__" not in module.cls.cells else ""


def _leads_to(cls: Class, owner: Class | None) -> bool:
    """Whether a class derives from a module of the library by way of another one, each from one class alone."""
    met = False
    for _ in range(MOST_BASES):
        met = met or cls is owner
        base = cls.bases[0] if len(cls.bases) == 1 and not (cls.decorators or cls.keywords) else None
        if not isinstance(base, Class):
            return met and isinstance(base, Symbol)
        cls = base
    return False
