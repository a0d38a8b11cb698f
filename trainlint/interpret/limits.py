"""The bounds of the interpreter, and the exception that says that one was met."""

from __future__ import annotations

MAXIMUM_STEPS = 300_000
MAXIMUM_UNCALLED_STEPS = 60_000
"""For all functions that nobody calls together: they are a second look, not the script."""
MAXIMUM_LIBRARY_STEPS = 4_000
"""The same in a file in which nothing trains: model zoos have dozens of functions that build one class in dozens of sizes.

The model files of projects take 1,800 at most (pytorch/examples, but for one zoo).
"""
MAXIMUM_NESTING = 1_000
MAXIMUM_CALL_DEPTH = 40
MAXIMUM_RECURSION = 3
MAXIMUM_EVENTS = 20_000
MAXIMUM_TEXT = 10_000
MAXIMUM_ITEMS = 10_000
MAXIMUM_INTEGER = 2**53
"""No extent is as large; up to it a float holds every integer."""
MAXIMUM_INTEGER_BITS = 1_000
"""Larger integers are not followed: no float is as large as 2**1024."""
RECURSION_LIMIT = 12_000
COUNTER = "a counter of a loop"
"""What is said of the numbers of a `range` that are not gone through one by one."""


class LimitReachedError(Exception):
    """A bound was met; `interpret` catches it and reports what was left out."""
