"""Rows, to be filled."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

ROWS: tuple[Row, ...] = ()
