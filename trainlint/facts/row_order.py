"""The order of rows: which data were put in random order, and whether inputs and labels went through the same orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainlint.core import Place
from trainlint.facts.provenance import lineage, made_at_random, main_path
from trainlint.facts.run import TrainingRun
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Unknown, Value

ROW_WISE = frozenset(
    {
        *("reshape", "flatten", "squeeze", "expand_dims", "cast", "getitem", "batch", "copy", "detach", "split", "shuffle"),
        *("multiply", "divide", "add", "subtract", "scale", "encode", "one_hot", "identity", "rescaling", "normalize"),
    }
)
"""Operations after which row i is still made of row i, unless they pick or permute rows."""


@dataclass(frozen=True, slots=True)
class Permutation:
    """One act that puts rows in a random order: `key` is the same for all arrays that share the order."""

    key: object
    place: Place | None


def permutations_of(value: Value | None, shuffles: tuple[Event, ...], before: int) -> tuple[Permutation, ...] | None:
    """The random orders that the rows of an array went through; None if its way is not followed to where it was read."""
    found: list[Permutation] = []
    path = list(main_path(value))
    if not path or path[-1].op not in ("data", "constant", "random") or isinstance(path[-1].attributes.get("source"), Unknown):
        return None
    for position, one in enumerate(path):
        if one.op not in ROW_WISE and one is not path[-1]:
            return None
        found.extend(_by(one))
        found.extend(
            Permutation(id(event), event.place)
            for event in shuffles
            if event.values.get("array") is one and event.order < before and _later(path[:position], event)
        )
    return tuple(found)


def _by(array: Array) -> Iterator[Permutation]:
    if array.op == "shuffle" and array.attributes.get("axis", 0) == 0:
        together = array.attributes.get("together")
        yield Permutation(str(together) if together is not None else id(array), array.place)
    elif array.op == "getitem" and len(array.inputs) > 1:
        index = array.inputs[1]
        if array.attributes.get("index", ("",))[0] == "?" and isinstance(index, Array) and made_at_random(index):
            yield Permutation(id(index), array.place)
    elif array.op == "split" and array.attributes.get("shuffle"):
        yield Permutation(("split", str(array.place), array.attributes.get("part")), array.place)


def _later(made_of_it: list[Array], event: Event) -> bool:
    """Whether all that was made of an array came after it was shuffled in place."""
    if event.place is None:
        return False
    return all(one.place is not None and one.place.span.row > event.place.span.row for one in made_of_it)


@dataclass(frozen=True, slots=True)
class ShuffledApart:
    """Inputs and labels whose rows do not match any more: which of them (`what`) was permuted alone, and where."""

    what: str
    place: Place


def shuffled_apart(run: TrainingRun, events: tuple[Event, ...]) -> ShuffledApart | None:
    """Whether the inputs of a run went through a random order that its labels did not, or the reverse."""
    x, y = run.inputs.value, run.targets.value
    if not isinstance(x, Array) or not isinstance(y, Array) or x.symbolic or y.symbolic:
        return None
    fit = next((one.order for one in run.events if one.kind in ("fit", "forward", "step")), 0)
    shuffles = tuple(one for one in events if one.kind == "shuffle")
    mine, theirs = permutations_of(x, shuffles, fit), permutations_of(y, shuffles, fit)
    if mine is None or theirs is None or _of_one_another(x, y):
        return None
    keys = {one.key for one in mine}, {one.key for one in theirs}
    only_x = [one for one in mine if one.key not in keys[1]]
    only_y = [one for one in theirs if one.key not in keys[0]]
    if only_x and only_y and (_seeded(events) or len(only_x) != 1 or len(only_y) != 1 or keys[0] & keys[1]):
        return None
    what, found = ("inputs", only_x) if only_x else ("labels", only_y)
    if not found or found[0].place is None:
        return None
    return ShuffledApart("inputs and labels" if only_x and only_y else what, found[0].place)


def _of_one_another(x: Array, y: Array) -> bool:
    """Whether labels are computed from inputs, or the inputs from the labels (autoencoders, denoising, noise of generators)."""
    above_x, above_y = {id(one) for one in lineage(x)}, {id(one) for one in lineage(y)}
    if id(x) in above_y or id(y) in above_x:
        return True
    leaves = list(main_path(x))[-1], list(main_path(y))[-1]
    picked = any(_picks_column(one) for one in (*main_path(x), *main_path(y)))
    return leaves[0] is leaves[1] and not picked


def _picks_column(array: Array) -> bool:
    if array.op != "getitem":
        return False
    index = array.attributes.get("index", ())
    named = array.library == "pandas" or any(isinstance(one, Literal) and isinstance(one.value, str) for one in array.inputs)
    return named or (isinstance(index, tuple) and len(index) > 1)


def _seeded(events: tuple[Event, ...]) -> bool:
    """Whether the script sets a random generator's state itself, so that two orders can be the same."""
    return any(one.kind == "seed" for one in events)
