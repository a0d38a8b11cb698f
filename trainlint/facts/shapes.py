"""Shapes that do not fit: layers called on what they cannot take, axes in the wrong place, outputs with axes too many."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place, Unknown
from trainlint.facts.extract.scalars import items_of
from trainlint.facts.graph import Node, Shape, walk
from trainlint.facts.passes import every_event
from trainlint.facts.queries import RESHAPING, users_of
from trainlint.facts.registration import made
from trainlint.facts.run import Script, TrainingRun
from trainlint.interpret.events import Event
from trainlint.interpret.keras.common import listed
from trainlint.interpret.keras.graphs import arrays_below
from trainlint.interpret.keras.models import input_shape
from trainlint.interpret.values import Array, Instance, Literal, Object
from trainlint.source.lines import split_rows

MAPS = frozenset({"conv", "depthwise_conv", "separable_conv", "conv_transpose", "max_pool", "average_pool"})
RECURRENT = frozenset({"lstm", "gru", "simple_rnn"})
PICTURE = 8
"""The least extent of a picture's sides; colours are 1 or 3."""
KERAS_1 = re.compile(
    r"^[\w.]+\(\s*\w+\s*,\s*\w+\s*,\s*\w+\s*,|\b(?:border_mode|nb_filter|nb_row|nb_col|subsample|dim_ordering|init)\s*="
)
PASSED_UP = RESHAPING | {"relu", "sigmoid", "tanh", "softmax", "log_softmax", "leaky_relu", "elu", "gelu", "swish", "batch_norm"}


class Misplaced(NamedTuple):
    """A layer called on a shape that it cannot take: what differs, the two numbers, the input's shape, and both places.

    `used`: the model was fitted before with no such fault, and is used on other data at `call`.
    """

    name: str
    what: str
    expected: int
    found: int
    shape: Shape
    flattened: Shape | None
    layer: Place
    call: Place
    view: Place | None
    keras: bool
    used: bool = False

    def at_fault(self) -> tuple[Place, str, Place]:
        """Where to look, and beside that what else in words, and where that is."""
        return (self.call, "the layer", self.layer) if self.used else (self.layer, "called here", self.call)


TAKES = {
    "features": "takes {expected} features and gets {found}",
    "channels": "takes {expected} channels and gets {found}",
    "window": "has a window of {expected} on an axis of {found}",
    "axes": "takes {expected} axes and gets {found}",
    "numbers": "makes {expected} numbers of {found}",
}
"""What a layer asks for and what it gets, by what differs."""


def misfit_in_words(one: Misplaced, found: int) -> str:
    """What a layer asks for and what it gets."""
    return TAKES.get(one.what, "takes {expected} and gets {found}").format(expected=one.expected, found=found)


def shape_in_words(shape: Shape) -> str:
    """`N×3×28×28`: an extent that is not known is N."""
    return "×".join("N" if one is None else str(one) for one in shape)


def of_a_batch(shape: Shape | None) -> str:
    """A shape as that of a batch of N, however many rows are known to be in it: `N×28×28`."""
    return shape_in_words((None, *(shape or (None,))[1:]))


def misfits(script: Script) -> Iterator[Misplaced]:
    """Every layer that raises for the shape it is called on, each once; undecided branches are left out."""
    seen: set[object] = set()
    events = every_event(script)
    for event in events:
        layer, given = event.values.get("layer"), event.values.get("input")
        if event.kind != "misfit" or not isinstance(layer, Object) or not isinstance(given, Array) or event.place is None:
            continue
        if any(frame.kind == "branch" for frame in event.frames) or _has_other_weights(event, layer):
            continue
        place = layer.place or event.place
        if is_picture_with_channels_first((given.shape or ())[1:]) and _of_keras_1(place):
            continue
        if place not in seen:
            seen.add(place)
            use = _use_of_a_fitted_model(event, events)
            yield _misplaced(event, layer, given, place, use or event.place)._replace(used=use is not None)


def _use_of_a_fitted_model(event: Event, events: Sequence[Event]) -> Place | None:
    """Where a model of Keras that an earlier `fit` trained is used on data that do not fit it; None in a `fit`, and elsewhere."""
    use = next((frame for frame in reversed(event.frames) if frame.kind == "fit"), None)
    fitted = [
        one.place
        for one in events
        if one.kind == "fit" and use is not None and one.values.get("model") is use.over and one.order < event.order
    ]
    if use is None or not fitted or use.place in fitted:
        return None
    alike = [one for one in events if one.kind == "misfit" and one.values.get("layer") is event.values.get("layer")]
    return None if any(frame.place in fitted for one in alike for frame in one.frames if frame.kind == "fit") else use.place


