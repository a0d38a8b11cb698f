"""Loaded by `site` in every Python that the probed command starts: waits for a framework's import, or does nothing.

A `sitecustomize` of the user's own, which this one shadows, is loaded as if this one were not there.
"""

import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (no pathlib before the user's first line)
VARIABLE = "TRAINLINT_PROBE"
PACKAGE = "_trainlint_probe"


def is_helper(words: "list[str]") -> bool:
    """Whether this process only serves another one: the tracker of shared memory or the server that forks workers."""
    return any(word.startswith(f"from multiprocessing.{one}") for word in words for one in ("resource_tracker", "forkserver"))


def load_probe() -> None:
    """Build the package from where this file lies, so that nothing is put on the user's path, and start it."""
    folder = os.path.dirname(os.path.dirname(HERE))  # noqa: PTH120
    entry = os.path.join(folder, "__init__.py")  # noqa: PTH118
    spec = importlib.util.spec_from_file_location(PACKAGE, entry, submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    importlib.import_module(f"{PACKAGE}.child.start").start(os.environ[VARIABLE])


def refuse() -> None:
    """Tell the host that this Python is too old for the probe; the script goes on without it."""
    import json

    words = "the probe needs Python 3.10 or later, and the script runs under " + sys.version.split()[0]
    with open(os.path.join(json.loads(os.environ[VARIABLE])["folder"], "fault-version.txt"), "w") as file:  # noqa: PTH118, PTH123
        file.write(words + "\n")


def load_shadowed() -> None:
    """Load the `sitecustomize` that would have been found without this one, if there is one."""
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get(VARIABLE):
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]  # noqa: PTH100
    try:
        if sys.version_info < (3, 10):  # noqa: UP036 (the script's Python need not be that of trainlint)
            refuse()
        elif not is_helper(sys.orig_argv):
            load_probe()
    finally:
        load_shadowed()
