"""Numbers of words, and the rows of the embedding that they are looked up in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Edit, Place, Severity, Span
from trainlint.facts.graph import walk
from trainlint.facts.provenance import lineage, main_path
from trainlint.facts.queries import RESHAPING, root_of
from trainlint.facts.run import TrainingRun
from trainlint.facts.scaling import first_layer_on_raw_inputs
from trainlint.facts.syntax import node_at
from trainlint.interpret.values import Array, Literal, Object

KEEPING = frozenset({"tokens", "asarray", "pad_sequences", "data", "batch", "getitem", "split", "shuffle", "cast"})
"""Operations after which the numbers of words are the same, or some of them."""


class OutsideEmbedding(NamedTuple):
    """An embedding of so many `rows` and the largest number that is looked up in it (both None: the words of a Tokenizer)."""

    place: Place
    rows: int | None
    largest: int | None
    severity: Severity
    edits: tuple[Edit, ...]


def outside_embeddings(run: TrainingRun) -> Iterator[OutsideEmbedding]:
    """The embeddings of a run that have no row for the largest number they are asked for."""
    seen: set[int] = set()
    for event in run.events:
        for one in lineage(event.values.get("output")):
            layer = one.attributes.get("layer")
            given = one.inputs[0] if one.inputs else None
            if (
                not isinstance(layer, Object)
                or layer.row.kind != "embedding"
                or id(layer) in seen
                or not isinstance(given, Array)
            ):
                continue
            seen.add(id(layer))
            found = _judged(layer, given, one.place)
            if found is not None:
                yield found


def tokens_as_numbers(run: TrainingRun) -> tuple[Place, str] | None:
    """Where the numbers of words enter a layer as they are, with no embedding, and its kind in words; None if they do not."""
    layer = first_layer_on_raw_inputs(run)
    padded = next((one for one in main_path(run.inputs.value) if one.op == "pad_sequences"), None)
    if layer is not None and padded is not None:
        tokens = any(one.op == "tokens" for one in main_path(padded))
        kind = f"an {layer.op}" if layer.op == "lstm" else f"a {layer.op.replace('_', ' ')}"
        return (padded.place, kind) if tokens and padded.place is not None else None
    root = root_of(run)
    for node in walk(root) if root is not None else ():
        above = node.inputs[0] if node.op == "dense" and node.inputs else None
        while above is not None and above.op in RESHAPING and above.inputs:
            above = above.inputs[0]
        if above is not None and above.op == "text_vectorization" and above.attributes.get("output_mode", "int") == "int":
            return (above.place, "a dense") if above.place is not None else None
    return None


def _judged(layer: Object, given: Array, called: Place | None) -> OutsideEmbedding | None:
    name = "num_embeddings" if layer.row.library == "torch" else "input_dim"
    held, place = layer.arguments.get(name), layer.place or called
    if place is None:
        return None
    if isinstance(held, Array) and held.op == "count" and _counts_every_word(held):
        return OutsideEmbedding(place, None, None, Severity.ERROR, _plus_one(held.place))
    if not isinstance(held, Literal) or type(held.value) is not int or given.symbolic:
        return None
    lowest = given.statistics.low
    if lowest is not None and lowest < 0 and _meets_its_ends(given):
        return OutsideEmbedding(place, held.value, int(lowest), Severity.ERROR, ())
    largest, exact = _largest(given)
    if largest is None or largest < held.value:
        return None
    edits = (Edit(layer.argument_places[name].span, str(largest + 1)),) if _is_number(layer.argument_places.get(name)) else ()
    return OutsideEmbedding(place, held.value, largest, Severity.ERROR if exact else Severity.WARNING, edits)


def _meets_its_ends(given: Array) -> bool:
    """Whether an array holds whole numbers that are known, or are drawn from a range: the ends of its range do occur."""
    if not (given.dtype or "").startswith("int"):
        return False
    picked = all(one.op in ("random", "getitem", "batch", "split", "shuffle", "asarray") for one in main_path(given))
    return given.statistics.known == "exact" or (picked and list(main_path(given))[-1].op == "random")


def _counts_every_word(count: Array) -> bool:
    """Whether a Tokenizer gives each word a number of its own, from 1 on."""
    tokenizer = count.attributes.get("tokenizer")
    limit = tokenizer.arguments.get("num_words") if isinstance(tokenizer, Object) else None
    return isinstance(tokenizer, Object) and (limit is None or (isinstance(limit, Literal) and limit.value is None))


def _largest(given: Array) -> tuple[int | None, bool]:
    """The largest number that an array holds, and whether its entries themselves are known."""
    known = given.statistics
    if known.high is not None and known.known in ("exact", "typical"):
        return int(known.high), known.known == "exact"
    declared = next((one.attributes["ids"] for one in lineage(given) if isinstance(one.attributes.get("ids"), int)), None)
    plain = all(one.op in KEEPING for one in lineage(given))
    return (int(declared) - 1, False) if declared is not None and plain else (None, False)


def _is_number(place: Place | None) -> bool:
    return getattr(place, "text", "").replace("_", "").isdigit()


def _plus_one(place: Place | None) -> tuple[Edit, ...]:
    import libcst as cst

    node = node_at(place)
    called = node.func if isinstance(node, cst.Call) else None
    if place is None or not isinstance(called, cst.Name) or called.value != "len":
        return ()
    span = place.span
    return (Edit(Span(span.filename, span.end_row, span.end_column, span.end_row, span.end_column), " + 1"),)
