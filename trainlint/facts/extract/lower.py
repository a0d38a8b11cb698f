"""From the interpreter's arrays to the graph of one run: `Lowering.lower`.

What no weight reaches is one `data` leaf, with its numbers where they are known; a mini-batch is a leaf of all its rows with
`batched` set. Each tensor of the script becomes one node, each weight one `Parameter`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trainlint.core import Fact, Place, Unknown
from trainlint.facts.extract.choices import settled_choice
from trainlint.facts.extract.layers import operation, width
from trainlint.facts.extract.losses import loss_node_parts
from trainlint.facts.extract.scalars import integer, items_of
from trainlint.facts.extract.settled import own_attributes, settled
from trainlint.facts.extract.transformers import ENCODERS, encoder
from trainlint.facts.extract.weights import Weights, as_object
from trainlint.facts.extract.written import folded, written
from trainlint.facts.graph import Node
from trainlint.facts.syntax import node_at
from trainlint.interpret import values as v
from trainlint.interpret.subscripts import NOT_KNOWN, is_known
from trainlint.source.walk import walk

if TYPE_CHECKING:
    import numpy as np

MAXIMUM_NODES = 20_000
IN_GRAPHS = frozenset({"keras", "tensorflow"})
"""Libraries whose operations are done anew for each batch."""

MAXIMUM_COMPUTED = 500
TIED = frozenset({("dense", "embeddings"), ("embedding", "kernel")})
"""Layers that have the weights of one of another kind (`self.head.weight = self.tokens.weight`): rows stand for columns."""

LEAVES = frozenset({"constant", "data", "random"})


class Lowering:
    """Turns arrays into nodes; keep one for each run, so that what is shared stays shared.

    `leaves` lists every data leaf with the array it came from, in the order in which they were met. With `kept` = (n, k) only
    the first k rows of data of n rows are trained on (`validation_split`), and data of n rows are batched; so are the arrays in
    `drawn`, whose rows a `fit` draws. Rows that are picked at unknown indices within
    `loop` are a mini-batch too.
    """

    def __init__(self, era: str, kept: tuple[int, int] | None = None, loop: Place | None = None) -> None:
        self.era = era
        self.kept = kept
        self.loop = loop
        self.drawn: set[int] = set()
        self.weights = Weights(era)
        self.leaves: list[tuple[Node, v.Array]] = []
        self._nodes: dict[int, Node] = {}
        self._batched: dict[int, bool] = {}
        self._rows: dict[int, int | None] = {}
        self._held: list[v.Value] = []
        self._arrays: dict[int, v.Array] = {}
        self._visits = 0
        self._given: set[int] = set()

    def accept(self, value: v.Value | None) -> None:
        """Take a value as data that the model is given, even if nothing is known of it: its leaf is an `input`, not `unknown`."""
        for one in items_of(value) or (value,):
            if isinstance(one, v.Unknown):
                self._given.add(id(one))
                self._held.append(one)

    def array_of(self, node: Node) -> v.Array | None:
        """The array that a node was made of (the last one, where several are one node)."""
        return self._arrays.get(id(node))

    def lower(self, value: v.Value | None) -> Node:
        """The node of a value: an array with all that lies upstream of it, a number, or an `unknown` leaf with the reason."""
        value = settled_choice(value)
        if not isinstance(value, v.Array):
            return self._other(value)
        self._is_batched(value)  # so that the rows of all batches are known
        stack: list[tuple[v.Array, bool]] = [(value, False)]
        while stack:
            array, ready = stack.pop()
            if id(array) in self._nodes:
                continue
            upstream = self._upstream(array)
            if ready:
                self._keep(array, self._build(array, tuple(self._input(one) for one in upstream)))
            elif self._visits >= MAXIMUM_NODES:
                self._keep(array, _unknown("the computation is too long to be followed", array))
            else:
                self._visits += 1
                stack.append((array, True))
                stack.extend((one, False) for one in reversed(upstream) if isinstance(one, v.Array))
        return self._nodes[id(value)]

    def _keep(self, array: v.Value, node: Node) -> None:
        self._nodes[id(array)] = node
        if isinstance(array, v.Array):
            self._arrays[id(node)] = array
        self._held.append(array)

    def _upstream(self, array: v.Array) -> tuple[v.Value, ...]:
        """The inputs that become nodes of their own; none for a leaf."""
        if array.op in LEAVES or array.op == "parameter":
            return ()
        computed = array.symbolic or array.op == "loss" or self._is_batched(array) or self._mixes_rows(array)
        if id(array) in self.drawn or not computed:
            return ()
        return tuple(settled_choice(one) or one for one in flat_inputs(array))

    def _is_batched(self, array: v.Array) -> bool:
        """Whether a mini-batch lies upstream of an array (or is it)."""
        stack: list[tuple[v.Array, bool]] = [(array, False)]
        while stack:
            one, ready = stack.pop()
            if id(one) in self._batched:
                continue
            above = [other for other in flat_inputs(one) if isinstance(other, v.Array)]
            if self._makes_batch(one) or ready or len(self._batched) > 4 * MAXIMUM_NODES:
                self._note_rows(one)
                self._batched[id(one)] = self._makes_batch(one) or any(self._batched.get(id(other), False) for other in above)
                self._held.append(one)
            else:
                stack.append((one, True))
                stack.extend((other, False) for other in above)
        return self._batched[id(array)]

    def _note_rows(self, array: v.Array) -> None:
        """Remember how many rows a batch has, and of how many it is drawn."""
        whole = next(iter(flat_inputs(array)), None)
        if self._makes_batch(array) and array.shape and array.shape[0] is not None and isinstance(whole, v.Array):
            self._rows[array.shape[0]] = whole.shape[0] if whole.shape else None

    def _mixes_rows(self, array: v.Array) -> bool:
        """Whether a loss of the script computes something of a batch (its sum, its entries in a row) that no row of it is."""
        if array.library not in IN_GRAPHS or array.shape is None or self.kept is None or array.shape[:1] == self.kept[:1]:
            return False
        stack, seen = [array], set[int]()
        while stack and len(seen) < MAXIMUM_COMPUTED:
            one = stack.pop()
            if id(one) in self.drawn:
                return True
            if id(one) not in seen:
                seen.add(id(one))
                stack.extend(other for other in flat_inputs(one) if isinstance(other, v.Array) and one.library in IN_GRAPHS)
        return False

    def _makes_batch(self, array: v.Array) -> bool:
        """Whether an array is a mini-batch: a loader's, or rows that the training loop picks."""
        if array.op == "batch":
            return True
        return array.op == "getitem" and not array.symbolic and picks_rows(array) and within(array.place, self.loop)

    def _input(self, value: v.Value) -> Node:
        return self._nodes.get(id(value)) or self._other(value)

    def _other(self, value: v.Value | None) -> Node:
        if value is not None and id(value) in self._nodes:
            return self._nodes[id(value)]
        if isinstance(value, v.Literal) and isinstance(value.value, bool | int | float):
            node = _number(value)
        elif id(value) in self._given:
            node = Node("input", (), {"why": _why(value)}, place=getattr(value, "place", None))
        else:
            node = _unknown(_why(value), value)
        if value is not None:
            self._keep(value, node)
        return node

    def _build(self, array: v.Array, inputs: tuple[Node, ...]) -> Node:
        if array.detached and array.symbolic and array.op != "parameter":
            inner = self._operation(array, inputs)
            return Node("stop_gradient", (inner,), shape=array.shape, place=array.place)
        return folded(self._operation(array, inputs))

    def _operation(self, array: v.Array, inputs: tuple[Node, ...]) -> Node:
        if array.op == "parameter":
            return self._parameter(array)
        if array.op == "batch" or (array.op == "getitem" and inputs and self._makes_batch(array)):
            return self._batch(array, inputs)
        if array.op == "detach" and inputs:
            return inputs[0]
        if array.op == "input" or (array.symbolic and not inputs and array.op not in ("layer", "loss")):
            return Node("input", (), own_attributes(array), shape=array.shape, place=array.place)
        if not inputs:
            return self._leaf(array, batched=False, data=array.data, shape=array.shape, statistics=array.statistics)
        if array.op == "scaled":  # a gradient scaler's factor, which its step divides out again
            return inputs[0]
        if array.op == "layer":
            return self._layer(array, inputs)
        if array.op == "loss":
            inputs = self._without_lost_prediction(array, inputs)
            op, attributes = loss_node_parts(array.attributes.get("loss"), array.attributes, self.era)
            return Node(
                op, inputs, attributes, shape=array.shape, place=getattr(array.attributes.get("loss"), "place", array.place)
            )
        return Node(array.op, inputs, settled(array, self._rows), shape=array.shape, place=array.place)

    def _without_lost_prediction(self, loss: v.Array, inputs: tuple[Node, ...]) -> tuple[Node, ...]:
        """The inputs of a loss; a prediction in which no model could be found is unknown rather than data."""
        if loss.symbolic or not inputs or inputs[0].op != "data" or self._is_batched(loss):
            return inputs
        self.leaves = [(node, one) for node, one in self.leaves if node is not inputs[0]]
        why = "the prediction could not be followed to the model"
        return (Node("unknown", (), {"why": why}, shape=inputs[0].shape, place=inputs[0].place), *inputs[1:])

    def _parameter(self, array: v.Array) -> Node:
        """A weight read by the script; a PyTorch layer's own kernel is turned from the graph's orientation to PyTorch's."""
        parameter = self.weights.leaf(array)
        shape = parameter.shape if parameter.shape is not None else array.shape
        node = Node("parameter", (), {}, (parameter,), shape, array.data, parameter.name, array.place)
        if parameter.name != "kernel" or array.library != "torch" or parameter.shape is None or len(parameter.shape) < 2:
            return node
        rank = len(parameter.shape)
        axes = (rank - 1, rank - 2, *range(rank - 2))
        turned = tuple(parameter.shape[axis] for axis in axes)
        return Node("transpose", (node,), {"axes": axes}, shape=turned, name=node.name, place=array.place)

    def _leaf(
        self, array: v.Array, *, batched: bool, data: np.ndarray[Any, Any] | None, shape: v.Shape | None, statistics: v.Statistics
    ) -> Node:
        batched = batched or id(array) in self.drawn
        if not batched and shape and shape[0] in self._rows and shape[0] > 1:
            if data is None and _is_noise(array):  # noise for each row
                batched, shape = True, (self._rows[shape[0]], *shape[1:])
            elif data is not None and (data[:1] == data).all():  # the same for each row
                data, shape = data[:1], (1, *shape[1:])
        if self.kept is not None and shape and shape[0] == self.kept[0]:
            batched = True
            shape = (self.kept[1], *shape[1:])
            if data is not None and self.kept[0] != self.kept[1]:
                data = data[: self.kept[1]]
                from trainlint.interpret.arrays.statistics import of_data  # numpy: only where there is data

                statistics = of_data(data)
        attributes = {"statistics": statistics, "batched": batched, "dtype": array.dtype, **own_attributes(array)}
        node = Node("data", (), attributes, shape=shape, data=data, place=array.place)
        self.leaves.append((node, array))
        return node

    def _batch(self, array: v.Array, inputs: tuple[Node, ...]) -> Node:
        """All rows that batches are drawn from, marked as batched; a batch of something computed is passed through."""
        whole = next(iter(flat_inputs(array)), None)
        one_row = isinstance(whole, v.Array) and array.op == "getitem" and len(array.shape or ()) < len(whole.shape or ())
        if (array.attributes.get("sample") is True or one_row) and isinstance(whole, v.Array):
            self.leaves = [(node, one) for node, one in self.leaves if not inputs or node is not inputs[0]]
            shape = array.shape if one_row or array.shape is None else (None, *array.shape[1:])
            return self._leaf(array, batched=True, data=None, shape=shape, statistics=array.statistics)
        if not inputs or not isinstance(whole, v.Array) or inputs[0].op != "data":
            if inputs and inputs[0].op != "unknown":
                return inputs[0]
            return self._leaf(array, batched=True, data=None, shape=array.shape, statistics=array.statistics)
        self.leaves = [(node, one) for node, one in self.leaves if node is not inputs[0]]
        same_rows = array.shape is None or whole.shape is None or array.shape[1:] == whole.shape[1:]
        statistics = array.statistics if array.statistics.known != "unknown" else whole.statistics
        part = rows_of_part(array.attributes.get("loader"))
        if part is not None:
            known = "declared" if statistics.known == "exact" else statistics.known
            shape = (part, *(array.shape or ())[1:])
            return self._leaf(array, batched=True, data=None, shape=shape, statistics=replace(statistics, known=known))
        return self._leaf(
            array,
            batched=True,
            data=whole.data if same_rows else None,
            shape=whole.shape if same_rows or array.shape is None else (whole.shape or (None,))[:1] + array.shape[1:],
            statistics=statistics,
        )

    def _layer(self, array: v.Array, inputs: tuple[Node, ...]) -> Node:
        layer = as_object(array.attributes.get("layer"))
        part = array.attributes.get("output")
        if isinstance(part, str) and inputs[0].op == "getitem":  # the second state of a cell, beside the first
            units = inputs[0].attributes["index"][-1].stop
            return Node("getitem", inputs[0].inputs, {"index": (..., slice(units, None))}, shape=array.shape, place=array.place)
        if isinstance(part, str):
            return Node("getitem", inputs, {"part": part}, shape=array.shape, place=array.place)
        if layer is None or (layer.row.makes != "layer" and layer.row.kind != "backbone"):
            own = None if layer is None else written(layer, inputs, array)
            if own is not None:
                return own
            name = layer.row.kind if layer is not None else "layer"
            return Node("custom", inputs, {"name": name}, shape=array.shape, place=array.place)
        if layer.row.kind in ENCODERS:
            whole = encoder(self.weights, layer, inputs, array.attributes.get("masks"), array.shape)
            if whole is not None:
                return whole
        op, attributes, activation = operation(layer, self.era)
        extra = {key: value for key, value in own_attributes(array).items() if key not in attributes and value is not None}
        parameters = self.weights.of_layer(layer, op, attributes, inputs[0].shape)
        if (op, *(one.name for one in parameters[:1])) in TIED:
            attributes = {**attributes, "transposed": True}
        node = Node(op, inputs, {**extra, **attributes}, parameters, array.shape, name=layer_name(layer), place=layer.place)
        if op == "lstm_cell" and width(attributes) is not None:
            return Node("getitem", (node,), {"index": (..., slice(0, width(attributes)))}, shape=array.shape, place=layer.place)
        if activation is None:
            return node
        return Node(activation.op, (node,), activation.attributes, shape=array.shape, name=node.name, place=layer.place)


