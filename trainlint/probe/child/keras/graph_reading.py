"""Reading a graph of TensorFlow 1: what an operation depends on, and which of the fed tensors are inputs and which targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

DRAWN = frozenset(
    {
        *("RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt", "Multinomial", "RandomShuffle"),
        *("IteratorGetNext", "QueueDequeueV2", "QueueDequeueManyV2", "QueueDequeueUpToV2", "PyFunc", "EagerPyFunc"),
    }
)
"""Operations whose outputs are new at every run."""

LOSSES = {
    "SoftmaxCrossEntropyWithLogits": "categorical_crossentropy",
    "SparseSoftmaxCrossEntropyWithLogits": "sparse_categorical_crossentropy",
    "SquaredDifference": "mean_squared_error",
    "CTCLoss": "ctc",
}
"""Operations that name the loss."""

MOST = 200_000


def upstream(operations: Iterable[Any]) -> list[Any]:
    """The operations that `operations` depend on, and these themselves."""
    found: dict[int, Any] = {}
    waiting = list(operations)
    while waiting and len(found) < MOST:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting.extend(tensor.op for tensor in one.inputs)
    return list(found.values())


def reaches(operation: Any, target: Any) -> bool:
    """Whether running `operation` runs `target`: it is the same, or depends on it."""
    target = getattr(target, "op", target)
    seen: set[int] = set()
    waiting = [operation]
    while waiting and len(seen) < MOST:
        one = waiting.pop()
        if one is target:
            return True
        if id(one) not in seen:
            seen.add(id(one))
            waiting.extend(one.control_inputs)
            waiting.extend(tensor.op for tensor in one.inputs)
    return False


def inputs_and_targets(loss: Any, variables: Sequence[Any], fed: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The fed tensors that meet weights alone (inputs), and those that only meet what weights and data have made (targets)."""
    if loss is None:
        return [], []
    order = _order(loss.op)
    weights = {id(one.op) for one in variables} | {id(getattr(one, "handle", one).op) for one in variables}
    names = {id(tensor.op): tensor for tensor in fed if hasattr(tensor, "op")}
    depends: dict[int, tuple[bool, frozenset[int]]] = {}
    inputs: set[int] = set()
    targets: set[int] = set()
    for one in order:
        given = [depends[id(tensor.op)] for tensor in one.inputs if id(tensor.op) in depends]
        by_weights = id(one) in weights or any(weight for weight, _ in given)
        data = frozenset({id(one)} if id(one) in names else set()).union(*(part for _, part in given))
        for weight, part in given:
            if not weight and part:
                others = [other for other in given if other[0]]
                inputs |= part if any(not rest for _, rest in others) else set()
                targets |= part if any(rest for _, rest in others) else set()
        depends[id(one)] = (by_weights, data)
    chosen = targets - inputs
    return [tensor for key, tensor in names.items() if key in inputs], [tensor for key, tensor in names.items() if key in chosen]


def loss_name(loss: Any) -> tuple[str, int | None]:
    """The loss by its operation and, for a crossentropy, the number of classes; "" and None where it is put together by hand."""
    for one in upstream([loss.op]) if loss is not None else ():
        if one.type in LOSSES:
            shape = one.inputs[0].shape
            return LOSSES[one.type], int(shape[-1]) if "Softmax" in one.type and shape.rank and shape[-1] else None
    return "", None


def _order(last: Any) -> list[Any]:
    """The operations upstream of `last`, each after those it depends on; cycles of loops are cut."""
    done: dict[int, Any] = {}
    open_: set[int] = set()
    stack: list[tuple[Any, bool]] = [(last, False)]
    while stack and len(done) < MOST:
        one, finished = stack.pop()
        if finished:
            done[id(one)] = one
        elif id(one) not in open_:
            open_.add(id(one))
            stack.append((one, True))
            stack.extend((tensor.op, False) for tensor in one.inputs if id(tensor.op) not in open_)
    return list(done.values())
