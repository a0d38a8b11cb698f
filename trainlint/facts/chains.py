"""Affine layers in a row with nothing nonlinear between them, and the one layer that each such chain equals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.graph import Node, walk
from trainlint.facts.passes import owner_of
from trainlint.facts.queries import (
    AVERAGING,
    DENSE_MAPS,
    RESHAPING,
    input_width,
    layer_name,
    line_of,
    output_width,
    root_of,
    skip_upwards,
    trainable,
    users_of,
)
from trainlint.facts.registration import descendants
from trainlint.facts.run import TrainingRun
from trainlint.interpret.values import Instance, Object

LOSS_INPUT = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "square", "abs"})
"""Operations in which a regression's output ends."""

LINEAR = RESHAPING | AVERAGING
MAXIMA = frozenset({"max_pool", "global_max_pool"})


class Chain(NamedTuple):
    """Layers that compose to one: their nodes and names in order of computation, and what they equal in words."""

    nodes: tuple[Node, ...]
    names: tuple[str, ...]
    equals: str

    def in_words(self) -> str:
        """`a, b and c`; of three layers that only kind and line tell apart: `the dense layers of lines 11 to 19`."""
        places = [node.place for node in self.nodes]
        same = {name.partition(" of line ")[0] for name in self.names}
        rows = [place.span.row for place in places if place is not None]
        plain = len(same) == 1 and all(" of line " in name for name in self.names) and rows == sorted(set(rows))
        if not plain or len(rows) < max(3, len(places)):
            return f"{', '.join(self.names[:-1])} and {self.names[-1]}"
        in_a_row = rows == list(range(rows[0], rows[-1] + 1))
        lines = f"{rows[0]} to {rows[-1]}" if in_a_row else f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}"
        what = same.pop()
        return f"{what}s of lines {lines}" if what.endswith(" layer") else f"{what} of lines {lines}"

    def followers(self) -> Iterator[tuple[str, Place]]:
        """The layers behind the first, as related places of a finding."""
        for name, node in zip(self.names[1:], self.nodes[1:], strict=True):
            if node.place is not None:
                yield f"{name} follows", node.place


def redundant_chains(run: TrainingRun) -> Iterator[Chain]:
    """Two or more trainable affine layers in a row that one layer could replace.

    Left out are factorisations (an inner width below both neighbours, grouped or depthwise convolutions, convolutions along
    different axes) and runs whose known targets are an affine function of the known inputs. A block that is used twice has its
    layers twice at the same lines: the longest chain of them is told.
    """
    told: set[Place] = set()
    for chain in sorted(_every_chain(run), key=lambda one: -len(one.nodes)):
        if any(one.place not in told for one in chain.nodes):
            told.update(one.place for one in chain.nodes if one.place is not None)
            yield chain


def _every_chain(run: TrainingRun) -> Iterator[Chain]:
    root = root_of(run)
    if root is None or _targets_are_affine(root):
        return
    holder = _optimizer_of_each_layer(run)
    for chain in _linear_chains(root):
        if len({holder.get(node.place) for node in chain}) > 1:
            continue
        for nodes in _around_bottlenecks(chain) if _factorises(chain) else (chain,):
            if not (_factorises(nodes) or _separates(nodes) or _spreads(nodes) or any(_grouped(node) for node in nodes)):
                yield Chain(nodes, _names(nodes), _equal(nodes))


def _optimizer_of_each_layer(run: TrainingRun) -> dict[Place | None, int]:
    """By its place the optimizer of a layer, where several step models of their own: a generator ends where its critic begins."""
    steps = (event.values.get("optimizer") for event in run.events if event.kind == "step")
    owners = {id(one): owner for one in steps if one is not None and (owner := owner_of(one)) is not None}
    if len(owners) < 2:
        return {}
    return {
        layer.place: optimizer
        for optimizer, owner in owners.items()
        if isinstance(owner, Object | Instance)
        for _, layer in descendants(owner)
    }


