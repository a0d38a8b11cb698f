"""Whether a script was written for an older Keras: its own text says so."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path

from .tables import MARKED_NAMES, MARKS, OLDEST, OLDEST_NAMES

LARGEST = 1_000_000
MOST_FILES = 50


def _pattern(arguments: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(arguments)})\s*=(?!=)|{'|'.join(map(re.escape, names))}")


_OLDEST = _pattern(OLDEST, OLDEST_NAMES)
_MARK = _pattern(MARKS, MARKED_NAMES)
_STANDALONE = re.compile(r"^\s*(?:from|import)\s+keras\b", re.MULTILINE)
_OLD_NAMES = re.compile(
    r"\btf\.(?:Session|InteractiveSession|placeholder|global_variables_initializer|initialize_all_variables|ConfigProto|random_normal"
    r"|train\.\w+Optimizer|app\.run|layers\.\w+|get_variable|reset_default_graph)\s*\("
)
_GRAPH = re.compile(r"disable_v2_behavior|disable_eager_execution|compat\.v1\.(?:Session|InteractiveSession)\b")
_FIRST = re.compile(r"import\s+tensorflow\.compat\.v1\s+as\s+tf\b|from\s+tensorflow\.compat\s+import\s+v1\s+as\s+tf\b")
_EAGER = re.compile(r"enable_eager_execution|GradientTape")


@lru_cache(maxsize=1)
def texts() -> tuple[str, ...]:
    """The script and the modules beside it."""
    main = getattr(sys.modules.get("__main__"), "__file__", None) or (sys.argv[0] if sys.argv else "")
    path = Path(main)
    if not path.is_file():
        return ()
    beside = [one for one in sorted(path.parent.glob("*.py"))[:MOST_FILES] if one != path and one.stem in _imported(_read(path))]
    return tuple(_read(one) for one in (path, *beside))


def is_old() -> bool:
    """Whether something in the script is spelled as older releases of Keras spelled it, and may have to be translated."""
    return any(_MARK.search(text) or _OLDEST.search(text) for text in texts())


def is_oldest() -> bool:
    """Whether the script was written for Keras before 2.4, a package of its own with defaults of its own."""
    return any(_STANDALONE.search(text) for text in texts()) and any(_OLDEST.search(text) for text in texts())


def is_graph() -> bool:
    """Whether the script builds a graph and runs it in a session, as TensorFlow 1 did."""
    return not any(_EAGER.search(text) for text in texts()) and (uses_old_names() or any(_GRAPH.search(text) for text in texts()))


def uses_old_names() -> bool:
    """Whether the script calls names of TensorFlow 1 on `tensorflow` itself, and not on `tensorflow.compat.v1`."""
    return any(_OLD_NAMES.search(text) and not _FIRST.search(text) for text in texts())


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(LARGEST)


def _imported(text: str) -> set[str]:
    return {
        word for line in re.findall(r"^\s*(?:from|import)\s+([^#\n]+)", text, re.MULTILINE) for word in re.findall(r"\w+", line)
    }
