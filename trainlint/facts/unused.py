"""Layers that take no part in the training: never called, or called for a result that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event
from trainlint.facts.queries import above
from trainlint.facts.registration import REGISTERING, WEIGHTED, made, optimized_modules
from trainlint.facts.run import Script
from trainlint.facts.syntax import enclosing, names_of
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Function, Instance, Literal, Object, Symbol

DYNAMIC = (*REGISTERING, "getattr(", "children()", "modules()", "_modules", "__dict__", "register_forward", "load_state_dict")
"""Words of files that reach their layers in ways of their own."""

AUXILIARY = re.compile(r"aux|head|teacher|ema|momentum|target", re.IGNORECASE)
JOINING = frozenset({"embedding"})
STRUCTURAL = frozenset({"max_pool", "average_pool", "dropout", "flatten", "global_average_pool", "global_max_pool"})


class UnusedLayer(NamedTuple):
    """A layer without a part in training: its name, its class, and whether it is called at all."""

    name: str
    layer: str
    called: bool
    place: Place


def unused_layers(script: Script) -> Iterator[UnusedLayer]:
    """Layers of trained modules that no line names again, and results of layers that no line reads."""
    yield from _never_called(script)
    events = every_event(script)
    if not any(event.kind in ("step", "fit") for event in events):
        return
    seen: set[Place] = set()
    network: set[int] | None = None
    for event in events:
        value, name = event.values.get("value"), event.values.get("name")
        layer = value.attributes.get("layer") if isinstance(value, Array) else None
        if event.kind != "bound_output" or event.place is None or event.place in seen or not isinstance(name, Literal):
            continue
        if isinstance(layer, Object) and layer.row.kind in WEIGHTED | STRUCTURAL and not _is_spare(str(name.value), event):
            network = _trained_arrays(events) if network is None else network
            if not isinstance(value, Array) or id(value) in network or not any(id(one) in network for one in above(value)):
                continue
            if id(layer) in network:  # a prediction of the whole model, or one more call of a layer
                continue
            if not _is_unread(event.place, str(name.value)):
                continue
            seen.add(event.place)
            yield UnusedLayer(str(name.value), layer.row.name.rpartition(".")[2], True, event.place)


def _is_unread(place: Place, name: str) -> bool:
    """Whether nothing reads the name that is bound at a place, or the same block binds it anew before anything does."""
    import libcst as cst

    names, line = names_of(place), enclosing(place, cst.SimpleStatementLine)
    if names is None or line is None:
        return False
    read, bound = names.read.get(name, ()), names.bound.get(name, ())
    if not read and len(bound) == 1:
        return True
    block = names.parents[id(line)]
    body = list(block.body) if isinstance(block, cst.IndentedBlock | cst.Module) else []
    behind = next((index for index, one in enumerate(body, 1) if one is line), len(body))
    for one in body[behind:]:
        if not isinstance(one, cst.SimpleStatementLine) or any(names.within(node, one) for node in read):
            return False
        if any(names.within(node, one) for node in bound):
            return True
    return False


def _trained_arrays(events: Sequence[Event]) -> set[int]:
    """The identities of all arrays, and of their layers, that a loss or the output of a fitted model is computed from."""
    outputs = [event.values.get(role) for event in events for role in ("loss", "output") if event.kind in ("backward", "fit")]
    models = [event.values.get("model") for event in events if event.kind == "fit"]
    outputs += [one for model in models if isinstance(model, Object) for one in model.arguments.values()]
    found = [array for one in outputs if isinstance(one, Array) for array in above(one)]
    return {
        *map(id, found),
        *(id(one.attributes["layer"]) for one in found if isinstance(one, Array) and "layer" in one.attributes),
    }


def _is_spare(name: str, event: Event) -> bool:
    """Whether a name says that the result is not for the loss, or the code runs only sometimes."""
    return bool(AUXILIARY.search(name)) or name.startswith("_") or any(frame.kind == "branch" for frame in event.frames)


def _never_called(script: Script) -> Iterator[UnusedLayer]:
    """Layers with weights that a module's `__init__` keeps under a name which no other line has, though they are optimized."""
    optimized = optimized_modules(script)
    seen: set[object] = set()
    for event, module in made(script):
        if not isinstance(module, Instance) or id(module) not in optimized or module.cls.place in seen:
            continue
        seen.add(module.cls.place)
        texts = {getattr(one, "source_text", "") for one in (module.cls.place, event.place)}
        if not _is_plain(module) or any(word in text for text in texts for word in DYNAMIC):
            continue
        for name, layer in module.cells.items():
            known = isinstance(name, str) and isinstance(layer, Object) and layer.place is not None
            if not known or not isinstance(layer, Object) or layer.row.kind not in WEIGHTED - JOINING:
                continue
            # a further mention in the text can only silence
            named = sum(len(re.findall(rf"\.\s*{re.escape(str(name))}\b", text)) for text in texts)
            if named == 1 and "requires_grad" not in layer.cells and not AUXILIARY.search(str(name)) and layer.place is not None:
                yield UnusedLayer(f"self.{name}", layer.row.name.rpartition(".")[2], False, layer.place)


def _is_plain(module: Instance) -> bool:
    """Whether a module derives from nothing but `nn.Module` and has a `forward` of its own."""
    bases = module.cls.bases
    return len(bases) == 1 and isinstance(bases[0], Symbol) and isinstance(module.cls.cells.get("forward"), Function)