def _names(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """What to call each of several layers; those that the script names alike are told apart by their lines."""
    names = [layer_name(node) for node in nodes]
    return tuple(
        f"{name}{line_of(node.place)}" if names.count(name) > 1 and " of line " not in name else name
        for name, node in zip(names, nodes, strict=True)
    )


def _in_words(nodes: tuple[Node, ...]) -> str:
    """Layers in words; those that one line makes in a loop are named once."""
    times = Counter(map(layer_name, nodes))
    return " and ".join(f"{name} ({count} times)" if count > 1 else name for name, count in times.items())


class Pooled(NamedTuple):
    """Convolutions in order of computation, and what to call them."""

    nodes: tuple[Node, ...]
    names: str


def only_pooled(run: TrainingRun) -> Pooled | None:
    """Two or more trainable convolutions without activation that only max pooling separates from the next layer."""
    root = root_of(run)
    if root is None:
        return None
    affine, pooled = _before(root, LINEAR), _before(root, LINEAR | MAXIMA)
    found = [pooled[id(node)] for node in walk(root) if id(node) in pooled and id(node) not in affine]
    nodes = tuple(node for node in found if node.op == "conv" and not _grouped(node))
    return Pooled(nodes, _in_words(nodes)) if len(nodes) > 1 else None


def _before(root: Node, through: frozenset[str]) -> dict[int, Node]:
    """By identity of a trainable affine layer the one whose output it alone gets, through these operations and no others."""
    users = users_of(root)
    before: dict[int, Node] = {}
    for node in walk(root):
        if node.op in DENSE_MAPS and trainable(node):
            above = skip_upwards(node.inputs[0], through) if node.inputs else node
            if above is not node and above.op in DENSE_MAPS and trainable(above) and _only_path(above, node, users, through):
                before[id(node)] = above
    return before


def _linear_chains(root: Node) -> Iterator[tuple[Node, ...]]:
    """Runs of two or more trainable affine layers with nothing nonlinear in between, in order of computation."""
    before = _before(root, LINEAR)
    followed = {id(node) for node in before.values()}
    for node in walk(root):
        if id(node) in before and id(node) not in followed:
            chain = [node]
            while id(chain[-1]) in before:
                chain.append(before[id(chain[-1])])
            yield tuple(reversed(chain))


def _only_path(above: Node, below: Node, users: Mapping[int, tuple[Node, ...]], through: frozenset[str]) -> bool:
    """Whether everything that reads a layer's output is a further affine layer, so that the output is used for nothing else."""
    for user in users.get(id(above), ()):
        node = user
        while node is not below and node.op in through:
            after = users.get(id(node), ())
            if len(after) != 1:
                return False
            node = after[0]
        if node.op not in DENSE_MAPS:
            return False
    return True


def _spreads(chain: tuple[Node, ...]) -> bool:
    """Whether a dense layer makes a map that a convolution then works on (generators do): no single layer is simpler."""
    kinds = [node.op for node in chain]
    return any(first == "dense" and second != "dense" for first, second in pairwise(kinds))


def _separates(chain: tuple[Node, ...]) -> bool:
    """Whether convolutions share out the axes of one kernel (1×3 then 3×1, space then time): fewer weights than it on purpose."""
    kernels = [node.attributes.get("kernel_size") for node in chain if node.op == "conv"]
    known = [one for one in kernels if isinstance(one, tuple) and all(isinstance(side, int) for side in one)]
    wide = [one for one in known if max(one, default=1) > 1]
    if len(known) < len(chain) or len(wide) < 2 or len({len(one) for one in wide}) != 1:
        return False
    return all(sum(side > 1 for side in sides) <= 1 for sides in zip(*wide, strict=True))


def _grouped(node: Node) -> bool:
    """Whether a convolution mixes only some channels."""
    return "depthwise" in node.op or node.attributes.get("groups", 1) not in (1, None)


def _factorises(chain: tuple[Node, ...]) -> bool:
    """Whether an inner width is a bottleneck on both sides, or not known."""
    if any(node.op == "conv_transpose" for node in chain):
        return _narrows(chain)
    *inner, last = [output_width(node) for node in chain]
    if last is None or any(one is None for one in inner):
        return True
    first = input_width(chain[0])
    return min(one for one in inner if one is not None) < min(last, first if first is not None else last)


def _narrows(chain: tuple[Node, ...]) -> bool:
    """Whether a map between convolutions has fewer entries than both ends (an autoencoder's linear code), or is not known."""
    first, *inner, last = [_entries(one) for one in (chain[0].inputs[0], *chain)]
    if first is None or last is None or any(one is None for one in inner):
        return True
    return min(one for one in inner if one is not None) < min(first, last)


def _entries(node: Node) -> int | None:
    """How many numbers a sample has at a node."""
    inner = node.shape[1:] if node.shape else (None,)
    known = [one for one in inner if one is not None]
    return math.prod(known) if len(known) == len(inner) else None


def _around_bottlenecks(chain: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """The parts of a chain in front of and behind the widths that are below both of their neighbours."""
    start = 0
    for index, (node, following) in enumerate(pairwise(chain), 1):
        widths = input_width(node), output_width(node), output_width(following)
        entering, own, leaving = (one if one is not None else 0 for one in widths)
        if None in widths or own < min(entering, leaving):
            if index - start > 1:
                yield chain[start:index]
            start = index
    if len(chain) - start > 1:
        yield chain[start:]


def _equal(chain: tuple[Node, ...]) -> str:
    if all(node.op == "conv" for node in chain):
        size = _kernel(chain)
        return f"one {size} convolution" if size else "one convolution"
    if any(node.op != "dense" for node in chain):
        return "one linear layer"
    widths = [output_width(node) or 0 for node in chain]
    return f"one {widths[-1]}-unit linear layer of rank ≤ {min(widths)}"


def _kernel(chain: tuple[Node, ...]) -> str | None:
    """The kernel of the composition: sizes add up, less one each, where strides and dilations are 1."""
    size: list[int] = []
    for node in chain:
        kernel, strides = node.attributes.get("kernel_size"), node.attributes.get("strides", 1)
        dilation = node.attributes.get("dilation", 1)
        if not isinstance(kernel, tuple) or not all(type(one) is int for one in kernel):
            return None
        if {*_all(strides), *_all(dilation)} != {1}:
            return None
        size = [before + one - 1 for before, one in zip(size, kernel, strict=False)] if size else list(kernel)
    return "×".join(map(str, size))


def _all(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _targets_are_affine(root: Node) -> bool:
    """Whether the known targets are an affine function of the known inputs, to rounding; False where either is not known.

    Both are taken from the data leaves of the loss: the prediction's only data leaf, and the target.
    """
    import numpy as np

    for node in walk(root):
        if node.op not in LOSS_INPUT or len(node.inputs) < 2:
            continue
        leaves = [one for one in walk(node.inputs[0]) if one.op == "data" and one.data is not None and one.data.size > 1]
        target = skip_upwards(node.inputs[1], RESHAPING).data
        real = target is not None and target.dtype.kind in "biuf"
        if len(leaves) != 1 or target is None or not real or leaves[0].data is None or leaves[0].data.dtype.kind not in "iuf":
            continue
        rows = leaves[0].data.shape[0] if leaves[0].data.ndim else 0
        if rows < 3 or not target.size or target.shape[:1] != (rows,) or leaves[0].data.size > 1_000_000:
            continue
        inputs = np.column_stack([leaves[0].data.reshape(rows, -1).astype(float), np.ones(rows)])
        wanted = target.reshape(rows, -1).astype(float)
        if inputs.shape[1] >= rows or not (np.isfinite(inputs).all() and np.isfinite(wanted).all()):
            continue
        found, *_ = np.linalg.lstsq(inputs, wanted, rcond=None)
        scale = float(np.abs(wanted).max()) or 1.0
        return bool(np.abs(inputs @ found - wanted).max() <= 1e-6 * scale)
    return False
