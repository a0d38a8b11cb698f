"""Arguments as older releases spelled them, translated before the real function sees them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .tables import CALLBACKS, DEFAULTS, EVERY_LAYER, LAYERS, OPTIMIZERS, VALUES

CONV = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3, "Conv2DTranspose": 2, "SeparableConv2D": 2, "Conv3DTranspose": 3}
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


def wrap_init(
    cls: Any, translate: Callable[[Any, tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    """Have `cls.__init__` translate its arguments. Its signature stays visible: Keras reads it to store a configuration."""
    original = vars(cls).get("__init__")
    if original is None or getattr(original, "_translated", False):
        return

    @functools.wraps(original)
    def init(self: Any, *args: Any, **named: Any) -> None:
        if type(self) is cls or named:
            args, named = translate(self, args, named)
        original(self, *args, **named)

    init.__dict__.update(_translated=True, __signature__=inspect.signature(original))
    cls.__init__ = init


def renamed(named: Mapping[str, Any], table: Mapping[str, str], own: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`named` with today's names and values. The function's `own` names stay, and a new name that is given wins."""
    result: dict[str, Any] = {}
    for name, value in named.items():
        new = name if name in own else table.get(name, name)
        if new and (new == name or new not in named):
            known = VALUES.get(new, {})
            result[new] = known.get(value, value) if isinstance(value, str) else value
    return result


def parameters(function: Any) -> frozenset[str]:
    """The names that a function takes, without its `**` ones."""
    return frozenset(name for name, one in inspect.signature(function).parameters.items() if one.kind is not one.VAR_KEYWORD)


def layer(cls: Any, oldest: bool) -> None:
    """Have a layer class take what it used to take."""
    kind = cls.__name__
    if "__init__" not in vars(cls):
        return
    own = parameters(cls.__init__)
    single = LAYERS.get(kind, {})
    defaults = DEFAULTS.get(kind, {}) if oldest else {}

    def translate(self: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        named = renamed(renamed(named, single), EVERY_LAYER, own)
        args, named = _kernel(kind, args, named, oldest)
        _shape(self, kind, named)
        if type(self) is cls and len(args) <= 1:
            named = {**defaults, **named}
        return args, named

    wrap_init(cls, translate)


def _kernel(kind: str, args: tuple[Any, ...], named: dict[str, Any], oldest: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A kernel as two numbers: Convolution2D(32, 3, 3), where the third is the strides today, or nb_row= and nb_col=."""
    rank = CONV.get(kind)
    if rank is None:
        return args, named
    extents = [named.pop(name) for name in ("kernel_dim1", "kernel_dim2", "kernel_dim3", "nb_row", "nb_col") if name in named]
    if extents:
        named["kernel_size"] = tuple(extents)
    if oldest and rank > 1 and len(args) == rank + 1 and all(isinstance(one, int) for one in args) and "kernel_size" not in named:
        args, named["kernel_size"] = args[:1], tuple(args[1:])
    strides = named.get("strides")
    if rank > 1 and isinstance(strides, list):
        named["strides"] = tuple(strides)
    return args, named


def _shape(self: Any, kind: str, named: dict[str, Any]) -> None:
    """The shapes that a first layer was given by `batch_input_shape`, `input_dim` and `input_length`."""
    if kind == "Embedding":
        named.pop("input_length", None)
        return
    if kind == "InputLayer":
        return
    batch = named.pop("batch_input_shape", None)
    if batch is not None:
        named["input_shape"] = tuple(batch[1:])
        if named.get("stateful") and batch[0] is not None:
            object.__setattr__(self, "_probe_batch_shape", tuple(batch))
    length = named.pop("input_length", None)
    if "input_dim" in named and (
        kind in RECURRENT or length is not None or kind in ("Conv1D", "TimeDistributed", "Bidirectional")
    ):
        named["input_shape"] = (length, named.pop("input_dim"))


def optimizer(cls: Any, schedules: Any, oldest: bool) -> None:
    """Have an optimizer class take `lr` and `decay`, with the defaults of its time."""
    kind = cls.__name__
    defaults = DEFAULTS.get(kind, {}) if oldest else {}

    def translate(self: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if type(self) is not cls:
            return args, named
        named = {name: value for name, value in renamed(named, OPTIMIZERS).items() if not (name == "epsilon" and value is None)}
        if not args:
            named = {**defaults, **named}
        decay = named.pop("decay", 0)
        rate = (
            args[0] if args else named.get("learning_rate", inspect.signature(cls.__init__).parameters["learning_rate"].default)
        )
        if decay and isinstance(rate, (int, float)):
            args, named["learning_rate"] = args[1:], schedules.InverseTimeDecay(rate, 1, decay)
        return args, named

    wrap_init(cls, translate)


def callback(cls: Any) -> None:
    """Have a callback class ignore what it no longer does, and a checkpoint take any file name."""
    table = CALLBACKS.get(cls.__name__, {})

    def translate(_: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        named = renamed(named, table)
        if cls.__name__ == "ModelCheckpoint":
            path = str(args[0] if args else named.get("filepath", ""))
            ending = ".weights.h5" if named.get("save_weights_only") else ".keras"
            if path and not path.endswith((ending, ".h5") if ending == ".keras" else (ending,)):
                path += ending
            args, named = (), {**named, "filepath": path}
        return args, named

    wrap_init(cls, translate)
