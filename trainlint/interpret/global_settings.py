"""What a script sets for the whole of a library, such as `keras.backend.set_image_data_format("channels_first")`."""

from __future__ import annotations

from trainlint.interpret.dispatch import Interpreter
from trainlint.interpret.values import Value

SETTINGS = "keras settings"


def global_setting(interpreter: Interpreter, name: str) -> Value | None:
    """What the script set for the whole of Keras; None if it did not."""
    return interpreter.settings.cells.get((SETTINGS, name))


def set_global(interpreter: Interpreter, name: str, value: Value) -> None:
    """Remember a setting of the whole of Keras."""
    interpreter.heap.write(interpreter.settings, (SETTINGS, name), value)
