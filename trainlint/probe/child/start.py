"""The start of the child: reads the request and hooks each framework just after the script has imported it.

What a framework's folder offers: `install(module, session)` in `child/torch/__init__.py` for torch, in
`child/keras/__init__.py` for tensorflow, keras, tf_keras and jax. It is called once a module, right after the module's own code
has run; `tensorflow` may be imported while `keras` is half imported. Nothing that goes wrong here or there harms the script: it
is written down for the host.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.util
import os
import sys
import time
import traceback
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..protocol import Request, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

    from .session import Session

HOOKED = {"torch": "torch", "tensorflow": "keras", "keras": "keras", "tf_keras": "keras", "jax": "keras"}
"""Modules, and the folder of `child` that hooks them."""

SWITCHES = {
    "TORCHDYNAMO_DISABLE": "1",  # compiled graphs have no second derivative
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin slow each other tenfold where a core is busy
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
"""Environment variables that are read when a framework is loaded; what the user has set stays."""

BEFORE_THE_END = 1.0
"""Seconds before the deadline at which the stacks are written."""

_first = os.getpid()


def start(text: str) -> None:
    """Read the request and wait for the frameworks.

    Raises:
        ValueError: the text is no request.
    """
    request = from_json(text, Request)
    folder = Path(request.folder)
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
    (folder / f"started-{_first}").touch()
    if request.deadline:
        _watch(request.deadline, folder)
    sys.meta_path.insert(0, _Finder(request))


def is_worker() -> bool:
    """Whether this process is a worker of another one (multiprocessing), which trains only as one rank of several."""
    return os.getpid() != _first or "--multiprocessing-fork" in sys.orig_argv


def _write_down(folder: str, text: str) -> None:
    """Tell the host of a fault of the probe itself."""
    with (Path(folder) / f"fault-{os.getpid()}.txt").open("a", encoding="utf-8", errors="replace") as file:
        file.write(text)


def _watch(deadline: float, folder: Path) -> None:
    """Have the stacks of all threads written just before the host ends this process, even if it is stuck in foreign code."""
    left = max(0.1, deadline - BEFORE_THE_END - time.time())
    stack = (folder / f"stack-{_first}.txt").open("w", encoding="utf-8")  # stays open: its descriptor is used later
    faulthandler.dump_traceback_later(left, file=stack)


class _Finder(MetaPathFinder):
    """Finds the hooked modules as they would be found without it, and has them hooked once they are loaded."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.session: Session | None = None
        self._asking: set[str] = set()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a hooked module, None for all others. Who asks need not load: some want to know only what there is."""
        if name not in HOOKED or name in self._asking:
            return None
        self._asking.add(name)
        try:
            spec = next((found for one in sys.meta_path if (found := _asked(one, name, path, target)) is not None), None)
        finally:
            self._asking.discard(name)
        if spec is not None and spec.loader is not None:
            self._follow(spec.loader, name)
        return spec

    def _follow(self, loader: Any, name: str) -> None:
        """Call the hook after the loader has run the module. The loader stays the one that others expect to find."""
        run: Callable[[ModuleType], None] = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            self._install(name, module)

        loader.exec_module = exec_module

    def _install(self, name: str, module: ModuleType) -> None:
        try:
            if self.session is None:
                self.session = importlib.import_module("..session", __name__).Session(self.request)
            before = len(self.session.notes)
            importlib.import_module(f"..{HOOKED[name]}", __name__).install(module, self.session)
            for sentence in self.session.notes[before:]:
                _write_down(self.request.folder, f"{sentence}\n")
        except Exception:  # noqa: BLE001 (a fault of the probe must not become one of the script)
            _write_down(self.request.folder, traceback.format_exc())


def _asked(finder: Any, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    find = getattr(finder, "find_spec", None)
    found: ModuleSpec | None = find(name, path, target) if find is not None else None
    return found
