"""PyTorch in the user's process: what is hooked, and what is measured at the first optimizer steps.

`install` is called just after the script's own `import torch`.
"""

from __future__ import annotations

from types import ModuleType

from ..session import Session


def install(module: ModuleType, session: Session) -> None:
    """Hook `module`, the freshly imported torch, so that `session` measures the first optimizer steps.

    Raises:
        AttributeError, ImportError: this torch lacks something that is hooked; nothing is measured then.
    """
    if module.__name__ != "torch":
        return
    from .hooks import Hooks

    Hooks(session).install()
