"""Pretrained weights that a run trains further."""

from __future__ import annotations

import re

from trainlint.core import Fact
from trainlint.facts.graph import Node, walk
from trainlint.facts.passes import owner_of
from trainlint.facts.queries import root_of, trainable
from trainlint.facts.run import TrainingRun
from trainlint.interpret.values import Object, Unknown

FULL_LENGTH = 50
"""Epochs from which on pretrained weights are an initialisation for a full run, not weights to be kept."""

PARTS = re.compile(r"requires_grad|\.trainable\b|freeze|add_param_group|get_peft_model|LoraConfig")
"""What a script says that trains parts of a network in its own way: it can only silence."""


def pretrained_in_training(run: TrainingRun) -> Node | None:
    """The backbone with pretrained weights that the optimizer moves with all its weights, in one group, for a short run."""
    root = root_of(run)
    if root is None or (isinstance(run.epochs, Fact) and run.epochs.value >= FULL_LENGTH):
        return None
    if PARTS.search(getattr(run.place, "source_text", "")):
        return None
    found = [
        one for one in walk(root) if one.op == "backbone" and trainable(one) and _downloads(one.attributes.get("pretrained"))
    ]
    return found[0] if found and (run.framework != "torch" or _holds_all(run)) else None


def _downloads(weights: object) -> bool:
    """Whether the argument `weights` or `pretrained` asks for trained weights: True, "imagenet", an enumeration's member."""
    return weights is True or (isinstance(weights, str) and (weights == "DEFAULT" or weights.lower().startswith("imagenet")))


def _holds_all(run: TrainingRun) -> bool:
    """Whether the optimizer that steps was given `parameters()` of a whole model, not of its head."""
    steps = [one.values.get("optimizer") for one in run.events if one.kind == "step"]
    owners = [owner_of(one) for one in steps if isinstance(one, Object)]
    return bool(owners) and all(one is not None and not _is_layer(one) for one in owners)


def _is_layer(owner: object) -> bool:
    return isinstance(owner, Object) and owner.row.makes == "layer"


HEADS = ("ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice")
"""Ends of the classes of Transformers that put a new head on a pretrained encoder."""
OTHER_RATES = ("T5", "MT5")
"""Families that are tuned with larger rates."""
WHOLE = frozenset({"to", "cuda", "train", "half", "float", "bfloat16"})
"""Methods that give the network itself."""


def hub_network_in_training(run: TrainingRun) -> str:
    """The class of a pretrained network of Transformers whose `parameters()`, all of them, are what the optimizer moves."""
    if PARTS.search(getattr(run.place, "source_text", "")) or (isinstance(run.epochs, Fact) and run.epochs.value >= FULL_LENGTH):
        return ""
    for step in run.events:
        optimizer = step.values.get("optimizer")
        params = optimizer.arguments.get("params") if step.kind == "step" and isinstance(optimizer, Object) else None
        loader, *taken = params.trail if isinstance(params, Unknown) and params.trail else ("",)
        library, _, name = loader.removesuffix(".from_pretrained").rpartition(".")
        loaded = loader.endswith(".from_pretrained") and library.partition(".")[0] == "transformers"
        whole = bool(taken) and taken[-1] == "parameters" and WHOLE.issuperset(taken[:-1])
        if loaded and whole and name.endswith(HEADS) and not name.startswith(OTHER_RATES):
            return name
    return ""


def pretrained_network(run: TrainingRun) -> tuple[str, int] | None:
    """The name of a pretrained network that a run trains as a whole, and how many times smaller than usual its rates are."""
    hub = hub_network_in_training(run)
    node = None if hub or run.schedule else pretrained_in_training(run)
    if node is not None:
        return str(node.attributes.get("name", "the network")), 10
    return (hub, 100) if hub else None
