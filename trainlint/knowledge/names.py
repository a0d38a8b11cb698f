"""The canonical name of a library object, whatever path a script reaches it by."""

from __future__ import annotations

PREFIXES: tuple[tuple[str, str], ...] = (
    ("tensorflow.python.keras.", "keras."),
    ("tensorflow.contrib.keras.api.keras.", "keras."),
    ("tensorflow.contrib.keras.", "keras."),
    ("tensorflow.keras.", "keras."),
    ("tf_keras.", "keras."),
    ("keras.api.", "keras."),
    ("keras.src.", "keras."),
    ("tensorflow.compat.v1.", "tensorflow."),
    ("tensorflow.compat.v2.", "tensorflow."),
)
"""Longest first; applied until none fits."""


def canonical(path: str) -> str:
    """The canonical dotted name: `tensorflow.keras.layers.Dense` and `keras.layers.core.Dense` give `keras.layers.Dense`."""
    changed = True
    while changed:
        changed = False
        for prefix, replacement in PREFIXES:
            if path.startswith(prefix):
                path = replacement + path[len(prefix) :]
                changed = True
                break
    return path