def _has_other_weights(event: Event, layer: Object) -> bool:
    """Whether the script put weights of another width into a layer (`layer.weight = nn.Parameter(...)`)."""
    weight, expected = layer.cells.get("weight"), event.values.get("expected")
    width = weight.shape[-1] if isinstance(weight, Array) and weight.shape else None
    return isinstance(weight, Array) and isinstance(expected, Literal) and width != expected.value


def _misplaced(event: Event, layer: Object, given: Array, place: Place, call: Place) -> Misplaced:
    what, expected, found = (getattr(event.values.get(name), "value", None) for name in ("what", "expected", "found"))
    before = given.inputs[0] if given.op in ("reshape", "flatten") and given.inputs else None
    flattened = before.shape if isinstance(before, Array) and len(given.shape or ()) == 1 else None
    return Misplaced(
        layer.row.name.rpartition(".")[2],
        str(what),
        expected if isinstance(expected, int) else 0,
        found if isinstance(found, int) else 0,
        given.shape or (),
        flattened if flattened is not None and len(flattened) > 1 else None,
        place,
        call,
        given.place,
        layer.row.library == "keras",
    )


def channel_is_misplaced(one: Misplaced) -> bool:
    """Whether a layer would fit if the channels stood at the other end of the shape."""
    if len(one.shape) != 4:
        return False
    if one.keras:
        return is_picture_with_channels_first(one.shape[1:])
    return one.what == "channels" and one.shape[-1] == one.expected


def is_picture_with_channels_first(shape: Shape) -> bool:
    """Whether a shape without the batch is that of a picture whose colours come first: (3, 32, 32)."""
    if len(shape) != 3 or shape[0] not in (1, 3):
        return False
    return all(one is not None and one >= PICTURE for one in shape[1:])


def _keeps_axes(array: Array) -> bool:
    layer = array.attributes.get("layer")
    return array.op == "layer" and bool(array.inputs) and isinstance(layer, Object) and layer.row.kind in KEEPING_AXES


KEEPING_AXES = frozenset({"rescaling", "normalization", "augmentation", "gaussian_noise", "batch_norm", "dropout"})
"""Layers that keep the shape: a picture has its channels behind them where it had them before."""


class ChannelsFirst(NamedTuple):
    """A picture's shape with the colours first: the argument that declares it, and where; the convolution it is for."""

    argument: str
    shape: tuple[int, ...]
    place: Place
    name: str
    layer: Place


def channels_first_inputs(script: Script) -> Iterator[ChannelsFirst]:
    """Keras convolutions under channels_last whose `input_shape`, or the `Input` before them, has the colours first.

    Left out: where a data format is set; calls in the words of Keras 1 (there a file of settings decides, and Theano's order was
    the rule); kernels of one row, which slide along a signal.
    """
    for _, layer in made(script, "layer"):
        given = items_of(layer.arguments.get("input_shape")) if isinstance(layer, Object) else None
        if isinstance(layer, Object) and given is not None and layer.place is not None and _takes_channels_last(layer):
            shape = tuple(one.value for one in given if isinstance(one, Literal) and isinstance(one.value, int))
            if len(shape) == len(given) and is_picture_with_channels_first(shape):
                yield ChannelsFirst("input_shape", shape, layer.place, layer.row.name.rpartition(".")[2], layer.place)
    for _, model in made(script, "model"):
        for place, declared, layer in _after_inputs(model):
            shape = tuple(one for one in declared[1:] if one is not None)
            picture = len(shape) == 3 and is_picture_with_channels_first(shape)
            if picture and place is not None and layer.place is not None and _takes_channels_last(layer):
                yield ChannelsFirst("shape", shape, place, layer.row.name.rpartition(".")[2], layer.place)


def _takes_channels_last(layer: Object) -> bool:
    if layer.row.library != "keras" or layer.row.kind not in ("conv", "separable_conv") or "data_format" in layer.arguments:
        return False
    sides = items_of(layer.arguments.get("kernel_size")) or ()
    row = len(sides) == 2 and isinstance(sides[0], Literal) and sides[0].value == 1
    return not row and layer.place is not None and not _of_keras_1(layer.place)


