"""Numbers of words, and the rows of the embedding that they are looked up in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainlint.core import Edit, Place, Severity, Span
from trainlint.facts.provenance import lineage
from trainlint.facts.run import TrainingRun
from trainlint.interpret.values import Array, Literal, Object


@dataclass(frozen=True, slots=True)
class OutsideEmbedding:
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


def _judged(layer: Object, given: Array, called: Place | None) -> OutsideEmbedding | None:
    name = "num_embeddings" if layer.row.library == "torch" else "input_dim"
    held, place = layer.arguments.get(name), layer.place or called
    if place is None:
        return None
    if isinstance(held, Array) and held.op == "count" and _counts_every_word(held):
        return OutsideEmbedding(place, None, None, Severity.ERROR, _plus_one(held.place))
    if not isinstance(held, Literal) or type(held.value) is not int or given.symbolic:
        return None
    largest, exact = _largest(given)
    if largest is None or largest < held.value:
        return None
    edits = (Edit(layer.argument_places[name].span, str(largest + 1)),) if _is_number(layer.argument_places.get(name)) else ()
    return OutsideEmbedding(place, held.value, largest, Severity.ERROR if exact else Severity.WARNING, edits)


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
    plain = all(one.op in ("pad_sequences", "data", "batch", "getitem", "split", "shuffle", "cast") for one in lineage(given))
    return (int(declared) - 1, False) if declared is not None and plain else (None, False)


def _is_number(place: Place | None) -> bool:
    return getattr(place, "text", "").replace("_", "").isdigit()


def _plus_one(place: Place | None) -> tuple[Edit, ...]:
    if place is None or not getattr(place, "text", "").startswith("len("):
        return ()
    span = place.span
    return (Edit(Span(span.filename, span.end_row, span.end_column, span.end_row, span.end_column), " + 1"),)