def flat_inputs(array: v.Array) -> tuple[v.Value, ...]:
    """The inputs of an array, lists and tuples of them opened, with the state that a recurrent layer goes on from."""
    inputs = (*array.inputs, *_states(array))
    if not any(isinstance(one, v.List | v.Tuple) for one in inputs):
        return inputs
    found: list[v.Value] = []
    for one in inputs:
        items = items_of(one)
        found.extend(items if items is not None else (one,))
    return tuple(found)


def _states(array: v.Array) -> tuple[v.Value, ...]:
    """The state that a layer is given, where weights reach it; one that is only data counts as the zeros that it mostly is."""
    given = array.attributes.get("given_state")
    if given is None or "output" in array.attributes:
        return ()
    items = items_of(given) if isinstance(given, v.List | v.Tuple) else (given,)
    known = items is not None and all(isinstance(one, v.Array) for one in items)
    reached = any(isinstance(one, v.Array) and one.symbolic and not one.detached for one in items or ())
    return tuple(items or ()) if known and reached else ()


def layer_name(layer: v.Object) -> str:
    """What the script calls a layer: its `name` argument."""
    for held in (layer.arguments.get("name"), layer.cells.get("name")):
        if isinstance(held, v.Literal) and isinstance(held.value, str):
            return held.value
    return ""


