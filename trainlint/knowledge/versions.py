"""Which release of Keras a project pins, and what the releases ignore or refuse. Pure: texts and names in, eras out."""

from __future__ import annotations

import re
from typing import NamedTuple

from trainlint.knowledge.rows import ERAS

FILES = (
    *("requirements.txt", "requirements.in", "constraints.txt", "pyproject.toml", "setup.cfg", "Pipfile", "Pipfile.lock"),
    *("poetry.lock", "uv.lock", "pdm.lock", "environment.yml", "environment.yaml"),
)
"""Files of a project that pin what is installed, beside a script or in a folder above it."""

_BEGINNINGS: dict[str, tuple[tuple[tuple[int, int], str], ...]] = {
    "keras": (((0, 0), "keras1"), ((2, 0), "keras2"), ((2, 5), "tf.keras"), ((2, 11), "keras2.11"), ((3, 0), "keras3")),
    "tensorflow": (((1, 4), "tf.keras"), ((2, 11), "keras2.11"), ((2, 16), "keras3")),
}
"""The first release (major, minor) of each era, by package."""

_PACKAGES = {"keras": "keras", "tensorflow": "tensorflow", "tensorflow-gpu": "tensorflow", "tensorflow-cpu": "tensorflow"}
_NAME = r"(?P<name>keras|tensorflow(?:[-_](?:gpu|cpu))?)(?:\[[\w, -]*\])?"
_PIN = re.compile(
    rf"(?:^|[\s\"'!-]){_NAME}[\"']?\s*(?:=\s*[\"'](?=[\^~=<>\d]))?[ (]?"
    r"(?P<bounds>(?:(?:[=~!<>]=?=?|\^)?\s*\d[\w.*]*\s*,?\s*){1,3})",
    re.IGNORECASE | re.MULTILINE,
)
_LOCKED = re.compile(rf"name\s*=\s*\"{_NAME}\"\s+version\s*=\s*\"(?P<version>[\d.]+)", re.IGNORECASE)
_LOCKED_JSON = re.compile(rf"\"{_NAME}\":\s*\{{[^{{}}]{{0,4000}}?\"version\":\s*\"==(?P<version>[\d.]+)\"", re.IGNORECASE)
_BOUND = re.compile(r"([=~!<>]=?=?|\^)?\s*(\d+)(?:\.(\d+))?(?:\.[\w.*]+)?")
_SCRIPT = re.compile(r"^# /// script\s*$(?P<block>(?:\n#.*)+?)\n# ///\s*$", re.MULTILINE)
_LATEST = (99, 0)


def of_script(text: str) -> str:
    """The inline metadata of a script (`# /// script`), without the comment signs; "" if it has none."""
    found = _SCRIPT.search(text)
    return "" if found is None else "\n".join(line.removeprefix("#").removeprefix(" ") for line in found["block"].splitlines())


def pinned_eras(text: str) -> frozenset[str]:
    """The eras of Keras that a requirements or lock file (or one of its lines) leaves possible; empty if it says nothing."""
    possible: frozenset[str] = frozenset()
    for name, low, high in _pins(text):
        eras = _eras_between(_PACKAGES[name.lower().replace("_", "-")], low, high)
        possible = possible & eras if possible else eras
    return possible if len(possible) < len(ERAS) else frozenset()


def _pins(text: str) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """(package, first release, last release) of each pin."""
    found = []
    for locked in (*_LOCKED.finditer(text), *_LOCKED_JSON.finditer(text)):
        release = _release(locked["version"])
        found.append((locked["name"], release, release))
    if found:
        return found
    for line in text.splitlines():
        one = _PIN.search(line.partition("#")[0])
        if one is not None:
            found.append((one["name"], *_range(one["bounds"])))
    return found


def _release(version: str) -> tuple[int, int]:
    parts = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    return (parts[0] if parts else 0, parts[1] if len(parts) > 1 else 0)


def _range(bounds: str) -> tuple[tuple[int, int], tuple[int, int]]:
    low, high = (0, 0), _LATEST
    for operator, major, minor in _BOUND.findall(bounds):
        release = (int(major[:4]), int(minor[:4] or 0))
        if operator in (">=", ">"):
            low = release
        elif operator == "<":
            high = (release[0], release[1] - 1) if release[1] else (release[0] - 1, 99)
        elif operator == "<=":
            high = release
        elif operator == "^":
            low, high = release, (release[0], 99)
        elif operator == "~=":
            low, high = release, (release[0], 99) if bounds.count(".") == 1 else release
        elif operator != "!=":
            low = high = release if minor else (release[0], 99)
            low = release
    return low, high


def _eras_between(package: str, low: tuple[int, int], high: tuple[int, int]) -> frozenset[str]:
    beginnings = _BEGINNINGS[package]
    found = set()
    for index, (first, era) in enumerate(beginnings):
        after = beginnings[index + 1][0] if index + 1 < len(beginnings) else (100, 0)
        if low < after and high >= first:
            found.add(era)
    return frozenset(found)


class Change(NamedTuple):
    """What became of an argument or method: the eras that ignore or refuse it, and what is written instead ("": nothing)."""

    eras: frozenset[str]
    instead: str


_SINCE_TF = frozenset({"tf.keras", "keras2.11", "keras3"})
_KERAS_3 = frozenset({"keras3"})

IGNORED: dict[tuple[str, str], Change] = {
    ("optimizer", "lr"): Change(frozenset({"keras2.11"}), "learning_rate"),
    ("optimizer", "decay"): Change(_KERAS_3, ""),
}
"""Arguments that are taken and do nothing (a log line at most), by what is made and as the script spells them."""

_RENAMED = {
    "nb_epoch": "epochs",
    "border_mode": "padding",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "subsample": "strides",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "pool_length": "pool_size",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "nb_row": "",
    "nb_col": "",
    "samples_per_epoch": "",
    "nb_val_samples": "",
    "show_accuracy": "",
    "dim_ordering": "",
}
REMOVED: dict[tuple[str, str], Change] = {
    ("optimizer", "lr"): Change(_KERAS_3, "learning_rate"),
    ("optimizer", "decay"): Change(frozenset({"keras2.11"}), ""),
    **{(kind, name): Change(_SINCE_TF, new) for kind in ("layer", "function", "model") for name, new in _RENAMED.items()},
    **{
        (kind, name): Change(_KERAS_3, "")
        for kind in ("function", "model")
        for name in ("max_queue_size", "workers", "use_multiprocessing")
    },
    ("method", "fit_generator"): Change(_KERAS_3, "fit"),
    ("method", "evaluate_generator"): Change(_KERAS_3, "evaluate"),
    ("method", "predict_generator"): Change(_KERAS_3, "predict"),
    ("method", "predict_classes"): Change(frozenset({"keras2.11", "keras3"}), ""),
    ("method", "predict_proba"): Change(frozenset({"keras2.11", "keras3"}), "predict"),
}
"""Arguments (of a layer, an optimizer, a method of a model) and methods of models that raise, in the same form."""

LEGACY = ".legacy."
"""Part of the path of optimizers that behave as they did before 2.11."""