def _after_inputs(model: Object | Instance) -> Iterator[tuple[Place | None, Shape, Object]]:
    """The inputs that a model declares and the layers that read each: where, the shape with its batch axis, and the layer."""
    layers = items_of(model.cells.get("layers")) or ()
    first = next((one for one in layers[1:] if not isinstance(one, Object) or one.row.kind not in KEEPING_AXES), None)
    if isinstance(first, Object) and (not isinstance(layers[0], Object) or layers[0].row.kind == "input"):
        yield layers[0].place, input_shape(layers[0]) or (), first
    for array in arrays_below(listed(model.cells.get("outputs"))):
        layer, given = array.attributes.get("layer"), array.inputs[0] if array.inputs else None
        while isinstance(given, Array) and _keeps_axes(given):
            given = given.inputs[0]
        if array.op == "layer" and isinstance(layer, Object) and isinstance(given, Array) and given.op == "input":
            yield given.place, given.shape or (), layer


def _of_keras_1(call: Place) -> bool:
    """Whether a convolution is called as in Keras 1: `Convolution2D(64, 3, 3, border_mode="same")`."""
    rows = split_rows(getattr(call, "source_text", ""))[call.span.row - 1 : call.span.end_row]
    return bool(rows) and KERAS_1.search("".join(rows)[call.span.column - 1 :]) is not None


def labels_per_sample(run: TrainingRun) -> bool:
    """Whether the targets are surely one label (or one row of numbers) for each sample."""
    shape = run.targets.shape
    if shape is None:
        return False
    return len(shape) <= 1 or (len(shape) == 2 and (shape[1] == 1 or run.targets.labels in ("onehot", "multihot", "prob")))


def open_output(run: TrainingRun, through: frozenset[str]) -> tuple[Node, Node] | None:
    """(last dense layer, the layer above whose axes it keeps) where the output has more axes than labels of one per sample.

    `through` are the kinds of layers looked for above; only a straight path counts.
    """
    if isinstance(run.model, Unknown) or run.model.output is None or not labels_per_sample(run):
        return None
    output = run.model.output
    if output.shape is None or len(output.shape) < 3 or any(one == 1 for one in output.shape[1:-1]):
        return None
    dense: Node | None = None
    node = output
    for _ in range(200):
        if node.op in through:
            return (dense, node) if dense is not None else None
        if node.op == "dense" and node.inputs and len(node.inputs[0].shape or ()) >= 3:
            dense = node
        elif node.op not in PASSED_UP - {"flatten", "reshape"} or not node.inputs:
            return None
        node = node.inputs[0]
    return None


class Merged(NamedTuple):
    """A reshape that mixes the samples of a batch: features of a sample, how many a row gets instead, the layer that follows."""

    place: Place
    features: int
    row: int
    shape: Shape
    divides: bool
    following: Place | None = None


def merged_batches(run: TrainingRun) -> Iterator[Merged]:
    """Reshapes between layers of the network to rows of another number of features than a sample has."""
    if isinstance(run.model, Unknown) or run.model.output is None:
        return
    users = users_of(run.model.output)
    for node in walk(run.model.output):
        if node.op != "reshape" or node.place is None or not node.inputs or (run.framework == "keras" and node.name):
            continue
        before, after = node.inputs[0].shape, node.shape
        if before is None or after is None or len(before) < 3 or len(after) != 2 or node.inputs[0].op in ("data", "input"):
            continue
        extents = [one for one in before[1:] if one is not None]
        row = after[-1]
        if node.inputs[0].op == "transpose" and row == before[-1]:
            continue  # the channels were put last for this: one row for each pixel
        if len(extents) == len(before) - 1 and row and _is_network(node) and math.prod(extents) != row:
            features = math.prod(extents)
            below = users.get(id(node), ())
            linear = below[0] if len(below) == 1 and below[0].op == "dense" else None
            divides = features % row == 0 or row % features == 0
            yield Merged(node.place, features, row, before, divides, linear.place if linear is not None else None)


def _is_network(node: Node) -> bool:
    """Whether a map made by layers is reshaped: recurrent outputs are folded to rows on purpose."""
    above = node.inputs[0]
    for _ in range(50):
        if above.op in MAPS:
            return True
        if above.op not in PASSED_UP | {"max_pool", "average_pool"} or not above.inputs:
            return False
        above = above.inputs[0]
    return False
