"""The edits that mend what the table of losses and outputs finds: another activation, another loss, another number of units.

An edit is proposed only where the text is spelled in one of the usual ways; all parts of a fix can be made, or none is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from trainlint.core import Edit, Place
from trainlint.facts.loss_fit import Verdict
from trainlint.facts.run import TrainingRun

LINEAR = "linear"


class Change(NamedTuple):
    """What a row's fix changes: the output's activation (None: as it is), the loss, or something of its own (`other`)."""

    activation: str | None = None
    loss: str = ""
    other: str = ""
    message: str = ""


TO_BINARY = Change("sigmoid", "binary", message="Use sigmoid with binary cross-entropy")
DROP = Change(LINEAR, message="Drop the activation")
TO_SOFTMAX = Change("softmax", message="Use softmax")
TO_SIGMOID = Change("sigmoid", message="Use sigmoid")
TO_UNITS = Change(other="units", message="Give the output one unit for each class")
TO_ONE_SHAPE = Change(other="squeeze", message="Bring prediction and target to one shape")

CHANGES: Mapping[int, Change] = {
    1: TO_BINARY,
    3: TO_SIGMOID,
    4: DROP,
    6: Change(loss="sparse", message="Use the loss for class numbers"),
    7: TO_BINARY,
    9: Change(loss="dense", message="Use the loss for one-hot rows"),
    10: TO_SOFTMAX,
    11: TO_SOFTMAX,
    12: TO_SOFTMAX,
    13: TO_SOFTMAX,
    14: TO_SOFTMAX,
    15: TO_UNITS,
    17: TO_UNITS,
    18: Change(other="argmax", message="Use the class numbers"),
    19: DROP,
    20: DROP,
    21: DROP,
    23: TO_UNITS,
    26: Change(LINEAR, "cross-entropy", message="Use the cross-entropy on the logits"),
    27: TO_UNITS,
    29: Change(other="labels", message="Map the labels to 0 and 1"),
    30: Change(other="probabilities", message="Match the output and the loss"),
    31: TO_SIGMOID,
    32: DROP,
    33: DROP,
    34: DROP,
    35: TO_ONE_SHAPE,
    39: Change(loss="dense", message="Use the categorical loss"),
    40: TO_SIGMOID,
    41: Change("softmax", "dense", message="Use softmax with the categorical loss"),
    45: TO_ONE_SHAPE,
    46: DROP,
    47: DROP,
    48: DROP,
    53: Change("softplus", message="Use softplus"),
    54: DROP,
    58: DROP,
    61: TO_SOFTMAX,
}
"""By the number of a row."""

LOSS_NAMES: Mapping[str, tuple[str, str, str, str]] = {
    "binary": ("binary_crossentropy", "BinaryCrossentropy", "", ""),
    "sparse": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", "", ""),
    "dense": ("categorical_crossentropy", "CategoricalCrossentropy", "", ""),
    "cross-entropy": ("", "", "CrossEntropyLoss", "cross_entropy"),
    "with-logits": ("", "", "BCEWithLogitsLoss", "binary_cross_entropy_with_logits"),
}
"""Losses in Keras (as a string, as a class) and in PyTorch (as a class, as a function)."""

TORCH_ACTIVATIONS = {LINEAR: "Identity()", "sigmoid": "Sigmoid()", "softplus": "Softplus()"}
KERAS_ARGUMENT = re.compile(r"(?P<comma>,\s*)?\bactivation\s*=\s*(?P<value>[\w.]+(?:\(\))?|\"\w+\"|'\w+')")
KERAS_STRING = re.compile(r"[\w.]*Activation\(\s*(['\"])\w+\1\s*\)\Z")
MODULE = re.compile(r"([\w.]*\b)(Softmax|LogSoftmax|Sigmoid|ReLU|ReLU6|Tanh|Softplus|ELU|SELU|GELU|SiLU|LeakyReLU)\([^()]*\)\Z")
FUNCTION = re.compile(r"[\w.]*\b(?:softmax|sigmoid|relu|relu6|tanh|softplus|elu|selu|gelu|silu|leaky_relu|exp)\((.*)\)\Z")
METHOD = re.compile(r"(.*[\w)\]])\.(?:softmax|sigmoid|relu|tanh|exp)\([^()]*\)\Z")
STRING = re.compile(r"(['\"])(\w+)\1\Z")
CALLED = re.compile(r"((?:\w+\.)*)(\w+)(\(.*)\Z", re.DOTALL)
KERAS_UNITS = re.compile(r"([\w.]*Dense\(\s*(?:units\s*=\s*)?)(\d+)\b")
TORCH_UNITS = re.compile(r"([\w.]*Linear\(\s*[^,()]+,\s*(?:out_features\s*=\s*)?)(\d+)\b")
NAME = re.compile(r"\w+(?:\.\w+)*\Z")


def loss_fix(run: TrainingRun, verdict: Verdict) -> tuple[str, tuple[Edit, ...]]:
    """A message and the edits that mend a verdict; ("", ()) where it is not clear how."""
    if verdict.fit.inner and any(">" in one for one in verdict.row.outputs):
        return DROP.message, _without(verdict.fit.inner_place, verdict.fit.keras)
    change = CHANGES.get(verdict.row.number)
    if change is None or (change is TO_BINARY and not _two_classes(verdict)):
        return "", ()
    parts: list[tuple[Edit, ...]] = []
    if change.activation is not None and (verdict.fit.activation or LINEAR) != change.activation:
        parts.append(_set_activation(verdict, change.activation))
    if change.loss:
        parts.append(_set_loss(verdict.fit.place, change.loss))
    if change.other:
        parts.append(_other(run, verdict, change.other))
    edits = tuple(edit for part in parts for edit in part)
    return (change.message, edits) if parts and all(parts) else ("", ())


def _two_classes(verdict: Verdict) -> bool:
    return verdict.fit.targets.labels in ("binary", "multihot") or verdict.fit.targets.classes == 2


def _text(place: Place | None) -> str:
    text = getattr(place, "text", "")
    return text if isinstance(text, str) and "#" not in text else ""


def _set_activation(verdict: Verdict, name: str) -> tuple[Edit, ...]:
    place = verdict.fit.activation_place or verdict.fit.output_place
    text = _text(place)
    if place is None or not text:
        return ()
    changed = _keras_activation(text, name) if verdict.fit.keras else _torch_activation(text, name)
    return (Edit(place.span, changed),) if changed and changed != text else ()


def _without(place: Place | None, keras: bool) -> tuple[Edit, ...]:
    """An activation taken out where it stands."""
    text = _text(place)
    changed = (_keras_activation if keras else _torch_activation)(text, LINEAR) if text else ""
    return (Edit(place.span, changed),) if place is not None and changed and changed != text else ()


def _keras_activation(text: str, name: str) -> str:
    """The text of a layer's call with another activation."""
    if KERAS_STRING.match(text):
        return re.sub(r"(['\"])\w+\1", lambda found: f"{found[1]}{name}{found[1]}", text)
    found = KERAS_ARGUMENT.search(text)
    if found is not None:
        value = found["value"]
        if name == LINEAR and found["comma"]:
            return text[: found.start()] + text[found.end() :]
        quote = value[0] if value[0] in "'\"" else '"'
        return text[: found.start("value")] + f"{quote}{name}{quote}" + text[found.end("value") :]
    if name == LINEAR or not re.match(r"[\w.]*Dense\(", text):
        return ""
    end = _end_of_call(text)
    before = text[:end].rstrip()
    return f'{before}{"" if before.endswith(("(", ",")) else ", "}activation="{name}"{text[end:]}' if end > 0 else ""


