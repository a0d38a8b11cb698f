"""TensorFlow, Keras and JAX in the user's process: what is hooked, and what is measured at the first optimizer steps.

`install` is called just after the script's own import of one of them; `keras` may still be half imported when `tensorflow`
arrives.
"""

from __future__ import annotations

import atexit
from types import ModuleType

from ..session import Session
from .driver import Driver

_drivers: dict[int, Driver] = {}


def driver_of(session: Session) -> Driver:
    """The one driver of this process's session."""
    if id(session) not in _drivers:
        driver = _drivers[id(session)] = Driver(session)
        atexit.register(driver.script_ended)
    return _drivers[id(session)]


def install(module: ModuleType, session: Session) -> None:
    """Hook `module`, one of tensorflow, keras, tf_keras and jax, so that `session` measures the first optimizer steps."""
    from . import hooks

    driver = driver_of(session)
    with session.guard("keras", f"hooking {module.__name__}"):
        hooks.HOOKS[module.__name__](module, driver)
