"""Whether a file can have anything to do with training: from its bytes alone, before it is decoded or parsed."""

from __future__ import annotations

from trainlint.source.read import Source, coding_name

# Plain substrings: `in` finds them at memory speed, and none can be hidden by a word boundary. The likeliest stand first. A word
# too many costs the parsing of a file; a word too few would lose a finding.
_LIBRARIES = (
    "torch",  # also torchvision, pytorch_lightning, torch.*
    "keras",  # also tf_keras, tensorflow.keras, scikeras
    "tensorflow",
    "lightning",
    "transformers",
    "accelerate",
    "fastai",
    "ignite",
    "skorch",
)
# A script need not name a library: `from engine import run; run(lr=10.0)` trains with what engine.py builds, and a model that
# another file builds is fitted here. Whoever trains calls it so or hands over one of these. (`.compile(` says nothing: a model
# that is compiled and never fitted does not train, and `re.compile(` is everywhere.)
_ACTS = (
    "train",  # train(...), Trainer, training_step, train_on_batch
    "fit(",
    "fit_generator",
    "backward(",
    "zero_grad",
    "optimizer",
    "optim.",
    "epoch",
    "learning_rate",
    "lr=",
    "lr =",
    "loss",
    "model",
)
WORDS = _LIBRARIES + _ACTS
_WORDS_AS_BYTES = tuple(word.encode("ascii") for word in WORDS)

_ASCII_INSIDE = (
    "utf-8",
    "utf8",
    "utf_8",
    "latin",
    "iso-8859",
    "iso8859",
    "iso_8859",
    "ascii",
    "us-ascii",
    "cp125",
    "windows-125",
)
"""Encodings in which ASCII words are ASCII bytes, by the beginning of their names."""


def may_train(data: bytes | Source) -> bool:
    """Whether a file may train or take part in training; False only if it surely does not. `data`: its bytes, or it as read."""
    if isinstance(data, Source):
        return any(word in data.text for word in WORDS)
    # NUL bytes: UTF-16, or no text at all; the reader says so. Other odd encodings may spell a word in other bytes.
    if b"\0" in data or not _has_ascii_words(data):
        return True
    return any(word in data for word in _WORDS_AS_BYTES)


def _has_ascii_words(data: bytes) -> bool:
    name = coding_name(data.removeprefix(b"\xef\xbb\xbf"))
    return name is None or name.lower().startswith(_ASCII_INSIDE)