def _end_of_call(text: str) -> int:
    """The index of the parenthesis that closes the first call; -1 if there is none."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == ")" and depth == 0:
            return index
    return -1


def _torch_activation(text: str, name: str) -> str:
    """The text of an activation, a module or a call, as another one; "" for other spellings."""
    module = MODULE.match(text)
    if module is not None:
        return f"{module[1]}{TORCH_ACTIVATIONS[name]}" if name in TORCH_ACTIVATIONS else ""
    call, method = FUNCTION.match(text), METHOD.match(text)
    inner = _first_argument(call[1]) if call is not None and _end_of_call(text) == len(text) - 1 else method[1] if method else ""
    if not inner or "\n" in inner:
        return ""
    return inner if name == LINEAR else f"torch.sigmoid({inner})" if name == "sigmoid" and "torch." in text else ""


def _first_argument(arguments: str) -> str:
    """The text of the first of several arguments."""
    depth = 0
    for index, character in enumerate(arguments):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            return arguments[:index].strip()
    return arguments.strip()


def _set_loss(place: Place, name: str) -> tuple[Edit, ...]:
    text, (string, keras, module, function) = _text(place), LOSS_NAMES[name]
    found = STRING.match(text)
    if found is not None:
        return (Edit(place.span, f"{found[1]}{string}{found[1]}"),) if string else ()
    called = CALLED.match(text)
    if called is None:
        return ()
    new = keras if called[2].endswith("Crossentropy") else module if called[2].endswith("Loss") else function
    if not new or (new == function and not called[2].startswith(("nll_loss", "binary_cross_entropy"))):
        return ()
    return (Edit(place.span, f"{called[1]}{new}{called[3]}"),)


def _other(run: TrainingRun, verdict: Verdict, kind: str) -> tuple[Edit, ...]:
    """The fixes that change something else than activation and loss."""
    fit = verdict.fit
    if kind == "probabilities":
        return _set_activation(verdict, "sigmoid") if fit.keras else _set_loss(fit.place, "with-logits")
    if kind == "units":
        return _set_units(fit.output_place, fit.targets.classes)
    prediction, target = _arguments(run)
    if kind == "squeeze":
        return _wrapped(prediction, "{}.squeeze(1)")
    if kind == "argmax":
        return _wrapped(target, "{}.argmax(1)")
    return _wrapped(target, TO_01.get((fit.targets.low, fit.targets.high), ""))


TO_01: Mapping[tuple[float | None, float | None], str] = {(-1, 1): "({} + 1) / 2", (1, 2): "{} - 1"}
"""How labels from one number to another are mapped to 0 and 1."""


def _set_units(place: Place | None, classes: int | None) -> tuple[Edit, ...]:
    text = _text(place)
    found = KERAS_UNITS.match(text) or TORCH_UNITS.match(text)
    if place is None or found is None or classes is None or classes < 2:
        return ()
    return (Edit(place.span, f"{found[1]}{classes}{text[found.end() :]}"),)


def _arguments(run: TrainingRun) -> tuple[Place | None, Place | None]:
    """Where prediction and target stand: in the call of the loss, or the targets in that of `fit`."""
    for event in run.events:
        if event.kind == "loss":
            return event.argument_places.get("prediction"), event.argument_places.get("target")
        if event.kind == "fit":
            return None, event.argument_places.get("y")
    return None, None


def _wrapped(place: Place | None, form: str) -> tuple[Edit, ...]:
    text = _text(place)
    simple = bool(NAME.match(text)) or ("." not in form.partition("{}")[2] and NAME.match(text)) or text.endswith(")")
    return (Edit(place.span, form.format(text)),) if place is not None and form and simple and "\n" not in text else ()
