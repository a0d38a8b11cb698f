"""Whether a layer can take a shape: what Keras checks when it builds a layer."""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import Interpreter
from trainlint.interpret.keras.common import Owner, dimensions, integer, integers, kind_of, passed, setting, shape_from, shape_of
from trainlint.interpret.keras.graphs import arrays_below
from trainlint.interpret.keras.shapes import channels_first, output_shape, product
from trainlint.interpret.torch.fitting import Misfit
from trainlint.interpret.values import Array, Instance, Literal, Object, Shape, Value


def of_declared_rank(given: Value, declared: Shape | None, place: Place | None) -> Value:
    """What a model of layers makes of an input that has a last axis of 1 more or less than it declares: it drops or adds it.

    Sequential and functional models do so wherever they are called (`Functional._adjust_input_rank`; `expand_dims` and `squeeze`
    in `_conform_to_reference_input` before Keras 3). A vector is left as it is: `fit` makes it a column itself.
    """
    shape = shape_of(given)
    if not isinstance(given, Array) or shape is None or not declared or len(shape) < 2:
        return given
    if len(shape) == len(declared) - 1 and declared[-1] == 1:
        return operate("expand_dims", (given,), {"axis": -1}, given.place or place, given.library)
    if len(shape) == len(declared) + 1 and shape[-1] == 1:
        return operate("squeeze", (given,), {"axis": -1}, given.place or place, given.library)
    return given


WINDOWS = {"conv": "kernel_size", "separable_conv": "kernel_size", "max_pool": "pool_size", "average_pool": "pool_size"}


def misfit(layer: Owner, shape: Shape | None) -> Misfit | None:
    """Why a layer raises for a shape; None where it does not, or that is not known."""
    kind = kind_of(layer)
    if shape is None:
        return None
    if kind in ("lstm", "gru", "simple_rnn"):
        return Misfit("axes", 3, len(shape)) if len(shape) < 3 else None
    if kind == "reshape":
        return _reshape(layer, shape)
    return _window(layer, shape, WINDOWS[kind]) if kind in WINDOWS else None


def _reshape(layer: Owner, shape: Shape) -> Misfit | None:
    target, held = shape_from(passed(layer, "target_shape")), product(shape[1:])
    wanted = None if target is None else product(tuple(one for one in target if one != -1))
    if target is None or held is None or not wanted:
        return None
    fits = held % wanted == 0 if -1 in target else held == wanted
    return None if fits else Misfit("numbers", wanted, held)


def _window(layer: Owner, shape: Shape, name: str) -> Misfit | None:
    """A map with too few axes, or smaller than the window on one of them."""
    count = dimensions(layer.row) if layer.row is not None else 0
    if count and len(shape) < count + 2:
        return Misfit("axes", count + 2, len(shape))
    padding = setting(layer, "padding")
    if not count or len(shape) != count + 2 or not isinstance(padding, str) or padding.lower() != "valid":
        return None
    first = channels_first(layer)
    if first is None:
        return None
    extents = shape[2:] if first else shape[1:-1]
    sizes = integers(setting(layer, name) if setting(layer, name) is not None else 2, count)
    spread = integers(setting(layer, "dilation_rate") or 1, count)
    for extent, size, dilation in zip(extents, sizes, spread, strict=True):
        if extent is not None and integer(size) is not None and dilation is not None and size is not None:
            reach = dilation * (size - 1) + 1
            if extent < reach:
                return Misfit("window", reach, extent)
    return None


BUILT_ONCE = frozenset({"dense", "conv", "separable_conv", "depthwise_conv", "conv_transpose", "lstm", "gru", "simple_rnn"})
"""Layers whose kernel has the width of the input that they were built on."""


def emit_misfit(interpreter: Interpreter, place: Place | None, layer: Owner, given: Value, wrong: Misfit) -> None:
    """A "misfit" event."""
    found = {"what": Literal(wrong.what), "expected": Literal(wrong.expected), "found": Literal(wrong.found)}
    interpreter.emit("misfit", place, None, layer=layer, input=given, **found)


def other_width(layer: Owner, built: Shape | None, shape: Shape | None) -> Misfit | None:
    """Why a layer that was built on one shape raises for another: its kernel has another width."""
    kind = kind_of(layer)
    if kind not in BUILT_ONCE or not built or not shape or len(built) != len(shape) or len(shape) < 2:
        return None
    first = channels_first(layer) if "conv" in kind else False
    if first is None:
        return None
    expected, found = (one[1] if first else one[-1] for one in (built, shape))
    if expected is None or found is None or expected == found:
        return None
    return Misfit("channels" if "conv" in kind else "features", expected, found)


def note_other_widths(interpreter: Interpreter, place: Place | None, before: Value, after: Value) -> None:
    """A "misfit" event for the first layer of a graph (its output: `before`) that has another width on other inputs (`after`)."""
    built = {id(layer.cells): array for layer, array in _layers(before)}
    for layer, array in _layers(after):
        old = built.get(id(layer.cells))
        wrong = None if old is None or old is array else other_width(layer, shape_of(old.inputs[0]), shape_of(array.inputs[0]))
        if wrong is not None:
            emit_misfit(interpreter, place, layer, array.inputs[0], wrong)
            return


def _layers(output: Value) -> list[tuple[Owner, Array]]:
    """The layers of a graph that are called once, on one input each, with their outputs."""
    found: dict[int, list[tuple[Owner, Array]]] = {}
    for array in arrays_below((output,)):
        layer = array.attributes.get("layer")
        if array.op == "layer" and len(array.inputs) == 1 and isinstance(layer, Object | Instance):
            found.setdefault(id(layer.cells), []).append((layer, array))
    return [one for calls in found.values() for one in calls if len(calls) == 1]


def note_other_shape(
    interpreter: Interpreter, place: Place | None, layers: tuple[Value, ...], declared: Shape | None, given: Value
) -> None:
    """The same for a Sequential whose first layer declares a shape: what each layer gets there, and what it gets instead."""
    built, shape = declared, shape_of(given)
    if not differ(built, shape):
        return
    for layer in layers:
        if isinstance(layer, Array) or (isinstance(layer, Object | Instance) and kind_of(layer) == "input"):
            continue
        if not isinstance(layer, Object):
            return
        wrong = other_width(layer, built, shape)
        if wrong is not None:
            emit_misfit(interpreter, place, layer, Array("input", (), {}, shape, place=given.place), wrong)
            return
        built, shape = output_shape(layer, [built]), output_shape(layer, [shape])


def differ(declared: Shape | None, shape: Shape | None) -> bool:
    """Whether two shapes of one rank differ in a known extent behind the batch axis."""
    if not declared or not shape or len(declared) != len(shape):
        return False
    return any(one is not None and other is not None and one != other for one, other in zip(declared[1:], shape[1:], strict=True))
