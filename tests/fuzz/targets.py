"""What is fuzzed: each target takes bytes and must end without an exception, whatever they are.

`python -m tests.fuzz.targets TARGET [libFuzzer options, such as -runs=1000000] [CORPUS]` fuzzes one with atheris (`pip install atheris`).
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path


def read_code(data: bytes) -> None:
    """Decode a file, find its suppressions, screen it."""
    from trainlint.source.read import Source, decode
    from trainlint.source.screen import may_train
    from trainlint.source.suppress import find_suppressions

    source = decode(data, None, "train.py")
    if isinstance(source, Source):
        find_suppressions(source)
        may_train(source)


def read_notebook(data: bytes) -> None:
    """Decode a notebook, map its cells, find its suppressions."""
    from trainlint.source.read import Source, decode
    from trainlint.source.screen import may_train
    from trainlint.source.suppress import find_suppressions

    source = decode(data, None, "train.ipynb")
    if isinstance(source, Source):
        find_suppressions(source)
        may_train(source)


def read_settings(data: bytes, folder: Path) -> None:
    """Read a settings file: settings, or one sentence."""
    from trainlint.settings import SettingsError, settings_in

    file = folder / "trainlint.toml"
    file.write_bytes(data)
    with contextlib.suppress(SettingsError):
        settings_in(file)


def check_script(data: bytes) -> None:
    """Check a whole script: nothing of ours may fail."""
    from trainlint.engine import check_source
    from trainlint.settings import Settings
    from trainlint.source.read import decode

    result = check_source(decode(b"import torch, keras\n" + data, None, "train.py"), Settings(preview=True))
    assert not result.failed, result.findings


def targets(folder: Path) -> Mapping[str, Callable[[bytes], None]]:
    """The targets by name; `folder` is where a file may be written."""
    settings = partial(read_settings, folder=folder)
    return {"code": read_code, "notebook": read_notebook, "settings": settings, "check": check_script}


def main(arguments: list[str]) -> None:
    """Fuzz one target until libFuzzer ends."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["trainlint"]), tempfile.TemporaryDirectory() as folder:
        target = targets(Path(folder))[arguments[0]]
        target(b"")  # load what it needs, instrumented
        atheris.Setup([sys.argv[0], *arguments[1:]], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
