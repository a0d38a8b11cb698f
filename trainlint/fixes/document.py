"""A file that may be mended: its bytes and what they say, changed together."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from trainlint.fixes.changes import Change, Refused, applied
from trainlint.fixes.notebook import rewritten
from trainlint.source.lines import RowTable
from trainlint.source.read import DEFAULT_LIMIT, NOTEBOOK_FACTOR, Source, Unreadable, decode, read_bytes

LARGEST = DEFAULT_LIMIT * NOTEBOOK_FACTOR
"""Bytes: what is larger was not read when it was checked either."""


@dataclass(frozen=True)
class Document:
    """`source` is what the bytes `data` say."""

    source: Source
    data: bytes

    @cached_property
    def table(self) -> RowTable:
        """Where the rows of the text start."""
        return RowTable(self.source.text)

    @classmethod
    def of(cls, source: Source) -> Document:
        """The document of a file that was read before.

        Raises:
            Refused: the file says something else by now, or cannot be read any more.
        """
        if source.path is None:
            raise Refused("has no file")
        data = read_bytes(source.path, source.filename, LARGEST)
        if isinstance(data, Unreadable):
            raise Refused(data.reason)
        if decode(data, source.path, source.filename) != source:
            raise Refused("changed on the disk while it was checked")
        return cls(source, data)

    def changed(self, changes: Sequence[Change]) -> Document:
        """The document after changes of its text; every byte outside them is what it was.

        Raises:
            Refused: the changes cannot be made, or not written in the file's encoding.
        """
        text = applied(self.source.text, changes)
        if text == self.source.text:
            raise Refused("it would change nothing")
        data = rewritten(self.data, self.source, changes) if self.source.filename.endswith(".ipynb") else self._encoded(text)
        source = decode(data, self.source.path, self.source.filename)
        if not isinstance(source, Source) or source.text != text:
            raise Refused("its text would not be read back as it was written")
        return Document(source, data)

    def _encoded(self, text: str) -> bytes:
        mark = codecs.BOM_UTF8 if self.source.had_bom else b""
        encoding = self.source.encoding.removesuffix("-sig")  # the mark is not part of the text
        try:
            if mark + self.source.text.encode(encoding) != self.data:
                raise Refused(f"the encoding {encoding} cannot give back the rest of the file byte for byte")
            return mark + text.encode(encoding)
        except UnicodeError:
            raise Refused(f"its text cannot be written in the file's encoding {encoding}") from None