def _is_noise(array: v.Array) -> bool:
    """Whether an array is random numbers, perhaps scaled or shifted."""
    above = [one for one in array.inputs if isinstance(one, v.Array)]
    return array.op == "random" or (array.op in DRAWN and any(one.op == "random" for one in above))


DRAWN = frozenset({"multiply", "divide", "add", "subtract", "negative", "clip"})
"""Operations with numbers that leave random numbers random."""


def picks_rows(array: v.Array) -> bool:
    """Whether a subscript picks several rows at indices that are not known (`x[i : i + 32]`, `x[indices]`)."""
    index, source = array.attributes.get("index"), array.inputs[0] if array.inputs else None
    first = index[0] if isinstance(index, tuple) and index else None
    if isinstance(first, slice):
        return NOT_KNOWN in (first.start, first.stop)
    ranks = [len(one.shape) for one in (array, source) if isinstance(one, v.Array) and one.shape is not None]
    return not is_known(first) and len(ranks) == 2 and ranks[0] == ranks[1]


def within(place: Place | None, outer: Place | None) -> bool:
    """Whether a place lies in the text of another."""
    node, around = node_at(place), node_at(outer)
    return node is not None and around is not None and any(one is node for one in walk(around))


def rows_of_part(loader: object) -> int | None:
    """How many rows a loader draws from where its data set is a part of another (`random_split`); None if it is not a part."""
    dataset = loader.arguments.get("dataset") if isinstance(loader, v.Object) else None
    if not isinstance(dataset, v.Object) or dataset.row.kind != "subset":
        return None
    length = integer(dataset.cells.get("length"))
    return length.value if isinstance(length, Fact) else None


def _number(literal: v.Literal) -> Node:
    import numpy as np

    held = literal.value
    try:
        data = np.asarray(float(held), dtype=np.float64) if isinstance(held, bool | int | float) else None
    except OverflowError:
        data = None
    if data is None:
        return _unknown("a number too large for a float", literal)
    return Node("data", (), {"statistics": v.UNKNOWN_STATISTICS, "batched": False}, shape=(), data=data, place=literal.place)


def _unknown(why: str, value: v.Value | None) -> Node:
    shape = value.shape if isinstance(value, v.Array) else None
    return Node("unknown", (), {"why": why}, shape=shape, place=getattr(value, "place", None))


def _why(value: v.Value | None) -> str:
    if isinstance(value, v.Unknown):
        return value.why
    if isinstance(value, v.Choice):
        return "it differs between branches"
    return "it is not given" if value is None else "it could not be followed"


def reason(node: Node) -> Unknown | None:
    """The reason why a node is unknown; None if it is not."""
    return Unknown(str(node.attributes.get("why", "")), node.place) if node.op == "unknown" else None
