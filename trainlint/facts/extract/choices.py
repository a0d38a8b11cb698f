"""Values that branches of the script left several of, where all of them compute the same."""

from __future__ import annotations

from trainlint.interpret import values as v

MAXIMUM_COMPARED = 2_000


def settled_choice(value: v.Value | None) -> v.Value | None:
    """One of several arrays that branches left, if all compute the same (`data_parallel(net, x)` and `net(x)`)."""
    if not isinstance(value, v.Choice):
        return value
    first = value.alternatives[0]
    budget = [MAXIMUM_COMPARED]
    return first if all(_computes_the_same(first, one, budget) for one in value.alternatives[1:]) else value


def _computes_the_same(one: v.Value, other: v.Value, budget: list[int]) -> bool:
    """Whether two arrays are the same operations of the same layers on the same inputs."""
    budget[0] -= 1
    if one is other or budget[0] < 0:
        return one is other
    if not isinstance(one, v.Array) or not isinstance(other, v.Array):
        return isinstance(one, v.Literal) and isinstance(other, v.Literal) and v.same(one, other)
    alike = (one.op, one.shape, one.dtype, one.detached, len(one.inputs)) == (
        other.op,
        other.shape,
        other.dtype,
        other.detached,
        len(other.inputs),
    )
    if not alike or not one.inputs or one.attributes.keys() != other.attributes.keys():
        return False
    for key, held in one.attributes.items():
        if held is not other.attributes[key] and not _same_setting(held, other.attributes[key]):
            return False
    return all(_computes_the_same(first, second, budget) for first, second in zip(one.inputs, other.inputs, strict=True))


def _same_setting(one: object, other: object) -> bool:
    plain = (bool, int, float, str, type(None))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same_setting, one, other))
    return isinstance(one, plain) and type(one) is type(other) and one == other
