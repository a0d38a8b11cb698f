"""`Tokenizer` of Keras: how many words it knows. Its numbers begin with 1, so that the largest is that many."""

from __future__ import annotations

from trainlint.interpret.dispatch import Call, attribute, method
from trainlint.interpret.values import NONE, Array, Literal, Object, Statistics, Value
from trainlint.knowledge.rows import Row

TOKENIZER = "keras.preprocessing.text.Tokenizer"
WORDS = Row(f"{TOKENIZER}.word_index", "object", "word_index")


@method(TOKENIZER, "texts_to_sequences")
def _sequences(call: Call) -> Value:
    """Lists of word numbers, as long as the texts; with `num_words` the numbers stay below that."""
    tokenizer = call.receiver
    limit = tokenizer.arguments.get("num_words") if isinstance(tokenizer, Object) else None
    attributes = {"ids": limit.value} if isinstance(limit, Literal) and type(limit.value) is int else {}
    bounds = Statistics(low=1.0, known="declared")
    return Array("tokens", (), attributes, None, "int64", "python", None, bounds, place=call.place)


@attribute(TOKENIZER, "word_index")
def _words(call: Call) -> Value:
    """`tokenizer.word_index`: a dict from words to their numbers."""
    return Object(WORDS, {}, {}, {"tokenizer": call.receiver or NONE}, place=call.place)


@method(WORDS.name, "__len__")
def _count(call: Call) -> Value:
    """How many words: a number that is not known, op "count" whose attribute `tokenizer` says of what."""
    words = call.receiver
    tokenizer = words.cells.get("tokenizer") if isinstance(words, Object) else None
    return Array("count", (), {"tokenizer": tokenizer}, (), "int64", place=call.place)


@method(WORDS.name, "items", "keys", "values", "get", "copy")
def _entries(call: Call) -> Value:
    """The words and their numbers, which depend on the texts."""
    return call.unknown("the words of a Tokenizer")


@method(WORDS.name, "__getitem__", "__contains__")
def _entry(call: Call) -> Value:
    """The number of one word."""
    return call.unknown("the number of a word of a Tokenizer")
